"""The record of a newer version: written whole beside the old one, or not at all.

The text goes into the archive, anchors into the lock, and last, as what makes it count, the record into
`data/documents.yaml`, at its end: no line that is there changes. What was anchored stays anchored where it was.
"""

import datetime as dt
import json
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kgraph import build, validate, yamlfile
from kgraph.drift.anchoring import anchors_of
from kgraph.drift.compare import FOUND, Comparison, Drift
from kgraph.errors import BadRequest, InvalidData, KgraphError, NoArchive
from kgraph.model import Carried, Corpus, Document, RecordOrigin
from kgraph.passages import Archive, Key, Passage, write_lock, write_whole
from kgraph.settings import Settings

FILE = "data/documents.yaml"
_VERSION = re.compile(r"(.+)-v([1-9]\d*)")


@dataclass(frozen=True, kw_only=True)
class Update:
    """A newer version, ready to be written: its record, that record as YAML, and the lines of the lock.

    `left` has the passages that stand in the newer text, but that no few words single out there.
    """

    document: Document
    yaml: str
    lock: dict[Key, Passage]
    left: tuple[Drift, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what people and programs want to know of it."""
        return {
            "document": self.document.id, "file": self.document.file, "sha256": self.document.sha256,
            "carried": len({(p.start, p.end) for p in self.lock.values()}), "anchors": len(self.lock),
            "left": [drift.passage.ident for drift in self.left],
        }  # fmt: skip


def update(
    settings: Settings, found: Comparison, *, ident: str | None = None, address: str | None = None,
    retrieved: dt.date | None = None,
) -> Update:  # fmt: skip
    """Write the record of a newer version and return it; raise a `KgraphError`, and write nothing, where it cannot be.

    `address` is where the text was fetched; without it the source of the old record is that of the new one.
    """
    checked = build.check(settings, with_shapes=False)
    if checked.errors:
        findings = [finding.as_dict() for finding in checked.errors]
        raise InvalidData(f"{len(findings)} findings; nothing was written", findings=findings)
    archive = build.open_archive(settings)
    name = _free_ident(checked.corpus, found, ident)
    document = _document(found, name, address, retrieved)
    _require_free_file(checked.corpus, archive, document)
    planned = _plan(archive, found, document)
    path = settings.root / FILE
    text = _appended(path, planned)
    lock = {**checked.lock, **planned.lock}
    _prove(settings, checked, planned, lock)
    _write(settings, archive, found.text, planned, lock, text)
    return planned


def _free_ident(corpus: Corpus, found: Comparison, ident: str | None) -> str:
    """Return the identifier of the new record; raise where the text is recorded already, or the history would fork."""
    old = found.document
    for other in corpus.documents.values():
        if other.sha256 == found.sha256:
            raise InvalidData(f"this text is recorded already, as {other.id!r}; nothing was written", value=other.id)
        if other.previous_version == old.id:
            raise InvalidData(
                f"{old.id!r} has a newer version already, {other.id!r}; nothing was written",
                value=old.id, accepted=f"kgraph drift {other.id}",
            )  # fmt: skip
    if not found.text.strip():
        raise InvalidData("the newer text is empty; nothing was written", accepted="a text")
    stem = _VERSION.fullmatch(old.id)
    name = ident or (f"{stem[1]}-v{int(stem[2]) + 1}" if stem else f"{old.id}-v2")
    if name in corpus.documents:
        raise BadRequest(f"the identifier {name!r} is taken; nothing was written", value=name, accepted="another --id")
    return name


def _document(found: Comparison, name: str, address: str | None, retrieved: dt.date | None) -> Document:
    """Return the new record: of the old one what holds for any version, and nothing that is not known."""
    old = found.document.model_dump(mode="json", by_alias=True, exclude_none=True)
    kept = {key: old.get(key) or None for key in ("title", "publisher", "url", "licence", "language", "access")}
    members: dict[str, Any] = {
        "id": name, **kept, "file": f"{name}.txt", "sha256": found.sha256,
        "size": len(found.text.encode()), "media-type": "text/plain",
        "retrieved": retrieved.isoformat() if retrieved else None, "custody": _custody(found, address, retrieved),
        "previous-version": old["id"],
        "source": old["source"] if address is None else {"url": address},
    }  # fmt: skip
    try:
        return Document.model_validate({key: value for key, value in members.items() if value is not None})
    except ValidationError as errors:
        detail = errors.errors()[0]
        where, message = ".".join(map(str, detail["loc"])), detail["msg"]
        raise BadRequest(f"{where} of the new record: {message}; nothing was written", value=name) from None


def _custody(found: Comparison, address: str | None, retrieved: dt.date | None) -> list[dict[str, Any]] | None:
    """Return the step that is known: that the text was collected, when, and by what."""
    if address is None and retrieved is None:
        return None
    how = "Fetched by kgraph drift, and its article taken out of the page." if address else None
    step = {"step": "collected", "at": retrieved.isoformat() if retrieved else None, "how": how, "sha256": found.sha256}
    return [{key: value for key, value in step.items() if value is not None}]


def _require_free_file(corpus: Corpus, archive: Archive, document: Document) -> None:
    file = document.file or ""
    if archive.folder.stat().st_mode & 0o222 == 0:
        raise NoArchive(
            f"the archive {archive.folder} is read-only; nothing was written", accepted="a writable archive"
        )
    if os.path.lexists(archive.folder / file) or any(other.file == file for other in corpus.documents.values()):
        raise InvalidData(f"the archive has a file {file} already; nothing was written", value=file, accepted="--id")


def _plan(archive: Archive, found: Comparison, document: Document) -> Update:
    lock: dict[Key, Passage] = {}
    carries: list[Carried] = []
    left = []
    for drift in found.drifts:
        if drift.status not in FOUND:
            continue
        anchors = list(anchors_of(archive, document, drift, found.text))
        for anchor, passage in anchors:
            lock[anchor.key] = passage
            carries.append(anchor)
        if not anchors:
            left.append(drift)
    carrying = document.model_copy(update={"carries": tuple(carries)})
    return Update(document=carrying, yaml=_yaml(carrying), lock=lock, left=tuple(left))


def _yaml(document: Document) -> str:
    """Return the record as lines of YAML, scalars quoted as JSON, which YAML 1.2 takes as they are."""
    members = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    carries = members.pop("carries")
    lines = [f"{key}: {_flow(value)}" for key, value in members.items() if value]
    lines += ["carries:", *(f"  - {_flow(entry)}" for entry in carries)] if carries else []
    return "".join(f"{'- ' if n == 0 else '  '}{line}\n" for n, line in enumerate(lines))


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return (
            f"{{{', '.join(f'{key}: {_flow(member)}' for key, member in value.items() if member not in ([], None))}}}"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    plain = re.fullmatch(r"[a-z0-9][a-z0-9./-]*", str(value))
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def _appended(path: Path, planned: Update) -> str:
    """Return the record file with the new record at its end; raise where it would not read as just one record more."""
    old = path.read_bytes().decode("utf-8")
    lines = old.split("\n")
    indent = next((re.match(r" *", line) for line in lines if re.match(r" *- ?", line)), None)
    newline = "\r\n" if lines and lines[0].endswith("\r") else "\n"
    added = "".join(
        f"{indent[0] if indent else ''}{line}{newline}" for line in planned.yaml.removesuffix("\n").split("\n")
    )
    text = old + ("" if old.endswith("\n") else newline) + added
    before = yamlfile.read(path, FILE)
    with tempfile.TemporaryDirectory() as folder:  # records hold no more of a source than is committed
        trial = Path(folder) / path.name
        trial.write_bytes(text.encode())
        after = yamlfile.read(trial, FILE)
    fits = isinstance(after.value, list) and not after.findings and after.value[:-1] == before.value
    if not fits or _validated(after.value[-1]) != planned.document:
        accepted = "a block list of records that ends with its last record"
        raise InvalidData(f"{FILE} cannot be added to at its end; nothing was written", file=FILE, accepted=accepted)
    return text


def _validated(value: Any) -> Document | None:
    with suppress(ValidationError):
        return Document.model_validate(value)
    return None


def _prove(settings: Settings, checked: build.Checked, planned: Update, lock: dict[Key, Passage]) -> None:
    """Raise `InvalidData` where the corpus with the new record would have an error; without it, it has none."""
    corpus, document = checked.corpus, planned.document
    origins = {**corpus.origins, ("documents", document.id): RecordOrigin(FILE, {(): 1})}
    trial = replace(corpus, documents={**corpus.documents, document.id: document}, origins=origins)
    findings = validate.check(trial, checked.ontology, curator=settings.curator)
    findings += validate.check_anchors(trial, lock, None)
    errors = [finding.as_dict() for finding in findings if finding.severity == "error"]
    if errors:
        raise InvalidData(f"the new record has {len(errors)} findings; nothing was written", findings=errors)


def _write(
    settings: Settings, archive: Archive, text: str, planned: Update, lock: dict[Key, Passage], records: str
) -> None:
    """Write text, lock and record, in this order; where one fails, take back those before it."""
    path = archive.folder / (planned.document.file or "")
    before = settings.anchors.read_text(encoding="utf-8") if settings.anchors.exists() else ""
    made = False
    try:
        with path.open("xb") as stream:
            made = True
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        if planned.lock:
            write_lock(settings.anchors, lock.items())
        write_whole(settings.root / FILE, records)
    except BaseException as error:
        if made:
            path.unlink(missing_ok=True)
        if settings.anchors.exists() and settings.anchors.read_text(encoding="utf-8") != before:
            write_whole(settings.anchors, before)
        if not isinstance(error, OSError):
            raise
        kind = KgraphError if made else NoArchive
        raise kind(f"{error.filename or path} cannot be written: {error.strerror}; nothing was changed") from error
