"""What can be seen from outside of a server's processes; one that is gone meanwhile is no error."""

from collections.abc import Callable, Sequence

import psutil


def worker(family: Sequence[psutil.Process]) -> int:
    """Return the process that answers, 0 where there is none: it is the parent of what forks readers."""
    return next((_parent(process) for process in family if _forks(process)), 0)


def resident(family: Sequence[psutil.Process]) -> float:
    """Return the megabytes of memory that processes hold."""
    return sum(_measure(process, lambda p: float(p.memory_info().rss)) for process in family) / 1e6


def processor(family: Sequence[psutil.Process]) -> float:
    """Return the seconds of processor time that processes have used."""
    return sum(_measure(process, lambda p: sum(p.cpu_times()[:2])) for process in family)


def lives(process: psutil.Process) -> bool:
    """Return whether a process is there, and no zombie."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def is_reader(process: psutil.Process) -> bool:
    """Return whether a process is a reader: a copy of what forked it."""
    try:
        return "kgraph.store.forkserver" in process.cmdline() and not _forks(process)
    except psutil.Error:
        return False


def _forks(process: psutil.Process) -> bool:
    """Return whether a process is one that forks readers."""
    name = "kgraph.store.forkserver"
    try:
        parent = process.parent()
        return name in process.cmdline() and (parent is None or name not in parent.cmdline())
    except psutil.Error:
        return False


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def is_ready(process: psutil.Process) -> bool:
    """Return whether a process is a reader that has opened its store: it limits its memory then."""
    try:
        return is_reader(process) and process.rlimit(psutil.RLIMIT_AS)[0] != psutil.RLIM_INFINITY
    except psutil.Error:
        return False


def _measure(process: psutil.Process, what: Callable[[psutil.Process], float]) -> float:
    try:
        return what(process)
    except psutil.Error:
        return 0.0
