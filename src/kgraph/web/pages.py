"""Pages that are no thing's own: the way in, and whether all is well."""

from flask import Blueprint, Response, jsonify, render_template
from rdflib import URIRef

from kgraph.store.base import Question
from kgraph.terms import KG, Iris
from kgraph.things import Thing, label
from kgraph.web.context import conditional, engine

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> Response:
    """Say what the corpus holds, by event."""
    source = engine()
    release = source.release()
    iris = Iris(release.manifest.base_iri)
    groups: dict[Thing, list[tuple[str, Thing, list[str]]]] = {}
    out_of_force = {subject for subject, *_ in source.quads(None, KG.status)}
    for subject, _, event, _ in source.quads(None, KG.event):
        iri = URIRef(str(subject))
        if iri in out_of_force:
            continue
        stances = sorted(label(source, node) for _, _, node, _ in source.quads(iri, KG.attestation))
        row = (iri.removeprefix(iris.base), Thing(str(iri), label(source, iri)), stances)
        groups.setdefault(Thing(str(event), label(source, event)), []).append(row)
    ordered = [(event, sorted(rows)) for event, rows in sorted(groups.items(), key=lambda group: group[0].label)]
    page = render_template("home.html", manifest=release.manifest, groups=ordered, base=iris.base)
    return conditional(Response(page, mimetype="text/html"), release.digest[:32], "home")


@blueprint.get("/health")
def health() -> Response:
    """Say which release is served: `{status, release, claims, quads}`, by way of a reader, so queries are answered."""
    source = engine()
    source.query(Question(text="ASK {}", short=True, timeout=5)).read()
    manifest = source.release().manifest
    response = jsonify(status="ok", release=manifest.digest, claims=manifest.claims, quads=manifest.quads)
    response.headers["Cache-Control"] = "no-store"
    return response
