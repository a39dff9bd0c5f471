"""What the header of a saved query says: parameters, columns, tests."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from kgraph.model import Many, Record, Refused, Slug, Text, Whole
from kgraph.terms import SCHEMES

TAGS = (
    "events", "counts", "attestation and denial", "corroboration", "weapons", "victims", "alleged perpetrators",
    "places and time", "accountability", "provenance", "data quality",
)  # fmt: skip
RESERVED = ("limit", "offset", "timeout", "format", "version", "release")
CLASSES = {
    "kg:Agent": ("agent",),
    "kg:Claim": ("claim",),
    "kg:Attestation": ("attestation",),
    "kg:Document": ("document",),
    "kg:Event": ("event",),
    "kg:Passage": ("passage",),
    "kg:Person": ("agent", "victim"),
    "kg:Place": ("place",),
    "kg:VictimGroup": ("victim",),
}
"""The classes that a value can be of, each with the kinds of IRI that its members have."""

ParameterType = Literal["iri", "date", "integer", "decimal", "string", "boolean", "enum"]
ColumnType = Literal["iri", "string", "integer", "decimal", "date", "boolean", "edtf", "wkt"]


def _name(value: str) -> str:
    if not value.isascii() or not value.replace("_", "").isalnum() or not value[0].isalpha() or len(value) > 40:  # noqa: PLR2004
        accepted = "at most 40 ASCII letters, digits and underscores, a letter first"
        raise Refused("bad-name", "is no name of a variable", accepted)
    return value


def _free(value: str) -> str:
    if value in RESERVED:
        raise Refused("reserved-name", "is reserved", f"any other name than {', '.join(RESERVED)}")
    return value


def _of(value: str) -> str:
    if value not in CLASSES and value not in SCHEMES:
        raise Refused("bad-value", "is no class and no scheme", ", ".join((*CLASSES, *SCHEMES)))
    return value


def _tag(value: str) -> str:
    if value not in TAGS:
        raise Refused("unknown-tag", "is no group of queries", ", ".join(TAGS))
    return value


def _switch(value: Any) -> Any:
    if value not in ("true", "false", True, False):
        raise Refused("bad-value", "is neither true nor false", "true or false")
    return value in {"true", True}


def _texts(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else [value]


Name = Annotated[str, AfterValidator(_name)]
Of = Annotated[str, AfterValidator(_of)]
Tag = Annotated[str, AfterValidator(_tag)]
Switch = Annotated[bool, BeforeValidator(_switch)]
Given = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class Parameter(Record):
    """What a caller may or must give.

    `of` says what an IRI must name (a class or a concept scheme; any of several), `values` what an enum may be.
    `default` holds where the caller gives nothing. It stands in the `VALUES` block, or else `example` does.
    """

    name: Annotated[Name, AfterValidator(_free)]
    type: ParameterType
    of: Many[Of] = ()
    values: Many[Text] = ()
    required: Switch = False
    several: Switch = False
    default: Given = ()
    example: Given = ()
    description: Text

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the values that stand in the text of the query."""
        return self.default or self.example

    @model_validator(mode="after")
    def _fits_type(self) -> "Parameter":
        if bool(self.of) != (self.type == "iri"):
            raise Refused("wrong-type", f"type {self.type} and of do not fit", "of for type iri, and only there")
        if bool(self.values) != (self.type == "enum"):
            raise Refused(
                "wrong-type", f"type {self.type} and values do not fit", "values for type enum, and only there"
            )
        if self.required and self.default:
            raise Refused("wrong-type", "a required parameter has a default", "one or the other")
        if not self.shown:
            raise Refused("missing-key", "key 'example' is missing", "example, or default")
        if not self.several and (len(self.default) > 1 or len(self.example) > 1):
            raise Refused("wrong-type", "takes one value and shows several", "several: true, or one value")
        return self


class Column(Record):
    """One column of the answer; a cell may be empty."""

    name: Name
    type: ColumnType
    of: Many[Of] = ()
    description: Text


class Test(Record):
    """What must come out for some values: at least `least` rows, `rows` among them, and no others where `complete`.

    A row may leave out columns. IRIs are relative to the base IRI of the corpus, concepts to that of the vocabularies.
    """

    __test__ = False  # nothing for pytest

    with_: Annotated[dict[str, Given], Field(alias="with", default_factory=dict)]
    least: Whole = 0
    complete: Switch = False
    rows: tuple[dict[str, str], ...] = ()


class Header(Record):
    """All that a saved query says of itself."""

    id: Slug
    summary: Text
    description: Text | None = None
    tags: Many[Tag]
    params: tuple[Parameter, ...] = ()
    columns: tuple[Column, ...] = ()
    tests: tuple[Test, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> "Header":
        for what, items in (("parameters", self.params), ("columns", self.columns)):
            names = [item.name for item in items]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice:
                raise Refused("said-twice", f"two {what} are called {twice!r}", "names of their own")
        return self
