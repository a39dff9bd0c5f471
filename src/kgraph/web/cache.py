"""Whole responses kept for a release: it never changes, so neither do its answers."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

_OVERHEAD = 500
Headers = list[tuple[bytes, bytes]]


class Entry(NamedTuple):
    """A response that was sent whole: status 200, its headers (without those of one request), its body."""

    headers: Headers
    body: bytes
    etag: str
    route: str
    query: str | None


@dataclass(frozen=True)
class Holdings:
    """What a cache holds and how it has done since it was made; `size` is in bytes."""

    size: int
    entries: int
    hits: int
    misses: int


class Cache:
    """Responses of one release by what was asked, at most `most` bytes of them; the least recently used goes first.

    With another release everything goes. An entry larger than an eighth of the cache is not kept. `most` 0: nothing is
    kept. Used from one thread.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._release: str | None = None
        self._size = self._hits = self._misses = 0

    def get(self, release: str | None, key: bytes) -> Entry | None:
        """Return what is kept for `key` in `release`, None where nothing is."""
        if release != self._release:
            self._clear(release)
        found = self._entries.get(key)
        if found is None:
            self._misses += 1
            return None
        self._hits += 1
        self._entries.move_to_end(key)
        return found

    def put(self, release: str, key: bytes, entry: Entry) -> None:
        """Keep a response of `release`; where that is no longer the release that is asked for, nothing happens."""
        size = _size(key, entry)
        if release != self._release or size > self._most // 8:
            return
        old = self._entries.pop(key, None)
        self._size += size - (_size(key, old) if old is not None else 0)
        self._entries[key] = entry
        while self._size > self._most:
            gone, dropped = self._entries.popitem(last=False)
            self._size -= _size(gone, dropped)

    def statistics(self) -> Holdings:
        """Return what is held now."""
        return Holdings(self._size, len(self._entries), self._hits, self._misses)

    def _clear(self, release: str | None) -> None:
        self._entries.clear()
        self._size, self._release = 0, release


def _size(key: bytes, entry: Entry) -> int:
    return len(key) + len(entry.body) + len(entry.query or "") + _OVERHEAD
