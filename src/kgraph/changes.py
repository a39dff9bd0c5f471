"""What changed from one release to another: claims, each in words, and shared graphs."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pyoxigraph as ox

from kgraph.release import Release
from kgraph.terms import KG, NANOPUB_GRAPHS, Iris, local_name

KINDS = ("added", "changed", "retracted", "superseded", "withheld", "removed")
Values = dict[tuple[str, str], list[str]]


@dataclass(frozen=True)
class Change:
    """One property of a part of a claim, with its values before and after; `part` is empty for the claim itself."""

    part: str
    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def words(self) -> str:
        """Return the change as a sentence's worth of words."""
        what = " ".join(filter(None, (self.part, self.name)))
        old, new = ("; ".join(values) for values in (self.old, self.new))
        if not self.old:
            return f"{what}: {new} (added)"
        return f"{what}: {old} (removed)" if not self.new else f"{what}: {old} -> {new}"


@dataclass(frozen=True, kw_only=True)
class ClaimChange:
    """What happened to a claim; of a withheld one only date and class of reason are told."""

    kind: str
    iri: str
    statement: str | None = None
    date: str | None = None
    reason: str | None = None
    superseded_by: str | None = None
    changes: tuple[Change, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the members that there are."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}


@dataclass(frozen=True)
class SharedChange:
    """A shared graph that is not the same: how many triples it gained and lost, and on which things."""

    unit: str
    added: int
    removed: int
    things: tuple[str, ...]


@dataclass(frozen=True)
class Diff:
    """All that is not the same in `new` as in `old`; claims by kind of change, then by IRI."""

    old: str
    new: str
    claims: tuple[ClaimChange, ...]
    shared: tuple[SharedChange, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as plain data, claims by kind."""
        claims = {kind: [c.as_dict() for c in self.claims if c.kind == kind] for kind in KINDS}
        return {"old": self.old, "new": self.new, "claims": claims, "shared": [asdict(s) for s in self.shared]}


class _Side:
    """One of the two releases."""

    def __init__(self, release: Release) -> None:
        self.units = release.manifest.units
        self.base = release.manifest.base_iri
        self._store = ox.Store.read_only(str(release.store))

    def quads(self, graph: str) -> set[ox.Quad]:
        return set(self._store.quads_for_pattern(None, None, None, ox.NamedNode(graph)))

    def claim(self, iri: str) -> Values:
        """Return the values of a claim by part and property, in the words of its IRIs."""
        found: Values = defaultdict(list)
        for name in NANOPUB_GRAPHS:
            for quad in self.quads(f"{iri}#{name}"):
                assert isinstance(quad.subject, ox.NamedNode)
                key = self._part(quad.subject.value, iri), _words(local_name(quad.predicate.value))
                found[key].append(self._value(quad.object))
        return {key: sorted(values) for key, values in found.items()}

    def _part(self, subject: str, iri: str) -> str:
        if subject == iri:
            return ""
        for start, name in ((f"{iri}#", ""), (iri.replace("/claim/", "/attestation/") + "/", "attestation of ")):
            if subject.startswith(start):
                return name + subject.removeprefix(start)
        return subject

    def _value(self, value: object) -> str:
        if isinstance(value, ox.NamedNode):
            return value.value.removeprefix(self.base) if value.value.startswith(self.base) else local_name(value.value)
        return str(getattr(value, "value", value))


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: f" {match[1].lower()}", name)


def diff(old: Release, new: Release) -> Diff:
    """Return what changed from `old` to `new`."""
    one, other = _Side(old), _Side(new)
    changed = sorted(u for u in one.units.keys() | other.units.keys() if one.units.get(u) != other.units.get(u))
    claims = [_claim(one, other, unit) for unit in changed if "/claim/" in unit]
    shared = [_shared(one, other, unit) for unit in changed if "/claim/" not in unit]
    ordered = sorted(claims, key=lambda claim: (KINDS.index(claim.kind), claim.iri))
    return Diff(old.digest, new.digest, tuple(ordered), tuple(shared))


def _claim(one: _Side, other: _Side, iri: str) -> ClaimChange:
    before, after = one.claim(iri), other.claim(iri)

    def of(values: Values, name: str) -> str | None:
        return next(iter(values.get(("", name), ())), None)

    status = of(after, "status")
    if status == "withheld":
        return ClaimChange(kind=status, iri=iri, date=of(after, "status date"), reason=of(after, "reason class"))
    was_withheld = of(before, "status") == "withheld"
    kind = "changed"
    if not after:
        kind = "removed"
    elif status is not None and status != of(before, "status"):
        kind = status
    elif not before or was_withheld:
        kind = "added"
    both = kind in {"changed", "retracted", "superseded"} and before and not was_withheld
    return ClaimChange(
        kind=kind, iri=iri, statement=of(after or before, "statement"), date=of(after, "status date"),
        reason=of(after, "reason"), superseded_by=of(after, "superseded by"),
        changes=tuple(_changes(before, after)) if both else (),
    )  # fmt: skip


def _changes(before: Values, after: Values) -> Iterator[Change]:
    for part, name in sorted(before.keys() | after.keys()):
        old, new = before.get((part, name), []), after.get((part, name), [])
        gone, come = (tuple(v for v in values if v not in rest) for values, rest in ((old, new), (new, old)))
        if gone or come:
            yield Change(part, name, gone, come)


def _shared(one: _Side, other: _Side, unit: str) -> SharedChange:
    before, after = one.quads(unit), other.quads(unit)
    things = {str(quad.subject.value) for quad in before ^ after if isinstance(quad.subject, ox.NamedNode)}
    base = Iris(other.base).base
    shown = sorted({thing.removeprefix(base).partition("#")[0] for thing in things})
    return SharedChange(unit, len(after - before), len(before - after), tuple(shown))


def withheld(release: Release) -> set[str]:
    """Return the IRIs of the claims that a release withholds."""
    store = ox.Store.read_only(str(release.store))
    return {
        quad.subject.value
        for quad in store.quads_for_pattern(None, ox.NamedNode(KG.reasonClass), None, None)
        if isinstance(quad.subject, ox.NamedNode)
    }


def published(release: Release, iris: set[str]) -> set[str]:
    """Return those of some claims whose content a release holds."""
    store = ox.Store.read_only(str(release.store))
    return {
        iri for iri in iris if any(store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(KG.statement), None, None))
    }
