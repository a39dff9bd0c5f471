"""What withholding a claim takes with it: links to the claim, and shared records that only it named."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kgraph import model
from kgraph.model import Corpus, Finding

_SHARED = ("agents", "victims", "places", "events", "documents")


def apply(corpus: Corpus, curator: str) -> tuple[Corpus, list[Finding]]:
    """Return the corpus without what would tell of its withheld claims, and a warning for each thing left out.

    Relations and larger tolls that lead to a withheld claim go; what is about it, relays it or is superseded by it
    leads to what is left of it. `curator` is who curates where a claim does not say.
    """
    if not corpus.withheld:
        return corpus, []
    findings: list[Finding] = []
    claims = {ident: _cut(corpus, claim, findings) for ident, claim in corpus.claims.items()}
    return _without_idle(replace(corpus, claims=claims), curator, findings), findings


def _cut(corpus: Corpus, claim: model.Claim, findings: list[Finding]) -> model.Claim:
    gone = corpus.withheld

    def warn(name: str, index: int, other: str) -> None:
        at = corpus.where("claims", claim.id, name, index)
        findings.append(
            Finding(
                code="withheld-name", severity="warning", file=at.file, line=at.line, value=other,
                message=f"{claim.id} leads to {other}, which is withheld: left out of the release",
                accepted="a record that does not name it",
            )
        )  # fmt: skip

    changed: dict[str, Any] = {}
    for n, relation in enumerate(claim.relations):
        if relation.to in gone:
            warn("relations", n, relation.to)
            changed["relations"] = tuple(r for r in claim.relations if r.to not in gone)
    for n, toll in enumerate(claim.tolls):
        home = (toll.included_in or "").rpartition("#")[0]
        if home in gone:
            warn("tolls", n, home)
            tolls = [t.model_copy(update={"included_in": None}) if _home(t) in gone else t for t in claim.tolls]
            changed["tolls"] = tuple(tolls)
    about = [f"claim/{kept}" if (kept := _claim_of(target)) in gone else target for target in claim.about]
    if about != list(claim.about):
        changed["about"] = tuple(dict.fromkeys(about))
    return claim.model_copy(update=changed) if changed else claim


def _home(toll: model.Toll) -> str:
    return (toll.included_in or "").rpartition("#")[0]


def _claim_of(target: str) -> str:
    """Return the claim that `claim/ID` or `attestation/ID/...` is of; empty for a document."""
    kind, ident, *_ = target.split("/")
    return ident if kind in {"claim", "attestation"} else ""


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, model.Record):
        yield from _strings(list(dict(value).values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


def _without_idle(corpus: Corpus, curator: str, findings: list[Finding]) -> Corpus:
    """Leave out the shared records that withheld claims name and nothing else does, and what only those name."""
    suspects = {name for claim in corpus.withheld.values() for name in claim.named}
    while True:
        kinds: dict[str, dict[str, Any]] = {kind: getattr(corpus, kind) for kind in _SHARED}
        named = {text for claim in corpus.claims.values() for text in _strings(claim)}
        about = {text.partition("/")[2] for claim in corpus.claims.values() for text in claim.about}
        used = {curator} | named | about | {excuse.passage.document for excuse in corpus.coverage.values()}
        for records in kinds.values():
            for ident, record in records.items():
                used |= {text for text in _strings(record) if text != ident}
        idle = {(kind, i) for kind, records in kinds.items() for i in records if i in suspects and i not in used}
        if not idle:
            return corpus
        for kind, ident in sorted(idle):
            at = corpus.where(kind, ident)
            suspects |= set(_strings(kinds[kind][ident]))
            findings.append(
                Finding(
                    code="withheld-record", severity="warning", file=at.file, line=at.line, value=ident,
                    message=f"{ident} is named by withheld claims alone: left out of the release",
                    accepted="no such record, or one that another claim names",
                )
            )  # fmt: skip
        kept = {k: {i: r for i, r in records.items() if (k, i) not in idle} for k, records in kinds.items()}
        corpus = replace(corpus, **kept)  # type: ignore[arg-type]
