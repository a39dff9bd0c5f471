"""Responses that are whole: kept, packed, or gathered from their parts."""

import zlib

from flask import Response
from werkzeug.http import parse_etags

from kgraph.errors import TooLarge
from kgraph.store.core import Leased
from kgraph.web import answers
from kgraph.web.cache import Entry, Headers
from kgraph.web.encoding import GZIP_LEVEL, GZIP_WINDOW
from kgraph.web.exchange import Incoming


def start(entry: Entry) -> bytes:
    """Return how the response of an entry begins, to where headers of one request follow."""
    headers = [*entry.headers, (b"content-length", str(len(entry.body)).encode())]
    return b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % header for header in headers)


def has(incoming: Incoming, etag: str) -> bool:
    """Tell whether the client says that it has what `etag` names, and may be told so."""
    given = incoming.text(b"if-none-match")
    return (
        given is not None
        and incoming.method != "POST"
        and parse_etags(given).contains_weak(etag.removeprefix("W/").strip('"'))
    )


def plain(response: Response) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of a response of Flask."""
    body = response.get_data()
    names = {"content-length"}
    headers = [(n.lower().encode(), v.encode("latin-1")) for n, v in response.headers if n.lower() not in names]
    return response.status_code, headers, body


def packed(body: bytes) -> bytes:
    """Return a body gzipped."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    return packer.compress(body) + packer.flush()


async def gathered(leased: Leased) -> bytes:
    """Return an answer whole, for a client of HTTP/1.0, which could not see that it is not."""
    body = bytearray()
    async for part in leased.running.parts():
        body += part
        if len(body) > answers.GATHERED:
            accepted = f"at most {answers.GATHERED} bytes"
            raise TooLarge("an answer of this length goes only to HTTP/1.1", accepted=accepted)
    return bytes(body)
