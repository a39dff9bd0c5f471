"""Each form of RDF, read by tools that we did not write, says exactly what the release says."""

from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
import tools

from conftest import copy_corpus
from kgraph.build import build
from kgraph.errors import BrokenRelease, InvalidData, UnknownThing
from kgraph.export import EXPORTS, opened, write_file
from kgraph.export.lines import ordered
from kgraph.export.rdf import rdfxml
from kgraph.release import current_release
from kgraph.settings import Settings, load

UNION = ("turtle", "ntriples", "rdfxml")
NAMED = ("nquads", "trig", "jsonld")
READERS: dict[str, Callable[[Path], set[bytes]]] = {
    "nquads by rdflib": lambda path: tools.rdflib(path, "nquads", named=True),
    "trig by rdflib": lambda path: tools.rdflib(path, "trig", named=True),
    "jsonld by rdflib": lambda path: tools.rdflib(path, "json-ld", named=True),
    "turtle by rdflib": lambda path: tools.rdflib(path, "turtle", named=False),
    "ntriples by rdflib": lambda path: tools.rdflib(path, "nt", named=False),
    "rdfxml by rdflib": lambda path: tools.rdflib(path, "xml", named=False),
    "nquads by riot": tools.riot,
    "trig by riot": tools.riot,
    "turtle by riot": tools.riot,
    "ntriples by riot": tools.riot,
    "rdfxml by riot": tools.riot,
    "nquads by rapper": lambda path: tools.rapper(path, "nquads"),
    "turtle by rapper": lambda path: tools.rapper(path, "turtle"),
    "ntriples by rapper": lambda path: tools.rapper(path, "ntriples"),
    "rdfxml by rapper": lambda path: tools.rapper(path, "rdfxml"),
    "jsonld by pyld": tools.pyld,
}


