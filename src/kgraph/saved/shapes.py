"""Shapes of queries that were measured to be slow, or that engines answer differently.

Measured on 20,000 made-up claims, for an answer of two rows: a pattern 0.2 ms, the same inside FILTER EXISTS 1,100 ms,
behind an OPTIONAL 830 ms.
"""

from collections.abc import Iterator

from kgraph.model import Finding
from kgraph.saved.library import SavedQuery

MAX_OPTIONALS = 20


def slow(query: SavedQuery) -> Iterator[Finding]:
    """Yield the findings on slow shapes."""
    yield from _exists(query)
    yield from _filters(query)
    yield from _late(query)
    body = query.layout
    for n in body.words("GRAPH"):
        if body.tokens[n + 1].kind == "variable":
            accepted = "no GRAPH: the default graph is the union of all"
            yield _slow(
                query, n, "slow-graph", "GRAPH ?g around a pattern can be 80 times slower than the union", accepted
            )
    optionals = list(body.words("OPTIONAL"))
    if len(optionals) > MAX_OPTIONALS:
        message = f"{len(optionals)} OPTIONALs: planning grows faster than their number"
        yield _slow(query, optionals[MAX_OPTIONALS], "many-optionals", message, f"at most {MAX_OPTIONALS}")
    for n, token in enumerate(body.tokens):
        if (token.text == "?" and token.kind == "operator") or _star_of_constant(query, n):
            message = "a path of length zero, from or to a constant, is answered differently by engines"
            yield _slow(query, n, "zero-length-path", message, "UNION, or a variable with VALUES")


def _slow(query: SavedQuery, n: int, code: str, message: str, accepted: str) -> Finding:
    line = query.line(query.layout.tokens[n].start)
    value = query.layout.tokens[n].text
    return query.finding(code, line, message, value=value, accepted=accepted)


def _star_of_constant(query: SavedQuery, n: int) -> bool:
    """Tell whether token `n` is the star of a path that leads to a constant."""
    tokens = query.layout.tokens
    starred = tokens[n].text == "*" and tokens[n].kind == "operator" and tokens[n - 1].kind in {"name", "iri"}
    return starred and n + 1 < len(tokens) and tokens[n + 1].kind in {"name", "iri"}


def _exists(query: SavedQuery) -> Iterator[Finding]:
    """Yield a finding for each EXISTS with more than one pattern; paths count for each step."""
    body = query.layout
    for n in body.words("EXISTS"):
        if n + 1 >= len(body.tokens) or body.tokens[n + 1].text != "{":
            continue
        close = next(
            m
            for m in range(n + 2, len(body.tokens))
            if body.depths[m] == body.depths[n + 1] and body.tokens[m].kind == "close"
        )
        inside = [(m, body.tokens[m].text) for m in range(n + 2, close) if body.depths[m] == body.depths[n + 1] + 1]
        joins = [
            m
            for m, text in inside
            if text in {";", ",", "/"}
            or (text == "." and m + 1 < close and body.tokens[m + 1].text.upper() != "FILTER")
        ]
        if joins or any(text.upper() == "VALUES" for _, text in inside):
            message = (
                "EXISTS with more than one pattern is tried row by row: 320 s were measured where the join takes 1 s"
            )
            yield _slow(query, n, "slow-exists", message, "a join with SELECT DISTINCT; for none of, MINUS")


def _filters(query: SavedQuery) -> Iterator[Finding]:
    """Yield a finding for each FILTER that compares a variable with an IRI."""
    tokens = query.layout.tokens
    for n in query.layout.words("FILTER"):
        if n + 5 < len(tokens) and tokens[n + 1].text == "(" and tokens[n + 5].text == ")":
            kinds = {tokens[n + 2].kind, tokens[n + 4].kind}
            if tokens[n + 3].text == "=" and "variable" in kinds and kinds & {"iri", "name"}:
                yield _slow(
                    query,
                    n,
                    "slow-filter",
                    "FILTER compares with an IRI: VALUES is 15 to 20 times faster",
                    "the IRI, or VALUES",
                )


def _late(query: SavedQuery) -> Iterator[Finding]:
    """Yield a finding for a parameter, and for a pattern, that stands behind an OPTIONAL."""
    body = query.layout
    first = next(body.words("OPTIONAL", depth=1), len(body.tokens))
    blocks = {block.start: block for block in body.blocks}
    names = {parameter.name for parameter in query.header.params}
    pattern = False
    for n in range(first + 1, len(body.tokens)):
        token, before = body.tokens[n], body.tokens[n - 1].text.upper()
        if body.depths[n] == 0:
            return
        if body.depths[n] > 1:
            continue
        block = blocks.get(body.tokens[n + 1].start + 1) if before == "VALUES" else None
        if block is not None and block.name in names:
            message = (
                f"{block.name!r} restricts what OPTIONAL has already been tried on: 830 ms were measured for 0.2 ms"
            )
            yield _slow(query, n, "late-parameter", message, "the line above every OPTIONAL")
            return
        if token.kind in {"variable", "name", "iri"} and before not in {"VALUES", "GRAPH"} and not pattern:
            pattern = True
            message = "a pattern behind an OPTIONAL is joined last: 36 s were measured for 0.2 s"
            yield _slow(query, n, "late-pattern", message, "the pattern above every OPTIONAL")
