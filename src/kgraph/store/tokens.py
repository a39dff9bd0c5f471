"""SPARQL text as tokens: the terminals of the grammar (https://www.w3.org/TR/sparql12-query/#sparqlGrammar).

It tells where a comment, a string, an IRI, a name or a keyword begins and ends, and nothing of how they fit together.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_START = _BASE + "_"
_CHARS = _START + "\\-0-9\u00b7\u0300-\u036f\u203f-\u2040"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
_LOCAL = rf"(?:[{_START}:0-9]|{_ESCAPED})(?:(?:[{_CHARS}.:]|{_ESCAPED})*(?:[{_CHARS}:]|{_ESCAPED}))?"
# A bound on prefixes, so that a text is read once, not once a character.
_PREFIX = rf"[{_BASE}](?:[{_CHARS}.]{{0,50}}[{_CHARS}])?"

_TERMINALS = {
    "space": r"[\x20\t\r\n]+",
    "comment": r"\#[^\r\n]*",
    "iri": r"<[^<>\"{}|^`\\\x00-\x20]*>",
    "string": r'"""(?:"{0,2}(?:[^"\\]|\\.))*"""' + r"|'''(?:'{0,2}(?:[^'\\]|\\.))*'''"
    r'|"(?:[^"\\\r\n]|\\.)*"' + r"|'(?:[^'\\\r\n]|\\.)*'",
    "blank": rf"_:[{_START}0-9](?:[{_CHARS}.]*[{_CHARS}])?",
    "name": rf"(?:{_PREFIX})?:(?:{_LOCAL})?",
    "variable": rf"[?$][{_START}0-9][{_START}0-9\u00b7\u0300-\u036f\u203f-\u2040]*",
    "language": r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?",
    "number": r"(?:[0-9]++(?:\.(?:[0-9]++|(?=[eE])))?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?",
    "word": r"[A-Za-z_][A-Za-z0-9_]*",
    "open": r"<<\(|<<|\{\||[({\[]",
    "close": r"\)>>|>>|\|\}|[)}\]]",
    "operator": r"\^\^|\|\||&&|!=|<=|>=|[-+*/|^!?=<>]",
    "mark": r"[.,;~]",
    "other": r".",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{form})" for kind, form in _TERMINALS.items()), re.DOTALL)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


class Token(NamedTuple):
    """A token: its kind (a key of the terminals above), its text, and where it starts (code points)."""

    kind: str
    text: str
    start: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, white space and comments left out; a stray character is a token of kind `other`."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind not in {"space", "comment"}:
            yield Token(kind or "other", match[0], match.start())


def unescaped(text: str) -> str:
    """Return `text` with code point escapes undone, as SPARQL has it before it is parsed (section 19.2)."""
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    number = int(match[1] or match[2], 16)
    return chr(number) if number <= 0x10FFFF else match[0]  # noqa: PLR2004


def place(text: str, at: int) -> tuple[int, int, str]:
    """Return line and column, from 1, of a position, and at most 200 characters of that line."""
    before = text[:at]
    line, column = before.count("\n") + 1, at - before.rfind("\n")
    return line, column, (text.split("\n") or [""])[line - 1][:200]
