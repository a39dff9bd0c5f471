"""Record files to models: every mistake of form is found at once and reported with file, line, value and what fits."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kgraph import mistakes, model, yamlfile
from kgraph.model import Corpus, Finding, RecordOrigin

SHARED: dict[str, type[model.Record]] = {
    "agents": model.Agent,
    "victims": model.Victim,
    "places": model.Place,
    "events": model.Event,
    "documents": model.Document,
    "coverage": model.Excuse,
}
_NESTED: dict[str, type[model.Record]] = {
    "tolls": model.Toll,
    "relations": model.Relation,
    "attestations": model.Attestation,
    "passage": model.Anchor,
    "carries": model.Carried,
    "(passage)": model.Anchor,
    "(address)": model.Address,
    "(gazetteer)": model.Gazetteer,
    "names": model.Name,
    "position": model.Position,
}


@dataclass
class _Loading:
    data: Path
    findings: list[Finding] = field(default_factory=list)
    origins: dict[tuple[str, str], RecordOrigin] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {kind: {} for kind in (*SHARED, "claims", "withheld")}
    )


def load(root: Path) -> tuple[Corpus, list[Finding]]:
    """Read all record files below `root/data`; records with findings are left out of the corpus."""
    loading = _Loading(root / "data")
    for kind, path in record_files(root):
        cls = SHARED.get(kind, model.Claim)
        _load_file(loading, kind, cls, path, path.relative_to(root).as_posix())
    return Corpus(**loading.records, origins=loading.origins), loading.findings


def record_files(root: Path) -> list[tuple[str, Path]]:
    """Return (kind, path) of each record file there is, in the order in which they are read."""
    shared = [(kind, root / "data" / f"{kind}.yaml") for kind in SHARED]
    claims = [("claims", path) for path in sorted((root / "data" / "claims").glob("*.yaml"))]
    return [(kind, path) for kind, path in (*shared, *claims) if path.is_file()]


def _load_file(loading: _Loading, kind: str, cls: type[model.Record], path: Path, name: str) -> None:
    parsed = yamlfile.read(path, name)
    loading.findings += parsed.findings
    if parsed.value is None:
        return
    if not isinstance(parsed.value, list):
        parsed.refuse("not-a-list", 1, "file holds no list", accepted="a list of records, each beginning with - id:")
        loading.findings.append(parsed.findings[-1])
        return
    for index, value in enumerate(parsed.value):
        lines = {place[1:]: line for place, line in parsed.lines.items() if place[:1] == (index,)}
        _load_record(loading, kind, cls, value, RecordOrigin(name, lines))


def _load_record(loading: _Loading, kind: str, cls: type[model.Record], value: Any, origin: RecordOrigin) -> None:
    if kind == "claims" and isinstance(value, dict) and value.get("status") == "withheld":
        kind, cls = "withheld", model.Withheld
    try:
        record = cls.model_validate(value)
    except ValidationError as errors:
        loading.findings += [mistakes.finding(error, cls, _NESTED, origin) for error in errors.errors()]
        return
    ident: str = record.id  # type: ignore[attr-defined]
    known = loading.records[kind]
    same = ("claims", "withheld") if kind in {"claims", "withheld"} else (kind,)
    taken = next((other for other in same if ident in loading.records[other]), None)
    if taken is not None:
        first = loading.origins[taken, ident].at()
        loading.findings.append(
            Finding(
                code="duplicate-id", file=origin.file, line=origin.at("id").line, value=ident,
                message=f"identifier {ident!r} is taken in {first.file}, line {first.line}",
                accepted="an identifier of its own",
            )
        )  # fmt: skip
        return
    known[ident] = record
    loading.origins[kind, ident] = origin


def where_records_stand(corpus: Corpus) -> str:
    """Return, as JSON, the file and line of each claim's record: what `records.json` of a release says."""
    places = {ident: corpus.where("claims", ident) for ident in sorted(corpus.claims)}
    return json.dumps({ident: {"file": at.file, "line": at.line} for ident, at in places.items()}, indent=1) + "\n"
