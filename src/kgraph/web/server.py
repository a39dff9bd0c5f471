"""The application behind its production server: one process with threads, over the reader processes.

Gunicorn, because an answer that fails after its first byte must break the connection: it closes the socket then, where
others end the body as if it were whole.
"""

import sys
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from kgraph.settings import Settings
from kgraph.web import create_app
from kgraph.web.accesslog import AccessLog

THREADS = 24


class Discreet(Logger):  # type: ignore[misc]
    """The server's own log, without what the server would tell of a request: its address, and all that was asked."""

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Say of a request that is no HTTP only of what kind its fault is."""
        if msg.startswith("Invalid request"):
            kind = sys.exc_info()[0]
            msg, args = "a request was refused: %s", (kind.__name__ if kind is not None else "malformed",)
        super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Tell of an error as the server does, but not the request that met it."""
        if msg.startswith("Error handling request"):
            msg, args = "error handling a request", ()
        super().exception(msg, *args, **kwargs)


class Server(BaseApplication):  # type: ignore[misc]
    """A server for one corpus; `announce` is called with host and port when it answers."""

    def __init__(self, loaded: Settings, announce: Callable[[str, int], None]) -> None:
        self._loaded, self._announce = loaded, announce
        AccessLog(loaded).close()  # a log that cannot be written is said before the server starts
        super().__init__()

    def load_config(self) -> None:
        """Configure: nothing comes from files or the environment."""
        host = f"[{self._loaded.host}]" if ":" in self._loaded.host else self._loaded.host
        members: dict[str, Any] = {
            "bind": f"{host}:{self._loaded.port}",
            "worker_class": "gthread",
            "threads": THREADS,
            "graceful_timeout": 10,
            "keepalive": 15,
            "loglevel": "warning",
            "logger_class": Discreet,
            "limit_request_line": 8190,
            "proc_name": "kgraph",
            "control_socket_disable": True,
            "post_worker_init": self._ready,
            "worker_exit": self._over,
        }
        for name, value in members.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application; each worker makes its own, with readers of its own."""
        return create_app(self._loaded)

    def _ready(self, worker: Any) -> None:
        host, port = worker.sockets[0].getsockname()[:2]
        self._announce(host, port)
        sys.stdout.flush()

    def _over(self, _server: Any, worker: Any) -> None:
        app = getattr(worker, "wsgi", None)
        if app is not None:
            app.extensions["kgraph"].close()
            app.extensions["kgraph-log"].close()