@pytest.fixture(scope="module")
def exported(real: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with each form of our corpus."""
    folder = tmp_path_factory.mktemp("exported")
    for name in (*UNION, *NAMED):
        export(real, name, folder / f"all{EXPORTS[name].suffix}")
    return folder


def export(corpus: Settings, name: str, path: Path, **only: str) -> Path:
    """Write an export."""
    with opened(current_release(corpus.releases), **only) as source:
        write_file(EXPORTS[name].write(source), path)
    return path


def held(corpus: Settings, *, named: bool) -> set[bytes]:
    """Return the lines of the store of a release."""
    store = ox.Store.read_only(str(current_release(corpus.releases).store))
    found = store if named else (quad.triple for quad in store)
    text = ox.serialize(found, format=ox.RdfFormat.N_QUADS if named else ox.RdfFormat.N_TRIPLES)
    assert text is not None
    return set(text.splitlines())


@pytest.mark.parametrize("name", READERS)
def test_read_by_others(real: Settings, exported: Path, name: str) -> None:
    """What a tool reads is what the release holds: every quad, or for one graph every triple, and no other."""
    form = name.partition(" ")[0]
    found = READERS[name](exported / f"all{EXPORTS[form].suffix}")
    assert found == held(real, named=form in NAMED)


@pytest.mark.parametrize("name", [name for name in EXPORTS if name != "manifest"])
def test_the_same_bytes_every_time(built: Settings, tmp_path: Path, name: str) -> None:
    """The same release gives the same bytes."""
    one, two = (export(built, name, tmp_path / f"{number}.x").read_bytes() for number in (1, 2))
    assert one == two


@pytest.mark.parametrize("name", ["r.nq", "r.nq.gz", "r.trig", "r.trig.gz"])
def test_round_trip(real: Settings, tmp_path: Path, name: str) -> None:
    """An export with graphs builds, in a corpus without records, to the release that it is of."""
    path = export(real, "trig" if "trig" in name else "nquads", tmp_path / name)
    empty = tmp_path / "empty"
    for folder in ("ontology", "queries"):
        (empty / folder).parent.mkdir(exist_ok=True)
        (empty / folder).symlink_to(real.root / folder)
    (empty / "kgraph.toml").write_bytes((real.root / "kgraph.toml").read_bytes())
    notes: list[str] = []
    release, _ = build(load(empty, environ={}), quads=path, note=notes.append)
    assert release.digest == current_release(real.releases).digest
    assert not [note for note in notes if "says it is release" in note]


def test_an_export_that_is_built_to_another_release(built: Settings, tmp_path: Path) -> None:
    """Where the ontology is another one, so is the digest, and the build says so."""
    other = copy_corpus(tmp_path / "other")
    with (other.root / "ontology" / "kgraph.ttl").open("a", encoding="utf-8") as stream:
        stream.write("\nkg:Claim rdfs:comment 'Another word.'@en .\n")
    notes: list[str] = []
    build(other, quads=export(built, "trig", tmp_path / "r.trig"), note=notes.append)
    assert any(f"says it is release {current_release(built.releases).digest}" in note for note in notes)


def test_bad_trig_is_refused_with_its_line(bare: Settings, tmp_path: Path) -> None:
    """What is no TriG, and a quad in no graph of the corpus, are refused with file and line."""
    for text, code in (("<x:a> {\n <x:s> <x:p> ;;\n", "quads-syntax"), ("\n<x:g> { <x:s> <x:p> 1 }", "unknown-graph")):
        path = tmp_path / "bad.trig"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidData) as caught:
            build(bare, quads=path)
        [finding] = caught.value.extra["findings"]
        assert (finding["code"], finding["file"]) == (code, "bad.trig")
        assert finding["line"] >= 2


@pytest.fixture
def bare(tmp_path: Path) -> Settings:
    """Return the test corpus, not built."""
    return copy_corpus(tmp_path / "bare")


@pytest.mark.parametrize("name", [*UNION, *NAMED])
def test_one_claim_stands_alone(real: Settings, tmp_path: Path, name: str) -> None:
    """A claim comes with its four graphs and the things it names, each of which is told of; nothing else comes."""
    path = export(real, name, tmp_path / f"c{EXPORTS[name].suffix}", claim="tartar-hospitals-damaged")
    form = ox.RdfFormat.from_extension(path.suffix[1:])
    assert form is not None
    found = tools.lines(path.read_bytes(), form)
    assert found < held(real, named=name in NAMED)
    base = real.base_iri
    subjects = {line.split(b" ")[0][1:-1].decode() for line in found}
    named = {
        word[1:-1].decode()
        for line in found
        for word in line.split(b" ")
        if word.startswith(f"<{base}".encode()) and b"#" not in word
    }
    shared = {iri for iri in named if iri.removeprefix(base).split("/")[0] not in {"", "claim", "attestation", "graph"}}
    assert shared <= subjects
    assert {iri.partition("#")[0] for iri in subjects if "/claim/" in iri} == {f"{base}claim/tartar-hospitals-damaged"}


def test_claims_of_an_event(real: Settings, tmp_path: Path) -> None:
    """An event comes as all its claims; who asks for what is not there is told so."""
    path = export(real, "nquads", tmp_path / "e.nq", event="tartar-bombardment")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# A part of release {current_release(real.releases).digest}: ")
    claims = [line for line in text.splitlines() if line.split(" ")[2] == "<https://w3id.org/kgraph/ns#Claim>"]
    assert len(claims) > 1
    for only in ({"claim": "nowhere"}, {"event": "nowhere"}):
        with pytest.raises(UnknownThing):
            export(real, "nquads", tmp_path / "n.nq", **only)


@pytest.mark.parametrize("name", [*UNION, *NAMED])
def test_an_altered_release_leaves_no_file(tmp_path: Path, name: str) -> None:
    """An error half way leaves no file, whatever the form."""
    corpus = copy_corpus(tmp_path / "c")
    release, _ = build(corpus)
    store = ox.Store(str(release.store))
    graph = ox.NamedNode(f"{corpus.base_iri}graph/victims")
    store.remove(next(store.quads_for_pattern(None, None, None, graph)))
    store.flush()
    del store
    with pytest.raises(BrokenRelease, match="graph/victims"):
        export(corpus, name, tmp_path / "x")
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_order_of_what_is_sorted_on_disk() -> None:
    """Lines that do not fit into memory come in the same order as those that do."""
    nodes = [ox.NamedNode(f"http://x.org/{number * 7919 % 1000}") for number in range(1000)]
    quads = [ox.Quad(node, ox.NamedNode("http://x.org/p"), ox.Literal("v")) for node in nodes]
    assert [line for batch in ordered(quads, 64) for line in batch] == [
        line for batch in ordered(quads, 10_000) for line in batch
    ]


def test_xml_has_no_control_characters(built: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What XML cannot hold is refused, and not written as if it were XML."""
    line = b'<http://x.org/s> <http://x.org/p> "\\u0001" <http://x.org/g> .\n'
    monkeypatch.setattr("kgraph.export.rdf.batches", lambda _: iter([[line]]))
    with opened(current_release(built.releases)) as source, pytest.raises(Exception, match="XML cannot hold"):
        list(rdfxml(source))
