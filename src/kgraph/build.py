"""The write side: a corpus is checked, compiled and written as a release, or nothing changes.

A release is built in a folder of its own, renamed when it is whole, and made current by one atomic rename of a link.
"""

import hashlib
import json
import subprocess
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import pyoxigraph as ox

from kgraph import (
    __version__,
    bulk,
    canonical,
    derive,
    disk,
    examples,
    ontology,
    quadfile,
    records,
    shapes,
    validate,
    withhold,
)
from kgraph.coverage import Report, report
from kgraph.describe import describe
from kgraph.disk import Note
from kgraph.errors import BrokenRelease, InvalidData, KgraphError, NoArchive
from kgraph.model import Corpus, Finding
from kgraph.nanopub import Writer
from kgraph.ontology import Ontology
from kgraph.passages import Archive, Key, Passage, read_lock, write_lock, write_whole
from kgraph.release import MANIFEST, QUERIES, RECORDS, STORE, Manifest, Release, current_digest, open_release
from kgraph.settings import FILE, Settings
from kgraph.terms import KG, PREFIXES, Iris

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
    corpus, left_out = withhold.apply(corpus, settings.curator)
    findings += left_out
    onto, more = _terms(settings, iris)
    findings = findings + more + validate.check(corpus, onto, curator=settings.curator)
    lock = read_lock(settings.anchors)
    archive = open_archive(settings) if with_archive and settings.archive is not None else None
    findings += validate.check_anchors(corpus, lock, archive)
    if with_shapes and not any(finding.severity == "error" for finding in findings):
        quads = [*onto.quads, *Writer(corpus, lock, iris, settings.licence, settings.curator).quads()]
        findings += shapes.check(quads, settings.root / shapes.SHAPES, shapes.locate(corpus, iris))
    ordered = sorted(findings, key=lambda f: (f.file, f.line, f.code, f.value))
    return Checked(corpus, onto, lock, tuple(dict.fromkeys(ordered)))


def _terms(settings: Settings, iris: Iris) -> tuple[Ontology, list[Finding]]:
    """Return the ontology, and the findings on it, on the rules and on the saved queries."""
    missing = [name for name in _REQUIRED if not (settings.root / name).is_file()]
    findings = [
        Finding(
            code="missing-file", file=name, message=f"{name} is not there", value=name,
            accepted="as `kgraph init` writes it",
        )
        for name in missing
    ]  # fmt: skip
    onto, more = ontology.load(settings.root, iris)
    findings += more + derive.check_queries(ontology.rule_files(settings.root), settings.root)
    return onto, findings + check_queries(settings.root)


def check_queries(root: Path) -> list[Finding]:
    """Return the findings on the saved queries of a corpus."""
    queries = examples.query_files(root)
    findings = derive.check_queries(queries, root) + examples.check_names(queries, root)
    return findings + examples.check_headers(queries, root)


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


def build(settings: Settings, *, quads: Path | None = None, note: Note = lambda _: None) -> tuple[Release, bool]:
    """Build the release of the corpus and make it current; return it, and whether anything was written.

    With `quads`, a file of N-Quads takes the place of the records. Raises `InvalidData` with all findings (`findings`),
    and then nothing has changed.
    """
    try:
        return _build(settings, quads, note)
    except OSError as error:
        raise KgraphError(f"the release could not be written: {error}; the one before it stays current") from error


def _build(settings: Settings, quads: Path | None, note: Note) -> tuple[Release, bool]:
    inputs = _inputs(settings, quads)
    with disk.lock(settings.releases, note):
        current = _current(settings)
        if current is not None and current.manifest.inputs == inputs:
            return current, False
        if quads is not None:
            return _from_quads(settings, quads, inputs, current, note), True
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
    described_as = describe(store, iris, title=settings.title, licence=settings.licence, digest=digest)
    before = _intact(path)
    kept = before if before and _says_the_same(before, store) else None
    manifest = _manifest(
        settings, digest, before or current, inputs, units=units, quads=len(store), claims=len(checked.corpus.claims),
        description=described_as,
        attestations=sum(len(a.agent) for claim in checked.corpus.claims.values() for a in claim.attestations),
    )  # fmt: skip
    described = _described(settings, checked.corpus)
    if kept:
        _refresh(settings, kept, manifest, described)
    else:
        _write_folder(settings, store, path, manifest, described)
    disk.switch(settings.releases, digest)
    return open_release(path)


def _manifest(
    settings: Settings, digest: str, before: Release | None, inputs: dict[str, str], *, units: dict[str, str],
    quads: int, claims: int, attestations: int, description: str,
) -> Manifest:  # fmt: skip
    """Return the manifest of a release; `before` is the current one, or this very one where it is there already."""
    again = before is not None and before.digest == digest
    software = {name: version(name) for name in ("pyoxigraph", "rdflib")} | {"kgraph": __version__}
    return Manifest(
        digest=digest, base_iri=settings.base_iri, title=settings.title, licence=settings.licence, quads=quads,
        claims=claims, attestations=attestations, units=units, inputs=inputs, exports={}, description=description,
        software=before.manifest.software if before and again else software,
        predecessor=None if before is None else before.manifest.predecessor if again else before.digest,
    )  # fmt: skip


