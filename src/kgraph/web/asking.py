"""What a request for a saved query asks, and its rows with their number: all of it from one release."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar, cast

from flask import current_app

import kgraph
from kgraph.errors import BadRequest, Busy, DeadlinePassed, NotServed, TooLarge, UnknownThing
from kgraph.formats import JSON, Format
from kgraph.release import Release
from kgraph.saved.bind import Bound, bind
from kgraph.saved.library import Library, SavedQuery
from kgraph.saved.names import Names
from kgraph.store.base import Answer, Question
from kgraph.web.answers import volatile
from kgraph.web.context import engine, settings
from kgraph.web.protocol import Parameters

MOST_ROWS = 1_000_000_000
LONGEST_TIMEOUT = 3600
GATHERED = 64_000_000
"""Bytes of the longest answer that is turned into a page or into GeoJSON, since that is made in memory."""

RESERVED = ("limit", "offset", "timeout", "version", "release")
_TRIES, _TOTALS, _PIN = 5, 1000, 12
T = TypeVar("T")


class MovedOnError(Exception):
    """Another release became current while an answer was made."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A saved query of a release, what the request gives it, and which page of the rows; `timeout` in seconds."""

    query: SavedQuery
    release: Release
    values: Parameters
    limit: int | None = None
    offset: int = 0
    timeout: float | None = None

    def bound(self) -> Bound:
        """Return the query with its values; raise `BadRequest` where they are none."""
        return bind(self.query, self.values, names())

    def text(self, bound: Bound) -> str:
        """Return what is asked for this page; raise `BadRequest` where the query has no rows to page through."""
        return (
            bound.text if self.limit is None and not self.offset else bound.page(limit=self.limit, offset=self.offset)
        )


def steady(make: Callable[[Release], T]) -> T:
    """Return what `make` makes of the current release; once more where it moves on meanwhile."""
    for _ in range(_TRIES):
        release = engine().release()
        try:
            return make(release)
        except MovedOnError:
            continue
    raise Busy("releases follow each other too fast for an answer from one of them", retry_after=1)


def still(release: Release) -> None:
    """Raise `MovedOnError` where another release is read by now, so what was looked up may be of either."""
    if engine().release().digest != release.digest:
        raise MovedOnError


def names() -> Names:
    """Return what values may name, for this application."""
    return cast("Names", current_app.extensions.setdefault("kgraph-names", Names(engine())))


def library(release: Release) -> Library:
    """Return the saved queries of a release."""
    kept: dict[str, Library] = current_app.extensions.setdefault("kgraph-libraries", {})
    found = kept.get(release.digest)
    if found is None:
        found = Library(release)
        kept.clear()
        kept[release.digest] = found
    return found


def saved(release: Release, name: str) -> SavedQuery:
    """Return the saved query called `name`; raise `UnknownThing`, with what is near, where there is none."""
    known = library(release)
    try:
        return known.get(name)
    except UnknownThing as error:
        near = get_close_matches(name[:100], known.names(), n=3)
        raise UnknownThing(error.detail, value=name, accepted=known.names(), nearest=near or None) from None


def asked(query: SavedQuery, release: Release, given: Parameters) -> Asked:
    """Return what `given` asks of a query; raise `NotServed` for pins that do not hold, `BadRequest` for numbers."""
    for name in RESERVED:
        if len(given.get(name, ())) > 1:
            raise BadRequest(f"the parameter {name} is given more than once", parameter=name, accepted="it once")
    _pinned(query, release, given)
    most = f"from {{}} to {MOST_ROWS}"
    return Asked(
        query=query,
        release=release,
        values={name: values for name, values in given.items() if name not in RESERVED},
        limit=_whole(given, "limit", least=1, accepted=f"a whole number, {most.format(1)}"),
        offset=_whole(given, "offset", least=0, accepted=f"a whole number, {most.format(0)}") or 0,
        timeout=_seconds(given),
    )


