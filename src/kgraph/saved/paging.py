"""A page of the rows of a query, and how many rows there are, as queries.

A page is cut by LIMIT and OFFSET behind the query's own ORDER BY, so what the query means stays as it is. Pages fit
together where that order is total, which `lint` sees to.
"""

from kgraph.errors import BadRequest
from kgraph.saved.layout import Layout, edited, layout


def page(text: str, *, limit: int | None = None, offset: int = 0) -> str:
    """Return the query for at most `limit` rows behind the first `offset`; raise `BadRequest` where it has no rows.

    A LIMIT and an OFFSET of the query's own still hold: the page is cut from what they leave.
    """
    found = _select(text)
    own_limit, own_offset = _number(found, "LIMIT"), _number(found, "OFFSET") or 0
    if own_limit is not None:
        left = max(0, own_limit - offset)
        limit = left if limit is None else min(limit, left)
    cut = [(*found.modifiers[word], "") for word in ("LIMIT", "OFFSET") if word in found.modifiers]
    slices = [f"LIMIT {limit}"] if limit is not None else []
    slices += [f"OFFSET {own_offset + offset}"] if own_offset + offset else []
    at = found.modifiers["VALUES"][0] if "VALUES" in found.modifiers else len(text)
    added = "\n" + " ".join(slices) + "\n"
    return edited(text, cut)[: at - sum(b - a for a, b, _ in cut)].rstrip() + added + text[at:] if slices else text


def counted(text: str) -> str:
    """Return the query for the number of rows of a SELECT, as `?total`."""
    found = _select(text)
    assert found.form is not None
    start = found.tokens[found.form[0]].start
    cut = [] if {"LIMIT", "OFFSET"} & set(found.modifiers) else [(*found.modifiers.get("ORDER", (start, start)), "")]
    inner = edited(text, cut)[start:]
    return f"{text[:start]}SELECT (COUNT(*) AS ?total) WHERE {{ {{\n{inner}\n}} }}\n"


def _select(text: str) -> Layout:
    found = layout(text)
    if found.form is None or found.form[1] != "SELECT":
        raise BadRequest(
            "only the rows of a SELECT come in pages", parameter="limit", accepted="no limit and no offset"
        )
    return found


def _number(found: Layout, word: str) -> int | None:
    if word not in found.modifiers:
        return None
    start, end = found.modifiers[word]
    return int(next(token.text for token in found.tokens if token.kind == "number" and start < token.start < end))
