"""What a trace holds: plain, frozen data, in the order in which people read it."""

from dataclasses import asdict, dataclass
from typing import Any

from kgraph.standing import Explanation, Judgement, Side
from kgraph.things import Thing


@dataclass(frozen=True, kw_only=True)
class Tie:
    """One step from an agent towards a party: `kind` is "party to" (an event), "member of" or "acts for" (an agent).

    `thing` is where the step leads, `words` is the way there from the agent; `party` says whether a party is reached.
    """

    kind: str
    thing: Thing
    words: str
    party: bool = False


@dataclass(frozen=True, kw_only=True)
class AgentTrace:
    """An agent; `relation` says in words what ties it to the parties, as far as a source states it."""

    iri: str
    label: str
    type: str
    relation: str
    ties: list[Tie]
    unnamed: bool = False
    tertiary: bool = False


@dataclass(frozen=True, kw_only=True)
class StepTrace:
    """A step in the custody of a document: `at` is a day or a time, `sha256` the digest of what the step left."""

    iri: str
    step: Thing | None
    by: list[Thing]
    at: str | None
    how: str | None
    sha256: str | None


@dataclass(frozen=True, kw_only=True)
class DocumentTrace:
    """A source as it was archived: `size` in bytes, `sha256` of its text, `custody` step by step."""

    iri: str
    label: str
    publisher: list[Thing]
    issued: str | None
    url: str | None
    access: str | None
    licence: str | None
    language: str | None
    sha256: str | None
    retrieved: str | None
    previous: Thing | None
    size: str | None
    media_type: str | None
    custody: list[StepTrace]


@dataclass(frozen=True, kw_only=True)
class Version:
    """The same words in a newer version of a document: `start` and `end` there, in code points, the end exclusive."""

    iri: str
    document: Thing
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class PassageTrace:
    """Where something stands: `start` and `end` in code points, the end exclusive.

    `text`, with the sentence `before` and `after` it, only of a public document whose archived text is what was
    anchored. A `keyed` digest is an HMAC-SHA-256, that of a restricted document.
    """

    iri: str
    document: Thing
    document_sha256: str | None
    access: str | None
    section: str | None
    start: int
    end: int
    first_words: str | None
    last_words: str | None
    sha256: str | None
    keyed: bool
    why_long: str | None
    live: str | None
    newer: list[Version]
    before: str | None = None
    text: str | None = None
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class AttestationTrace:
    """An agent's stance, and everything that is known of how it was taken."""

    iri: str
    agent: AgentTrace
    stance: Thing
    side: Side
    method: list[Thing]
    hedge: str | None
    stated_on: str | None
    medium: Thing | None
    document: Thing | None
    relays: Thing | None
    basis: Thing | None
    passages: list[PassageTrace]


@dataclass(frozen=True, kw_only=True)
class Through:
    """A stance that bears on the claim only by way of another `claim`, of which it was taken."""

    attestation: Thing
    agent: Thing
    stance: Thing
    side: Side
    claim: Thing


@dataclass(frozen=True, kw_only=True)
class RelationTrace:
    """How another claim relates to this one, by the judgement of the curator.

    `kind` is one of narrows, contradicts, supports, partOf; `incoming` where the other claim is the one that does it;
    `words` says it. `in_force` is false where one of the two is retracted or superseded.
    """

    iri: str
    kind: str
    incoming: bool
    words: str
    claim: Thing
    extent: str | None
    note: str | None
    in_force: bool


@dataclass(frozen=True, kw_only=True)
class ReleaseTrace:
    """The release that holds the claim, and how to prove it: `unit_digest` is that of the claim's four graphs."""

    digest: str
    unit_digest: str | None
    predecessor: str | None
    software: dict[str, str]
    verify: list[str]


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The trace of one claim. `documents` has each document once that a passage stands in or an attester published."""

    iri: str
    statement: str
    status: str | None
    status_date: str | None
    reason: str | None
    successor: Thing | None
    standing: Thing | None
    explanation: Explanation | None
    attestations: list[AttestationTrace]
    through: list[Through]
    relations: list[RelationTrace]
    documents: list[DocumentTrace]
    curator: Thing | None
    curated: str | None
    licence: str | None
    record: dict[str, Any]
    commit: str | None
    release: ReleaseTrace

    def judged(self, attestation: str) -> Judgement | None:
        """Return what the rules of standing made of an attestation of this claim."""
        told = self.explanation.judgements if self.explanation is not None else ()
        return next((found for found in told if found.attestation == attestation and found.through is None), None)

    def of(self, side: Side) -> list[AttestationTrace]:
        """Return the attestations of one side."""
        return [attestation for attestation in self.attestations if attestation.side == side]

    def as_dict(self) -> dict[str, Any]:
        """Return the trace as plain data."""
        return {"kind": "claim", **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A claim that mentions a thing, and by which properties."""

    claim: Thing
    standing: Thing | None
    status: str | None
    by: list[Thing]


@dataclass(frozen=True, kw_only=True)
class Mentions:
    """The claims that mention a thing, a page of them; `total` counts all of them.

    Where `whole` is false there are more than `total`: the thing is mentioned too often to be counted here.
    """

    iri: str
    label: str
    type: Thing | None
    total: int
    whole: bool
    limit: int
    offset: int
    mentions: list[Mention]
    release: str

    def as_dict(self) -> dict[str, Any]:
        """Return the mentions as plain data."""
        return {"kind": "mentions", **asdict(self)}
