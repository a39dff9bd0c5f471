"""What a reader reports that went wrong, as the error that it is."""

import json
import re

from kgraph.errors import BadRequest, KgraphError, NotAcceptable, QuerySyntaxError, ReaderDied, TooLarge
from kgraph.formats import GRAPHS

_SHORT = 100
_SYNTAX = re.compile(r"error at (\d+):(\d+): ?(.*)", re.DOTALL)
_FUNCTION = re.compile(r"custom (?:aggregate )?function (<[^>]*>)", re.IGNORECASE)


def failure(payload: bytes, text: str) -> KgraphError:
    """Return the error for what a reader reports."""
    told = json.loads(payload)
    code, message = told["code"], told["message"]
    if code == "memory":
        return ReaderDied(message)
    if code == "size":
        return TooLarge(f"{message}; nothing was cut: ask for less, with LIMIT")
    if code == "syntax":
        return _syntax(message, text)
    if code == "form":
        return NotAcceptable(message, accepted=[item.media_type for item in GRAPHS])
    function = _FUNCTION.search(message)
    if function:
        return BadRequest(
            f"unknown function {function[1]}", value=function[1], accepted="functions of SPARQL 1.1 and XSD casts"
        )
    return KgraphError(f"the engine could not answer: {message}")


def _syntax(message: str, text: str) -> QuerySyntaxError:
    """Return a syntax error that shows where it is; the engine's long lists of what it expected are left out."""
    match = _SYNTAX.match(message)
    if match is None:
        return QuerySyntaxError(message)
    line, column, expected = int(match[1]), int(match[2]), match[3]
    lines = text.splitlines() or [""]
    source = lines[min(line, len(lines)) - 1]
    found = re.match(r"[\w?$:@<]+|.", source[column - 1 :])
    problem = f"unexpected {found[0]!r}" if found else "unexpected end of the line"
    if "Prefix not found" in expected:
        problem = "a prefix that is not declared"
    elif len(expected) <= _SHORT:
        problem += f", {expected}"
    return QuerySyntaxError(
        f"not SPARQL at line {line}, column {column}: {problem}", line=line, column=column, source=source[:200]
    )
