"""One GET over a connection of its own, as a client without cleverness does it."""

import http.client
from urllib.parse import urlsplit


def get(address: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers by lower-case name, and body; `_` in the name of a header stands for `-`."""
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
