"""The newer text of a source, from a file or an address: whole, UTF-8 and as it is, or not at all."""

import codecs
import re
import threading
import time
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from kgraph.errors import BadRequest, DeadlinePassed, InvalidData, KgraphError, TooLarge, UnsupportedMediaType

MAX_BYTES = 50_000_000
SECONDS = 60.0
QUIET = 20.0  # seconds without a byte
MEDIA_TYPES = ("text/plain", "text/markdown", "text/x-wiki")
_ACCEPTED = "UTF-8 text in the form of the archive: of a page, save its text"
_MARKUP = re.compile(r"\ufeff?\s*<(!doctype\s+html|html|\?xml|head|body)\b", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")


def is_address(source: str) -> bool:
    """Tell whether a source is an http(s) address; raise `BadRequest` for another scheme, or a secret in it."""
    scheme = _SCHEME.match(source)
    if scheme is None:
        return False
    if scheme[0].lower() not in {"http:", "https:"}:
        if Path(source).exists():
            return False
        raise BadRequest(f"{scheme[0]} addresses are not fetched", value=source, accepted="a file, or http(s)://...")
    _check(source)
    return True


def read(source: str, *, max_bytes: int = MAX_BYTES, seconds: float = SECONDS) -> str:
    """Return the text of a file, or of an http(s) address within so many bytes and seconds.

    Raises `BadRequest` (no such file or scheme), `UnsupportedMediaType` (HTML), `InvalidData` (not UTF-8), `TooLarge`,
    `DeadlinePassed`, or `KgraphError` (could not be fetched).
    """
    if not is_address(source):
        return decoded(_file(Path(source), max_bytes), source)
    results: list[bytes | Exception] = []

    def work() -> None:
        try:
            results.append(_fetch(source, max_bytes, time.monotonic() + seconds))
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            results.append(error)

    thread = threading.Thread(target=work, daemon=True)  # a server may send its headers byte by byte
    thread.start()
    thread.join(seconds)
    if not results:
        raise _late(source)
    if isinstance(results[0], Exception):
        raise results[0]
    return decoded(results[0], source)


def decoded(raw: bytes, source: str) -> str:
    """Return bytes as text; raise `InvalidData` where they are no text, `UnsupportedMediaType` for markup."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"{source}: byte {error.start} is not UTF-8"
        raise InvalidData(detail, value=f"0x{raw[error.start]:02X}", accepted=_ACCEPTED) from None
    if "\0" in text:
        raise InvalidData(f"{source}: byte {raw.index(0)} is NUL: this is no text", value="0x00", accepted=_ACCEPTED)
    if _MARKUP.match(text):
        raise UnsupportedMediaType(
            f"{source} is HTML or XML: its words are not told from its markup", accepted=_ACCEPTED
        )
    return text


def _file(path: Path, max_bytes: int) -> bytes:
    try:
        if not path.is_file():
            what = "is no file" if path.exists() else "is not there"
            raise BadRequest(f"{path} {what}", value=str(path), accepted="a file, or http(s)://...")
        if path.stat().st_size > max_bytes:
            raise _large(str(path), max_bytes)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise KgraphError(f"{path} cannot be read: {error}") from error


class _Redirects(HTTPRedirectHandler):
    """Follow a redirect only within a scheme, or from http to https."""

    max_redirections = 5

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        fp.close()
        before, after = req.type, urlsplit(newurl).scheme
        if after != before and (before, after) != ("http", "https"):
            detail = f"{req.full_url} redirects from {before} to {after}: {newurl}"
            raise KgraphError(detail, value=newurl, accepted="a redirect within one scheme, or from http to https")
        _check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> OpenerDirector:
    opener = build_opener(_Redirects)
    for scheme in ("file", "ftp", "data"):
        opener.handle_open.pop(scheme, None)  # type: ignore[attr-defined]
    return opener


def _check(address: str) -> None:
    """Raise `BadRequest` for an address that is none, or that holds a name and password."""
    accepted = "http(s)://HOST/PATH, without name and password"
    try:
        parts = urlsplit(address)
        fine = bool(parts.hostname) and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine or not address.isascii() or re.search(r"[\s<>\"{}|\\^`\x00-\x1f]", address):
        raise BadRequest("the address is not accepted", accepted=accepted)


def _fetch(address: str, max_bytes: int, deadline: float) -> bytes:
    request = Request(address, headers={"Accept": ", ".join(MEDIA_TYPES), "User-Agent": "kgraph-drift"})  # noqa: S310
    try:
        with _opener().open(request, timeout=QUIET) as response:
            _check_headers(address, response, max_bytes)
            return _body(address, response, max_bytes, deadline)
    except HTTPError as error:
        error.close()
        raise KgraphError(f"{address} answers {error.code} {error.reason}") from None
    except TimeoutError:
        raise DeadlinePassed(f"{address} was silent for {QUIET:g} seconds") from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            raise DeadlinePassed(f"{address} was silent for {QUIET:g} seconds") from None
        raise KgraphError(f"{address} could not be fetched: {reason}") from error


def _check_headers(address: str, response: HTTPResponse, max_bytes: int) -> None:
    headers = response.headers
    media_type = headers.get_content_type() if "Content-Type" in headers else "(none)"
    if media_type not in MEDIA_TYPES:
        accepted = f"{', '.join(MEDIA_TYPES)}; of a page, save its text and give the file"
        raise UnsupportedMediaType(f"{address} is {media_type}", value=media_type, accepted=accepted)
    charset = headers.get_content_charset("utf-8")
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        name = ""
    if name not in {"utf-8", "ascii"}:
        raise UnsupportedMediaType(f"{address} is in the charset {charset}", value=charset, accepted="utf-8")
    coding = headers.get("Content-Encoding", "identity").strip().lower()
    if coding != "identity":
        raise UnsupportedMediaType(f"{address} is sent in the coding {coding}", value=coding, accepted="identity")
    if response.length is None and not response.chunked:
        raise KgraphError(f"{address} does not say how long it is: a cut answer would look like a shorter text")
    if (response.length or 0) > max_bytes:
        raise _large(address, max_bytes)


def _body(address: str, response: HTTPResponse, max_bytes: int, deadline: float) -> bytes:
    length, body = response.length, bytearray()
    while chunk := response.read1(1 << 16):
        body += chunk
        if len(body) > max_bytes:
            raise _large(address, max_bytes)
        if time.monotonic() > deadline:
            raise _late(address)
    if length is not None and len(body) != length:
        raise KgraphError(f"{address} broke off after {len(body)} of {length} bytes")
    return bytes(body)


def _large(source: str, max_bytes: int) -> TooLarge:
    return TooLarge(f"{source} has more than {max_bytes} bytes", accepted=f"at most {max_bytes} bytes")


def _late(source: str) -> DeadlinePassed:
    return DeadlinePassed(f"{source} was not there whole in time", accepted=f"an answer within {SECONDS:g} seconds")
