"""The texts behind passages, shown only where the archive holds exactly what was anchored."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

import sentencex

from kgraph.passages import Archive


@dataclass(frozen=True)
class Quoted:
    """The words of a passage, with what stands before and after them: to the ends of their sentences, and one more."""

    before: str
    text: str
    after: str


def quoted(archive: Archive | None, name: str, digests: tuple[str, str], span: tuple[int, int]) -> Quoted | None:
    """Return the words at `span` of the file `name`, None where they are not exactly those that were anchored.

    `digests` are the SHA-256 of the whole document and of the passage: with either of them wrong nothing is shown.
    """
    path = PurePosixPath(name)
    if archive is None or path.is_absolute() or ".." in path.parts:
        return None
    text = _text(archive.folder / path, digests[0])
    start, end = span
    if text is None or hashlib.sha256(text[start:end].encode()).hexdigest() != digests[1]:
        return None
    low, high = around(text, start, end)
    return Quoted(text[low:start], text[start:end], text[end:high])


def _text(path: Path, digest: str) -> str | None:
    try:
        found = path.stat()
        return _read(path, digest, (found.st_mtime_ns, found.st_size, found.st_ino))
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=16)
def _read(path: Path, digest: str, _stamp: tuple[int, ...]) -> str | None:
    raw = path.read_bytes()
    return raw.decode("utf-8") if hashlib.sha256(raw).hexdigest() == digest else None


def around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span from the sentence before that at `start` to the one after that at `end`, in their paragraphs."""
    opening = text.rfind("\n", 0, start) + 1
    closing = text.find("\n", end)
    closing = len(text) if closing < 0 else closing
    spans = list(_sentences(text, opening, closing))
    low = [index for index, (_, stop) in enumerate(spans) if stop > start]
    high = [index for index, (begin, _) in enumerate(spans) if begin < end]
    if not low or not high:
        return start, end
    before, after = spans[max(0, low[0] - 1)][0], spans[min(len(spans) - 1, high[-1] + 1)][1]
    return min(start, before), max(end, after)


@lru_cache(maxsize=256)
def _sentences(text: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    found, at = [], start
    for sentence in sentencex.segment("en", text[start:end]):
        words = sentence.strip()
        if any(c.isalnum() for c in words):
            begin = text.index(words, at, end)
            at = begin + len(words)
            found.append((begin, at))
    return tuple(found)
