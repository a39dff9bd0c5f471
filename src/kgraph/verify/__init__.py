"""Whether a release, an exported file or a proof is what it was: offline, and without the corpus.

Everything follows from one digest (RFC 9162, section 2.1.1, over the lines `IRI SP digest` of the units).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kgraph import merkle
from kgraph.errors import BrokenRelease, CannotVerify, UnknownThing
from kgraph.release import MANIFEST, QUERIES, STORE, Release, open_release
from kgraph.terms import KG, Iris
from kgraph.verify import description, proof
from kgraph.verify.content import Content, is_named, read_file, read_store
from kgraph.verify.faults import Fault
from kgraph.verify.manifest import Expected, given_digest, of_release, read_manifest

__all__ = ["Fault", "Result", "check_proof", "given_digest", "prove", "read_manifest", "verify_file", "verify_release"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came out: the digest computed and the one expected, and by whose word; no `faults` where all is as it was.

    `units` are the digests computed; `listed` says that nobody could be asked for those expected.
    """

    target: str
    digest: str
    expected: str
    against: str
    quads: int
    units: dict[str, str] = field(repr=False)
    listed: bool
    faults: tuple[Fault, ...]
    content: Content = field(repr=False)

    @property
    def intact(self) -> bool:
        """Return whether nothing was altered."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain data; unit digests only where it differs and nothing says in which unit."""
        names = ("target", "digest", "expected", "against", "quads")
        told: dict[str, Any] = {"intact": self.intact} | {name: getattr(self, name) for name in names}
        told["units"] = len(self.units)
        told["faults"] = [fault.as_dict() for fault in self.faults]
        return told | ({"unit_digests": self.units} if self.listed and not self.intact else {})


def verify_file(
    path: Path, *, manifest: Expected | None = None, digest: str | None = None,
    known: Callable[[str], Release | None] = lambda _: None, wanted: str | None = None,
) -> Result:  # fmt: skip
    """Verify a file of N-Quads against a digest, a manifest, or what it says of itself.

    `known` gives the release of a digest, where there is one at hand: it tells which unit was altered. Raises
    `CannotVerify` where the file cannot be read, or there is nothing to hold it against.
    """
    content = read_file(path, wanted=wanted)
    said = description.find(content, manifest.base if manifest else None)
    root = merkle.root({unit: found for unit, found in content.units.items() if said is None or unit != said.unit})
    expected = manifest or _expected(content, said, digest, root)
    if expected is None:
        detail = f"{path.name} does not say which release it is, and nothing else does"
        raise CannotVerify(detail, accepted="--manifest FILE, --digest HEX, or a file with its graph/release")
    if expected.units is None:
        release = known(expected.digest) or (known(root) if digest is None else None)
        if release is not None:
            expected = of_release(release, f"the manifest of release {release.digest[:12]}")
    return _compare(path.name, content, expected, digest, said)


def _expected(content: Content, said: description.Description | None, digest: str | None, root: str) -> Expected | None:
    """Return what is expected where there is no manifest; None where nothing says what."""
    if digest is not None:
        return Expected(digest, "the digest given")
    if said is None:
        return Expected(root, "nothing") if content.faults else None
    return Expected(root if said.stated is None else said.stated, "what the file says of itself")


def verify_release(path: Path, *, digest: str | None = None, wanted: str | None = None) -> Result:
    """Verify the release in the folder `path`: its name, manifest, store and saved queries.

    Raises `CannotVerify` where there is no such folder.
    """
    if not path.is_dir():
        raise CannotVerify(f"there is no folder {path}")
    try:
        release = open_release(path.resolve())
    except BrokenRelease as error:
        return _broken(path.name, error.detail)
    expected = of_release(release, "its manifest")
    try:
        content = read_store(path / STORE, Iris(release.manifest.base_iri), wanted=wanted)
    except (OSError, ValueError, RuntimeError) as error:  # as the store tells damage
        return _broken(path.name, f"the store cannot be read: {error}")
    result = _compare(path.name, content, expected, digest)
    return replace(result, faults=(*result.faults, *_beside(release, content)))


def _broken(name: str, message: str) -> Result:
    content = Content(faults=[Fault(kind="damaged", message=message)])
    return Result(
        target=name, digest="", expected=name, against="the name of the folder", quads=0, units={}, listed=False,
        faults=tuple(content.faults), content=content,
    )  # fmt: skip


