"""Anchors and the archive: where a few words stand in a document, and the proof that they still do.

Offsets are Unicode code points into the text as it lies in the archive (UTF-8, no newline or Unicode normalisation),
the end exclusive, as in the Web Annotation model (https://www.w3.org/TR/annotation-model/#text-position-selector).
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sentencex

from kgraph.errors import InvalidData, NoArchive
from kgraph.model import MAX_WORDS, Anchor, Document

Key = tuple[str, str, str, str, str]
KEY_FILE = "hmac.key"
MAX_SENTENCES = 2
_KEY = ("document", "section", "after", "from", "to")
_HEADING = re.compile(r"^=+ *(.+?) *=+ *$", re.MULTILINE)


class AnchorError(Exception):
    """An anchor that does not lead to exactly one passage: `code`, message, and what would be accepted."""

    def __init__(self, code: str, message: str, accepted: str) -> None:
        super().__init__(message)
        self.code, self.accepted = code, accepted


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A resolved anchor.

    `first` and `last` (at most six words each) do not overlap, and are the same where they are all of it. Where the
    document is restricted they are empty, and `sha256` is keyed (HMAC-SHA-256).
    """

    document: str
    start: int
    end: int
    heading: str
    first: str
    last: str
    sha256: str
    keyed: bool = False

    @property
    def ident(self) -> str:
        """Return the identifier of the passage: document, start and end."""
        return f"{self.document}/{self.start}-{self.end}"


@dataclass(frozen=True)
class Archive:
    """The folder with the texts of documents."""

    folder: Path

    def text(self, document: Document) -> str:
        """Return the text of a document; raise `NoArchive` (not there) or `AnchorError` (altered)."""
        if document.file is None:
            raise AnchorError("no-text", f"document {document.id!r} names no file", "a document with a file")
        raw = _read(self.folder / document.file)
        digest = hashlib.sha256(raw).hexdigest()
        if document.sha256 != digest:
            raise AnchorError(
                "altered-document",
                f"the archived text of {document.id!r} ({document.file}) has the SHA-256 {digest}",
                f"the digest of the record: {document.sha256}",
            )
        return raw.decode("utf-8")

    def unchecked_text(self, document: Document) -> str | None:
        """Return the text of a document whatever its digest, None where it is not UTF-8 or not there."""
        try:
            return _read(self.folder / (document.file or "")).decode("utf-8")
        except (NoArchive, UnicodeDecodeError):
            return None

    def digest(self, document: Document, text: str) -> str:
        """Return the digest of a passage's text: SHA-256, keyed where the document is restricted."""
        if document.access == "public":
            return hashlib.sha256(text.encode()).hexdigest()
        return hmac.new(_read(self.folder / KEY_FILE), text.encode(), hashlib.sha256).hexdigest()

    def resolve(self, document: Document, anchor: Anchor, text: str) -> Passage:
        """Return the one passage of `text` that an anchor leads to; raise `AnchorError` where it is not exactly one."""
        start, end = locate(text, anchor)
        words = text[start:end]
        listed = words.split()
        tail = listed[max(MAX_WORDS, len(listed) - MAX_WORDS) :] or listed
        public = document.access == "public"
        return Passage(
            document=document.id, start=start, end=end, heading=heading_at(text, start),
            first=" ".join(listed[:MAX_WORDS]) if public else "",
            last=" ".join(tail) if public else "",
            sha256=self.digest(document, words), keyed=not public,
        )  # fmt: skip


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NoArchive(f"{path} cannot be read: {error.strerror}") from error


