"""Lanes of readers, each reader lent to one query at a time, ended and replaced where it is not given back usable."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from kgraph.errors import Busy, KgraphError
from kgraph.store.processes import Reader

_AGAIN = 1.0


class Lane:
    """Readers of one sort; `take` lends one, `give` takes it back or ends it and has it replaced.

    At most `most` queries wait at a time; one more is told to come again. Guests, who wait in a lane of their own too,
    are not counted, and come after all others. Used from one event loop.
    """

    def __init__(self, start: Callable[[], Awaitable[Reader]], count: int, *, most: int) -> None:
        self._start, self._most = start, most
        self.count, self.killed = count, 0
        self._free: list[Reader] = []
        self._waiters: deque[asyncio.Future[Reader]] = deque()
        self._guests: deque[asyncio.Future[Reader]] = deque()
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
        """Return how many queries wait for a reader, guests among them."""
        return len(self._waiters) + len(self._guests)

    @property
    def guests(self) -> int:
        """Return how many queries wait here that wait in another lane as well."""
        return len(self._guests)

    async def open(self) -> None:
        """Start the readers."""
        self._free = list(await asyncio.gather(*(self._start() for _ in range(self.count))))

    async def take(self, wait: float, *, guest: bool = False) -> Reader | None:
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
        if not guest and len(self._waiters) >= self._most:
            raise Busy(f"{self._most} queries wait for a reader", retry_after=1)
        future: asyncio.Future[Reader] = asyncio.get_running_loop().create_future()
        queue = self._guests if guest else self._waiters
        queue.append(future)
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
                queue.remove(future)

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

    def take_back(self, task: "asyncio.Task[Reader | None]") -> None:
        """Take back the reader of a `take` that is over and that nobody wants any more."""
        reader = None if task.cancelled() or task.exception() is not None else task.result()
        if reader is not None:
            self.give(reader, usable=True)

    def _hand(self, reader: Reader) -> None:
        for queue in (self._waiters, self._guests):
            while queue:
                future = queue.popleft()
                if not future.done():
                    self._lent.add(reader)
                    future.set_result(reader)
                    return
        self._free.append(reader)

    async def _replace(self) -> None:
        """Start a reader in place of one that is gone; where that fails, try again until the lane is closed."""
        while not self._closed:
            try:
                reader = await self._start()
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


async def first_free(own: Lane, other: Lane, wait: float) -> tuple[Lane, Reader | None]:
    """Return the first reader that comes free in `wait` seconds, and its lane; (`own`, None) where none does.

    In the lane `other` it waits as a guest. Raises `Busy` where too many wait in `own`.
    """
    for lane in (own, other):
        reader = await lane.take(0)
        if reader is not None:
            return lane, reader
    if wait <= 0:
        return own, None
    loop = asyncio.get_running_loop()
    tasks = {loop.create_task(lane.take(wait, guest=lane is other)): lane for lane in (own, other)}
    pending, chosen = set(tasks), None
    try:
        while pending and chosen is None:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            chosen = next((task for task in done if task.result() is not None), None)
    finally:
        for task, lane in tasks.items():
            if task is not chosen:
                task.add_done_callback(lane.take_back)
                task.cancel()
    return (own, None) if chosen is None else (tasks[chosen], chosen.result())
