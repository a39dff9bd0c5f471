"""An exported file is verified by itself: what was altered is named, and another order alone alters nothing."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

import plain
from kgraph import canonical, export, merkle
from kgraph.describe import describe
from kgraph.errors import CannotVerify
from kgraph.release import current_release
from kgraph.settings import Settings
from kgraph.terms import Iris
from kgraph.verify import content, read_manifest, verify_file
from kgraph.verify.manifest import Expected

BASE = "https://example.org/river/"
CLAIM = f"{BASE}claim/ford-shelled"


@pytest.fixture(scope="module")
def exported(built: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the export of the built corpus, in a folder without a corpus, with its manifest."""
    release = current_release(built.releases)
    folder = tmp_path_factory.mktemp("handed")
    with export.opened(release) as source:
        export.write_file(export.EXPORTS["nquads"].write(source), folder / "r.nq")
    with export.opened(release) as source:
        export.write_file(export.EXPORTS["manifest"].write(source), folder / "manifest.json")
    return folder / "r.nq"


@pytest.fixture(scope="module")
def manifest(exported: Path) -> Expected:
    """Return the manifest of the export."""
    return read_manifest(exported.with_name("manifest.json"))


@pytest.mark.parametrize("corpus", ["built", "real"])
def test_a_second_implementation_agrees(corpus: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Plain Python that knows nothing of kgraph gives the same unit digests and the same release digest."""
    release = current_release(request.getfixturevalue(corpus).releases)
    with export.opened(release) as source:
        export.write_file(export.EXPORTS["nquads"].write(source), tmp_path / "r.nq")
    units = plain.unit_digests(tmp_path / "r.nq")
    assert units == release.manifest.units
    assert plain.release_digest(units) == release.digest


def test_the_second_implementation_is_short() -> None:
    """The second implementation has at most thirty lines."""
    assert plain.__file__ is not None
    assert len(Path(plain.__file__).read_text(encoding="utf-8").splitlines()) <= 30


def test_intact(exported: Path, manifest: Expected) -> None:
    """An untouched file is intact by its own word, by a digest and by a manifest."""
    for options in ({}, {"digest": manifest.digest}, {"manifest": manifest}):
        result = verify_file(exported, **options)
        assert result.faults == ()
        assert (result.digest, result.units) == (manifest.digest, manifest.units)


def test_an_export_is_in_the_order_that_is_documented(exported: Path) -> None:
    """Units stand together, in the order of their IRIs, and the lines of each in order; each line once."""
    lines = exported.read_bytes().splitlines(keepends=True)
    keys = [(line.decode().split(" <")[-1].split(">")[0].partition("#")[0], line) for line in lines]
    assert keys == sorted(set(keys))


def test_order_and_repetition_alter_nothing(exported: Path, manifest: Expected, tmp_path: Path) -> None:
    """Shuffled, repeated, compressed, with comments, empty lines and other line ends, it is the same release."""
    lines = exported.read_bytes().splitlines()
    shuffled = [*lines, *lines[:50], b"# a comment", b""]
    random.Random(7).shuffle(shuffled)  # noqa: S311
    path = tmp_path / "s.nq.gz"
    path.write_bytes(gzip.compress(b"\r\n".join(shuffled)))
    assert verify_file(path, manifest=manifest).faults == ()
    assert verify_file(path).faults == ()


def test_units_that_stand_apart_are_read_in_rounds(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shuffled file that is larger than the memory that it may take is read a part at a time, and is the same."""
    path = tmp_path / "s.nq"
    lines = exported.read_bytes().splitlines(keepends=True)
    random.Random(8).shuffle(lines)  # noqa: S311
    path.write_bytes(b"".join(lines))
    monkeypatch.setattr(content, "_ROOM", path.stat().st_size // 3)
    result = verify_file(path)
    assert (result.faults, result.quads) == ((), len(lines))


Change = Callable[[list[bytes]], list[bytes]]


def _of(lines: list[bytes], unit: str) -> list[int]:
    return [
        n for n, line in enumerate(lines) if f"<{unit}".encode() in line.rpartition(b" <")[1] + line.rpartition(b" ")[0]
    ]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("altered", lambda lines: [line.replace(b"shelled Ford", b"shelled Furt") for line in lines]),
        ("missing", lambda lines: [line for line in lines if f" <{CLAIM}#".encode() not in line]),
        ("added", lambda lines: [*lines, lines[0].replace(b"claim/bridge-hit#", b"claim/another#")]),
        ("altered", lambda lines: [line for line in lines if b'#count> "4"^^' not in line]),
        ("syntax", lambda lines: [*lines[:9], b"<a> <b .\n", *lines[9:]]),
        ("syntax", lambda lines: [*lines[:9], b'<a:a> <b:b> "\xff" <c:c> .\n', *lines[9:]]),
    ],
)
def test_what_was_altered_is_named(
    exported: Path, manifest: Expected, tmp_path: Path, kind: str, change: Change
) -> None:
    """A changed, dropped or added unit is named with its lines, and so is the line that is no N-Quads."""
    path = tmp_path / "r.nq"
    path.write_bytes(b"".join(change(exported.read_bytes().splitlines(keepends=True))))
    [fault] = verify_file(path, manifest=manifest).faults
    assert fault.kind == kind
    if kind == "syntax":
        assert fault.line == 10
    else:
        assert fault.unit == (f"{BASE}claim/another" if kind == "added" else CLAIM)
        assert (fault.line is None) == (kind == "missing")
    alone = verify_file(path)
    assert not alone.intact
    assert alone.listed or kind == "syntax"


