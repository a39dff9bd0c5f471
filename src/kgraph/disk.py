"""What makes a build all or nothing: one at a time, on the disk before it counts, and current by one rename."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kgraph.errors import KgraphError
from kgraph.release import CURRENT

Note = Callable[[str], None]
PURGING = ".purging-"  # what the name of a release that is being removed begins with


def switch(releases: Path, digest: str) -> None:
    """Make the release called `digest` current: whoever looks sees the old one or the new one."""
    link = releases / f".{CURRENT}.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(digest)
    link.replace(releases / CURRENT)
    sync_folder(releases)


@contextmanager
def lock(releases: Path, note: Note) -> Iterator[None]:
    """Hold the lock of a releases folder; whoever comes second says so and waits. Debris of dead builds is removed."""
    try:
        releases.mkdir(exist_ok=True)
        stream = (releases / ".lock").open("w")
    except OSError as error:
        raise KgraphError(f"{releases} cannot be written: {error.strerror}") from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note("another build is running here: waiting for it")
            fcntl.flock(stream, fcntl.LOCK_EX)
        for mark in (".building-", PURGING):
            for debris in releases.glob(f"{mark}*"):
                shutil.rmtree(debris, ignore_errors=True)
        yield


def sync(folder: Path) -> None:
    """Return when all that is in a folder is on the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        else:
            sync_folder(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
