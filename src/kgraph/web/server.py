"""The application behind its production server: one process with threads, over the reader processes.

Gunicorn, because an answer that fails after its first byte must break the connection: it closes the socket then, where
others end the body as if it were whole.
"""

import sys
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from kgraph.settings import Settings
from kgraph.web import create_app

THREADS = 24


class Server(BaseApplication):  # type: ignore[misc]
    """A server for one corpus; `announce` is called with host and port when it answers."""

    def __init__(self, loaded: Settings, announce: Callable[[str, int], None]) -> None:
        self._loaded, self._announce = loaded, announce
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
