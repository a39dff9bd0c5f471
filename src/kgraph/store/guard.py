"""The first line before a query: its text is cut into tokens, and what is too deep or reaches out is refused.

pyoxigraph parses by recursion, without a limit, so deep nesting would take a reader down; and it follows SERVICE. The
tokens are those of the SPARQL grammar (https://www.w3.org/TR/sparql11-query/#sparqlGrammar) as far as they decide where
a comment, a string, an IRI or a prefixed name ends: what stands inside those is never taken for a keyword.
"""

import re

from kgraph.errors import QueryRefused, QuerySyntaxError, TooLarge

MAX_CHARACTERS = 256_000
MAX_NESTING = 100
MAX_KEYWORDS = 200

_TOKEN = re.compile(
    r"""
      (?P<comment> \#[^\n\r]* )
    | (?P<string>  \"\"\"(?:[^"\\]|\\.|\"(?!\"\"))*\"\"\" | '''(?:[^'\\]|\\.|'(?!''))*'''
                 | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*' )
    | (?P<iri>     <[^<>"{}|^`\\\x00-\x20]*> )
    | (?P<name>    [?$][\w\u00b7]+ | (?:[\w][\w.\-\u00b7]*)?:(?:[\w:.\-%\u00b7]|\\.)* | @[A-Za-z][A-Za-z0-9-]* )
    | (?P<word>    [A-Za-z_][\w]* )
    | (?P<open>    [({\[] )
    | (?P<close>   [)}\]] )
    """,
    re.VERBOSE | re.DOTALL,
)
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"}
_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_COSTLY = {"OPTIONAL", "UNION", "MINUS", "EXISTS", "BIND"}
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def guard(text: str) -> bool:
    """Return whether a query names its own dataset (FROM, FROM NAMED).

    Raise where it must not reach a reader: `TooLarge`, `QueryRefused` (update, SERVICE), or `QuerySyntaxError`.
    """
    if len(text) > MAX_CHARACTERS:
        accepted = f"at most {MAX_CHARACTERS} characters"
        raise TooLarge(f"the query has {len(text)} characters", accepted=accepted)
    plain = _ESCAPE.sub(_unescape, text)
    depth = costly = 0
    form: str | None = None
    dataset = False
    for match in _TOKEN.finditer(plain):
        kind, token = match.lastgroup, match[0]
        if kind == "open":
            depth += 1
            if depth > MAX_NESTING:
                raise _too_deep(plain, match.start(), f"groups are nested deeper than {MAX_NESTING} levels")
        elif kind == "close":
            depth -= 1
        elif kind == "word":
            word = token.upper()
            if word == "SERVICE":
                raise QueryRefused("this endpoint calls no other server: SERVICE is refused", value=token)
            if form is None and word in _FORMS | _UPDATES:
                form = word
                if word in _UPDATES:
                    raise QueryRefused(f"this endpoint is read-only: {word} is refused", value=token)
            dataset |= word == "FROM"
            costly += word in _COSTLY
            if costly > MAX_KEYWORDS:
                raise _too_deep(
                    plain, match.start(), f"there are more than {MAX_KEYWORDS} of {', '.join(sorted(_COSTLY))}"
                )
    chained = len(re.findall(r"\|\||&&|[+*/|^!-]", _TOKEN.sub(" ", plain)))
    if chained > 10 * MAX_KEYWORDS:
        raise QuerySyntaxError(f"there are {chained} operators", accepted=f"at most {10 * MAX_KEYWORDS}")
    return dataset


def _unescape(match: re.Match[str]) -> str:
    """Undo a codepoint escape, which SPARQL undoes before it parses (section 19.2)."""
    number = int(match[1] or match[2], 16)
    return chr(number) if number <= 0x10FFFF else match[0]  # noqa: PLR2004


def _too_deep(text: str, at: int, detail: str) -> QuerySyntaxError:
    before = text[:at]
    line, column = before.count("\n") + 1, at - before.rfind("\n")
    return QuerySyntaxError(detail, line=line, column=column, source=text.splitlines()[line - 1][:200])
