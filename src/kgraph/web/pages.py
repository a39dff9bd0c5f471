"""Pages that are no thing's own: the way in, and whether all is well."""

from flask import Blueprint, Response, jsonify, render_template

from kgraph.store.base import Question
from kgraph.terms import KG, Iris
from kgraph.trace import Thing, label
from kgraph.web.context import conditional, engine

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> Response:
    """Say what the corpus holds, by event."""
    source = engine()
    release = source.release()
    iris = Iris(release.manifest.base_iri)
    groups: dict[Thing, list[tuple[str, Thing]]] = {}
    for subject, _, event, _ in source.quads(None, KG.event):
        claim = Thing(str(subject), label(source, subject))
        groups.setdefault(Thing(str(event), label(source, event)), []).append(
            (str(subject).removeprefix(iris.base), claim)
        )
    ordered = [
        (event, sorted(claims, key=lambda c: c[0]))
        for event, claims in sorted(groups.items(), key=lambda g: g[0].label)
    ]
    page = render_template("home.html", manifest=release.manifest, groups=ordered, base=iris.base)
    return conditional(Response(page, mimetype="text/html"), release.digest[:32], "home")


@blueprint.get("/health")
def health() -> Response:
    """Say which release is served, by way of a reader: an answer means that queries are answered."""
    source = engine()
    source.query(Question(text="ASK {}", short=True, timeout=5)).read()
    manifest = source.release().manifest
    response = jsonify(status="ok", release=manifest.digest, claims=manifest.claims, quads=manifest.quads)
    response.headers["Cache-Control"] = "no-store"
    return response
