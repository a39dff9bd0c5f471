"""What views share: the engine, the settings, and how an answer becomes a response."""

from dataclasses import fields
from typing import cast

from flask import Response, current_app, request

from kgraph.passages import Archive
from kgraph.settings import Settings
from kgraph.store.base import Engine, Limits


def engine() -> Engine:
    """Return the engine of this application."""
    return cast("Engine", current_app.extensions["kgraph"])


def settings() -> Settings:
    """Return the settings of this application."""
    return cast("Settings", current_app.extensions["kgraph-settings"])


def limits(loaded: Settings) -> Limits:
    """Return what queries may take, as it is set."""
    return Limits(**{field.name: getattr(loaded, field.name) for field in fields(Limits)})


def archive() -> Archive | None:
    """Return the archive where this server has one."""
    folder = settings().archive
    return Archive(folder) if folder is not None and folder.is_dir() else None


class Streamed(Response):
    """A response that is sent while it is made: nothing may gather its body to measure it."""

    implicit_sequence_conversion = False


def conditional(response: Response, *parts: str) -> Response:
    """Give a response the ETag of `parts`, which say all that it depends on, and let a client that has it keep it."""
    response.set_etag("-".join(parts), weak=False)
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response
