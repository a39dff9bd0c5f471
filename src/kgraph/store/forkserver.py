"""What readers have in common, loaded once: a process that forks them, so that one is there in milliseconds.

Run as `python -m kgraph.store.forkserver DESCRIPTOR STORE MEMORY`; where `MEMORY` is 1, it reads the store into
memory, which all readers share until they write to a page. It never answers a query itself. On its socket it takes
messages of a byte and a number: `FORK`, with a socket for the reader, is answered with the reader's process number;
`END`, with that number, kills the reader, and is answered when it is gone. Nobody else waits for readers, so a number
is never that of another process.
"""

import ctypes
import gc
import os
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from functools import partial
from typing import NoReturn

import pyoxigraph as ox

from kgraph.store import reader

MESSAGE = struct.Struct(">cI")
FORK, END, READY = b"F", b"E", b"R"
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Load, say so, and fork until the parent hangs up."""
    descriptor, folder, memory = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; a terminal sends it to the whole group
    with socket.socket(fileno=int(descriptor)) as control:
        store = in_memory(folder) if memory == "1" else None
        gc.collect()
        gc.freeze()  # what the collector does not touch stays shared
        control.sendall(MESSAGE.pack(READY, 0))
        _obey(control, folder, store)


def in_memory(folder: str) -> ox.Store:
    """Return what the store in a folder holds, as a store in memory.

    Another process opens the folder: that leaves threads behind, which a fork would not take along.
    """
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(source)
        _end_with(lambda: _dump(folder, sink))
    os.close(sink)
    store = ox.Store()
    with os.fdopen(source, "rb") as stream:
        store.bulk_load(stream, format=ox.RdfFormat.N_QUADS)
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit(f"the store in {folder} cannot be read")
    return store


def _dump(folder: str, sink: int) -> None:
    with os.fdopen(sink, "wb") as stream:
        ox.Store.read_only(folder).dump(stream, format=ox.RdfFormat.N_QUADS)


def _obey(control: socket.socket, folder: str, store: ox.Store | None) -> None:
    parent = os.getpid()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE.size, 1)
        if len(message) < MESSAGE.size:
            return
        kind, number = MESSAGE.unpack(message)
        if kind == FORK:
            (descriptor,) = descriptors
            number = os.fork()
            if number == 0:
                control.close()
                _end_with(partial(_read, parent, descriptor, folder, store))
            os.close(descriptor)
        else:
            os.kill(number, signal.SIGKILL)
            os.waitpid(number, 0)
        control.sendall(MESSAGE.pack(kind, number))


def _read(parent: int, descriptor: int, folder: str, store: ox.Store | None) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:  # else it was gone before it could take this process along
        reader.run(socket.socket(fileno=descriptor), folder, store)


def _end_with(work: Callable[[], None]) -> NoReturn:
    """Do the work of a forked process, and end it: nothing of what its parent was doing goes on in it."""
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