def _pinned(query: SavedQuery, release: Release, given: Parameters) -> None:
    """Hold the pins of a permalink against what is served; the first twelve digits, or more, are enough."""
    served = {"version": query.version, "release": release.digest}
    for name, digest in served.items():
        value = next(iter(given.get(name, ())), None)
        if value is None:
            continue
        if len(value) < _PIN or not set(value) <= set("0123456789abcdef") or len(value) > len(digest):
            accepted = f"{_PIN} to {len(digest)} lower-case hexadecimal digits"
            raise BadRequest(
                f"{name}: {value[:80]!r} is no digest", parameter=name, value=value[:80], accepted=accepted
            )
        if not digest.startswith(value):
            what = f"this version of the query {query.id}" if name == "version" else "this release"
            raise NotServed(
                f"{what} is not the one served now", parameter=name, value=value, accepted=digest, served=served
            )


def _whole(given: Parameters, name: str, *, least: int, accepted: str) -> int | None:
    value = next(iter(given.get(name, ())), None)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(MOST_ROWS))):
        raise BadRequest(f"{name}: {value[:80]!r} is not accepted", parameter=name, value=value[:80], accepted=accepted)
    if not least <= int(value) <= MOST_ROWS:
        raise BadRequest(f"{name}: {value} is not accepted", parameter=name, value=value, accepted=accepted)
    return int(value)


def _seconds(given: Parameters) -> float | None:
    value = next(iter(given.get("timeout", ())), None)
    if value is None:
        return None
    try:
        seconds = float(value) if value.isascii() else -1.0
    except ValueError:
        seconds = -1.0
    if not 0.01 <= seconds <= LONGEST_TIMEOUT:  # noqa: PLR2004 - as /sparql has it
        accepted = f"seconds, from 0.01; above {settings().timeout:g} counts as that"
        raise BadRequest(
            f"timeout: {value[:80]!r} is not accepted", parameter="timeout", value=value[:80], accepted=accepted
        )
    return seconds


def key(this: Asked, text: str, form: Format) -> str | None:
    """Return what an answer depends on besides the release; None where it is another one each time."""
    return None if volatile(text) else fingerprint(this.query.version, text, form.name)


def fingerprint(*parts: object) -> str:
    """Return 32 hexadecimal digits for `parts` and the version of kgraph, for an ETag."""
    told = repr((kgraph.__version__, *parts)).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(told, digest_size=16).hexdigest()


def ask(this: Asked, text: str, form: Format) -> Answer:
    """Ask the engine for `text` in a form of SPARQL results or of RDF; raise `MovedOnError` for another release."""
    found = engine().query(Question(text=text, results=form, graph=form, timeout=this.timeout))
    if found.release != this.release.digest:
        found.chunks.close()
        raise MovedOnError
    return found


def total(this: Asked, bound: Bound) -> int | None:
    """Return how many rows the query has without paging, counted in the same release; None where it has no rows.

    None too where counting takes longer than the query may: a total is never guessed.
    """
    if this.query.form != "SELECT":
        return None
    kept: dict[tuple[str, str], int] = current_app.extensions.setdefault("kgraph-totals", {})
    known = kept.get((this.release.digest, bound.text))
    if known is not None:
        return known
    try:
        data = json.loads(gathered(ask(this, bound.counted(), JSON)))
    except DeadlinePassed:
        return None
    found = int(data["results"]["bindings"][0]["total"]["value"])
    if not volatile(bound.text):
        if len(kept) >= _TOTALS:
            kept.clear()
        kept[this.release.digest, bound.text] = found
    return found


def gathered(found: Answer) -> bytes:
    """Return an answer whole; raise `TooLarge` where it does not fit into memory well."""
    body = bytearray()
    for part in found.chunks:
        body += part
        if len(body) > GATHERED:
            found.chunks.close()
            accepted = "a page of the rows, by limit and offset; or all of them as .json, .csv, .tsv or .xml"
            raise TooLarge(f"the rows have more than {GATHERED} bytes", accepted=accepted)
    return bytes(body)
