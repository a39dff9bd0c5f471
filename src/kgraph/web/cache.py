"""Whole responses kept for a release: it never changes, so neither do its answers."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

_OVERHEAD, _LONG_HEAD = 500, 8_000
Headers = list[tuple[bytes, bytes]]


class Entry(NamedTuple):
    """A response that was sent whole: status 200, its headers (without those of one request), its body."""

    headers: Headers
    body: bytes
    etag: str
    route: str
    query: str | None


class Head(NamedTuple):
    """What an entry was given for: the method and path of the request; and how its response begins."""

    key: bytes
    method: str
    path: str
    start: bytes


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
    kept. Requests that were answered from here are known by their heads, byte for byte, in an eighth more. Used from
    one thread.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._heads: dict[bytes, Head] = {}
        self._heads_size = 0
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

    def remember(self, head: bytes, known: Head) -> None:
        """Let a request whose head is `head`, byte for byte, be answered by `recall`."""
        if head in self._heads or len(head) > _LONG_HEAD:
            return
        self._heads[head] = known
        self._heads_size += len(head) + _OVERHEAD
        while self._heads_size > self._most // 8:
            first = next(iter(self._heads))
            del self._heads[first]
            self._heads_size -= len(first) + _OVERHEAD

    def knows(self, head: bytes) -> bool:
        """Return whether a request with this head was answered from here."""
        return head in self._heads

    def recall(self, release: str | None, head: bytes) -> tuple[Head, Entry] | None:
        """Return what was given to a request with this head, None where it is not known or no longer kept."""
        known = self._heads.get(head)
        entry = self._entries.get(known.key) if known is not None and release == self._release else None
        if known is None or entry is None:
            return None
        self._hits += 1
        self._entries.move_to_end(known.key)
        return known, entry

    def statistics(self) -> Holdings:
        """Return what is held now."""
        return Holdings(self._size, len(self._entries), self._hits, self._misses)

    def _clear(self, release: str | None) -> None:
        self._entries.clear()
        self._heads.clear()
        self._size, self._heads_size, self._release = 0, 0, release


def _size(key: bytes, entry: Entry) -> int:
    return len(key) + len(entry.body) + len(entry.query or "") + _OVERHEAD