def test_a_triple_without_a_graph_is_added(exported: Path, manifest: Expected, tmp_path: Path) -> None:
    """What stands in no graph is found too."""
    path = tmp_path / "r.nq"
    path.write_bytes(exported.read_bytes() + b"<a:s> <a:p> <a:o> .\n")
    [fault] = verify_file(path, manifest=manifest).faults
    assert (fault.kind, fault.unit) == ("added", content.DEFAULT_GRAPH)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"A made-up corpus", b"A real corpus"),
        (b'"xsd" <', b'"xsx" <'),
        (b'#entities> "', b'#entities> "1'),
    ],
)
def test_the_description_is_held_to_its_own_digest(exported: Path, tmp_path: Path, old: bytes, new: bytes) -> None:
    """What the release says of itself is outside the digest, and yet a change of it is found, in any file."""
    path = tmp_path / "r.nq"
    path.write_bytes(exported.read_bytes().replace(old, new))
    faults = verify_file(path).faults
    assert {fault.unit for fault in faults} == {f"{BASE}graph/release"}


def test_a_description_made_anew_is_held_to_what_it_describes(exported: Path, tmp_path: Path) -> None:
    """Whoever alters the description and its digest too is found by a count, or by a manifest."""
    lines = exported.read_bytes().splitlines(keepends=True)
    at = {n for n, line in enumerate(lines) if line.endswith(b"/graph/release> .\n")}
    own = [lines[n].replace(b'/void#triples> "', b'/void#triples> "1') for n in sorted(at)]
    digest, [stated] = canonical.description_digest(sorted(own))
    path = tmp_path / "r.nq"
    forged = [line.replace(stated.encode(), digest.encode()) for line in own]
    path.write_bytes(b"".join([line for n, line in enumerate(lines) if n not in at] + forged))
    faults = verify_file(path).faults
    assert len(faults) > 1
    assert all("it counts 1" in fault.message for fault in faults)


def test_a_foreign_description_is_no_hiding_place(exported: Path, manifest: Expected, tmp_path: Path) -> None:
    """Only the release's own description is outside the digest: what stands in another's graph/release is added."""
    path = tmp_path / "r.nq"
    hidden = b"<https://a.org/x> <https://a.org/y> <https://a.org/z> <https://a.org/graph/release> .\n"
    path.write_bytes(hidden + exported.read_bytes())
    for options in ({}, {"digest": manifest.digest}, {"manifest": manifest}):
        assert not verify_file(path, **options).intact


def test_a_dropped_description_is_missing(exported: Path, manifest: Expected, tmp_path: Path) -> None:
    """A file without graph/release is not whole; without a digest there is nothing to hold it against."""
    path = tmp_path / "r.nq"
    lines = exported.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.endswith(b"/graph/release> .\n")))
    assert [fault.kind for fault in verify_file(path, manifest=manifest).faults] == ["missing"]
    with pytest.raises(CannotVerify, match="does not say which release"):
        verify_file(path)


