"""What is wrong with a saved query, with file and line; docs/queries.md lists the codes."""

from collections.abc import Iterator, Sequence

from kgraph.model import Finding
from kgraph.saved.bind import substituted
from kgraph.saved.layout import Block, Layout
from kgraph.saved.library import SavedQuery
from kgraph.saved.model import Parameter
from kgraph.saved.names import Named
from kgraph.saved.shapes import slow
from kgraph.saved.shown import shown
from kgraph.store.syntax import mistake
from kgraph.store.tokens import Token

_POLICY = "no LIMIT of its own, and an ORDER BY with every column: callers ask for pages"


def lint(query: SavedQuery, names: Named | None = None) -> list[Finding]:
    """Return the findings on a query; with `names`, also on examples and defaults that name nothing."""
    wrong = mistake(query.body)
    if wrong is not None:
        line = query.first - 1 + wrong[0]
        return [query.finding("query-syntax", line, f"not SPARQL: {wrong[1]}", accepted="SPARQL 1.1")]
    found = [*_order(query), *slow(query)]
    if query.described:
        for parameter in query.header.params:
            found += _parameter(query, parameter)
        found += [*_undeclared(query), *_columns(query), *_tests(query)]
        if names is not None and not found:
            found += shown(query, names)
    return sorted(found, key=lambda finding: (finding.line, finding.code))


def _at(query: SavedQuery, parameter: Parameter, key: str | None = None) -> int:
    path = ("params", query.header.params.index(parameter))
    return query.header_line(*path, key) if key else query.header_line(*path)


def _parameter(query: SavedQuery, parameter: Parameter) -> Iterator[Finding]:
    """Yield the findings on where a parameter stands in the text."""
    name, body = parameter.name, query.layout
    blocks = [block for block in body.blocks if block.name == name]
    if not blocks:
        used = any(token.kind == "variable" and token.text[1:] in {name, f"{name}_"} for token in body.tokens)
        accepted = f"VALUES ?{name} {{ ... }} on a line of its own, or ?{name}_ where a column is called so"
        if used and name not in (body.projection or ()):
            yield query.finding(
                "no-values-block",
                _at(query, parameter),
                f"?{name} has no VALUES block",
                value=name,
                accepted=accepted,
            )
        else:
            yield query.finding(
                "unused-parameter",
                _at(query, parameter),
                f"the query does not use {name!r}",
                value=name,
                accepted=accepted,
            )
    for block in blocks:
        line = query.line(block.start)
        if not block.on_one_line:
            yield query.finding(
                "values-over-lines",
                line,
                f"the VALUES block of {name!r} spans lines",
                value=name,
                accepted="one line",
            )
        elif not parameter.required and not parameter.default:
            yield from _optional(query, block)


def _optional(query: SavedQuery, block: Block) -> Iterator[Finding]:
    """Yield the findings on the line of an optional parameter: without it, the query must know nothing of it."""
    body, line = query.layout, query.line(block.start)
    own = body.inside(block.first)
    off = next(
        (
            n
            for n, t in enumerate(body.tokens)
            if t.text[1:] == block.variable and t.kind == "variable" and n not in own
        ),
        None,
    )
    if off is not None:
        accepted = f"?{block.variable} only on the line that goes where {block.name!r} is left out"
        message = f"?{block.variable} stands outside its line, so rows without it would be lost"
        yield query.finding(
            "optional-outside", query.line(body.tokens[off].start), message, value=block.name, accepted=accepted
        )
    if any(other.name != block.name and other.first == block.first for other in body.blocks):
        message = "two parameters stand on one line"
        yield query.finding("optional-shared", line, message, value=block.name, accepted="a line for each")
    rest = mistake(substituted(query, {block.name: ()}))
    if not _whole([body.tokens[n] for n in own]) or rest is not None:
        message = f"without the line of {block.name!r} the query is none"
        yield query.finding(
            "optional-line", line, message, value=block.name, accepted="VALUES and its patterns on that line"
        )
    several = next(p for p in query.header.params if p.name == block.name).several
    if several and not _distinct(body):
        message = f"several values of {block.name!r} can give a row twice"
        yield query.finding("not-distinct", line, message, value=block.name, accepted="SELECT DISTINCT, or GROUP BY")


