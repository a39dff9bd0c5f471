"""XML that stays XML, whatever the literals hold.

The engine writes the characters of literals as they are. Some must not stand in XML 1.0 at all
(https://www.w3.org/TR/xml/#charsets), not even as references, and a carriage return is read as a line feed unless it is
written as a reference. So the first are replaced by U+FFFD, and the second is written as `&#13;`. Nothing but literals
can hold them: the engine's own markup uses line feeds and tabs, and IRIs take none of these.
"""

import re
from typing import Protocol

_CONTROLS = bytes(number for number in range(0x20) if number not in b"\t\n")
_MENDED = re.compile(rb"[\x00-\x08\x0b-\x1f]|\xef\xbf[\xbe\xbf]")
_NAMELESS = b"<oxprefix: "  # what the engine writes for a property whose IRI ends in no name: no XML of namespaces
_UNDECIDED = re.compile(rb"(?:\xef\xbf?|<[a-z:]{0,9})\Z")  # the end of a part that may go on as one of these


class Unwritable(ValueError):
    """The answer cannot be written in the form that was asked for."""


class Sink(Protocol):
    """A binary file that is only written to."""

    def write(self, data: bytes, /) -> int:
        """Take `data`, and return how many bytes that were."""


class _Mended:
    """Passes XML on, part by part, with what is forbidden replaced.

    The end of a part is held back where the next part decides on it. XML ends in `>`, so nothing stays behind.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._held = b""

    def write(self, data: bytes, /) -> int:
        text = self._held + data
        found = _UNDECIDED.search(text, max(0, len(text) - 10))
        self._held = found[0] if found else b""
        text = text[: len(text) - len(self._held)]
        if len(text.translate(None, _CONTROLS)) != len(text) or b"\xef\xbf" in text:
            text = _MENDED.sub(_mend, text)
        if _NAMELESS in text:
            raise Unwritable("the IRI of a property ends in no name, so RDF/XML cannot say it")
        self._sink.write(text)
        return len(data)

    def flush(self) -> None:
        """Do nothing, as nothing is gathered here; the engine calls it."""


def _mend(match: re.Match[bytes]) -> bytes:
    return b"&#13;" if match[0] == b"\r" else b"\xef\xbf\xbd"


def wellformed(sink: Sink, media_type: str) -> Sink:
    """Return the file to write an answer to: `sink` itself, or for XML one that mends what it passes on to `sink`.

    Its `write` raises `Unwritable` where what was asked for cannot be said in that XML.
    """
    return _Mended(sink) if media_type.endswith("+xml") else sink
