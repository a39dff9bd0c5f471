"""Where the parts of a query stand in its text, found by its tokens: never inside a string, an IRI or a comment.

All positions are code points.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from kgraph.store.tokens import Token, place, tokens

FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_AFTER = {"GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"}
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Block:
    """A block `VALUES ?name { ... }`: where its terms stand, and the lines that it begins and ends on."""

    variable: str
    start: int
    end: int
    first: tuple[int, int]
    last: tuple[int, int]
    terms: tuple[Token, ...]

    @property
    def name(self) -> str:
        """Return the name of the parameter: that of the variable, less an underscore at its end."""
        return self.variable.removesuffix("_")

    @property
    def on_one_line(self) -> bool:
        """Tell whether the block begins and ends on the same line."""
        return self.first == self.last


@dataclass(frozen=True)
class Layout:
    """A query and its tokens, each with how many groups and parentheses it stands in."""

    text: str
    tokens: tuple[Token, ...]
    depths: tuple[int, ...]

    def line(self, at: int) -> int:
        """Return the line, from 1, of a position."""
        return place(self.text, at)[0]

    def span(self, at: int) -> tuple[int, int]:
        """Return where the line that holds a position begins, and where the next one does."""
        start = 0
        for match in _BREAK.finditer(self.text):
            if match.end() > at:
                return start, match.end()
            start = match.end()
        return start, len(self.text)

    def words(self, *names: str, depth: int | None = None) -> Iterator[int]:
        """Yield the numbers of the tokens that are one of these keywords, at any depth or at one."""
        for n, token in enumerate(self.tokens):
            if token.kind == "word" and token.text.upper() in names and depth in {None, self.depths[n]}:
                yield n

    @cached_property
    def form(self) -> tuple[int, str] | None:
        """Return which token names the form of the query, and that form."""
        n = next(self.words(*FORMS, depth=0), None)
        return None if n is None else (n, self.tokens[n].text.upper())

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """Return the namespace of each prefix that is declared."""
        found = {}
        for n in self.words("PREFIX", depth=0):
            name, iri = self.tokens[n + 1 : n + 3]
            found[name.text.rstrip(":")] = iri.text[1:-1]
        return found

    @cached_property
    def where(self) -> int | None:
        """Return which token opens the pattern of the query."""
        if self.form is None:
            return None
        later = range(self.form[0], len(self.tokens))
        opening = [n for n in later if self.tokens[n].text == "{" and self.depths[n] == 0]
        template = self.form[1] == "CONSTRUCT" and len(opening) > 1
        return opening[1 if template else 0] if opening else None

    @cached_property
    def projection(self) -> tuple[str, ...] | None:
        """Return the columns of a SELECT, in order; None where there is none, or it is `*`."""
        if self.form is None or self.form[1] != "SELECT" or self.where is None:
            return None
        names = []
        for n in range(self.form[0] + 1, self.where):
            token = self.tokens[n]
            if token.text == "*" and self.depths[n] == 0:
                return None
            named = self.depths[n] == 0 or (self.depths[n] == 1 and self.tokens[n - 1].text.upper() == "AS")
            if token.kind == "variable" and named:
                names.append(token.text[1:])
        return tuple(names)

    @cached_property
    def dataset(self) -> int | None:
        """Return which token is a FROM."""
        return next(self.words("FROM", depth=0), None)

    @cached_property
    def modifiers(self) -> dict[str, tuple[int, int]]:
        """Return from where to where each of GROUP, HAVING, ORDER, LIMIT, OFFSET, VALUES stands behind the pattern."""
        if self.where is None:
            return {}
        end = next(n for n in range(self.where, len(self.tokens)) if self.tokens[n].text == "}" and not self.depths[n])
        starts = [n for n in self.words(*_AFTER, depth=0) if n > end]
        ends = [*starts, len(self.tokens)][1:]
        at = [token.start for token in self.tokens] + [len(self.text)]
        return {self.tokens[a].text.upper(): (at[a], at[b]) for a, b in zip(starts, ends, strict=True)}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Return the variables that the rows are ordered by, as they are, up or down."""
        start, end = self.modifiers.get("ORDER", (0, 0))
        inside = [(n, t) for n, t in enumerate(self.tokens) if start <= t.start < end]
        found = []
        for n, token in inside:
            simple = self.tokens[n - 1].text == "(" and self.tokens[n - 2].text.upper() in {"ASC", "DESC"}
            closed = simple and self.tokens[n + 1].text == ")"
            if token.kind == "variable" and (self.depths[n] == 0 or closed):
                found.append(token.text[1:])
        return tuple(found)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Return the blocks `VALUES ?name { ... }` inside the pattern; `VALUES (?name) { (...) }` is another thing."""
        found = []
        for n in self.words("VALUES"):
            after = self.tokens[n + 1 : n + 3]
            if len(after) < 2 or after[0].kind != "variable" or after[1].text != "{":  # noqa: PLR2004
                continue
            close = next((m for m in range(n + 3, len(self.tokens)) if self.tokens[m].text == "}"), None)
            if close is not None:
                start, end = after[1].start + 1, self.tokens[close].start
                first, last = self.span(self.tokens[n].start), self.span(end)
                found.append(Block(after[0].text[1:], start, end, first, last, self.tokens[n + 3 : close]))
        return tuple(found)

    def inside(self, span: tuple[int, int]) -> list[int]:
        """Return the numbers of the tokens that begin inside a span."""
        return [n for n, token in enumerate(self.tokens) if span[0] <= token.start < span[1]]


def layout(text: str) -> Layout:
    """Return the layout of a query."""
    found = tuple(tokens(text))
    depths = []
    depth = 0
    for token in found:
        depth -= token.kind == "close"
        depths.append(depth)
        depth += token.kind == "open"
    return Layout(text, found, tuple(depths))


def edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """Return `text` with each span from start to end replaced; of spans that overlap, the first counts."""
    parts = []
    at = 0
    for start, end, new in sorted(edits):
        if start >= at:
            parts += [text[at:start], new]
            at = end
    return "".join([*parts, text[at:]])