def test_another_digest_than_the_manifest(exported: Path, manifest: Expected) -> None:
    """A digest from elsewhere is held against the manifest, and against the file."""
    for options in ({}, {"manifest": manifest}):
        faults = verify_file(exported, digest="0" * 64, **options).faults  # type: ignore[arg-type]
        assert "digest" in {fault.kind for fault in faults}


def test_a_manifest_that_does_not_agree_with_itself(exported: Path, tmp_path: Path) -> None:
    """A manifest with one unit digest changed is found out by its own release digest."""
    members = json.loads(exported.with_name("manifest.json").read_text(encoding="utf-8"))
    members["units"][CLAIM] = "0" * 64
    (tmp_path / "m.json").write_text(json.dumps(members), encoding="utf-8")
    kinds = [fault.kind for fault in verify_file(exported, manifest=read_manifest(tmp_path / "m.json")).faults]
    assert kinds == ["manifest", "altered"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"digest": "x", "base_iri": "", "units": {}}', "\u0000"])
def test_what_is_no_manifest(tmp_path: Path, text: str) -> None:
    """A file that is no manifest is refused by name."""
    (tmp_path / "m.json").write_text(text, encoding="utf-8")
    with pytest.raises(CannotVerify, match=r"m\.json is no manifest"):
        read_manifest(tmp_path / "m.json")


def test_a_damaged_archive(exported: Path, tmp_path: Path) -> None:
    """A compressed file that breaks off, or fails its checksum, is altered."""
    packed = gzip.compress(exported.read_bytes())
    for data in (packed[:-9], packed[: len(packed) // 2], packed[:-8] + b"\0" * 8):
        (tmp_path / "r.nq.gz").write_bytes(data)
        assert "damaged" in {fault.kind for fault in verify_file(tmp_path / "r.nq.gz").faults}


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of one endless line takes no more memory than a line may have."""
    monkeypatch.setattr(content, "_LONGEST", 1 << 20)
    (tmp_path / "r.nq.gz").write_bytes(gzip.compress(b"<" * (5 << 20)))
    [fault, *_] = verify_file(tmp_path / "r.nq.gz").faults
    assert (fault.kind, fault.line) == ("syntax", 1)


@pytest.fixture(scope="module")
def small(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Expected]:
    """Return a release of the claims alone, as a file, and what is expected of it."""
    store = ox.Store()
    quads = [
        quad
        for quad in ox.parse(path=str(exported), format=ox.RdfFormat.N_QUADS)
        if isinstance(quad.graph_name, ox.NamedNode)
        and ("/claim/" in quad.graph_name.value or quad.graph_name.value.endswith(("/agents", "/passages", "/derived")))
    ]
    store.extend(quads)
    iris = Iris(BASE)
    units = canonical.unit_digests(store, iris)
    digest = merkle.root(units)
    own = describe(store, iris, title="Small", licence="https://example.org/l", digest=digest)
    path = tmp_path_factory.mktemp("small") / "r.nq"
    path.write_bytes(b"".join(canonical.lines(store)))
    return path, Expected(digest, "the manifest", BASE, units, own)


@pytest.mark.parametrize("with_manifest", [True, False])
def test_a_thousand_single_byte_changes(small: tuple[Path, Expected], tmp_path: Path, *, with_manifest: bool) -> None:
    """Each change of one byte is found, and with a manifest the unit named, or it says the same as before."""
    source, manifest = small
    data = source.read_bytes()
    before = set(ox.parse(data, format=ox.RdfFormat.N_QUADS))
    choice = random.Random(20261124 + with_manifest)  # noqa: S311
    path, harmless = tmp_path / "r.nq", 0
    for _ in range(1000 if with_manifest else 200):
        at = choice.randrange(len(data))
        byte = choice.choice([value for value in range(256) if value != data[at]])
        changed = data[:at] + bytes([byte]) + data[at + 1 :]
        path.write_bytes(changed)
        result = verify_file(path, manifest=manifest if with_manifest else None)
        if result.intact:
            harmless += 1
            assert set(ox.parse(changed, format=ox.RdfFormat.N_QUADS)) == before, (at, byte)
        elif with_manifest:
            line = data[data.rfind(b"\n", 0, at) + 1 : data.index(b"\n", at)]
            unit = line.decode().rstrip(" .").rpartition("<")[2].rstrip(">").partition("#")[0]
            assert unit in {fault.unit for fault in result.faults}, (at, byte)
    assert harmless < 30
