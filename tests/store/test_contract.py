"""The contract that every engine keeps. The embedded one is the first."""

import json
from collections.abc import Iterator

import pytest

from kgraph.errors import BadRequest, NotAcceptable, QueryRefused, QuerySyntaxError
from kgraph.formats import CSV, GRAPHS, RESULTS, TSV, XML
from kgraph.settings import Settings
from kgraph.store.base import Engine, Question
from kgraph.store.embedded import Embedded
from kgraph.terms import KG, Iris

PREFIX = "PREFIX kg: <https://w3id.org/kgraph/ns#> "


@pytest.fixture(params=["memory", "disk"])
def engine(built: Settings, request: pytest.FixtureRequest) -> Iterator[Embedded]:
    """Return an engine that reads the built corpus from memory, and one that reads it from disk."""
    embedded = Embedded(built.releases, readers=2, timeout=2.0, in_memory=500_000 if request.param == "memory" else 0)
    yield embedded
    embedded.close()


def _rows(engine: Engine, text: str, **options: tuple[str, ...]) -> list[dict[str, str]]:
    data = json.loads(engine.query(Question(text=PREFIX + text, **options)).read())  # type: ignore[arg-type]
    return [{name: term["value"] for name, term in row.items()} for row in data["results"]["bindings"]]


def test_select(engine: Engine) -> None:
    """A SELECT over the union of graphs gives each row once, with datatypes."""
    answer = engine.query(Question(text=PREFIX + "SELECT ?n { ?t kg:count ?n }"))
    assert (answer.kind, answer.format, answer.release) == ("select", RESULTS[0], engine.release().digest)
    term = json.loads(answer.read())["results"]["bindings"][0]["n"]
    assert term == {"type": "literal", "value": "4", "datatype": "http://www.w3.org/2001/XMLSchema#integer"}


def test_language_tags_survive(engine: Engine) -> None:
    """Language tags come back as they went in, in every result format that has them."""
    text = "SELECT ?l { ?p a <https://w3id.org/kgraph/ns#Place> ; <http://www.w3.org/2000/01/rdf-schema#label> ?l }"
    assert b'"Furt"@de' in engine.query(Question(text=text, results=TSV)).read()
    assert b'xml:lang="de"' in engine.query(Question(text=text, results=XML)).read()


@pytest.mark.parametrize("form", RESULTS)
def test_ask(engine: Engine, form: object) -> None:
    """An ASK is answered in every result format."""
    assert b"true" in engine.query(Question(text="ASK {}", results=form)).read()  # type: ignore[arg-type]


@pytest.mark.parametrize("form", GRAPHS)
def test_construct(engine: Engine, form: object) -> None:
    """A CONSTRUCT is answered in every graph format."""
    text = PREFIX + "CONSTRUCT { ?s kg:count ?n } WHERE { ?s kg:count ?n }"
    answer = engine.query(Question(text=text, graph=form))  # type: ignore[arg-type]
    assert answer.kind == "graph"
    assert b"toll-dead" in answer.read()


def test_statistics(engine: Engine) -> None:
    """The engine counts its queries by how they ended, and says how many readers it has, none of them at work now."""
    before = engine.statistics()
    engine.query(Question(text="ASK {}")).read()
    with pytest.raises(QuerySyntaxError):
        engine.query(Question(text="ASK {"))
    after = engine.statistics()
    assert after.outcomes["ok"] == before.outcomes.get("ok", 0) + 1
    assert after.outcomes["query-syntax"] == before.outcomes.get("query-syntax", 0) + 1
    assert (after.readers, after.busy, after.waiting) == (3, 0, 0)


def test_form_that_the_client_does_not_take(engine: Engine) -> None:
    """A CONSTRUCT to a client that takes only CSV is not acceptable, and the reader lives on."""
    with pytest.raises(NotAcceptable):
        engine.query(Question(text="CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", results=CSV, graph=None))
    assert engine.query(Question(text="ASK {}")).read()


def test_dataset_of_the_query(engine: Engine) -> None:
    """FROM and FROM NAMED choose the dataset: never the union behind their back."""
    graph = str(Iris(engine.release().manifest.base_iri).graph("places"))
    count = "SELECT (COUNT(*) AS ?n) {} WHERE {{ ?s ?p ?o }}"
    everything = int(_rows(engine, count.format(""))[0]["n"])
    places = int(_rows(engine, count.format(f"FROM <{graph}>"))[0]["n"])
    assert places == len(engine.quads(graph=graph)) < everything  # type: ignore[arg-type]
    assert _rows(engine, count.format("FROM <urn:none>"))[0]["n"] == "0"
    assert _rows(engine, "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }", default_graphs=(graph,))[0]["n"] == str(places)
    named = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"
    assert _rows(engine, named, named_graphs=(graph,)) == [{"g": graph}]


def test_syntax_error_says_where(engine: Engine) -> None:
    """A syntax error has line, column, and the line itself."""
    with pytest.raises(QuerySyntaxError) as caught:
        engine.query(Question(text="SELECT * {\n  ?s ?p }"))
    assert caught.value.extra == {"line": 2, "column": 10, "source": "  ?s ?p }"}


def test_unknown_function_is_the_clients_mistake(engine: Engine) -> None:
    """A call of a function that is not there names it."""
    with pytest.raises(BadRequest, match="http://x/f"):
        engine.query(Question(text="SELECT (<http://x/f>(1) AS ?a) {}")).read()


def test_refused(engine: Engine) -> None:
    """Calls to other servers and updates are refused."""
    for text in ("ASK { SERVICE <http://127.0.0.1:1/> {} }", "CLEAR ALL"):
        with pytest.raises(QueryRefused):
            engine.query(Question(text=text))


def test_quads(engine: Engine) -> None:
    """Quads are found by any part, at most as many as asked for."""
    iri = Iris(engine.release().manifest.base_iri).of("claim", "ford-shelled")
    statement = engine.quads(iri, KG.statement)
    assert [str(value) for _, _, value, _ in statement] == ["Northland shelled Ford, and at least four people died."]
    assert list(engine.quads(None, None, statement[0][2])) == list(statement)
    assert len(engine.quads(limit=3)) == 3
