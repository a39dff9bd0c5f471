"""What a corpus is made of: records as frozen models, with the keys of the record files (hyphens for underscores)."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

import edtf
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from kgraph.terms import SLUG

Severity = Literal["error", "warning"]
MAX_WORDS = 6
NUMBER_WORDS = frozenset({"some", "several", "many", "dozens", "hundreds", "thousands"})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One result of validation: what is wrong, where (file from the corpus folder, line from 1), what is accepted."""

    code: str
    message: str
    file: str
    line: int = 1
    value: str = ""
    accepted: str = ""
    severity: Severity = "error"

    def as_dict(self) -> dict[str, Any]:
        """Return the members in the order of DESIGN.md, section 10."""
        order = ("severity", "code", "file", "line", "value", "message", "accepted")
        members = asdict(self)
        return {name: members[name] for name in order}


class Refused(ValueError):
    """A scalar that a field does not take, with what it would take."""

    def __init__(self, code: str, message: str, accepted: str) -> None:
        super().__init__(message)
        self.code, self.accepted = code, accepted


def _slug(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise Refused("bad-id", "is no identifier", "lower-case ASCII letters, digits and single hyphens")
    return value


def _text(value: str) -> str:
    if not value.strip():
        raise Refused("empty-value", "is empty", "a text")
    if unicodedata.normalize("NFC", value) != value:
        raise Refused("not-nfc", "is not in Unicode normalisation form C", unicodedata.normalize("NFC", value))
    bad = next((c for c in value if unicodedata.category(c) in {"Cc", "Cs"} or c in _BIDI), None)
    if bad is not None:
        raise Refused("control-character", f"holds the control character U+{ord(bad):04X}", "text without it")
    return value


_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _few_words(value: str) -> str:
    if len(value.split()) > MAX_WORDS:
        raise Refused("too-many-words", f"has {len(value.split())} words", f"at most {MAX_WORDS} words")
    return value


def _integer(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"0|[1-9]\d{0,17}", value):
        raise Refused("not-a-number", "is no whole number", "digits, such as 26, without separators or words")
    return int(value)


def _decimal(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"(0|[1-9]\d{0,17})(\.\d{1,9})?", value):
        raise Refused("not-a-number", "is no number", "digits, such as 26 or 12.5, without separators or words")
    return Decimal(value)


def _true(value: Any) -> Any:
    if value not in ("true", True):
        raise Refused("not-true", "is not accepted here", "true, or no such key")
    return True


def _date(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            raise ValueError
        return dt.date.fromisoformat(value)
    except ValueError:
        raise Refused("bad-date", "is no date of the calendar", "a date such as 2020-10-27") from None


def _moment(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        with suppress(ValueError):
            dt.datetime.fromisoformat(value)
            return value
    elif isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        with suppress(ValueError):
            return dt.date.fromisoformat(value).isoformat()
    raise Refused("bad-date", "is no date or time", "a date such as 2020-10-27, or a time in UTC: 2020-10-27T09:30:00Z")


def _edtf(value: str) -> str:
    edtf_bounds(value)
    return value


@cache
def edtf_bounds(value: str) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and the last day that an EDTF date covers, both inclusive; None where that side is open.

    Accepted are level 0, level 1 and sets (https://www.loc.gov/standards/datetime/); anything else raises `Refused`.
    """
    accepted = "EDTF level 1, such as 2020-10, 2020-10-27/2020-10-28, ../2020-11-09 or {2020-10-27,2020-10-28}"
    try:
        parsed = _parsed(value)
    except edtf.EDTFParseException:
        raise Refused("bad-date", "is no EDTF date", accepted) from None
    if type(parsed).__name__.startswith("Level2") or type(parsed).__name__ == "PartialUncertainOrApproximate":
        raise Refused("bad-date", "is EDTF of level 2", accepted)
    start, _, end = value.partition("/")
    if end or value.endswith("/"):
        first = None if start in {"", ".."} else _day(start, "lower_strict")
        last = None if end in {"", ".."} else _day(end, "upper_strict")
    else:
        first, last = _day(value, "lower_strict"), _day(value, "upper_strict")
    if first is not None and last is not None and first > last:
        raise Refused("bad-date", "ends before it starts", accepted)
    return first, last


@cache
def _parsed(value: str) -> Any:
    """Parse once: the grammar takes 20 ms a date, and a corpus has few different ones."""
    return edtf.parse_edtf(value)


def _day(value: str, bound: str) -> dt.date:
    day = getattr(_parsed(value), bound)()
    return dt.date(day.tm_year, day.tm_mon, day.tm_mday)


def _many(value: Any) -> Any:
    """Take one scalar or mapping for a list of one; refuse a list that says the same thing twice."""
    items = value if isinstance(value, list) else [value]
    if not items:
        raise Refused("empty-value", "is an empty list", "at least one entry, or no such key")
    if any(item in items[:n] for n, item in enumerate(items)):
        raise Refused("said-twice", "names the same thing twice", "each entry once")
    return items


T = TypeVar("T")
Text = Annotated[str, AfterValidator(_text)]
FewWords = Annotated[Text, AfterValidator(_few_words)]
Slug = Annotated[str, AfterValidator(_slug)]
Url = Annotated[Text, Field(pattern=r"^https?://[^\s<>\"{}|\\^`]+$")]
Edtf = Annotated[str, AfterValidator(_edtf)]
Day = Annotated[dt.date, BeforeValidator(_date)]
Moment = Annotated[str, BeforeValidator(_moment)]
Whole = Annotated[int, BeforeValidator(_integer)]
Number = Annotated[Decimal, BeforeValidator(_decimal)]
Flag = Annotated[bool, BeforeValidator(_true)]
Many = Annotated[tuple[T, ...], BeforeValidator(_many)]


class Record(BaseModel):
    """The base of all models: frozen, unknown keys refused, hyphens in keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"))


class Anchor(Record):
    """A passage as a person writes it: a few words at each end, narrowed down by a section or by words before it."""

    document: Slug
    section: Text | None = None
    after: FewWords | None = None
    from_: FewWords = Field(alias="from")
    to: FewWords
    why_long: Text | None = None

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Return what the anchor is filed under in the lock: document, section, after, from, to."""
        return (self.document, self.section or "", self.after or "", self.from_, self.to)


class Carried(Anchor):
    """Where a newer version of a document has the same words: `was` is the span of the passage in the one before."""

    was: Annotated[str, Field(pattern=r"^(0|[1-9]\d{0,14})-[1-9]\d{0,14}$")]


class Address(Record):
    """A source that is an address."""

    url: Url


class Gazetteer(Record):
    """A source that is an entry of a gazetteer."""

    gazetteer: Text
    entry: Text


def _source_kind(value: Any) -> str:
    keys = value if isinstance(value, dict) else value.model_fields_set if isinstance(value, Record) else {}
    return "(address)" if "url" in keys else "(gazetteer)" if "gazetteer" in keys else "(passage)"


Source = Annotated[
    Annotated[Anchor, Tag("(passage)")]
    | Annotated[Address, Tag("(address)")]
    | Annotated[Gazetteer, Tag("(gazetteer)")],
    Discriminator(_source_kind),
]


class Name(Record):
    """A name in a language (BCP 47 tag)."""

    text: Text
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


AgentType = Literal[
    "Agent", "Authority", "ArmedForce", "NGO", "MediaOrganisation", "IntergovernmentalOrganisation",
    "AcademicInstitution", "Court", "Person", "AgentGroup",
]  # fmt: skip


class Agent(Record):
    """Somebody who acts or speaks: a person, an authority, an organisation, a group."""

    id: Slug
    type: AgentType
    label: Text
    names: Many[Name] = ()
    role: Text | None = None
    member_of: Many[Slug] = ()
    party_to: Many[Slug] = ()
    acts_for: Many[Slug] = ()
    unnamed: Flag = False
    tertiary: Flag = False
    member_count: Whole | None = None
    source: Source

    @model_validator(mode="after")
    def _fits_type(self) -> "Agent":
        if self.role is not None and self.type != "Person":
            raise Refused("wrong-type", f"role is given for a {self.type}", "role only for type Person")
        if self.member_count is not None and self.type != "AgentGroup":
            raise Refused("wrong-type", f"member-count is given for a {self.type}", "member-count only for AgentGroup")
        return self


class Victim(Record):
    """Somebody who is said to have been harmed: a named person or a group."""

    id: Slug
    type: Literal["VictimGroup", "Person"]
    label: Text
    names: Many[Name] = ()
    victim_category: Many[Slug] = ()
    age: Whole | None = None
    member_of: Many[Slug] = ()
    source: Source


class Position(Record):
    """Where a place lies: degrees as the gazetteer prints them (WGS 84), and how many metres off that may be.

    `of` says what the gazetteer's entry stands for: the town itself, or the district where no village could be found.
    """

    latitude: Annotated[str, Field(pattern=r"^-?([0-8]?\d(\.\d{1,9})?|90(\.0{1,9})?)$")]
    longitude: Annotated[str, Field(pattern=r"^-?((1[0-7]\d|\d{1,2})(\.\d{1,9})?|180(\.0{1,9})?)$")]
    precision: Whole
    of: Text
    source: Gazetteer


class Place(Record):
    """A place with every name that the sources use, none preferred."""

    id: Slug
    names: Many[Name]
    part_of: Slug | None = None
    position: Position | None = None
    source: Source


class Event(Record):
    """A heading under which claims stand."""

    id: Slug
    label: Text
    part_of: Slug | None = None


class CustodyStep(Record):
    """What was done with the text of a document, by whom and when: a link in its chain of custody.

    `sha256` is the digest of what the step left. What is not known is left out, never guessed.
    """

    step: Slug
    by: Many[Slug] = ()
    at: Moment | None = None
    how: Text | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class Document(Record):
    """One version of a source. `file` names its text in the archive; a document without one was only mentioned."""

    id: Slug
    title: Text
    publisher: Many[Slug] = ()
    date: Edtf | None = None
    url: Url | None = None
    licence: Url | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    access: Literal["public", "restricted"] = "restricted"
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    size: Whole | None = None
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$")] | None = None
    retrieved: Day | None = None
    custody: Many[CustodyStep] = ()
    previous_version: Slug | None = None
    source: Source
    carries: Many[Carried] = ()

    @model_validator(mode="after")
    def _archived(self) -> "Document":
        if self.file is None and (self.size is not None or self.media_type or self.custody):
            accepted = "a file in the archive, or neither size, media-type nor custody"
            raise Refused("custody-of-nothing", "document has custody, but no file", accepted)
        return self


class Toll(Record):
    """How many were harmed, as printed: never added up, rounded or inferred."""

    id: Slug | None = None
    harm: Slug
    unit: Slug
    qualifier: Slug = "exactly"
    count: Number | None = None
    min_count: Number | None = None
    max_count: Number | None = None
    victim: Many[Slug] = ()
    target: Many[Slug] = ()
    included_in: Annotated[str, Field(pattern=r"^([a-z0-9-]+#)?[a-z0-9-]+$")] | None = None
    as_of: Edtf | None = None

    @model_validator(mode="after")
    def _counted(self) -> "Toll":
        if self.count is None and self.min_count is None and self.qualifier not in NUMBER_WORDS:
            words = ", ".join(sorted(NUMBER_WORDS))
            raise Refused("missing-count", "toll has no count", f"count, or a qualifier that stands for one: {words}")
        if self.min_count is not None and self.max_count is not None and self.min_count > self.max_count:
            raise Refused("bad-range", "min-count is above max-count", "min-count at or below max-count")
        return self


class Relation(Record):
    """The curator's judgement on how this claim stands to another."""

    kind: Literal["contradicts", "supports", "narrows", "part-of"]
    to: Slug
    extent: Literal["full", "partial"]
    note: Text


class Attestation(Record):
    """The stance of one or more agents on a claim; each agent makes one attestation."""

    id: Slug | None = None
    agent: Many[Slug]
    stance: Slug
    stated_on: Edtf | None = None
    method: Many[Slug] = ()
    document: Slug | None = None
    passage: Many[Anchor]
    medium: Slug | None = None
    relays: Annotated[str, Field(pattern=r"^[a-z0-9-]+(/[a-z0-9-]+){1,2}$")] | None = None
    basis: Slug = "explicit"
    hedge: FewWords | None = None


class Claim(Record):
    """One proposition about one event or situation, with its attestations."""

    id: Slug
    statement: Text
    topic: Many[Slug]
    event: Slug
    conduct: Many[Slug] = ()
    perpetrator: Many[Slug] = ()
    actor: Many[Slug] = ()
    addressee: Many[Slug] = ()
    attribution: Many[Slug] = ()
    attribution_mode: Literal["all", "one-of"] | None = None
    victim: Many[Slug] = ()
    target: Many[Slug] = ()
    weapon: Many[Slug] = ()
    violation: Many[Slug] = ()
    characterised_as: Many[FewWords] = ()
    place: Many[Slug] = ()
    date: Edtf | None = None
    time_note: Text | None = None
    about: Many[Annotated[str, Field(pattern=r"^(document|claim|attestation)/[a-z0-9-]+(/[a-z0-9-]+){0,2}$")]] = ()
    tolls: Many[Toll] = ()
    relations: Many[Relation] = ()
    attestations: Many[Attestation]
    curator: Slug | None = None
    curated: Day | None = None
    status: Literal["retracted", "superseded"] | None = None  # a withheld one is a `Withheld`
    status_date: Day | None = None
    reason: Text | None = None
    superseded_by: Slug | None = None

    @model_validator(mode="after")
    def _status(self) -> "Claim":
        if self.status is not None and self.reason is None:
            raise Refused("missing-reason", "status is given without a reason", "a reason")
        if (self.status == "superseded") != (self.superseded_by is not None):
            raise Refused("bad-status", "superseded and superseded-by go together", "both or neither")
        if self.status is None and (self.reason is not None or self.status_date is not None):
            raise Refused("bad-status", "a reason or status-date is given without a status", "a status, or neither")
        return self

    def toll_id(self, index: int) -> str:
        """Return the fragment of the toll at `index`: its own identifier, else its number from 1."""
        return f"toll-{self.tolls[index].id or index + 1}"


class Withheld(Record):
    """What is left of a claim whose content is not to be published: when that was decided, and a class of reason.

    The other keys of a claim may stand in the record; none of them is read but for the names in them (`named`).
    """

    id: Slug
    status: Literal["withheld"]
    status_date: Day
    reason: Literal["safety", "privacy", "legal", "error"]
    named: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _reads_no_more(cls, value: dict[str, Any]) -> dict[str, Any]:
        known = sorted(info.alias or name for name, info in Claim.model_fields.items())
        for key in value:
            if key not in known:
                raise Refused("unknown-key", f"unknown key {key!r}", ", ".join(known))
        kept = {name: value[name] for name in ("id", "status", "status-date", "reason") if name in value}
        return kept | {"named": tuple(dict.fromkeys(_scalars(list(value.values()))))}


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _scalars(item)


class Excuse(Record):
    """A sentence that carries no claim, and why."""

    id: Slug
    passage: Anchor
    reason: Text


@dataclass(frozen=True, order=True)
class Origin:
    """Where a record stands: file, relative to the corpus folder, and line, from 1."""

    file: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """All records of a corpus by identifier, and where each of their values stands."""

    agents: dict[str, Agent]
    victims: dict[str, Victim]
    places: dict[str, Place]
    events: dict[str, Event]
    documents: dict[str, Document]
    coverage: dict[str, Excuse]
    claims: dict[str, Claim]
    origins: dict[tuple[str, str], "RecordOrigin"]
    withheld: dict[str, Withheld] = field(default_factory=dict)

    def anchors(self) -> Iterator[tuple[str, str, tuple[str | int, ...], Anchor]]:
        """Yield each anchor with the kind, identifier and path of where it stands."""
        for kind in ("agents", "victims", "places", "documents"):
            for ident, record in getattr(self, kind).items():
                if isinstance(record.source, Anchor):
                    yield kind, ident, ("source",), record.source
        for ident, document in self.documents.items():
            for n, carried in enumerate(document.carries):
                yield "documents", ident, ("carries", n), carried
        for ident, excuse in self.coverage.items():
            yield "coverage", ident, ("passage",), excuse.passage
        for ident, claim in self.claims.items():
            for n, attestation in enumerate(claim.attestations):
                for m, anchor in enumerate(attestation.passage):
                    yield "claims", ident, ("attestations", n, "passage", m), anchor

    def where(self, kind: str, ident: str, *path: str | int) -> Origin:
        """Return where the value at `path` in a record stands, or the nearest thing around it."""
        return self.origins[kind, ident].at(*path)


@dataclass(frozen=True)
class RecordOrigin:
    """Where a record and each value inside it stand."""

    file: str
    lines: dict[tuple[str | int, ...], int]

    def at(self, *path: str | int) -> Origin:
        """Return the place of the value at `path`; where there is no such value, of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return Origin(self.file, self.lines[path])
