"""Reader processes as their parent has them, and the process that forks them."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgraph.errors import ReaderDied
from kgraph.store import wire
from kgraph.store.forkserver import END, FORK, MESSAGE

_LOAD, _START = 600.0, 20.0


@dataclass(eq=False)
class Reader:
    """A reader process and the parent's end of its socket."""

    pid: int
    frames: wire.Frames
    server: "ForkServer"
    host: "subprocess.Popen[bytes]"

    @property
    def alive(self) -> bool:
        """Return whether the process is there, as far as its socket tells."""
        return not self.frames.closed

    def ask(self, payload: bytes) -> None:
        """Send a question."""
        self.frames.send(wire.frame(wire.QUESTION, payload))

    def kill(self) -> None:
        """Kill the process without waiting for it. Where its parent is gone, the system has done so."""
        if self.host.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.frames.close()

    async def end(self) -> None:
        """Kill the process, if it is still there, and wait until it is gone."""
        self.kill()
        await self.server.reap(self)


class ForkServer:
    """The process that forks readers of one store; where it is gone, another is started when a reader is needed.

    `memory`: it reads the store into memory. Used from one event loop, that of `open`.
    """

    def __init__(self, store: Path, *, memory: bool) -> None:
        self._store, self._memory = store, "1" if memory else "0"
        self._host: subprocess.Popen[bytes] | None = None
        self._control: socket.socket
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Start the process, and return when it has loaded what readers share; raise `ReaderDied` where it does not."""
        await self.close()
        self._control, theirs = socket.socketpair()
        self._control.setblocking(False)  # noqa: FBT003
        arguments = (str(theirs.fileno()), str(self._store), self._memory)
        command = [sys.executable, "-m", "kgraph.store.forkserver", *arguments]
        with theirs:
            self._host = subprocess.Popen(  # noqa: ASYNC220, S603
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        try:
            await self._answer(_LOAD)
        except (EOFError, TimeoutError) as error:
            await self.close()
            raise ReaderDied(f"what reads {self._store} did not start") from error

    async def fork(self, always: Mapping[str, Any]) -> Reader:
        """Return a new reader, ready; `always` is the same for all questions. Raise `ReaderDied` where it fails."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                pid, host = await self._fork(theirs)
        except BaseException:
            ours.close()
            raise
        _, frames = await asyncio.get_running_loop().create_unix_connection(wire.Frames, sock=ours)
        reader = Reader(pid, frames, self, host)
        frames.send(wire.frame(wire.QUESTION, json.dumps(dict(always)).encode()))
        try:
            await frames.next(_START)
        except (EOFError, TimeoutError) as error:
            await reader.end()
            raise ReaderDied(f"a reader of {self._store} did not start") from error
        return reader

    async def _fork(self, theirs: socket.socket) -> tuple[int, "subprocess.Popen[bytes]"]:
        async with self._turn:
            if self._host is None or self._host.poll() is not None:
                await self.open()
            assert self._host is not None
            try:
                socket.send_fds(self._control, [MESSAGE.pack(FORK, 0)], [theirs.fileno()])
                return await self._answer(_START), self._host
            except (EOFError, OSError) as error:
                self._host.kill()
                raise ReaderDied(f"what reads {self._store} is gone") from error

    async def reap(self, reader: Reader) -> None:
        """Wait until a reader that was killed is gone."""
        async with self._turn:
            if reader.host is self._host and reader.host.poll() is None:
                with contextlib.suppress(EOFError, OSError):
                    self._control.send(MESSAGE.pack(END, reader.pid))
                    await self._answer(_START)

    async def _answer(self, seconds: float) -> int:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(seconds):
            data = await loop.sock_recv(self._control, MESSAGE.size)
        if len(data) < MESSAGE.size:
            raise EOFError
        return int(MESSAGE.unpack(data)[1])

    async def close(self) -> None:
        """End the process; the readers that are left end with it."""
        if self._host is not None:
            self._control.close()
            self._host.kill()
            await asyncio.get_running_loop().run_in_executor(None, self._host.wait)
