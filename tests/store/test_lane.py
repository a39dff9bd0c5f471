"""Lanes lend each reader to one query at a time; guests come last, and no reader is lost by whoever gives up."""

import asyncio
from typing import cast

import pytest

from kgraph.errors import Busy
from kgraph.store.lane import Lane, first_free
from kgraph.store.processes import Reader


class FakeReader:
    """A reader without a process."""

    alive = True

    def kill(self) -> None:
        """End at once."""
        self.alive = False

    async def end(self) -> None:
        """End."""


async def lane_of(count: int, *, most: int = 10) -> Lane:
    """Return a lane of readers without processes."""

    async def start() -> Reader:
        return cast(Reader, FakeReader())

    lane = Lane(start, count, most=most)
    await lane.open()
    return lane


async def taken(lane: Lane) -> Reader:
    """Take a reader that is free."""
    reader = await lane.take(0)
    assert reader is not None
    return reader


def test_guests_come_last() -> None:
    """A reader that comes free goes to who waits in its own lane, though a guest came before."""

    async def run() -> None:
        lane = await lane_of(1)
        reader = await taken(lane)
        guest = asyncio.create_task(lane.take(5, guest=True))
        await asyncio.sleep(0)
        own = asyncio.create_task(lane.take(5))
        await asyncio.sleep(0)
        assert (lane.waiting, lane.guests) == (2, 1)
        lane.give(reader, usable=True)
        assert await own is reader
        assert not guest.done()
        lane.give(reader, usable=True)
        assert await guest is reader

    asyncio.run(run())


@pytest.mark.parametrize("which", [0, 1])
def test_the_first_that_is_free(which: int) -> None:
    """Who waits in two lanes gets whichever reader is free first, and waits in neither afterwards."""

    async def run() -> None:
        lanes = await lane_of(1), await lane_of(1)
        readers = [await taken(lane) for lane in lanes]
        waiting = asyncio.create_task(first_free(*lanes, 5))
        await asyncio.sleep(0.01)
        lanes[which].give(readers[which], usable=True)
        assert await waiting == (lanes[which], readers[which])
        await asyncio.sleep(0.01)
        assert [lane.waiting for lane in lanes] == [0, 0]

    asyncio.run(run())


@pytest.mark.parametrize("ending", ["both free", "given up"])
def test_no_reader_is_lost(ending: str) -> None:
    """Where both come free at once, or the wait is given up, what was not taken is free for others."""

    async def run() -> None:
        lanes = await lane_of(1), await lane_of(1)
        readers = [await taken(lane) for lane in lanes]
        waiting = asyncio.create_task(first_free(*lanes, 5))
        await asyncio.sleep(0.01)
        for lane, reader in zip(lanes, readers, strict=True):
            lane.give(reader, usable=True)
        if ending == "given up":
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        else:
            first, chosen = await waiting
            assert chosen is not None
            first.give(chosen, usable=True)
        await asyncio.sleep(0.01)
        assert [await lane.take(0) for lane in lanes] == readers

    asyncio.run(run())


def test_time_passes() -> None:
    """Where none comes free there is none, and nobody waits any more; a full lane says so at once."""

    async def run() -> None:
        lanes = await lane_of(1), await lane_of(1)
        for lane in lanes:
            await taken(lane)
        assert await first_free(*lanes, 0.01) == (lanes[0], None)
        assert await first_free(*lanes, 0) == (lanes[0], None)
        full = await lane_of(1, most=0)
        reader = await taken(full)
        with pytest.raises(Busy):
            await first_free(full, lanes[1], 5)
        await asyncio.sleep(0.01)
        assert [lane.waiting for lane in lanes] == [0, 0]
        full.give(reader, usable=True)

    asyncio.run(run())
