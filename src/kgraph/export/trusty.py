"""Trusty URIs of module RA (http://trustyuri.net/): an artifact code that is a digest of the quads that it names."""

import base64
import hashlib
import re
from collections.abc import Iterable

import pyoxigraph as ox

CODE = re.compile(r"RA[A-Za-z0-9_-]{43}")

_Key = tuple[bytes, bytes, bytes, bool, bytes, str, str]


def code_of(quads: Iterable[ox.Quad], mark: str) -> str:
    """Return the artifact code, `RA` and 43 characters of base64url, of quads in whose IRIs `mark` stands for it.

    Each quad counts once, whatever their order. Language tags count in lower case.
    """
    digest = hashlib.sha256()
    for _, line in sorted({_row(quad, mark) for quad in quads}):
        digest.update(line.encode())
    return "RA" + base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def _row(quad: ox.Quad, mark: str) -> tuple[_Key, str]:
    """Return what a quad is sorted by, and what of it is digested: the code is a space there."""
    graph, subject, predicate = (
        str(term)[1:-1].replace(mark, " ") for term in (quad.graph_name, quad.subject, quad.predicate)
    )
    value = quad.object
    assert isinstance(value, ox.NamedNode | ox.Literal)
    if isinstance(value, ox.NamedNode):
        text = value.value.replace(mark, " ")
        rest, written = (False, text.encode(), "", ""), text
    else:
        language = value.language or ""
        datatype = "" if language else value.datatype.value
        escaped = value.value.replace("\\", "\\\\").replace("\n", "\\n")
        written = f"@{language.lower()} {escaped}" if language else f"^{datatype} {escaped}"
        rest = (True, value.value.encode(), datatype, language)
    key = (graph.encode(), subject.encode(), predicate.encode(), *rest)
    return key, f"{graph}\n{subject}\n{predicate}\n{written}\n"
