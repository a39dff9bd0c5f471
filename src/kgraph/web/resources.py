"""Every thing by its IRI: 303 to the document about it, in the form that the client takes (https://www.w3.org/TR/cooluris/)."""

from collections.abc import Sequence

from flask import Blueprint, Response, redirect, render_template, request
from rdflib import URIRef
from rdflib.term import Node
from werkzeug.wrappers import Response as BaseResponse

from kgraph.errors import UnknownThing
from kgraph.formats import HTML, NQUADS, RESOURCES, TRIG, Format, by_name, require
from kgraph.store.serialize import serialize
from kgraph.terms import KG, KINDS, Iris, Quad, local_name
from kgraph.things import Thing, label, require_published
from kgraph.trace import claim_quads, trace
from kgraph.web.context import archive, conditional, engine

blueprint = Blueprint("resources", __name__)
_KINDS = "any(" + ",".join(kind for kind in KINDS if kind != "query") + ")"


@blueprint.get(f"/<{_KINDS}:kind>/<path:ident>")
def thing(kind: str, ident: str) -> BaseResponse:
    """Answer for a thing (303) or, where `ident` ends in a suffix, for a document about it (200)."""
    name, dot, suffix = ident.rpartition(".")
    form = by_name(suffix, RESOURCES) if dot else None
    if form is not None:
        return _document(kind, name, form)
    _quads(kind, ident)
    chosen = require(request.headers.get("Accept"), RESOURCES)
    response = redirect(f"{local_name(ident)}.{chosen.name}", 303)
    response.autocorrect_location_header = False
    response.headers["Vary"] = "Accept"
    response.headers["Link"] = _links(local_name(ident))
    return response


def _links(name: str) -> str:
    return ", ".join(f'<{name}.{form.name}>; rel="alternate"; type="{form.media_type}"' for form in RESOURCES)


def _quads(kind: str, ident: str) -> tuple[URIRef, Sequence[Quad]]:
    """Return the IRI of a thing and the quads that tell of it; raise `UnknownThing` where there are none."""
    source = engine()
    iris = Iris(source.release().manifest.base_iri)
    require_published(source, iris, kind, ident)
    iri = iris.of(kind, ident)
    if kind == "claim":
        quads: Sequence[Quad] = claim_quads(source, iri)
    elif kind == "graph":
        quads = source.quads(graph=iri, limit=10_000)
    else:
        quads = source.quads(iri)
        parts = {value for _, _, value, _ in quads if str(value).startswith(f"{iri}#")}
        quads = [*quads, *(quad for part in sorted(parts, key=str) for quad in source.quads(URIRef(str(part))))]
    if not quads:
        raise UnknownThing(f"there is no {kind} called {ident!r}", value=ident)
    return iri, quads


def _document(kind: str, ident: str, form: Format) -> Response:
    iri, quads = _quads(kind, ident)
    release = engine().release()
    if form is not HTML:
        body = serialize(quads, form, base=release.manifest.base_iri, named=form in {TRIG, NQUADS})
        response = Response(body, content_type=form.content_type)
    elif kind == "claim":
        page = render_template("claim.html", trace=trace(engine(), str(iri), archive()), **_shown(quads, str(iri)))
        response = Response(page, mimetype="text/html")
    else:
        about = engine().quads(None, None, iri, limit=500)
        pointing = sorted(
            {Thing(str(s), label(engine(), s)) for s, p, _, _ in about if p != KG.attestation}, key=lambda t: t.iri
        )
        page = render_template("thing.html", title=label(engine(), iri), pointing=pointing, **_shown(quads, str(iri)))
        response = Response(page, mimetype="text/html")
    response.headers["Link"] = _links(local_name(ident))
    return conditional(response, release.digest[:32], kind, ident.replace("/", "."), form.name)


def _shown(quads: Sequence[Quad], iri: str) -> dict[str, object]:
    """Return what templates show of quads: rows of property and value, and where links lead on this server."""
    source = engine()
    base = source.release().manifest.base_iri
    prefix = "../" * (iri.removeprefix(base).count("/"))

    def link(target: str) -> str:
        return f"{prefix}{target.removeprefix(base)}" if target.startswith(base) else target

    def named(node: Node) -> Thing | Node:
        return Thing(str(node), label(source, node)) if isinstance(node, URIRef) else node

    ordered = sorted(quads, key=lambda quad: (str(quad[1]), str(quad[2])))

    def rows(subject: str) -> list[tuple[object, object]]:
        """Return the rows of `subject`; a part of the thing, such as a toll, has its own rows in place of a value."""
        return [
            (
                named(predicate),
                rows(str(value)) if subject == iri and str(value).startswith(f"{iri}#") else named(value),
            )
            for found, predicate, value, _ in ordered
            if str(found) == subject
        ]

    return {"rows": rows(iri), "iri": iri, "link": link, "top": prefix, "forms": RESOURCES, "name": local_name(iri)}
