"""The write side: a corpus is checked, compiled and written as a release, or nothing changes.

A release is built in a folder of its own, renamed when it is whole, and made current by one atomic rename of a link.
"""

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import pyoxigraph as ox

from kgraph import __version__, canonical, derive, disk, examples, ontology, records, shapes, validate
from kgraph.coverage import Report, report
from kgraph.describe import describe
from kgraph.errors import BrokenRelease, InvalidData, KgraphError, NoArchive
from kgraph.model import Corpus, Finding
from kgraph.nanopub import Writer
from kgraph.ontology import Ontology
from kgraph.passages import Archive, Key, Passage, read_lock, write_lock, write_whole
from kgraph.release import MANIFEST, QUERIES, RECORDS, STORE, Manifest, Release, current_digest, open_release
from kgraph.settings import FILE, Settings
from kgraph.terms import PREFIXES, Iris

Note = Callable[[str], None]
_REQUIRED = ("ontology/kgraph.ttl", "ontology/shapes.ttl")


@dataclass(frozen=True)
class Checked:
    """A corpus as read, and everything found wrong with it."""

    corpus: Corpus
    ontology: Ontology
    lock: dict[Key, Passage]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> list[Finding]:
        """Return the findings that stand in the way of a build."""
        return [finding for finding in self.findings if finding.severity == "error"]


def check(settings: Settings, *, with_archive: bool = True, with_shapes: bool = True) -> Checked:
    """Read the corpus and return it with all findings, sorted by file and line.

    With `with_archive`, and an archive configured, every anchor is proved against the text that it points into. With
    `with_shapes`, and no other error, what would be built is held against the SHACL shapes.
    """
    iris = Iris(settings.base_iri)
    corpus, findings = records.load(settings.root)
    missing = [name for name in _REQUIRED if not (settings.root / name).is_file()]
    findings += [
        Finding(
            code="missing-file",
            file=name,
            message=f"{name} is not there",
            value=name,
            accepted="as `kgraph init` writes it",
        )
        for name in missing
    ]
    onto, more = ontology.load(settings.root, iris)
    findings = findings + more + validate.check(corpus, onto, curator=settings.curator)
    queries = examples.query_files(settings.root)
    findings += derive.check_queries([*ontology.rule_files(settings.root), *queries], settings.root)
    findings += examples.check_names(queries, settings.root)
    lock = read_lock(settings.anchors)
    archive = open_archive(settings) if with_archive and settings.archive is not None else None
    findings += validate.check_anchors(corpus, lock, archive)
    if with_shapes and not any(finding.severity == "error" for finding in findings):
        quads = [*onto.quads, *Writer(corpus, lock, iris, settings.licence, settings.curator).quads()]
        findings += shapes.check(quads, settings.root / shapes.SHAPES, shapes.locate(corpus, iris))
    ordered = sorted(findings, key=lambda f: (f.file, f.line, f.code, f.value))
    return Checked(corpus, onto, lock, tuple(dict.fromkeys(ordered)))


def open_archive(settings: Settings) -> Archive:
    """Return the archive; raise `NoArchive` where none is configured or its folder is not there."""
    if settings.archive is None:
        raise NoArchive("no archive is configured", accepted="--archive, KGRAPH_ARCHIVE, or archive in kgraph.toml")
    if not settings.archive.is_dir():
        raise NoArchive(f"the archive {settings.archive} is no folder")
    return Archive(settings.archive)


def anchor(settings: Settings) -> tuple[int, list[Finding]]:
    """Resolve every anchor against the archive and write `data/anchors.lock`; return how many, and the findings.

    Where there are findings, the lock is left as it was.
    """
    corpus, findings = records.load(settings.root)
    lock, more = validate.anchor(corpus, open_archive(settings))
    findings += more
    if not findings:
        try:
            write_lock(settings.anchors, lock.items())
        except OSError as error:
            raise KgraphError(f"{settings.anchors} could not be written: {error.strerror}; it is as it was") from error
    return len(lock), findings


def coverage(settings: Settings) -> Report:
    """Return how much of the archived texts the claims cover; raise `InvalidData` where the data have errors."""
    checked = check(settings, with_shapes=False)
    if checked.errors:
        findings = [finding.as_dict() for finding in checked.errors]
        raise InvalidData(f"{len(findings)} findings; coverage is of valid data", findings=findings)
    return report(checked.corpus, checked.lock, open_archive(settings))


def build(settings: Settings, *, note: Note = lambda _: None) -> tuple[Release, bool]:
    """Build the release of the corpus and make it current; return it, and whether anything was written.

    Raises `InvalidData` with all findings (`findings`), and then nothing has changed.
    """
    try:
        return _build(settings, note)
    except OSError as error:
        raise KgraphError(f"the release could not be written: {error}; the one before it stays current") from error


def _build(settings: Settings, note: Note) -> tuple[Release, bool]:
    inputs = _inputs(settings)
    with disk.lock(settings.releases, note):
        current = _current(settings)
        if current is not None and current.manifest.inputs == inputs:
            return current, False
        checked = check(settings, with_archive=False, with_shapes=False)
        store, findings = _compile(settings, checked)
        if findings:
            raise InvalidData(f"{len(findings)} findings; nothing was built", findings=[f.as_dict() for f in findings])
        return _write(settings, checked, store, inputs, current), True


