"""The pages of saved queries: all of them by group; and each with its form, its rows, and ways to take them along."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlencode

from flask import Response, render_template, request
from rdflib import URIRef

from kgraph.errors import BadRequest
from kgraph.formats import HTML, JSON, Format
from kgraph.release import Release
from kgraph.saved.bind import Bound
from kgraph.saved.library import SavedQuery
from kgraph.saved.model import TAGS
from kgraph.saved.names import shortened
from kgraph.things import label
from kgraph.web import queries_form
from kgraph.web.asking import RESERVED, Asked, ask, asked, fingerprint, gathered, key, names, still, total
from kgraph.web.context import conditional, engine
from kgraph.web.protocol import Parameters
from kgraph.web.turning import address, links, pages, permalink, root

ROWS = 100
"""Rows on a page where the request does not say how many."""


@dataclass(frozen=True)
class Cell:
    """A cell of the table: its text, where that leads, its language; None for a number's plain text."""

    text: str
    href: str | None = None
    language: str | None = None
    number: bool = False


@dataclass(frozen=True)
class Rows:
    """What a page shows of an answer: the table, or what an ASK said."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]
    boolean: bool | None
    total: int | None


def listing(release: Release, known: Mapping[str, SavedQuery]) -> str:
    """Return the page of all saved queries, by group."""
    tags = [*TAGS, *sorted({tag for query in known.values() for tag in query.header.tags} - set(TAGS))]
    groups = [(tag, [query for query in known.values() if tag in query.header.tags]) for tag in tags]
    untagged = [query for query in known.values() if not query.header.tags]
    shown = [(tag, found) for tag, found in (*groups, ("other queries", untagged)) if found]
    return render_template(
        "queries.html", groups=shown, called=queries_form.called, count=len(known), manifest=release.manifest
    )


def answer(query: SavedQuery, release: Release, given: Parameters, forms: Sequence[Format]) -> Response:
    """Return the page of a query, with rows where all that it needs is given and right (else with status 400)."""
    given = queries_form.filled(given)
    this = asked(query, release, given)
    first_visit = not this.values and any(parameter.required for parameter in query.header.params)
    fields = queries_form.fields(query.header.params, this.values, names(), judge=not first_visit)
    known = {parameter.name for parameter in query.header.params}
    unknown = [name for name in this.values if name not in known]
    wrong = bool(unknown) or any(field.mistake for field in fields)
    bound = rows = None
    if not wrong and not first_visit:
        bound = this.bound()
        this = _page(this)
        rows = _rows(this, bound)
    still(release)
    page = render_template(
        "query.html", query=query, fields=fields, unknown=unknown, wrong=wrong, rows=rows, this=this, top="../",
        accepted=(*sorted(known), *RESERVED), called=queries_form.called, instead=partial(_instead, this),
        **(_around(this, bound, rows, forms) if bound is not None else {}),
    )  # fmt: skip
    response = Response(page, status=400 if wrong else 200, mimetype=HTML.media_type, headers={"Vary": "Accept"})
    if wrong:
        response.headers["Cache-Control"] = "no-store"
        return response
    if rows is not None:
        if rows.total is not None:
            response.headers["X-Total-Count"] = str(rows.total)
        response.headers["Link"] = links(this, rows.total, forms)
    if bound is not None and key(this, bound.text, HTML) is None:
        response.headers["Cache-Control"] = "no-store"
        return response
    tag = fingerprint(query.version, given, request.host)
    return conditional(response, release.digest[:32], tag, HTML.name)


def _page(this: Asked) -> Asked:
    """Return what is asked, cut to a page where it can be."""
    if this.query.form != "SELECT":
        return this
    limit = ROWS if this.limit is None else this.limit
    return replace(this, limit=limit)


def _rows(this: Asked, bound: Bound) -> Rows | None:
    if this.query.form in {"CONSTRUCT", "DESCRIBE"}:
        if this.limit is not None or this.offset:
            raise BadRequest("only the rows of a SELECT come in pages", parameter="limit", accepted="no limit")
        return None
    count = total(this, bound)
    data = json.loads(gathered(ask(this, this.text(bound), JSON)))
    if "boolean" in data:
        return Rows((), (), data["boolean"], None)
    described = {column.name: column.description for column in this.query.header.columns}
    columns = data["head"]["vars"]
    statement = "statement" in columns
    base = this.release.manifest.base_iri
    cells = _Cells(base, short=statement)
    rows = tuple(tuple(cells.cell(row.get(name)) for name in columns) for row in data["results"]["bindings"])
    return Rows(tuple((name, described.get(name, "")) for name in columns), rows, None, count)


def _instead(this: Asked, name: str, wrong: str, value: str) -> str:
    """Return the address that asks the same with another value in place of a wrong one."""
    values = [value if given == wrong else given for given in this.values.get(name, ())]
    return address(replace(this, values={**this.values, name: values}))


class _Cells:
    """Makes cells, and looks each thing up once; where `short`, claims are named by their identifiers."""

    def __init__(self, base: str, *, short: bool) -> None:
        self._base, self._short = base, short
        self._labels: dict[str, str] = {}

    def cell(self, found: Mapping[str, str] | None) -> Cell:
        if found is None:
            return Cell("")
        value = found["value"]
        if found["type"] == "uri":
            href = f"../{shortened(value, self._base)}" if value.startswith(self._base) else value
            return Cell(self._label(value), href if href.startswith(("../", "http://", "https://")) else None)
        number = found.get("datatype", "").endswith(("#integer", "#decimal"))
        return Cell(value, None, found.get("xml:lang"), number)

    def _label(self, iri: str) -> str:
        if self._short and iri.startswith(f"{self._base}claim/"):
            return iri.rpartition("/")[2]
        if iri not in self._labels:
            self._labels[iri] = label(engine(), URIRef(iri))
        return self._labels[iri]


def _around(this: Asked, bound: Bound, rows: Rows | None, forms: Sequence[Format]) -> dict[str, object]:
    """Return what stands around the rows: pages, downloads, the text, and ways to fetch them from elsewhere."""
    count = rows.total if rows is not None else None
    cut = {"limit": None, "offset": None}  # downloads hold all rows
    suffixes = [form.name for form in forms if form is not HTML]
    downloads = [(name, address(this, f"{this.query.id}.{name}", **cut)) for name in suffixes]
    if this.query.form in {"SELECT", "ASK"}:
        downloads = [(name, f"{this.query.id}.ttl" if name == "ttl" else where) for name, where in downloads]
    text = this.text(bound)
    outside = f"{root()}queries/"
    return {
        "turn": pages(this, count), "permalink": permalink(this), "downloads": downloads, "text": text,
        "editor": f"../editor?{urlencode({'query': text})}", "csv": f"{outside}{dict(downloads).get('csv', '')}",
        "json": f"{outside}{dict(downloads).get('json', '')}",
    }  # fmt: skip
