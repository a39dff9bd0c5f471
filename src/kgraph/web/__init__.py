"""The web application: Flask, over whichever engine it is given."""

from flask import Flask

from kgraph.settings import Settings
from kgraph.store.base import Engine
from kgraph.store.embedded import Embedded
from kgraph.web import (
    description,
    metrics,
    observe,
    ontology,
    openapi,
    pages,
    problems,
    queries,
    resources,
    sparql,
    trace,
)
from kgraph.web.accesslog import AccessLog
from kgraph.web.cache import Cache
from kgraph.web.context import limits


def create_app(loaded: Settings, engine: Engine | None = None, cache: Cache | None = None) -> Flask:
    """Return the application for a corpus; without an `engine`, over its current release.

    A `cache` is what stands before it, for its numbers to be told; there an event loop must not wait for the log.
    """
    app = Flask("kgraph.web")
    app.config["MAX_CONTENT_LENGTH"] = 2_000_000
    app.config["MAX_FORM_MEMORY_SIZE"] = 2_000_000
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["kgraph-log"] = log = AccessLog(loaded, behind=cache is not None)
    watched = observe.Watched(engine if engine is not None else Embedded(loaded.releases, limits=limits(loaded)))
    app.extensions["kgraph"] = watched
    app.extensions["kgraph-metrics"] = counted = metrics.Metrics(watched, cache)
    app.extensions["kgraph-settings"] = loaded
    app.url_map.strict_slashes = False
    problems.register(app)
    for blueprint in (
        sparql.blueprint, description.blueprint, pages.blueprint, trace.blueprint, resources.blueprint,
        ontology.blueprint, metrics.blueprint, queries.blueprint, openapi.blueprint,
    ):  # fmt: skip
        app.register_blueprint(blueprint)
    observe.install(app, (counted, log))
    return app
