"""How an answer becomes a response: revalidated where the client has it, compressed, whole or visibly broken off."""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from itertools import chain

from flask import Response, request
from werkzeug.http import parse_etags

import kgraph
from kgraph.errors import TooLarge
from kgraph.formats import GRAPHS, RESULTS
from kgraph.store.base import Answer, Question
from kgraph.web.context import Streamed, engine
from kgraph.web.encoding import GZIP_FROM, gzipped, takes_gzip

GATHERED = 64_000_000
"""Bytes of the longest answer to a client of HTTP/1.0."""

_IN_MEMORY, _PART = 1 << 23, 1 << 16
_VARY = "Accept, Accept-Encoding"
_CHANGING_WORDS = ("NOW", "RAND", "UUID")
_CHANGING = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID)\b", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U000([0-9A-Fa-f]{5})")


def volatile(text: str) -> bool:
    """Return whether a query may be answered otherwise each time, from one release: by NOW(), RAND(), UUID()."""
    plain = text if "\\" not in text else _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    upper = plain.upper()
    return any(word in upper for word in _CHANGING_WORDS) and _CHANGING.search(plain) is not None


def key_of(question: Question) -> str | None:
    """Return what an answer depends on, besides the release and the form it takes; None for a volatile one.

    32 hexadecimal digits, over the query, the dataset, the forms that the client takes, and the version of kgraph.
    """
    if volatile(question.text):
        return None
    forms = [form and form.name for form in (question.results, question.graph)]
    parts = (kgraph.__version__, question.text, question.default_graphs, question.named_graphs, forms)
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def unchanged(key: str | None) -> Response | None:
    """Return 304 where the client names a tag that this release gave to this question, so it need not be asked."""
    if request.method not in {"GET", "HEAD"}:
        return None
    found = known_tag(engine().release().digest, key, request.headers.get("If-None-Match"))
    if found is None:
        return None
    response = _described(Response(status=304), found)
    del response.headers["Content-Type"]
    return response


def known_tag(release: str, key: str | None, if_none_match: str | None) -> str | None:
    """Return the tag of an answer of `release` that a client has, by its If-None-Match; None where it has none."""
    if key is None or not if_none_match:
        return None
    known = {tag(release, key, form.name) for form in (*RESULTS, *GRAPHS)}
    return next(iter(sorted(known & parse_etags(if_none_match).as_set(include_weak=True))), None)


def described(found: str | None) -> list[tuple[bytes, bytes]]:
    """Return the headers that say how an answer with the tag `found` may be kept."""
    headers = [(b"vary", _VARY.encode()), (b"cache-control", b"no-store" if found is None else b"no-cache")]
    return headers if found is None else [*headers, (b"etag", f'W/"{found}"'.encode())]


def respond(answer: Answer, key: str | None) -> Response:
    """Return the response that sends `answer` while it is made.

    Its ETag is weak, since it is the same for the compressed form. HTTP/1.0 has no way to show that a body is not
    whole, so there the answer is gathered first; `TooLarge` where that would be too long.
    """
    first = next(answer.chunks, b"")
    parts: Iterator[bytes] = chain(filter(None, [first]), answer.chunks)
    packed = len(first) >= GZIP_FROM and takes_gzip(request.headers.get("Accept-Encoding"))
    if packed:
        parts = gzipped(parts)
    response = Streamed(parts, content_type=answer.format.content_type)
    response.call_on_close(answer.chunks.close)
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        _gather(response, parts)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    _described(response, None if key is None else tag(answer.release, key, answer.format.name))
    response.make_conditional(request)
    return response


def tag(release: str, key: str, form: str) -> str:
    """Return the ETag of an answer, without quotes."""
    return f"{release[:32]}-{key}-{form}"


def _described(response: Response, found: str | None) -> Response:
    response.headers["Vary"] = _VARY
    response.headers["Cache-Control"] = "no-store" if found is None else "no-cache"
    if found is not None:
        response.set_etag(found, weak=True)
    return response


def _gather(response: Response, parts: Iterator[bytes]) -> None:
    """Let a response send its parts when they are all there, and say how long it is."""
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it goes with the response
    size = 0
    for part in parts:
        size += file.write(part)
        if size > GATHERED:
            response.close()
            raise TooLarge("an answer of this length goes only to HTTP/1.1", accepted=f"at most {GATHERED} bytes")
    file.seek(0)
    response.response, response.content_length = iter(lambda: file.read(_PART), b""), size
    response.call_on_close(file.close)