def locate(text: str, anchor: Anchor) -> tuple[int, int]:
    """Return start and end of the passage that an anchor leads to.

    The search is narrowed to the section, then to what follows the first `after`; there `from` must stand once, and the
    passage ends with the first `to` that ends at or behind the end of `from`, in the same paragraph.
    """
    low, high = _bounds(text, anchor)
    start = text.find(anchor.from_, low, high)
    if start < 0:
        raise AnchorError(
            "anchor-not-found", f"from {anchor.from_!r} does not stand there", "words as they stand there"
        )
    if text.find(anchor.from_, start + 1, high) >= 0:
        count = text.count(anchor.from_, low, high)
        raise AnchorError(
            "anchor-ambiguous", f"from {anchor.from_!r} stands there {count} times", "more words, a section, or after"
        )
    stop = text.find("\n", start, high)
    stop = high if stop < 0 else stop
    at = text.find(anchor.to, max(start, start + len(anchor.from_) - len(anchor.to)), stop)
    if at < 0:
        raise AnchorError(
            "anchor-not-found", f"to {anchor.to!r} does not follow from in its paragraph", "words as they stand there"
        )
    end = at + len(anchor.to)
    sentences = count_sentences(text[start:end])
    if sentences > MAX_SENTENCES and anchor.why_long is None:
        accepted = f"at most {MAX_SENTENCES} sentences, or a reason in why-long"
        raise AnchorError("passage-too-long", f"the passage has {sentences} sentences", accepted)
    return start, end


def _bounds(text: str, anchor: Anchor) -> tuple[int, int]:
    low, high = 0, len(text)
    if anchor.section is not None:
        spans = [span for heading, span in _sections(text) if heading == anchor.section]
        if len(spans) != 1:
            headings = ", ".join(heading for heading, _ in _sections(text))
            raise AnchorError("section-not-found", f"no single section is called {anchor.section!r}", headings)
        low, high = spans[0]
    if anchor.after is not None:
        at = text.find(anchor.after, low, high)
        if at < 0:
            raise AnchorError("anchor-not-found", f"after {anchor.after!r} does not stand there", "words that do")
        low = at + len(anchor.after)
    return low, high


@cache
def _sections(text: str) -> tuple[tuple[str, tuple[int, int]], ...]:
    """Return each heading with the span of text from its end to the next heading."""
    found = list(_HEADING.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)][: len(found)]
    return tuple((match[1], (match.end(), end)) for match, end in zip(found, ends, strict=True))


def heading_at(text: str, offset: int) -> str:
    """Return the heading of the section that a code point stands in, empty where none comes before it."""
    return next((heading for heading, (low, high) in _sections(text) if low <= offset < high), "")


def count_sentences(text: str) -> int:
    """Return how many sentences a passage spans."""
    return sum(1 for sentence in sentencex.segment("en", text) if any(c.isalnum() for c in sentence))


def read_lock(path: Path) -> dict[Key, Passage]:
    """Read the lock of anchors; an absent file is an empty lock."""
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except FileNotFoundError:
        return {}
    lock: dict[Key, Passage] = {}
    for number, line in enumerate(lines if lines != [""] else [], 1):
        try:
            entry = json.loads(line)
            document, section, after, from_, to = (entry.pop(name) or "" for name in _KEY)
            key = (document, section, after, from_, to)
            lock[key] = Passage(document=key[0], **entry)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            accepted = "the file as `kgraph anchor` writes it"
            raise InvalidData(
                f"{path.name}, line {number}: {error}", file=str(path), line=number, accepted=accepted
            ) from None
    return lock


def write_lock(path: Path, entries: Iterable[tuple[Key, Passage]]) -> None:
    """Write the lock of anchors as JSON lines sorted by key; the old file stays until the new one is whole."""
    lines = []
    for (document, section, after, from_, to), passage in sorted(dict(entries).items(), key=lambda entry: entry[0]):
        key = {"document": document, "section": section or None, "after": after or None, "from": from_, "to": to}
        found = {name: getattr(passage, name) for name in ("start", "end", "heading", "first", "last", "sha256")}
        lines.append(json.dumps(key | found | ({"keyed": True} if passage.keyed else {}), ensure_ascii=False) + "\n")
    write_whole(path, "".join(lines))


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, sees either the old content or the new, whole."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