def _beside(release: Release, content: Content) -> list[Fault]:
    """Return what of a release beside its store does not agree with it: numbers, and the texts of saved queries."""
    manifest = release.manifest
    counted = {
        "quads": content.quads,
        "claims": content.classes[str(KG.Claim)],
        "attestations": content.classes[str(KG.Attestation)],
    }
    faults = [
        Fault(kind="manifest", message=f"{MANIFEST} counts {getattr(manifest, name)} {name}, there are {found}")
        for name, found in counted.items()
        if getattr(manifest, name) != found
    ]
    iris = Iris(manifest.base_iri)
    stored = {
        quad.subject.value.rpartition("/")[2]: quad.object.value
        for quad in ox.Store.read_only(str(release.store)).quads_for_pattern(
            None, ox.NamedNode(KG.sha256), None, ox.NamedNode(iris.graph("queries"))
        )
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal)
    }
    found = {path.stem: sha256(path.read_bytes()).hexdigest() for path in (release.path / QUERIES).glob("*.rq")}
    return faults + [
        Fault(kind="altered", unit=iris.of("query", name), message=f"{QUERIES}/{name}.rq is not the saved query {name}")
        for name in sorted({*found, *stored})
        if found.get(name) != stored.get(name)
    ]


def _compare(
    target: str, content: Content, expected: Expected, digest: str | None, said: description.Description | None = None
) -> Result:
    """Hold a content to what is expected of it."""
    if said is None or expected.base not in {None, said.base}:
        said = description.find(content, expected.base)
    units = {unit: found for unit, found in content.units.items() if said is None or unit != said.unit}
    root = merkle.root(units)
    faults = [*content.faults, *expected.faults()]
    if digest is not None and digest != expected.digest:
        message = f"{expected.source} is of release {expected.digest}, not of {digest}"
        faults.append(Fault(kind="digest", message=message, expected=digest, found=expected.digest))
    if expected.units is not None:
        faults += _units(content, units, expected.units)
    elif root != expected.digest:
        message = f"the units give the digest {root}, not {expected.digest}"
        faults.append(Fault(kind="digest", message=message, expected=expected.digest, found=root))
    faults += _description(content, said, expected, root)
    return Result(
        target=target, digest=root, expected=digest or expected.digest, against=expected.source, quads=content.quads,
        units=units, listed=expected.units is None, faults=tuple(faults), content=content,
    )  # fmt: skip


def _description(content: Content, said: description.Description | None, expected: Expected, root: str) -> list[Fault]:
    if said is None:
        unit = f"{expected.base or ''}graph/release"
        return [Fault(kind="missing", unit=unit, message=f"missing: {unit}, what the release says of itself")]
    return description.faults(content, said, expected, root)


def _units(content: Content, found: dict[str, str], expected: dict[str, str]) -> list[Fault]:
    faults = []
    for unit in sorted(found.keys() | expected.keys()):
        one, other = expected.get(unit), found.get(unit)
        if one == other:
            continue
        kind = "added" if one is None else "missing" if other is None else "altered"
        first, last = content.spans.get(unit, (None, None))
        faults.append(
            Fault(
                kind=kind, unit=unit, message=f"{kind}: {unit}", line=first, last_line=last, expected=one, found=other
            )
        )
    return faults


def prove(result: Result, name: str) -> dict[str, Any]:
    """Return the proof that a unit (IRI, or identifier of a claim) is in a release; it has been `wanted`.

    Raises `UnknownThing` where the release has no such unit.
    """
    unit = next((unit for unit in result.units if is_named(unit, name)), None)
    if unit is None:
        accepted = "the identifier of a claim, or the IRI of a claim or of a graph"
        raise UnknownThing(f"{result.target} holds no {name!r}", value=name, accepted=accepted)
    return proof.proof(result.units, unit, result.content.wanted)


def check_proof(
    path: Path, *, digest: str | None = None, file: Path | None = None
) -> tuple[dict[str, Any], list[Fault]]:
    """Return the members of a proof (none where it is damaged) and what does not hold of it.

    With `digest`, it has to be a proof for that release; with `file`, N-Quads, the unit has to stand in there as in the
    proof.
    """
    members, faults = proof.read(path)
    if members is None:
        return {}, faults
    faults = proof.check(members)
    if digest is not None and members["release"] != digest:
        message = f"the proof is for release {members['release']}, not for {digest}"
        faults.append(Fault(kind="digest", message=message, expected=digest, found=members["release"]))
    if file is not None:
        unit = members["unit"]
        content = read_file(file)
        found = content.units.get(unit)
        faults += content.faults
        if found != members["digest"]:
            what = "does not hold" if found is None else "has another form of"
            message = f"{file.name} {what} {unit}"
            faults.append(Fault(kind="altered", unit=unit, message=message, expected=members["digest"], found=found))
    return members, faults