def _whole(own: Sequence[Token]) -> bool:
    depth = 0
    for token in own:
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0:
            return False
    return depth == 0


def _distinct(body: Layout) -> bool:
    if body.form is None or body.form[1] != "SELECT":
        return True
    return body.tokens[body.form[0] + 1].text.upper() == "DISTINCT" or "GROUP" in body.modifiers


def _undeclared(query: SavedQuery) -> Iterator[Finding]:
    names = [parameter.name for parameter in query.header.params]
    for block in query.layout.blocks:
        if block.name not in names:
            accepted = "a parameter in params; constants stand as VALUES (?name) { (...) }"
            message = f"?{block.variable} has a VALUES block and is no parameter"
            yield query.finding(
                "undeclared-parameter", query.line(block.start), message, value=block.name, accepted=accepted
            )
    for n, test in enumerate(query.header.tests):
        for name in test.with_:
            if name not in names:
                line = query.header_line("tests", n, "with", name)
                message = f"the test gives {name!r}, which is no parameter"
                yield query.finding(
                    "undeclared-parameter", line, message, value=name, accepted=", ".join(names) or "none"
                )


def _columns(query: SavedQuery) -> Iterator[Finding]:
    if query.form != "SELECT":
        return
    declared = tuple(column.name for column in query.header.columns)
    line = query.header_line("columns")
    if query.layout.projection is None:
        at = query.line(query.layout.tokens[query.layout.form[0]].start) if query.layout.form else query.first
        yield query.finding("select-star", at, "SELECT * does not say which columns come", accepted="named columns")
    elif query.layout.projection != declared:
        selected = " ".join(query.layout.projection)
        message = f"the header has the columns {' '.join(declared) or '(none)'}, the query selects {selected}"
        yield query.finding("columns-differ", line, message, value=" ".join(declared), accepted=selected)
    for n, test in enumerate(query.header.tests):
        for m, row in enumerate(test.rows):
            unknown = next((name for name in row if name not in declared), None)
            if unknown:
                at = query.header_line("tests", n, "rows", m)
                message = f"the test names the column {unknown!r}"
                yield query.finding("unknown-column", at, message, value=unknown, accepted=", ".join(declared))


def _tests(query: SavedQuery) -> Iterator[Finding]:
    accepted = "a test with rows, or with a number of rows (least)"
    if not query.header.tests:
        yield query.finding("no-tests", 1, "the query has no tests", accepted=accepted)
    for n, test in enumerate(query.header.tests):
        if not test.rows and not test.least and not test.complete:
            yield query.finding(
                "empty-test", query.header_line("tests", n), "the test expects nothing", accepted=accepted
            )


def _order(query: SavedQuery) -> Iterator[Finding]:
    """Yield the findings on the policy for LIMIT."""
    body = query.layout
    if body.dataset is not None:
        at = query.line(body.tokens[body.dataset].start)
        yield query.finding("own-dataset", at, "the query names its own dataset", accepted="no FROM")
    if query.form != "SELECT" or body.projection is None:
        return
    for word in ("LIMIT", "OFFSET"):
        if word in body.modifiers:
            yield query.finding(
                "own-limit",
                query.line(body.modifiers[word][0]),
                f"the query has its own {word}",
                accepted=_POLICY,
            )
    last = len(query.body.rstrip()) - 1
    if "ORDER" not in body.modifiers:
        if query.described:
            yield query.finding(
                "no-order",
                query.line(last),
                "the rows have no order, so pages would not fit together",
                accepted=_POLICY,
            )
        return
    missing = [name for name in body.projection if name not in body.order]
    if missing and query.described:
        message = f"rows that differ only in {', '.join(missing)} have no order, so pages may not fit together"
        line = query.line(body.modifiers["ORDER"][0])
        yield query.finding("order-not-total", line, message, value=" ".join(missing), accepted=_POLICY)
