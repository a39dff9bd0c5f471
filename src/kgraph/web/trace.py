"""The trace of a claim, and the claims that mention anything else, in each form that they take."""

from collections.abc import Callable
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request
from markupsafe import Markup
from rdflib import URIRef
from werkzeug.wrappers import Response as BaseResponse

from kgraph.errors import BadRequest, UnknownThing
from kgraph.formats import HTML, JSONLD, PLAIN_JSON, SVG, TURTLE, Format, by_name, require
from kgraph.store.serialize import serialize
from kgraph.terms import KINDS, Iris
from kgraph.things import require_published
from kgraph.trace import Mentions, Trace, jsonld, mentioning, mentions, prov, trace
from kgraph.trace.picture import picture
from kgraph.web import documents
from kgraph.web.context import archive, conditional, engine

blueprint = Blueprint("trace", __name__)
_OTHERS = "any(" + ",".join(kind for kind in KINDS if kind != "claim") + ")"
_OF_CLAIMS = (HTML, JSONLD, TURTLE, SVG, PLAIN_JSON)
_OF_OTHERS = (HTML, JSONLD, TURTLE, PLAIN_JSON)


@blueprint.get("/claim/<ident>/trace", defaults={"kind": "claim"})
@blueprint.get(f"/<{_OTHERS}:kind>/<path:ident>/trace")
def negotiated(kind: str, ident: str) -> BaseResponse:
    """Lead to the form that the client takes (303)."""
    _iri(kind, ident)
    offered = _OF_CLAIMS if kind == "claim" else _OF_OTHERS
    chosen = require(request.headers.get("Accept"), offered)
    asked = request.query_string.decode("latin-1")
    response = redirect(f"trace.{chosen.name}{'?' if asked else ''}{asked}", 303)
    response.autocorrect_location_header = False
    response.headers["Vary"] = "Accept"
    response.headers["Link"] = _links(offered)
    return response


@blueprint.get("/claim/<ident>/trace.<suffix>", defaults={"kind": "claim"})
@blueprint.get(f"/<{_OTHERS}:kind>/<path:ident>/trace.<suffix>")
def document(kind: str, ident: str, suffix: str) -> Response:
    """Answer with the trace of a claim, or the claims that mention another thing, in the form that `suffix` names."""
    offered = _OF_CLAIMS if kind == "claim" else _OF_OTHERS
    form = by_name(suffix, offered)
    if form is None:
        accepted = [f".{item.name}" for item in offered]
        raise UnknownThing(f"there is no trace in a form {suffix!r}", value=suffix, accepted=accepted)
    iri = _iri(kind, ident)

    def link(target: str) -> str:
        return documents.link(target) or target

    if kind == "claim":
        body = _claim(trace(engine(), str(iri), archive()), form, link)
        parts = [ident]
    else:
        limit, offset = _number("limit", mentions.LIMIT), _number("offset", 0)
        body = _mentions(mentioning(engine(), str(iri), limit=limit, offset=offset), form, link)
        parts = [ident.replace("/", "."), str(limit), str(offset)]
    response = Response(body, content_type=form.content_type)
    response.headers["Link"] = f'{_links(offered)}, <{link(str(iri))}>; rel="describedby"'
    shown = "text" if archive() is not None else "plain"
    return conditional(response, engine().release().digest[:32], kind, *parts, "trace", shown, form.name)


def _iri(kind: str, ident: str) -> URIRef:
    """Return the IRI of a thing that there is; raise `UnknownThing` or `Withheld`."""
    source = engine()
    iris = Iris(source.release().manifest.base_iri)
    require_published(source, iris, kind, ident)
    iri = iris.of(kind, ident)
    if not source.quads(iri, limit=1):
        raise UnknownThing(f"there is no {kind} called {ident!r}", value=ident)
    return iri


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isascii() or not text.isdecimal():
        raise BadRequest(f"{name} is no whole number", parameter=name, value=text, accepted="0, 1, 2, ...")
    return int(text)


def _links(offered: tuple[Format, ...]) -> str:
    return ", ".join(f'<trace.{form.name}>; rel="alternate"; type="{form.media_type}"' for form in offered)


def _claim(found: Trace, form: Format, link: Callable[[str], str]) -> bytes | str:
    if form is PLAIN_JSON:
        return jsonld.plain(found.as_dict())
    if form is SVG:
        return picture(found, link)
    if form is HTML:
        drawn = Markup(picture(found, link))  # noqa: S704 - our own SVG, which escapes all text
        forms = [(f"trace.{item.name}", item) for item in _OF_CLAIMS if item is not HTML]
        return render_template("trace.html", trace=found, picture=drawn, link=link, top=documents.top(), forms=forms)
    return _triples(prov.triples(engine(), found), form)


def _mentions(found: Mentions, form: Format, link: Callable[[str], str]) -> bytes | str:
    if form is PLAIN_JSON:
        return jsonld.plain(found.as_dict())
    if form is HTML:
        turns = {
            name: "?" + urlencode({"limit": found.limit, "offset": at})
            for name, at in (("previous", found.offset - found.limit), ("next", found.offset + found.limit))
            if 0 <= max(at, 0) < found.total and at != found.offset and (name == "next" or found.offset)
        }
        return render_template("mentions.html", found=found, link=link, top=documents.top(), turns=turns)
    return _triples(prov.mention_triples(engine(), found), form)


def _triples(triples: list[prov.Triple], form: Format) -> bytes:
    if form is JSONLD:
        return jsonld.write(triples)
    iris = Iris(engine().release().manifest.base_iri)
    return serialize([(*triple, iris.graph("release")) for triple in triples], form, base=iris.base, named=False)
