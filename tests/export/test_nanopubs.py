"""Nanopublications: right in structure and in their trusty URI, by the nanopub library and by a shape."""

import tarfile
from pathlib import Path

import pyoxigraph as ox
import pytest
from nanopub.nanopub import Nanopub
from nanopub.trustyuri.rdf import RdfHasher, RdfUtils
from pyshacl import validate
from rdflib import ConjunctiveGraph, Graph
from test_forms import export

from conftest import copy_corpus
from kgraph.build import build
from kgraph.errors import BrokenRelease
from kgraph.export.trusty import CODE, code_of
from kgraph.settings import Settings

SHAPE = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix np: <http://www.nanopub.org/nschema#> .
@prefix npx: <http://purl.org/nanopub/x/> . @prefix dcterms: <http://purl.org/dc/terms/> .
@prefix prov: <http://www.w3.org/ns/prov#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
[] a sh:NodeShape ; sh:targetClass np:Nanopublication ;
  sh:pattern "/np/RA[A-Za-z0-9_-]{43}$" ;
  sh:property [ sh:path np:hasAssertion ; sh:minCount 1 ; sh:maxCount 1 ; sh:pattern "/np/RA.{43}#assertion$" ] ;
  sh:property [ sh:path np:hasProvenance ; sh:minCount 1 ; sh:maxCount 1 ; sh:pattern "/np/RA.{43}#provenance$" ] ;
  sh:property [ sh:path np:hasPublicationInfo ; sh:minCount 1 ; sh:maxCount 1 ; sh:pattern "/np/RA.{43}#pubinfo$" ] ;
  sh:property [ sh:path npx:introduces ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path dcterms:creator ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path dcterms:license ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path dcterms:created ; sh:maxCount 1 ; sh:datatype xsd:date ] ;
  sh:property [ sh:path (np:hasAssertion prov:wasDerivedFrom) ; sh:minCount 1 ] .
"""


@pytest.fixture(scope="module")
def folder(real: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a file for each claim of our corpus."""
    folder = tmp_path_factory.mktemp("nanopubs")
    with tarfile.open(export(real, "nanopub-files", folder / "all.tar")) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_each_is_a_nanopublication_by_its_trusty_uri(folder: Path) -> None:
    """The nanopub library finds each valid, and computes the code that is in its IRI; so do we, from the file."""
    paths = sorted(folder.glob("claim/*.trig"))
    assert len(paths) > 400
    for path in paths[::10]:
        found = Nanopub(rdf=path)
        assert found.is_valid
        code = str(found.metadata.np_uri).rpartition("/")[2]
        assert CODE.fullmatch(code)
        data = ConjunctiveGraph()
        data.parse(path)
        assert RdfHasher.make_hash(RdfUtils.get_quads(data), code) == code  # type: ignore[no-untyped-call]
        quads = list(ox.parse(path.read_bytes(), format=ox.RdfFormat.TRIG))
        assert code_of(quads, code) == code
        assert code_of(quads[:-1], code) != code


def test_structure_by_a_shape(folder: Path) -> None:
    """Each links its four graphs, introduces one claim, and names creator and licence; a time is not invented."""
    shape = Graph().parse(data=SHAPE)
    whole = Graph()
    for path in sorted(folder.glob("claim/*.trig"))[::10]:
        data = ConjunctiveGraph()
        data.parse(path)
        for quad in data.quads():
            whole.add(quad[:3])
    conforms, _, text = validate(whole, shacl_graph=shape)
    assert conforms, text
    claim = next(iter(whole.subjects(None, None)))
    whole.update("DELETE WHERE { ?np <http://purl.org/nanopub/x/introduces> ?claim }")
    assert claim is not None
    assert not validate(whole, shacl_graph=shape)[0]


def test_the_assertion_is_that_of_the_claim(real: Settings, folder: Path, tmp_path: Path) -> None:
    """The assertion graph holds what the claim's holds, and no more; what it names has a label beside it."""
    name = "tartar-hospitals-damaged"
    claim = f"{real.base_iri}claim/{name}"
    quads = set(ox.parse((folder / "claim" / f"{name}.trig").read_bytes(), format=ox.RdfFormat.TRIG))
    whole = set(
        ox.parse(export(real, "nquads", tmp_path / "c.nq", claim=name).read_bytes(), format=ox.RdfFormat.N_QUADS)
    )
    inside = {quad.triple for quad in quads if str(quad.graph_name).endswith("#assertion>")}
    assert inside == {quad.triple for quad in whole if quad.graph_name == ox.NamedNode(f"{claim}#assertion")}
    subjects = {str(quad.subject) for quad in quads}
    start = (f"<{real.base_iri}", "<https://w3id.org/kgraph/vocab/")
    assert {str(triple.object) for triple in inside if str(triple.object).startswith(start)} <= subjects


def test_all_in_one_file(real: Settings, folder: Path, tmp_path: Path) -> None:
    """One file holds the same nanopublications as the files of the archive, and the index lists them."""
    one = set(ox.parse(export(real, "nanopubs", tmp_path / "n.trig").read_bytes(), format=ox.RdfFormat.TRIG))
    many = {
        quad for path in folder.glob("claim/*.trig") for quad in ox.parse(path.read_bytes(), format=ox.RdfFormat.TRIG)
    }
    assert one == many
    rows = [line.split("\t") for line in export(real, "nanopub-index", tmp_path / "i.tsv").read_text().splitlines()]
    introduces = {
        (str(quad.subject)[1:-1], str(quad.object)[1:-1])
        for quad in one
        if quad.predicate.value == "http://purl.org/nanopub/x/introduces"
    }
    assert {(iri, claim) for iri, claim in rows} == introduces


@pytest.mark.parametrize("graph", ["claim/bridge-hit#assertion", "graph/agents"])
def test_an_altered_word_makes_no_nanopublication(tmp_path: Path, graph: str) -> None:
    """A release in which a word of a claim, or of what its nanopublication brings along, was altered gives no file."""
    corpus = copy_corpus(tmp_path / "c")
    release, _ = build(corpus)
    store = ox.Store(str(release.store))
    quad = next(q for q in store.quads_for_pattern(None, None, None, ox.NamedNode(corpus.base_iri + graph))
                if isinstance(q.object, ox.Literal))  # fmt: skip
    store.remove(quad)
    store.add(ox.Quad(quad.subject, quad.predicate, ox.Literal("Somebody else's words."), quad.graph_name))
    store.flush()
    del store
    with pytest.raises(BrokenRelease, match=graph.partition("#")[0]):
        export(corpus, "nanopubs", tmp_path / "x", claim="bridge-hit")
    assert not (tmp_path / "x").exists()
