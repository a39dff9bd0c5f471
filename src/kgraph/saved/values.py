"""The values of parameters: read as RDF terms, and written as SPARQL that holds that term and nothing else."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

from rdflib import XSD, Literal, URIRef

from kgraph.saved.model import Parameter

Term = URIRef | Literal

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,9})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IRI = re.compile(r"[^<>\"{}|^`\\\x00-\x20]+")
# What XML 1.0 can carry (https://www.w3.org/TR/xml/#charsets): no answer may be unable to say what was asked.
_STRING = re.compile(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile(r"[\\\"\n\r\t]|(?<=\\)[uU]")
_MAX_STRING = 2000


class Unfit(ValueError):
    """A value that is none of its type, with what would be accepted."""

    def __init__(self, accepted: str) -> None:
        super().__init__(accepted)
        self.accepted = accepted


def literal(parameter: Parameter, value: str) -> Literal:
    """Return the literal that `value` is for a parameter of any type but `iri`; raise `Unfit`.

    Numbers and booleans come in their canonical form, in which the store keeps them.
    """
    return _READ[parameter.type](parameter, value)


def _integer(_: Parameter, value: str) -> Literal:
    if not _INTEGER.fullmatch(value):
        raise Unfit("a whole number of at most 18 digits, such as 26")
    return Literal(str(int(value)), datatype=XSD.integer)


def _decimal(_: Parameter, value: str) -> Literal:
    if not _DECIMAL.fullmatch(value):
        raise Unfit("a number such as 26 or 12.5")
    text = format(Decimal(value), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return Literal("0" if text in {"-0", "+0"} else text, datatype=XSD.decimal, normalize=False)


def _date(_: Parameter, value: str) -> Literal:
    try:
        if not _DATE.fullmatch(value):
            raise ValueError
        dt.date.fromisoformat(value)
    except ValueError:
        raise Unfit("a day of the calendar, such as 2020-10-27") from None
    return Literal(value, datatype=XSD.date)


def _boolean(_: Parameter, value: str) -> Literal:
    if value not in {"true", "false"}:
        raise Unfit("true or false")
    return Literal(value, datatype=XSD.boolean)


def _string(_: Parameter, value: str) -> Literal:
    if len(value) > _MAX_STRING or not _STRING.fullmatch(value):
        raise Unfit(f"a text of at most {_MAX_STRING} characters, without control characters")
    return Literal(value)


def _enum(parameter: Parameter, value: str) -> Literal:
    if value not in parameter.values:
        raise Unfit(", ".join(parameter.values))
    return Literal(value)


_READ: dict[str, Callable[[Parameter, str], Literal]] = {
    "integer": _integer, "decimal": _decimal, "date": _date, "boolean": _boolean, "string": _string, "enum": _enum,
}  # fmt: skip


def fits_iri(text: str) -> bool:
    """Return whether a text can stand between `<` and `>` as it is (https://www.w3.org/TR/sparql11-query/#rIRIREF)."""
    return _IRI.fullmatch(text) is not None


def written(term: Term) -> str:
    r"""Return a term as SPARQL, in full, so that it means the same under any prologue.

    A `u` behind a backslash is itself written as an escape: some engines undo `\u0022` before they read strings, as
    section 19.2 of SPARQL 1.1 has it, others inside strings only, and rdflib takes eight digits behind either letter.
    This way all read the same text.
    """
    if isinstance(term, URIRef):
        assert fits_iri(term)
        return f"<{term}>"
    text = _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], f"\\U{ord(match[0]):08x}"), str(term))
    datatype = "" if term.datatype in {None, XSD.string} else f"^^<{term.datatype}>"
    return f'"{text}"{datatype}'
