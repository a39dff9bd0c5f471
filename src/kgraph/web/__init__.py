"""The web application: Flask, over whichever engine it is given."""

from flask import Flask

from kgraph.settings import Settings
from kgraph.store.base import Engine
from kgraph.store.embedded import Embedded
from kgraph.web import description, metrics, observe, pages, problems, resources, sparql
from kgraph.web.accesslog import AccessLog


def create_app(loaded: Settings, engine: Engine | None = None) -> Flask:
    """Return the application for a corpus; without an `engine`, over its current release."""
    app = Flask("kgraph.web")
    app.config["MAX_CONTENT_LENGTH"] = 2_000_000
    app.config["MAX_FORM_MEMORY_SIZE"] = 2_000_000
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["kgraph-log"] = log = AccessLog(loaded)
    watched = observe.Watched(
        engine if engine is not None
        else Embedded(loaded.releases, readers=loaded.readers, memory=loaded.memory, timeout=loaded.timeout)
    )  # fmt: skip
    app.extensions["kgraph"] = watched
    app.extensions["kgraph-metrics"] = counted = metrics.Metrics(watched)
    app.extensions["kgraph-settings"] = loaded
    app.url_map.strict_slashes = False
    problems.register(app)
    for blueprint in (
        sparql.blueprint, description.blueprint, pages.blueprint, resources.blueprint, metrics.blueprint,
    ):  # fmt: skip
        app.register_blueprint(blueprint)
    observe.install(app, (counted, log))
    return app