def _compile(settings: Settings, checked: Checked) -> tuple[ox.Store, list[Finding]]:
    """Return all quads of the release in memory, and the findings that stand in the way."""
    if checked.errors:
        return ox.Store(), checked.errors
    iris = Iris(settings.base_iri)
    writer = Writer(checked.corpus, checked.lock, iris, settings.licence, settings.curator)
    queries = examples.examples(examples.query_files(settings.root), iris)
    store = canonical.stored([*checked.ontology.quads, *writer.quads(), *queries])
    derive.derive(store, ontology.rule_files(settings.root), iris)
    return store, _doubled(store)


def _doubled(store: ox.Store) -> list[Finding]:
    """Return a finding for each triple that stands in more than one graph: counts would be wrong."""
    homes: dict[ox.Triple, str] = {}
    findings = []
    for quad in store:
        other = homes.setdefault(quad.triple, quad.graph_name.value)
        if other != quad.graph_name.value:
            message = f"{quad.triple} stands in {other} and in {quad.graph_name.value}"
            findings.append(Finding(code="triple-twice", file="data", message=message, accepted="one graph a triple"))
    return findings


def _write(
    settings: Settings, checked: Checked, store: ox.Store, inputs: dict[str, str], current: Release | None
) -> Release:
    iris = Iris(settings.base_iri)
    units = canonical.unit_digests(store, iris)
    digest = canonical.release_digest(units)
    path = settings.releases / digest
    describe(store, iris, title=settings.title, licence=settings.licence, digest=digest)
    before = _intact(path)
    kept = before if before and _says_the_same(before, store) else None
    manifest = Manifest(
        digest=digest, base_iri=settings.base_iri, title=settings.title, licence=settings.licence,
        quads=len(store), claims=len(checked.corpus.claims),
        attestations=sum(len(a.agent) for claim in checked.corpus.claims.values() for a in claim.attestations),
        units=units, inputs=inputs, exports={},
        software={name: version(name) for name in ("pyoxigraph", "rdflib")} | {"kgraph": __version__},
        predecessor=before.manifest.predecessor if before else current.digest if current else None,
    )  # fmt: skip
    described = _described(settings, checked.corpus)
    if kept:
        examples.write_queries(examples.query_files(settings.root), path / QUERIES)
        write_whole(path / RECORDS, described)
        write_whole(path / MANIFEST, replace(manifest, software=kept.manifest.software).to_json())
    else:
        _write_folder(settings, store, path, manifest, described)
    disk.switch(settings.releases, digest)
    return open_release(path)


def _write_folder(settings: Settings, store: ox.Store, path: Path, manifest: Manifest, described: str) -> None:
    with tempfile.TemporaryDirectory(prefix=".building-", dir=settings.releases) as temporary:
        new = Path(temporary) / path.name
        new.mkdir()
        dump = Path(temporary) / "quads.nq"
        store.dump(str(dump), format=ox.RdfFormat.N_QUADS)
        loaded = ox.Store(str(new / STORE))
        loaded.bulk_load(path=str(dump), format=ox.RdfFormat.N_QUADS)
        loaded.optimize()
        loaded.flush()
        del loaded
        (new / QUERIES).mkdir()
        examples.write_queries(examples.query_files(settings.root), new / QUERIES)
        (new / RECORDS).write_text(described, encoding="utf-8")
        (new / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        disk.sync(new)
        if path.exists():
            path.rename(Path(temporary) / "broken")
        new.rename(path)
        disk.sync_folder(settings.releases)


def _described(settings: Settings, corpus: Corpus) -> str:
    """Return `records.json`: where each record stands, and in which commit."""
    claims = json.loads(records.where_records_stand(corpus))
    return json.dumps({"commit": _commit(settings.root), "claims": claims}, indent=1, sort_keys=True) + "\n"


def _commit(root: Path) -> str | None:
    """Return the commit that `root` is at, None where there is none."""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _inputs(settings: Settings) -> dict[str, str]:
    """Return the SHA-256 of every file that a release is made of, and of the settings and software that shape it."""
    root = settings.root
    paths = [path for _, path in records.record_files(root)] + [settings.anchors, root / FILE, root / shapes.SHAPES]
    paths += [*ontology.ontology_files(root), *ontology.rule_files(root), *examples.query_files(root)]
    found = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }
    shaped = [settings.base_iri, settings.title, settings.licence, settings.curator, __version__, version("pyoxigraph")]
    shaped += PREFIXES.values()
    return dict(sorted(found.items())) | {"(settings)": hashlib.sha256("\n".join(shaped).encode()).hexdigest()}


def _intact(path: Path) -> Release | None:
    """Return the release at `path` where it is whole: its manifest reads, its store opens and gives its digest back."""
    try:
        release = open_release(path)
        iris = Iris(release.manifest.base_iri)
        units = canonical.unit_digests(ox.Store.read_only(str(release.store)), iris)
    except (BrokenRelease, OSError, ValueError):
        return None
    return release if canonical.release_digest(units) == path.name else None


def _says_the_same(release: Release, store: ox.Store) -> bool:
    """Tell whether a release describes itself as it would be described now: that is no part of its digest."""
    home = ox.NamedNode(Iris(release.manifest.base_iri).graph("release"))
    kept = ox.Store.read_only(str(release.store))
    return set(kept.quads_for_pattern(None, None, None, home)) == set(store.quads_for_pattern(None, None, None, home))


def _current(settings: Settings) -> Release | None:
    digest = current_digest(settings.releases)
    try:
        return open_release(settings.releases / digest) if digest else None
    except BrokenRelease:
        return None
