"""Whether the values that a saved query shows, as example, default or in tests, are values, and stand in its text."""

from collections.abc import Iterator

from kgraph.errors import BadRequest
from kgraph.model import Finding
from kgraph.saved.bind import term
from kgraph.saved.layout import Block, Layout
from kgraph.saved.library import SavedQuery
from kgraph.saved.model import Parameter
from kgraph.saved.names import Named
from kgraph.saved.values import Term, written
from kgraph.store.tokens import Token

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = {True: "decimal", False: "integer"}


def shown(query: SavedQuery, names: Named) -> Iterator[Finding]:
    """Yield the findings on values that are none, and on blocks that hold something else than they should."""
    for n, parameter in enumerate(query.header.params):
        key = "default" if parameter.default else "example"
        try:
            terms = [term(parameter, value, names) for value in parameter.shown]
        except BadRequest as error:
            yield _no_value(query, error, "params", n, key)
            continue
        yield from _blocks(query, parameter, terms)
    for n, test in enumerate(query.header.tests):
        for name, values in test.with_.items():
            known = query.parameter(name)
            try:
                for value in values if known is not None else ():
                    assert known is not None
                    term(known, value, names)
            except BadRequest as error:
                yield _no_value(query, error, "tests", n, "with", name)


def _no_value(query: SavedQuery, error: BadRequest, *path: str | int) -> Finding:
    accepted = error.extra.get("nearest") or error.extra.get("accepted", "")
    value = str(error.extra.get("value", ""))
    told = accepted if isinstance(accepted, str) else ", ".join(accepted)
    return query.finding("example-names-nothing", query.header_line(*path), error.detail, value=value, accepted=told)


def _blocks(query: SavedQuery, parameter: Parameter, terms: list[Term]) -> Iterator[Finding]:
    wanted = sorted(map(written, terms))
    for block in query.layout.blocks:
        if block.name == parameter.name and sorted(_held(query.layout, block)) != wanted:
            message = f"the VALUES block of {parameter.name!r} does not hold what the header shows"
            line = query.line(block.start)
            accepted = f"{{ {' '.join(wanted)} }}"
            yield query.finding("example-differs", line, message, value=parameter.name, accepted=accepted)


def _held(body: Layout, block: Block) -> list[str]:
    """Return the terms of a block, written in full."""
    found: list[str] = []
    sign = ""
    tokens = iter(block.terms)
    for token in tokens:
        if token.text == "^^" and found:
            found[-1] += f"^^{_full(body, next(tokens))}"
        elif token.text in {"+", "-"}:
            sign = token.text
        elif token.kind == "number":
            found.append(f'"{sign}{token.text}"^^<{_XSD}{_NUMBERS["." in token.text]}>')
            sign = ""
        elif token.kind == "word":
            found.append(f'"{token.text}"^^<{_XSD}boolean>')
        else:
            found.append(_full(body, token))
    return found


def _full(body: Layout, token: Token) -> str:
    if token.kind != "name":
        return token.text
    prefix, _, local = token.text.partition(":")
    return f"<{body.prefixes.get(prefix, '')}{local}>"
