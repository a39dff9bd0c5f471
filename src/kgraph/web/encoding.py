"""Content codings: gzip, while an answer is made (RFC 9110, section 12.5.3)."""

import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

from werkzeug.http import parse_accept_header

GZIP_FROM = 1024
"""Bytes of a first part from which it is worth it; a shorter first part is the whole answer."""

GZIP_WINDOW = 16 + zlib.MAX_WBITS
_LONG = 200
GZIP_LEVEL = 1  # a third of the time of the default, for an answer a tenth larger


def takes_gzip(accept: str | None) -> bool:
    """Return whether Accept-Encoding lets gzip stand, and does not rank the plain form above it."""
    if not accept:
        return False
    return _takes_gzip(accept) if len(accept) > _LONG else _took_gzip(accept)


def _takes_gzip(accept: str) -> bool:
    found: dict[str, float] = {}
    for name, quality in parse_accept_header(accept):
        found[name.strip().lower()] = quality
    gzip = found.get("gzip", found.get("x-gzip", found.get("*", 0.0)))
    return gzip > 0 and gzip >= found.get("identity", 0.0)


_took_gzip = lru_cache(maxsize=256)(_takes_gzip)


def gzipped(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield `parts` compressed.

    An error while they are made passes through, so the connection breaks; and what has been sent has no gzip trailer.
    """
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    for part in parts:
        if packed := packer.compress(part):
            yield packed
    yield packer.flush()
