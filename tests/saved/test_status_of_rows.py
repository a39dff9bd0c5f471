"""Saved queries give no claim that is no longer in force, but for the query that asks for those."""

import pyoxigraph as ox
import pytest
from rdflib.namespace import RDF

from conftest import REPOSITORY
from kgraph.release import current_release
from kgraph.saved.bind import unasked
from kgraph.saved.library import query_files, read_file
from kgraph.settings import Settings
from kgraph.terms import KG

TAKEN_BACK = {"taken-back"}
NAMES = [path.stem for path in query_files(REPOSITORY / "queries")]


@pytest.fixture(scope="module")
def retracted(real: Settings) -> ox.Store:
    """Return our corpus with each claim retracted, and so with nothing derived."""
    release = current_release(real.releases)
    base = release.manifest.base_iri
    store = ox.Store()
    derived = ox.NamedNode(f"{base}graph/derived")
    store.extend(quad for quad in ox.Store.read_only(str(release.store)) if quad.graph_name != derived)
    claims = {
        quad.subject for quad in store.quads_for_pattern(None, ox.NamedNode(RDF.type), ox.NamedNode(KG.Claim), None)
    }
    for claim in claims:
        assert isinstance(claim, ox.NamedNode)
        home = ox.NamedNode(f"{claim.value}#pubinfo")
        store.add(ox.Quad(claim, ox.NamedNode(KG.status), ox.Literal("retracted"), home))
        store.add(ox.Quad(claim, ox.NamedNode(KG.reason), ox.Literal("All of them.", language="en"), home))
    return store


@pytest.mark.parametrize("name", NAMES)
def test_claims_that_are_taken_back_are_left_out(retracted: ox.Store, name: str) -> None:
    """Where every claim is retracted no query gives a row, and the one that asks for those gives all."""
    query = read_file(REPOSITORY / "queries" / f"{name}.rq", f"queries/{name}.rq").query
    assert query is not None
    rows = retracted.query(unasked(query), use_default_graph_as_union=True)
    assert isinstance(rows, ox.QuerySolutions)
    assert bool(list(rows)) == (name in TAKEN_BACK)
