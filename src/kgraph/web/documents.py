"""What the addresses of linked data share: which form, the 303 to it, headers, RDF bodies, and links on a page."""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from flask import Response, redirect, render_template, request
from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, VOID
from werkzeug.wrappers import Response as BaseResponse

from kgraph.canonical import ox_quad
from kgraph.errors import BadRequest, UnknownThing
from kgraph.export.jsonld import Terms, published
from kgraph.formats import HTML, JSONLD, NQUADS, RESOURCES, TRIG, TURTLE, Format, by_name, require
from kgraph.resource import Description, address
from kgraph.store.serialize import serialize
from kgraph.terms import KG, Quad
from kgraph.web.context import conditional, engine, settings
from kgraph.web.protocol import parameters

SUFFIXES = [f".{form.name}" for form in RESOURCES]
_DEEP = 10  # digits of a page number


def split(path: str) -> tuple[str, Format | None, str | None]:
    """Return an address without its suffix, the form that this asks for, and a suffix that asks for none."""
    stem, dot, suffix = path.rpartition(".")
    if not dot or "/" in suffix:
        return path, None, None
    form = by_name(suffix, RESOURCES)
    return (stem, form, None) if form is not None else (stem, None, suffix)


def unknown_suffix(suffix: str) -> UnknownThing:
    """Return the error for a suffix that no form has."""
    return UnknownThing(f"nothing is served with the suffix .{suffix}", value=f".{suffix}", accepted=SUFFIXES)


def page_asked() -> int:
    """Return the parameter `page`, 1 where it is not given; raise `BadRequest` where it is no number from 1."""
    given = parameters(request.query_string).get("page", ["1"])
    text = given[0]
    if len(given) > 1 or not (text.isascii() and text.isdigit()) or len(text) > _DEEP or int(text) < 1:
        value = ", ".join(given)
        raise BadRequest(f"page: {value!r} is no page number", parameter="page", value=value, accepted="from 1, once")
    return int(text)


def top() -> str:
    """Return the way from the address of this request to the root of the service, whatever stands before that."""
    return "../" * (request.path.count("/") - 1)


def relative(path: str) -> str:
    """Return an address, given from the root of the service, as it is written at that of this request."""
    folder = request.path[1:].rpartition("/")[0]
    inside = not folder or path.startswith(f"{folder}/")
    return path[len(folder) + 1 if folder else 0 :] if inside else f"{top()}{path}"


def link(iri: str) -> str | None:
    """Return where an IRI leads from this page: on this server where it answers for it, else to the IRI itself."""
    if iri.startswith("#"):
        return iri
    there = address(iri, engine().release().manifest.base_iri)
    if there is not None:
        return f"{top()}{there}" or "./"
    return iri if iri.startswith(("http://", "https://")) else None


def see(path: str, cite: str, licence: str) -> BaseResponse:
    """Lead to the document about the thing at `path`, in the form that the client takes (303)."""
    form = require(request.headers.get("Accept"), RESOURCES)
    page = page_asked()
    response = redirect(f"{relative(path)}.{form.name}{f'?page={page}' if page > 1 else ''}", 303)
    response.autocorrect_location_header = False
    response.headers["Vary"] = "Accept"
    about = f'<{relative(path)}.{TURTLE.name}>; rel="describedby"; type="{TURTLE.media_type}"'
    response.headers["Link"] = ", ".join([*_links(path, cite, licence), about])
    return response


def _links(path: str, cite: str, licence: str) -> list[str]:
    found = [f'<{relative(path)}.{form.name}>; rel="alternate"; type="{form.media_type}"' for form in RESOURCES]
    return [*found, f'<{cite}>; rel="cite-as"', f'<{licence}>; rel="license"']


def respond(
    body: bytes | str, form: Format, *, path: str, cite: str, licence: str, page: int = 1, pages: int = 1,
    total: int | None = None,
) -> Response:  # fmt: skip
    """Return a document with its headers; `path` is its address without suffix, from the root of the service."""
    response = Response(body, content_type=form.content_type)
    found = _links(path, cite, licence)
    found.append(f'<{relative(".well-known/void")}>; rel="describedby"; type="{TURTLE.media_type}"')
    turned = turning(page, pages)
    found += [f'<{relative(path)}.{form.name}?page={number}>; rel="{rel}"' for rel, number in turned.items()]
    response.headers["Link"] = ", ".join(found)
    response.headers["Vary"] = "Accept"
    if total is not None:
        response.headers["X-Total-Count"] = str(total)
    tag = path.replace("/", ".")
    return conditional(response, engine().release().digest[:32], tag, str(page), form.name)


def turning(page: int, pages: int) -> dict[str, int]:
    """Return the pages to turn to, by relation; none where there is one page."""
    if pages == 1:
        return {}
    found = {"first": 1, "prev": page - 1, "next": page + 1, "last": pages}
    return {rel: number for rel, number in found.items() if 1 <= number <= pages}


def rdf(quads: Iterable[Quad], form: Format, *, about: URIRef, licence: str) -> bytes:
    """Return quads in an RDF form. With graphs they stand as in the release, and nothing else does.

    In a form of triples the document says what it is about, under which licence and from which release; in the others
    its headers say so, because each quad of a release stands in one graph and this one has none for it.
    """
    manifest = engine().release().manifest
    if form in {TRIG, NQUADS}:
        return serialize(quads, form, base=manifest.base_iri, named=True)
    document = URIRef(f"{about}.{form.name}")
    told = [
        (FOAF.primaryTopic, about), (VOID.inDataset, URIRef(manifest.base_iri)),
        (DCTERMS.license, URIRef(licence)), (KG.releaseDigest, Literal(manifest.digest)),
    ]  # fmt: skip
    whole = [*quads, *((document, predicate, value, document) for predicate, value in told)]
    if form is JSONLD:
        return _jsonld(whole)
    return serialize(whole, form, base=manifest.base_iri, named=False)


def _jsonld(quads: Iterable[Quad]) -> bytes:
    """Return triples as JSON-LD in our short names, with the context in it: reading it opens no connection."""
    context = published()
    terms = Terms(context)
    found = sorted({quad[:3]: ox_quad(quad) for quad in quads}.items(), key=lambda item: tuple(map(str, item[0])))
    nodes = [
        terms.node(subject, [quad for _, quad in about])
        for subject, about in groupby(found, key=lambda item: str(item[0][0]))
    ]
    return (json.dumps({"@context": context, "graph": nodes}, ensure_ascii=False, indent=1) + "\n").encode()


def html(template: str, path: str, crumbs: Sequence[tuple[str, str]], **shown: Any) -> str:
    """Return a page. `crumbs` are the (address, label) of what it stands below, from the root."""
    steps = [("", settings().title), *crumbs]
    return render_template(
        template, link=link, top=top(), forms=RESOURCES, name=relative(path),
        crumbs=[(f"{top()}{where}" or "./", said) for where, said in steps], **shown,
    )  # fmt: skip


def document(described: Description, form: Format, path: str, licence: str, page: str | None = None) -> Response:
    """Return the document about a thing; `page` is its HTML, where that is the form."""
    body: bytes | str = page if form is HTML and page is not None else rdf(
        described.all(), form, about=described.iri, licence=licence
    )  # fmt: skip
    return respond(
        body, form, path=path, cite=str(described.iri), licence=licence, page=described.page, pages=described.pages,
        total=described.total,
    )  # fmt: skip
