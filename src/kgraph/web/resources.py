"""Every thing by its IRI: 303 to the document about it, in the form that the client takes (https://www.w3.org/TR/cooluris/)."""

from typing import Any

from flask import Blueprint, Response
from rdflib import URIRef
from werkzeug.wrappers import Response as BaseResponse

from kgraph import listing
from kgraph.errors import KgraphError, UnknownThing
from kgraph.formats import HTML, RESOURCES, Format, by_name
from kgraph.resource import Description, describe, iri_at, names_of
from kgraph.rows import Names, incoming, parts, rows, subjects
from kgraph.trace import trace
from kgraph.web import documents
from kgraph.web.context import archive, engine

blueprint = Blueprint("resources", __name__)
_KINDS = f"any({','.join(listing.KINDS)})"


@blueprint.app_context_processor
def _top() -> dict[str, str]:
    """Let every page, that of an error too, find the root of the service."""
    return {"top": documents.top()}


@blueprint.get(f"/<{_KINDS}:kind>/<path:ident>")
def thing(kind: str, ident: str) -> BaseResponse:
    """Answer for a thing (303) or, where `ident` ends in a suffix, for a document about it (200)."""
    return answer(kind, ident)


def answer(kind: str, ident: str) -> BaseResponse:
    """Answer for the thing of a kind, or for a document about it; concepts count as of the kind `vocab`."""
    stem, form, foreign = documents.split(ident)
    path = f"{kind}/{stem}"
    page = documents.page_asked()
    described = _described(kind, stem, page)
    if foreign is not None:
        raise documents.unknown_suffix(foreign)
    licence = engine().release().manifest.licence
    if form is None:
        return documents.see(path, str(described.iri), licence)
    return documents.document(described, form, path, licence, _page(kind, path, described) if form is HTML else None)


def _described(kind: str, ident: str, page: int) -> Description:
    """Describe a thing; where there is none, the error names those that are nearest."""
    source = engine()
    try:
        return describe(source, iri_at(f"{kind}/{ident}", source.release().manifest.base_iri), page)
    except UnknownThing as error:
        if "parameter" not in error.extra:
            _suggest(error, kind, ident)
        raise


def _suggest(error: UnknownThing, kind: str, ident: str) -> None:
    try:
        near = listing.nearest(engine(), kind, ident)
    except KgraphError:  # a busy server has no suggestions, and says that the thing is not there all the same
        return
    if near:
        error.extra["nearest"] = [documents.relative(f"{kind}/{other}") for other in near]
        error.detail += f"; nearest: {', '.join(near)}"


def _page(kind: str, path: str, described: Description) -> str:
    names = Names(engine())
    told = names.thing(described.iri)
    shown: dict[str, Any] = {
        "iri": described.iri, "title": told.label, "kind": kind, "described": described,
        "turn": documents.turning(described.page, described.pages),
    }  # fmt: skip
    crumbs = _crumbs(kind, path)
    if kind == "graph":
        things = subjects((quad for quad in described.quads if "#" not in str(quad[0])), names)
        return documents.html("graph.html", path, crumbs, things=things, **shown)
    shown |= {"rows": rows(described, names), "parts": parts(described, names), "pointing": incoming(described, names)}
    if kind == "claim" and described.page == 1:
        found = trace(engine(), str(described.iri), archive())
        return documents.html("claim.html", path, crumbs, trace=found, **shown)
    return documents.html("thing.html", path, crumbs, **shown)


def _crumbs(kind: str, path: str) -> list[tuple[str, str]]:
    if kind != "vocab":
        return [(f"{kind}/", f"All {kind}s")]
    scheme = path.rpartition("/")[0]
    return [("vocab/", "Vocabularies"), (scheme, scheme.rpartition("/")[2])]


@blueprint.get(f"/<{_KINDS}:kind>/")
def index(kind: str) -> BaseResponse:
    """Lead to the list of all things of a kind."""
    manifest = engine().release().manifest
    return documents.see(kind, f"{manifest.base_iri}{kind}/", manifest.licence)


@blueprint.get(f"/<{_KINDS}:kind>.<suffix>")
def listed(kind: str, suffix: str) -> Response:
    """List all things of a kind, page by page."""
    form = by_name(suffix, RESOURCES)
    if form is None:
        raise documents.unknown_suffix(suffix)
    return _list(kind, form, documents.page_asked())


def _list(kind: str, form: Format, page: int) -> Response:
    source = engine()
    manifest = source.release().manifest
    total = listing.count(source, kind)
    pages = max(1, -(-total // listing.SIZE))
    if page > pages:
        raise UnknownThing(f"there is no page {page}", parameter="page", value=page, accepted=f"1 to {pages}")
    found = listing.listed(source, kind, page)
    iri = URIRef(f"{manifest.base_iri}{kind}/")
    body: bytes | str
    if form is HTML:
        names = Names(source)
        things = [names.thing(each) for each in found]
        turn = documents.turning(page, pages)
        body = documents.html(
            "listing.html", kind, [], title=f"All {kind}s", things=things, total=total, page=page, pages=pages,
            turn=turn,
        )  # fmt: skip
    else:
        body = documents.rdf(names_of(source, found), form, about=iri, licence=manifest.licence)
    cite, licence = str(iri), manifest.licence
    return documents.respond(body, form, path=kind, cite=cite, licence=licence, page=page, pages=pages, total=total)
