"""Whether what a release says of itself, in `graph/release`, is so: that graph is outside the digest of the release."""

import re
from dataclasses import dataclass

import pyoxigraph as ox
from rdflib import VOID

from kgraph import canonical
from kgraph.terms import KG
from kgraph.verify.content import DESCRIPTION, Content
from kgraph.verify.faults import Fault
from kgraph.verify.manifest import Expected

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Description:
    """The description of a release: the unit that it is, the base IRI, and the digest of the release that it states.

    `own` is the digest that it states of its own other lines, `found` the digest that these have.
    """

    unit: str
    base: str
    stated: str | None
    own: str | None
    found: str
    quads: tuple[ox.Quad, ...]


def find(content: Content, base: str | None) -> Description | None:
    """Return the description of the release: that of `base`, or where None, of the base that most units have."""
    homes = {unit: unit.removesuffix(DESCRIPTION[1:]) for unit in sorted(content.descriptions)}

    def covered(unit: str) -> int:
        starts = (f"{homes[unit]}claim/", f"{homes[unit]}graph/")
        return sum(other.startswith(starts) for other in content.units)

    chosen = [unit for unit in homes if homes[unit] == base] if base else sorted(homes, key=covered)[-1:]
    for unit in chosen:
        home, lines = homes[unit], content.descriptions[unit]
        quads = tuple(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS))
        stated = [str(q.object.value) for q in quads if q.predicate.value == str(KG.releaseDigest)]
        found, own = canonical.description_digest(lines)
        return Description(unit, home, _only(stated), _only(own), found, quads)
    return None


def _only(values: list[str]) -> str | None:
    return values[0] if len(values) == 1 else None


def faults(content: Content, said: Description, expected: Expected, root: str) -> list[Fault]:
    """Return what a description says that is not so of a release whose digest should be `expected`, and is `root`."""
    wrong: list[str] = []
    if expected.description is not None and expected.description != said.found:
        wrong.append(f"its lines have the digest {said.found}, {expected.source} says {expected.description}")
    if said.own is None:
        if expected.units is None or expected.description is not None:  # else it is older than that
            wrong.append("it states no digest of its own lines, or several")
    elif said.own != said.found:
        wrong.append(f"it states the digest {said.own} of its own lines, which have {said.found}")
    if said.stated is None or not _HEX.fullmatch(said.stated):
        wrong.append("it states no digest of the release, or several")
    elif said.stated != expected.digest:
        wrong.append(f"it states the digest {said.stated} of the release, which has {expected.digest}")
    if root == expected.digest:  # else its numbers are those of what was altered
        wrong += _counts(content, said)
    first, last = content.spans.get(said.unit, (None, None))
    return [
        Fault(
            kind="altered",
            unit=said.unit,
            message=f"what the release says of itself: {text}",
            line=first,
            last_line=last,
        )
        for text in wrong
    ]


def _counts(content: Content, said: Description) -> list[str]:
    """Return the numbers of quads by graph, class and property that are not those of the content."""
    about: dict[str, dict[str, str]] = {}
    for quad in said.quads:
        subject, value = quad.subject, quad.object
        if isinstance(subject, ox.NamedNode) and isinstance(value, ox.NamedNode | ox.Literal):
            about.setdefault(subject.value, {})[quad.predicate.value] = value.value
    wrong = []
    whole = about.get(said.base, {}).get(str(VOID.triples))
    if whole != str(content.quads):
        wrong.append(f"it counts {whole} quads, there are {content.quads}")
    for of, members in about.items():
        number = members.get(str(VOID.triples)) or members.get(str(VOID.entities))
        name, found = "", -1
        if of in content.sizes:
            name, found = of, content.sizes[of]
        elif of.startswith(f"{said.unit}#class-") and str(VOID["class"]) in members and str(VOID.entities) in members:
            name = members[str(VOID["class"])]
            found = content.classes[name]
        elif of.startswith(f"{said.unit}#property-") and str(VOID.property) in members:
            name = members[str(VOID.property)]
            found = content.properties[name]
        if name and number != str(found):
            wrong.append(f"it counts {number} of {name}, there are {found}")
    return wrong
