"""What records say of each other: every identifier and concept that is named exists, every anchor leads somewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.process import extractOne

from kgraph import carried, model
from kgraph.errors import NoArchive
from kgraph.model import Corpus, Finding
from kgraph.ontology import Ontology
from kgraph.passages import AnchorError, Archive, Key, Passage
from kgraph.wording import loaded_words

_Path = tuple[str | int, ...]

_REFERENCES: dict[type[model.Record], dict[str, tuple[str, ...]]] = {
    model.Agent: {"member-of": ("agents",), "party-to": ("events",), "acts-for": ("agents",)},
    model.Victim: {"member-of": ("agents", "victims")},
    model.Place: {"part-of": ("places",)},
    model.Event: {"part-of": ("events",)},
    model.Document: {"publisher": ("agents",), "previous-version": ("documents",)},
    model.CustodyStep: {"by": ("agents",)},
    model.Anchor: {"document": ("documents",)},
    model.Carried: {"document": ("documents",)},
    model.Toll: {"victim": ("victims", "agents")},
    model.Relation: {"to": ("claims",)},
    model.Attestation: {"agent": ("agents",), "document": ("documents",), "medium": ("agents",)},
    model.Claim: {
        "event": ("events",), "perpetrator": ("agents",), "actor": ("agents",), "addressee": ("agents",),
        "victim": ("victims", "agents"), "place": ("places",), "curator": ("agents",), "superseded-by": ("claims",),
    },
}  # fmt: skip
_CONCEPTS: dict[type[model.Record], tuple[str, ...]] = {
    model.Victim: ("victim-category",),
    model.CustodyStep: ("step",),
    model.Toll: ("harm", "unit", "qualifier", "target"),
    model.Attestation: ("stance", "method", "basis"),
    model.Claim: ("topic", "conduct", "attribution", "target", "weapon", "violation"),
}


@dataclass
class _Check:
    corpus: Corpus
    ontology: Ontology
    findings: list[Finding] = field(default_factory=list)

    def report(
        self, kind: str, ident: str, path: _Path, code: str, message: str, *, value: str = "", accepted: str = ""
    ) -> None:
        at = self.corpus.where(kind, ident, *path)
        self.findings.append(
            Finding(code=code, file=at.file, line=at.line, message=message, value=value, accepted=accepted)
        )


def check(corpus: Corpus, ontology: Ontology, *, curator: str) -> list[Finding]:
    """Return the findings on names, concepts and structure in a corpus."""
    job = _Check(corpus, ontology)
    for kind in ("agents", "victims", "places", "events", "documents", "coverage", "claims"):
        for ident, record in getattr(corpus, kind).items():
            for path, part in _parts(record, ()):
                _check_names(job, kind, ident, path, part)
    for ident, claim in corpus.claims.items():
        _check_claim(job, ident, claim)
    for kind in ("places", "events"):
        _check_cycles(job, kind, {i: filter(None, [r.part_of]) for i, r in getattr(corpus, kind).items()}, "part-of")
    versions = {i: filter(None, [r.previous_version]) for i, r in corpus.documents.items()}
    _check_cycles(job, "documents", versions, "previous-version")
    _check_cycles(job, "agents", {i: r.member_of for i, r in corpus.agents.items()}, "member-of")
    _check_cycles(
        job, "claims",
        {i: [r.to for r in c.relations if r.kind in {"narrows", "part-of"}] for i, c in corpus.claims.items()},
        "relations",
    )  # fmt: skip
    _check_cycles(
        job, "claims", {i: filter(None, [c.superseded_by]) for i, c in corpus.claims.items()}, "superseded-by"
    )
    if curator not in corpus.agents and any(claim.curator is None for claim in corpus.claims.values()):
        message = f"the curator {curator!r} of kgraph.toml is no agent"
        job.findings.append(Finding(code="unknown-name", file="kgraph.toml", message=message, value=curator))
    return job.findings


def _parts(part: Any, path: _Path) -> Iterator[tuple[_Path, model.Record]]:
    """Yield a record and the models inside it, each with its path."""
    if isinstance(part, model.Record):
        yield path, part
        for name, info in type(part).model_fields.items():
            yield from _parts(getattr(part, name), (*path, info.alias or name))
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from _parts(item, (*path, index))


def _values(part: model.Record, key: str) -> Iterator[tuple[_Path, str]]:
    value = getattr(part, key.replace("-", "_"))
    if isinstance(value, tuple):
        yield from (((key, index), item) for index, item in enumerate(value))
    elif value is not None:
        yield (key,), value


def _check_names(job: _Check, kind: str, ident: str, path: _Path, part: model.Record) -> None:
    for key, kinds in _REFERENCES.get(type(part), {}).items():
        known = sorted(name for other in kinds for name in getattr(job.corpus, other))
        known += sorted(job.corpus.withheld) if key == "superseded-by" else []
        for place, value in _values(part, key):
            _require(job, kind, ident, (*path, *place), value, known, f"no record of {' or '.join(kinds)}")
    for scheme in _CONCEPTS.get(type(part), ()):
        for place, value in _values(part, scheme):
            known = sorted(job.ontology.concepts[scheme])
            _require(job, kind, ident, (*path, *place), value, known, f"no concept of the scheme {scheme}")


def _require(job: _Check, kind: str, ident: str, path: _Path, value: str, known: list[str], what: str) -> None:
    if value in known:
        return
    near = extractOne(value, known)
    hint = f"; nearest is {near[0]!r}" if near else ""
    code = "unknown-concept" if "concept" in what else "unknown-name"
    job.report(kind, ident, path, code, f"{value!r} is {what}{hint}", value=value, accepted=", ".join(known[:40]))


def _check_claim(job: _Check, ident: str, claim: model.Claim) -> None:
    seen: set[tuple[str, str | None]] = set()
    for n, attestation in enumerate(claim.attestations):
        for agent in attestation.agent:
            if (agent, attestation.id) in seen:
                job.report(
                    "claims", ident, ("attestations", n), "attested-twice", f"{agent!r} attests this claim twice",
                    value=agent, accepted="an id of its own for the second attestation",
                )  # fmt: skip
            seen.add((agent, attestation.id))
        if attestation.relays and not _attested(job.corpus, attestation.relays):
            path = ("attestations", n, "relays")
            _unknown_attestation(job, ident, path, attestation.relays)
    for n, target in enumerate(claim.about):
        kind, _, name = target.partition("/")
        if kind == "attestation" and not _attested(job.corpus, name):
            _unknown_attestation(job, ident, ("about", n), name)
        elif kind != "attestation":
            known = sorted(getattr(job.corpus, f"{kind}s")) + (sorted(job.corpus.withheld) if kind == "claim" else [])
            _require(job, "claims", ident, ("about", n), name, known, f"no {kind}")
    _check_tolls(job, ident, claim)
    for word, reason in loaded_words(claim):
        job.report(
            "claims", ident, ("statement",), "loaded-word", f"the statement says {word!r}, which {reason}",
            value=word, accepted="a neutral word, or the word in characterised-as, where an attester uses it",
        )  # fmt: skip
    for n, relation in enumerate(claim.relations):
        if relation.to == ident:
            path = ("relations", n, "to")
            job.report(
                "claims",
                ident,
                path,
                "related-to-itself",
                "a claim is related to itself",
                value=ident,
                accepted="another claim",
            )
    if claim.attribution_mode and len(claim.attribution) + len(claim.perpetrator) < 2:  # noqa: PLR2004
        job.report(
            "claims", ident, ("attribution-mode",), "nothing-to-choose", "there is one attribution and one perpetrator",
            value=claim.attribution_mode, accepted="attribution-mode only beside several attributions or perpetrators",
        )  # fmt: skip


def _check_tolls(job: _Check, ident: str, claim: model.Claim) -> None:
    own = [claim.toll_id(index) for index in range(len(claim.tolls))]
    if len(set(own)) < len(own):
        job.report(
            "claims", ident, ("tolls",), "duplicate-id", "two tolls have the same id", accepted="ids of their own"
        )
    for n, toll in enumerate(claim.tolls):
        if toll.included_in is None:
            continue
        home, _, name = toll.included_in.rpartition("#")
        other = job.corpus.claims.get(home or ident)
        known = [other.toll_id(i).removeprefix("toll-") for i in range(len(other.tolls))] if other else []
        if name not in known or (not home and f"toll-{name}" == own[n]):
            _require(job, "claims", ident, ("tolls", n, "included-in"), toll.included_in, known, "no larger toll")


def _attested(corpus: Corpus, name: str) -> bool:
    claim, agent, *ident = name.split("/")
    if claim in corpus.withheld:
        return True
    found = corpus.claims.get(claim)
    wanted = ident[0] if ident else None
    return found is not None and any(agent in a.agent and a.id == wanted for a in found.attestations)


def _unknown_attestation(job: _Check, ident: str, path: _Path, name: str) -> None:
    message = f"there is no attestation {name!r}"
    job.report("claims", ident, path, "unknown-name", message, value=name, accepted="CLAIM/AGENT of an attestation")


def _check_cycles(job: _Check, kind: str, edges: Mapping[str, Any], key: str) -> None:
    graph = {ident: tuple(targets) for ident, targets in edges.items()}
    for ident, direct in graph.items():
        reached: set[str] = set()
        todo = list(direct)
        while todo:
            step = todo.pop()
            if step not in reached:
                reached.add(step)
                todo += graph.get(step, ())
        if ident in reached and not (key == "relations" and ident in direct):  # that one is reported for itself
            message = f"{key} leads from {ident!r} back to it"
            job.report(kind, ident, (key,), "cycle", message, value=ident, accepted="a chain that ends")


def check_anchors(corpus: Corpus, lock: Mapping[Key, Passage], archive: Archive | None) -> list[Finding]:
    """Return the findings on anchors: without an archive, that the lock has each; with it, that each still holds."""
    job = _Check(corpus, Ontology((), {}))
    resolved, missing = resolve_anchors(corpus, archive, job) if archive else ({}, set())
    for kind, ident, path, anchor in corpus.anchors():
        document = corpus.documents.get(anchor.document)
        if document is None:
            continue
        passage = lock.get(anchor.key)
        if passage is None:
            where = f"{document.id}, from {anchor.from_!r} to {anchor.to!r}"
            job.report(
                kind, ident, path, "anchor-not-locked", f"the anchor ({where}) is not in data/anchors.lock",
                value=anchor.from_, accepted="an anchor in the lock: run `kgraph anchor` with the archive",
            )  # fmt: skip
        elif archive and anchor.key in resolved and resolved[anchor.key] != passage:
            job.report(
                kind, ident, path, "anchor-moved",
                f"{ident}: passage {passage.ident} reads otherwise, or stands elsewhere, than the lock says",
                value=passage.ident, accepted=f"{resolved[anchor.key].ident}: look, then run `kgraph anchor`",
            )  # fmt: skip
    for fault in carried.faults(corpus, lock):
        at = corpus.where("documents", fault.document, *fault.path)
        job.findings.append(
            Finding(
                code=fault.code,
                severity=fault.severity,
                file=at.file,
                line=at.line,
                message=fault.message,
                value=fault.value,
                accepted=fault.accepted,
            )
        )
    job.findings += [
        Finding(code="no-archive-text", severity="warning", file="data/documents.yaml", message=text, value=text)
        for text in sorted(missing)
    ]
    return job.findings


def resolve_anchors(corpus: Corpus, archive: Archive, job: "_Check") -> tuple[dict[Key, Passage], set[str]]:
    """Return the passage of each anchor, and what of the archive is not there; report anchors that lead nowhere."""
    resolved: dict[Key, Passage] = {}
    texts: dict[str, str | None] = {}
    missing: set[str] = set()
    for kind, ident, path, anchor in corpus.anchors():
        document = corpus.documents.get(anchor.document)
        if document is None:
            continue
        if document.id not in texts:
            texts[document.id] = _text(job, archive, document, missing)
        text = texts[document.id]
        if text is None or anchor.key in resolved:
            continue
        try:
            resolved[anchor.key] = archive.resolve(document, anchor, text)
        except AnchorError as error:
            job.report(
                kind, ident, path, error.code, f"{ident}, in {document.id}: {error}",
                value=anchor.from_, accepted=error.accepted,
            )  # fmt: skip
    return resolved, missing


def _text(job: _Check, archive: Archive, document: model.Document, missing: set[str]) -> str | None:
    """Return the text of a document; where it was altered, report that and go on with what is there."""
    try:
        text = archive.text(document)
    except NoArchive as error:
        missing.add(error.detail)
    except AnchorError as error:
        job.report(
            "documents", document.id, ("sha256",), error.code, str(error), value=document.id, accepted=error.accepted
        )
        return archive.unchecked_text(document)
    else:
        size = len(text.encode())
        if document.size not in {None, size}:
            message = f"the archived text of {document.id!r} has {size} bytes"
            value = str(document.size)
            job.report("documents", document.id, ("size",), "wrong-size", message, value=value, accepted=str(size))
        return text
    return None


def anchor(corpus: Corpus, archive: Archive) -> tuple[dict[Key, Passage], list[Finding]]:
    """Return the lock of all anchors of a corpus, and the findings on those that lead nowhere."""
    job = _Check(corpus, Ontology((), {}))
    resolved, missing = resolve_anchors(corpus, archive, job)
    for text in sorted(missing):
        raise NoArchive(text)
    return resolved, job.findings
