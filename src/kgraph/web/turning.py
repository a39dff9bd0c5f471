"""The addresses of a saved query: other forms, pages, and one that pins query and release (RFC 8288, RFC 8574)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from kgraph.errors import BadRequest
from kgraph.formats import Format
from kgraph.web.asking import Asked

_LONGEST = 2000


def root() -> str:
    """Return the address of the service as this request sees it, ending in a slash; raise where it names no host."""
    if not request.host:
        raise BadRequest("the request does not say to which host it goes", parameter="Host", accepted="a host")
    return request.url_root


def address(this: Asked, name: str | None = None, **changed: Any) -> str:
    """Return the address, relative to the folder of queries, of what is asked, with reserved parameters `changed`.

    `name` is the last part of the path, that of the request where it is None. None as a value drops a parameter.
    """
    own: dict[str, Any] = {"limit": this.limit, "offset": this.offset or None, "timeout": this.timeout}
    told = [(key, value) for key, value in (own | changed).items() if value is not None]
    pairs = [(key, value) for key, values in this.values.items() for value in values]
    query = urlencode([*pairs, *told])
    return f"{name or request.path.rpartition('/')[2]}{'?' if query else ''}{query}"


def pages(this: Asked, total: int | None) -> dict[str, str]:
    """Return the addresses of the first, previous, next and last page; none where the rows are not cut into pages.

    Without a total there is no last page, and the next one may turn out to be empty.
    """
    if this.limit is None:
        return {}
    found = {"first": address(this, offset=None)}
    last = None if total is None else max(0, (total - 1) // this.limit) * this.limit
    if this.offset:
        before = max(0, this.offset - this.limit)
        found["prev"] = address(this, offset=(before if last is None else min(before, last)) or None)
    if total is None or this.offset + this.limit < total:
        found["next"] = address(this, offset=this.offset + this.limit)
    if last is not None:
        found["last"] = address(this, offset=last or None)
    return found


def permalink(this: Asked) -> str:
    """Return the address that is answered with just these rows, or not at all."""
    return address(this, version=this.query.version, release=this.release.digest)


def links(this: Asked, total: int | None, forms: Sequence[Format]) -> str:
    """Return the Link header of an answer. Addresses too long for a header of headers are left out."""
    found = [(f'rel="{rel}"', where) for rel, where in pages(this, total).items()]
    found.append(('rel="cite-as"', permalink(this)))
    found += [(f'rel="alternate"; type="{form.media_type}"', _form(this, form)) for form in forms]
    found.append(('rel="describedby"; type="text/turtle"', f"{this.query.id}.ttl"))
    return ", ".join(f"<{where}>; {what}" for what, where in found if len(where) <= _LONGEST)


def _form(this: Asked, form: Format) -> str:
    name = f"{this.query.id}.{form.name}"
    return name if form.name == "ttl" and this.query.form in {"SELECT", "ASK"} else address(this, name)
