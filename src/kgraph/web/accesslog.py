"""The access log: one line a request, of JSON or text, without queries and addresses unless the operator wants them.

Queries of investigators are confidential. A line holds a digest in place of the query, keyed anew whenever the server
starts: the same query can be recognised, but nobody who has the log can prove by guessing that somebody asked it.
"""

import json
import secrets
import sys
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from kgraph.settings import Settings
from kgraph.web.lines import Behind, Lines, Sink
from kgraph.web.observe import BROKEN, Seen

_SHOWN = 12


class AccessLog:
    """Writes of each request what the settings `log`, `log_file` and `log_private` ask for; safe in threads.

    Raises `SettingsError` where the file cannot be written. A file that was moved away is made anew. `behind`: a thread
    writes the lines, within a twentieth of a second.
    """

    def __init__(self, loaded: Settings, *, behind: bool = False) -> None:
        lines = Lines(loaded.log_file)
        self._lines: Sink = Behind(lines) if behind else lines
        self._form = loaded.log
        if self._form == "auto":
            terminal = loaded.log_file is None and sys.stderr is not None and sys.stderr.isatty()
            self._form = "text" if terminal else "json"
        self._queries, self._addresses = ("queries" in loaded.log_private, "addresses" in loaded.log_private)
        self._key = secrets.token_bytes(16)

    def __call__(self, seen: Seen) -> None:
        """Write the line of one request; with `none`, only of an answer that broke."""
        if self._form == "none" and seen.outcome != BROKEN:
            return
        members = self._members(seen)
        line = json.dumps(members) if self._form == "json" else _text(members)
        self._lines.write(f"{line}\n")

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def _members(self, seen: Seen) -> dict[str, Any]:
        """Return the members of a line. What is not known is left out."""
        query = seen.query
        members = {
            "time": f"{_second(int(seen.arrived))}.{int(seen.arrived % 1 * 1000):03}Z",
            "request_id": seen.id,
            "method": seen.method,
            "path": seen.path,
            "route": seen.route,
            "query_digest": None if query is None else self._digest(query),
            "query": query if self._queries else None,
            "status": seen.status,
            "bytes": seen.sent,
            "seconds": round(seen.seconds, 6),
            "release": seen.release and seen.release[:_SHOWN],
            "media_type": seen.media_type or None,
            "outcome": seen.outcome,
            "cause": seen.cause,
            "fault": seen.fault,
            "address": (seen.address or None) if self._addresses else None,
        }
        return {name: value for name, value in members.items() if value is not None}

    def _digest(self, query: str) -> str:
        return blake2b(query.encode("utf-8", "replace"), digest_size=_SHOWN // 2, key=self._key).hexdigest()


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    """Return a second since 1970 as date and time of day, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _text(members: dict[str, Any]) -> str:
    """Return the line for people: what stands on every line first, the rest by name."""
    first = ("time", "status", "method", "path", "bytes", "seconds", "outcome", "request_id")
    arrived, status, method, path, size, seconds, outcome, ident = (members.pop(name) for name in first)
    del members["route"]
    rest = "".join(f" {name}={json.dumps(value)}" for name, value in members.items())
    return f"{arrived} {status} {method} {path} {size}B {seconds:.3f}s {outcome} {ident}{rest}"
