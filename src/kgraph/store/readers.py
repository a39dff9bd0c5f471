"""Reader processes and who has them: lanes of readers, each lent to one query at a time, ended and replaced."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgraph.errors import Busy, KgraphError, ReaderDied
from kgraph.store import wire

_START = 20.0
_BUFFER = 1 << 18
_AGAIN = 1.0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a reader is made: its store, what is the same for all questions, megabytes, niceness, may it call others."""

    store: Path
    always: Mapping[str, Any]
    memory: int
    niceness: int
    calls: bool = False


@dataclass(eq=False)
class Reader:
    """A reader process and the parent's end of its socket."""

    process: subprocess.Popen[bytes]
    read: asyncio.StreamReader
    write: asyncio.StreamWriter

    @property
    def alive(self) -> bool:
        """Return whether the process is there."""
        return self.process.poll() is None

    def ask(self, payload: bytes) -> None:
        """Send a question."""
        self.write.write(wire.frame(wire.QUESTION, payload))

    async def end(self) -> None:
        """Kill the process, if it is still there, and wait until it is gone."""
        self.kill()
        await asyncio.get_running_loop().run_in_executor(None, self.process.wait)
        with contextlib.suppress(OSError):
            await self.write.wait_closed()

    def kill(self) -> None:
        """Kill the process without waiting for it."""
        self.process.kill()
        self.write.close()


async def start(recipe: Recipe) -> Reader:
    """Start a reader, and return it when it is ready; raise `ReaderDied` where it does not start."""
    ours, theirs = socket.socketpair()
    with theirs:
        arguments = (theirs.fileno(), recipe.store, recipe.memory, recipe.niceness, int(recipe.calls))
        command = [sys.executable, "-m", "kgraph.store.reader", *map(str, arguments)]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: ASYNC220, S603
    read, write = await asyncio.open_unix_connection(sock=ours, limit=_BUFFER)
    reader = Reader(process, read, write)
    try:
        write.write(wire.frame(wire.QUESTION, json.dumps(dict(recipe.always)).encode()))
        async with asyncio.timeout(_START):
            await wire.arrived(read)
    except (EOFError, TimeoutError) as error:
        await reader.end()
        raise ReaderDied(f"a reader of {recipe.store} did not start") from error
    return reader


class Lane:
    """Readers of one sort; `take` lends one, `give` takes it back or ends it and has it replaced.

    At most `most` queries wait at a time; one more is told to come again. Used from one event loop.
    """

    def __init__(self, recipe: Recipe, count: int, *, most: int) -> None:
        self._recipe, self._most = recipe, most
        self.count, self.killed = count, 0
        self._free: list[Reader] = []
        self._waiters: deque[asyncio.Future[Reader]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lent: set[Reader] = set()
        self._closed = False

    @property
    def busy(self) -> int:
        """Return how many readers are at work."""
        return len(self._lent)

    @property
    def starting(self) -> int:
        """Return how many readers are not there yet, in place of others that were ended."""
        return self.count - len(self._lent) - len(self._free)

    @property
    def waiting(self) -> int:
        """Return how many queries wait for a reader."""
        return len(self._waiters)

    async def open(self) -> None:
        """Start the readers."""
        self._free = list(await asyncio.gather(*(start(self._recipe) for _ in range(self.count))))

    async def take(self, wait: float) -> Reader | None:
        """Return a reader that nobody else has, None where none comes free in `wait` seconds; raise `Busy`."""
        while self._free:
            reader = self._free.pop()
            if reader.alive:
                self._lent.add(reader)
                return reader
            self._later(reader.end())
            self._later(self._replace())
        if wait <= 0:
            return None
        if len(self._waiters) >= self._most:
            raise Busy(f"{self._most} queries wait for a reader", retry_after=1)
        future: asyncio.Future[Reader] = asyncio.get_running_loop().create_future()
        self._waiters.append(future)
        try:
            async with asyncio.timeout(wait):
                return await future
        except TimeoutError:
            return future.result() if future.done() and not future.cancelled() else None
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.give(future.result(), usable=True)
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._waiters.remove(future)

    def give(self, reader: Reader, *, usable: bool) -> None:
        """Take a reader back; one that is not usable is ended, and another takes its place."""
        self._lent.discard(reader)
        if usable and not self._closed and reader.alive:
            self._hand(reader)
            return
        reader.kill()
        self._later(reader.end())
        if not self._closed:
            self.killed += 1
            self._later(self._replace())

    def _hand(self, reader: Reader) -> None:
        while self._waiters:
            future = self._waiters.popleft()
            if not future.done():
                self._lent.add(reader)
                future.set_result(reader)
                return
        self._free.append(reader)

    async def _replace(self) -> None:
        """Start a reader in place of one that is gone; where that fails, try again until the lane is closed."""
        while not self._closed:
            try:
                reader = await start(self._recipe)
            except (KgraphError, OSError):
                await asyncio.sleep(_AGAIN)
                continue
            if self._closed:
                await reader.end()
            else:
                self._hand(reader)
            return

    def _later(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until readers that are being ended are gone."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """End all readers, also those at work."""
        self._closed = True
        ending = [*self._free, *self._lent]
        self._free = []
        await asyncio.gather(*(reader.end() for reader in ending))
        await self.settle()