def _refresh(settings: Settings, kept: Release, manifest: Manifest, described: str) -> None:
    """Bring what is no part of its digest up to date in a release whose store is kept."""
    examples.write_queries(examples.query_files(settings.root), kept.path / QUERIES)
    write_whole(kept.path / RECORDS, described)
    write_whole(kept.path / MANIFEST, manifest.to_json())


def _from_quads(
    settings: Settings, source: Path, inputs: dict[str, str], current: Release | None, note: Note
) -> Release:
    """Make the release of ready-made quads."""
    iris = Iris(settings.base_iri)
    onto, findings = _terms(settings, iris)
    findings = [finding for finding in findings if finding.severity == "error"]
    if findings:
        raise InvalidData(f"{len(findings)} findings; nothing was built", findings=[f.as_dict() for f in findings])
    described = json.dumps({"commit": None, "claims": {}}, indent=1, sort_keys=True) + "\n"
    with tempfile.TemporaryDirectory(
        prefix=".building-", dir=settings.releases, ignore_cleanup_errors=True
    ) as temporary:
        new = Path(temporary) / "new"
        new.mkdir()
        queries = examples.examples(examples.query_files(settings.root), iris)
        terms = replace(onto, quads=(*onto.quads, *queries))
        loaded = bulk.load(source, new / STORE, terms, ontology.rule_files(settings.root), iris, note=note)
        digest = canonical.release_digest(loaded.units)
        if loaded.stated not in {None, digest}:
            note(
                f"{source.name} says it is release {loaded.stated}: ontology, rules or queries here make another of it"
            )
        claims, attestations = loaded.count(KG.Claim), loaded.count(KG.Attestation)
        note("writing the store")
        described_as = describe(loaded.store, iris, title=settings.title, licence=settings.licence, digest=digest)
        path = settings.releases / digest
        before = _intact(path)
        kept = before if before and _says_the_same(before, loaded.store) else None
        quads = loaded.finish()
        manifest = _manifest(
            settings, digest, before or current, inputs, units=loaded.units, quads=quads, claims=claims,
            attestations=attestations, description=described_as,
        )  # fmt: skip
        if kept:
            _refresh(settings, kept, manifest, described)
        else:
            _complete(settings, new, path, manifest, described)
    disk.switch(settings.releases, digest)
    return open_release(path)


def _write_folder(settings: Settings, store: ox.Store, path: Path, manifest: Manifest, described: str) -> None:
    with tempfile.TemporaryDirectory(prefix=".building-", dir=settings.releases) as temporary:
        new = Path(temporary) / path.name
        new.mkdir()
        dump = Path(temporary) / "quads.nq"
        store.dump(str(dump), format=ox.RdfFormat.N_QUADS)
        written = ox.Store(str(new / STORE))
        written.bulk_load(path=str(dump), format=ox.RdfFormat.N_QUADS)
        written.optimize()
        written.flush()
        del written
        _complete(settings, new, path, manifest, described)


def _complete(settings: Settings, new: Path, path: Path, manifest: Manifest, described: str) -> None:
    """Put the rest beside the store in the folder `new`, and move it to `path` when it is whole."""
    (new / QUERIES).mkdir()
    examples.write_queries(examples.query_files(settings.root), new / QUERIES)
    (new / RECORDS).write_text(described, encoding="utf-8")
    (new / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    disk.sync(new)
    if path.exists():
        path.rename(new.parent / "broken")
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


def _inputs(settings: Settings, quads: Path | None) -> dict[str, str]:
    """Return the SHA-256 of every file that a release is made of, and of the settings and software that shape it."""
    root = settings.root
    made_of = [path for _, path in records.record_files(root)] + [settings.anchors] if quads is None else []
    paths = [*made_of, root / FILE, root / shapes.SHAPES]
    paths += [*ontology.ontology_files(root), *ontology.rule_files(root), *examples.query_files(root)]
    found = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }
    shaped = [settings.base_iri, settings.title, settings.licence, settings.curator, __version__, version("pyoxigraph")]
    shaped += PREFIXES.values()
    if quads is not None:
        found["(quads)"] = quadfile.sha256(quads)
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


def _current(settings: Settings) -> Release | None:
    digest = current_digest(settings.releases)
    try:
        return open_release(settings.releases / digest) if digest else None
    except BrokenRelease:
        return None


def _says_the_same(release: Release, store: ox.Store) -> bool:
    """Tell whether a release describes itself as it would be described now: that is no part of its digest."""
    home = ox.NamedNode(Iris(release.manifest.base_iri).graph("release"))
    kept = ox.Store.read_only(str(release.store))
    return set(kept.quads_for_pattern(None, None, None, home)) == set(store.quads_for_pattern(None, None, None, home))
