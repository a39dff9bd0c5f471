"""The first line before a query: its text is cut into tokens, and what is too deep or reaches out is refused.

pyoxigraph parses by recursion, without a limit, so deep nesting would take a reader down; and it follows SERVICE. What
stands inside a comment, a string, an IRI or a name is never taken for a keyword.
"""

from collections.abc import Collection, Sequence

from kgraph.errors import QueryRefused, QuerySyntaxError, TooLarge
from kgraph.store.tokens import Token, place, tokens, unescaped

MAX_CHARACTERS = 256_000
MAX_NESTING = 100
MAX_KEYWORDS = 200
MAX_OPERATORS = 2_000
MAX_MARKS = 4_500
MAX_LISTED = 2_000
MAX_DIGITS = 1_000
MAX_ESCAPES = 10_000
MAX_STRAY = 50

_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"}
_TELLING = ("FROM", "SERVICE", *sorted(_UPDATES))
_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_COSTLY = {"OPTIONAL", "UNION", "MINUS", "EXISTS", "BIND", "FILTER", "GRAPH", "VALUES"}
_SHORT = 1_000
_OPENING = ("{", "(", "[", "<<")
_VALUES = {"iri", "string", "blank", "name", "variable", "language", "number"}


def guard(text: str, services: Collection[str] = ()) -> bool:
    """Return whether a query names its own dataset (FROM, FROM NAMED).

    Raise where it must not reach a reader: `TooLarge`, `QueryRefused` (an update, or SERVICE other than to the IRIs
    `services`), or `QuerySyntaxError`. Where the text has code point escapes, it is judged with and without them.
    """
    if len(text) > MAX_CHARACTERS:
        accepted = f"at most {MAX_CHARACTERS} characters"
        raise TooLarge(f"the query has {len(text)} characters", accepted=accepted)
    if ordinary(text):
        return False
    dataset = _judge(text, services)
    if "\\u" in text or "\\U" in text:
        dataset |= _judge(unescaped(text), services)
    return dataset


def ordinary(text: str) -> bool:
    """Return whether a text is so short and plain that nothing in it can be refused, however it is cut into tokens.

    No word stands in it, not even inside another one, that could name a dataset, call a server or begin an update; no
    escape could hide one; and it holds too few characters of each sort to pass any limit. Most queries are like that,
    and this takes a tenth of the time.
    """
    if len(text) > _SHORT or "\\" in text or sum(map(text.count, _OPENING)) > MAX_NESTING:
        return False
    upper = text.upper()
    return not any(word in upper for word in _TELLING)


def _judge(text: str, services: Collection[str]) -> bool:
    found = _read(text)
    _check_depth(text, found)
    words = [(n, token.text.upper()) for n, token in enumerate(found) if token.kind == "word"]
    form = next((word for _, word in words if word in _FORMS | _UPDATES), None)
    if form in _UPDATES:
        raise QueryRefused(f"this endpoint is read-only: {form} is refused", value=form)
    for n, word in words:
        if "SERVICE" in word:
            _check_service(found, n, services)
    _check_glued(found)
    _check_long(text, found)
    _check_count(text, [found[n] for n, word in words if word in _COSTLY], MAX_KEYWORDS, ", ".join(sorted(_COSTLY)))
    for kind, most, what in (
        ("operator", MAX_OPERATORS, "operators"), ("mark", MAX_MARKS, "points, commas and semicolons"),
    ):  # fmt: skip
        _check_count(text, [token for token in found if token.kind == kind], most, what)
    return any(word == "FROM" for _, word in words)


def _read(text: str) -> list[Token]:
    """Return the tokens of a text; give up on one with many characters that SPARQL has not, or open quotes."""
    found: list[Token] = []
    stray = 0
    for token in tokens(text):
        found.append(token)
        stray += token.kind == "other"
        if stray > MAX_STRAY:
            raise _beyond(text, token, f"there are more than {MAX_STRAY} characters that SPARQL has not")
    return found


def _check_depth(text: str, found: Sequence[Token]) -> None:
    depth = 0
    for token in found:
        depth += (token.kind == "open") - (token.kind == "close")
        if depth > MAX_NESTING:
            raise _beyond(text, token, f"groups are nested deeper than {MAX_NESTING} levels")


def _check_service(found: Sequence[Token], n: int, services: Collection[str]) -> None:
    """Raise unless the SERVICE at `n` calls one of `services`, written as an IRI in full."""
    rest = [token for token in found[n + 1 : n + 3] if token.text.upper() != "SILENT"]
    called = rest[0].text if rest else ""
    if found[n].text.upper() != "SERVICE" or called[1:-1] not in services or called[:1] != "<":
        known = ", ".join(f"<{iri}>" for iri in sorted(services))
        detail = f"this endpoint calls only {known}" if services else "this endpoint calls no other server"
        raise QueryRefused(f"{detail}: SERVICE {called} is refused", value=called, accepted=sorted(services) or None)


def _check_glued(found: Sequence[Token]) -> None:
    """Raise where SERVICE may stand glued to a name that a group follows: the engine reads that as two words."""
    for n, token in enumerate(found[:-1]):
        if token.kind == "name" and found[n + 1].text == "{" and "SERVICE" in token.text.partition(":")[0].upper():
            if n and found[n - 1].text.upper() in {"GRAPH", "NAMED", "FROM"}:
                continue
            raise QueryRefused(f"this endpoint calls no other server: {token.text} is refused", value=token.text)


def _check_long(text: str, found: Sequence[Token]) -> None:
    """Raise where a number, a string of escapes or a list is so long that the engine breaks on it."""
    listed = 0
    inside: list[str] = []
    for token in found:
        if token.kind == "open":
            inside.append(token.text)
        elif token.kind == "close" and inside:
            inside.pop()
        listed = listed + 1 if token.kind in _VALUES and inside[-1:] == ["("] else 0
        if listed > MAX_LISTED:
            raise _beyond(text, token, f"a list has more than {MAX_LISTED} members")
        if token.kind == "number" and len(token.text) > MAX_DIGITS:
            raise _beyond(text, token, f"a number has more than {MAX_DIGITS} digits")
        if token.kind == "string" and token.text.count("\\") > MAX_ESCAPES:
            raise _beyond(text, token, f"a string has more than {MAX_ESCAPES} escapes")


def _check_count(text: str, found: Sequence[Token], most: int, what: str) -> None:
    if len(found) > most:
        raise _beyond(text, found[most], f"there are more than {most} of {what}")


def _beyond(text: str, token: Token, detail: str) -> QuerySyntaxError:
    line, column, source = place(text, token.start)
    return QuerySyntaxError(detail, line=line, column=column, source=source)
