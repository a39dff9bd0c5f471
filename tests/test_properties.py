"""Properties over generated text: whatever stands in a field survives to the store, the page, Turtle and JSON."""

import html
import json
import shutil
import tempfile
import unicodedata
from pathlib import Path

import pytest
import rdflib
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from rdflib import URIRef

from kgraph import canonical
from kgraph.formats import JSONLD, NQUADS, NTRIPLES, RDFXML, TRIG, TURTLE, Format
from kgraph.model import Claim, Refused, _text
from kgraph.nanopub import Writer
from kgraph.passages import read_lock
from kgraph.records import load
from kgraph.release import Release
from kgraph.settings import Settings
from kgraph.store.base import Answer, Question, Statistics
from kgraph.store.serialize import serialize
from kgraph.terms import KG, Iris, Quad
from kgraph.web import create_app


def _accepted(text: str) -> bool:
    try:
        _text(text)
    except Refused:
        return False
    return True


_BLANKS = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cn", "Cs"]), min_size=1, max_size=60)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(_accepted)
)
_SHARP = st.sampled_from(
    ["<b>&amp;\"'</b>", "a\\nb \\u0041", '"""', "{{ 7 * 7 }}", "]]>", "%3Cscript%3E", "عربى", "𝔘𝔫𝔦", "Səhləbad’s"]
)
TEXT = _BLANKS | _SHARP


class _Fake:
    """An engine over quads in memory: what pages are made from, without a release on disk."""

    def __init__(self, quads: list[Quad], release: Release) -> None:
        self._quads, self._release = quads, release

    def statistics(self) -> Statistics:
        return Statistics()

    def release(self) -> Release:
        return self._release

    def query(self, question: Question) -> Answer:
        raise AssertionError(question)

    def quads(
        self, subject: object = None, predicate: object = None, value: object = None, graph: object = None,
        *, limit: int | None = None,
    ) -> list[Quad]:  # fmt: skip
        pattern = (subject, predicate, value, graph)
        return [q for q in self._quads if all(p is None or p == part for p, part in zip(pattern, q, strict=True))][
            :limit
        ]

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def writer(built: Settings) -> Writer:
    """Return a writer of the test corpus."""
    corpus, _ = load(built.root)
    return Writer(corpus, read_lock(built.anchors), Iris(built.base_iri), built.licence, built.curator)


def _claim(writer: Writer, **changes: object) -> Claim:
    return writer.corpus.claims["ford-shelled"].model_copy(update=changes)


@given(statement=TEXT, note=TEXT)
@budget(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("form", [NQUADS, TRIG, TURTLE, NTRIPLES, JSONLD, RDFXML])
def test_text_survives_every_rdf_form(writer: Writer, form: Format, statement: str, note: str) -> None:
    """What a record says is what another library reads from each RDF form."""
    quads = list(writer.claim(_claim(writer, statement=statement, time_note=note)))
    parsed = rdflib.Dataset(default_union=True)
    names = {"nq": "nquads", "ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}
    body = serialize(quads, form, base=writer.iris.base, named=form in {NQUADS, TRIG})
    parsed.parse(data=body, format=names.get(form.name, form.name))
    iri = writer.iris.of("claim", "ford-shelled")
    assert [str(value) for value in parsed.objects(iri, KG.statement)] == [statement]
    assert [str(value) for value in parsed.objects(iri, KG.timeNote)] == [note]


@given(statement=TEXT)
@budget(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_text_survives_the_store(writer: Writer, statement: str) -> None:
    """What goes into a store comes out of it, and its canonical lines are the same on both sides."""
    quads = list(writer.claim(_claim(writer, statement=statement)))
    store = canonical.stored(quads)
    assert canonical.lines(store) == canonical.lines(map(canonical.ox_quad, quads))
    assert len(store) == len(set(quads))


@given(statement=TEXT)
@budget(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_text_survives_the_page(writer: Writer, built: Settings, statement: str) -> None:
    """The page of a claim shows its statement, escaped once."""
    from kgraph.release import current_release  # noqa: PLC0415

    quads = [*writer.claim(_claim(writer, statement=statement)), *writer.shared()]
    standing = (writer.iris.of("claim", "ford-shelled"), KG.standing, URIRef("urn:x"), writer.iris.graph("derived"))
    app = create_app(built, _Fake([*quads, standing], current_release(built.releases)))
    page = app.test_client().get("/claim/ford-shelled.html").text
    heading = page.partition("<h1>")[2].partition("</h1>")[0]
    assert html.unescape(heading) == statement
    assert "<b>" not in heading


@given(
    kind=st.sampled_from(["claim", "agent", "event"]), ident=st.from_regex(r"\A[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,4}\Z")
)
def test_iri_made_and_taken_apart(kind: str, ident: str) -> None:
    """An IRI that was made is taken apart into what it was made from."""
    iris = Iris("https://example.org/x/")
    assert iris.split(iris.of(kind, ident)) == (kind, ident)


@given(statement=TEXT, words=st.lists(_SHARP, min_size=1, max_size=3, unique=True))
@budget(max_examples=40, deadline=None)
def test_records_survive_yaml(statement: str, words: list[str]) -> None:
    """Whatever is written into a record file as YAML is read back as it was."""
    from kgraph.yamlfile import read  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "x.yaml"
        path.write_text(
            "- id: a\n  statement: "
            + json.dumps(statement, ensure_ascii=False)
            + "\n  words: "
            + json.dumps(words, ensure_ascii=False),
            encoding="utf-8",
        )
        parsed = read(path, "x.yaml")
        assert parsed.findings == []
        assert parsed.value == [{"id": "a", "statement": statement, "words": words}]
    finally:
        shutil.rmtree(folder)
