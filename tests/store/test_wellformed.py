"""XML answers are XML, whatever characters they hold."""

import json
from xml.etree import ElementTree as ET

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from kgraph.errors import NotAcceptable
from kgraph.formats import JSON, JSONLD, NTRIPLES, RDFXML, TURTLE, XML, Format
from kgraph.store.base import Engine, Question
from kgraph.store.wellformed import Unwritable, wellformed

FORBIDDEN = [*(chr(number) for number in range(0x20) if chr(number) not in "\t\n\r"), "\ufffe", "\uffff"]
SPECIAL = [
    "\x00",
    "\t",
    "\n",
    "\r",
    "\x1f",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufffd",
    "\ufffe",
    "\uffff",
    "\U0010ffff",
    "<",
    "&",
]


class _File:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes, /) -> int:
        self.data += data
        return len(data)


def _literal(text: str) -> str:
    return '"' + "".join(f"\\U{ord(character):08X}" for character in text) + '"'


def _mended(text: str) -> str:
    return "".join("\ufffd" if character in FORBIDDEN else character for character in text)


@pytest.mark.parametrize("character", [*FORBIDDEN, "\t", "\n", "\r", "\x7f", "\x85", "\u2028", "\ufffd"], ids=ascii)
def test_results(engine: Engine, character: str) -> None:
    """What XML forbids comes as U+FFFD; everything else, a carriage return too, as it is; JSON gives all as it is."""
    text = f"SELECT ({_literal(f'a{character}b')} AS ?x) {{}}"
    found = ET.fromstring(engine.query(Question(text=text, results=XML)).read())  # noqa: S314 - our own answer
    assert "".join(found.itertext()) == _mended(f"a{character}b")
    rows = json.loads(engine.query(Question(text=text, results=JSON)).read())["results"]["bindings"]
    assert rows[0]["x"]["value"] == f"a{character}b"


@pytest.mark.parametrize(
    ("form", "parser"), [(TURTLE, "turtle"), (NTRIPLES, "nt"), (JSONLD, "json-ld"), (RDFXML, "xml")]
)
def test_graphs(engine: Engine, form: Format, parser: str) -> None:
    """The same holds for RDF/XML; the other forms of a graph give every character as it is."""
    held = "".join(f"{character}." for character in (*FORBIDDEN, "\t", "\n", "\r", "\x7f", "\x85", "\u2028"))
    text = f"CONSTRUCT {{ <urn:s> <urn:p#p> {_literal(held)} }} {{}}"
    graph = rdflib.Graph().parse(data=engine.query(Question(text=text, graph=form)).read(), format=parser)
    assert [str(value) for value in graph.objects()] == [_mended(held) if form is RDFXML else held]


@given(parts=st.lists(st.text(st.one_of(st.sampled_from(SPECIAL), st.characters(codec="utf-8")))), cut=st.data())
def test_however_it_is_cut(parts: list[str], cut: st.DataObject) -> None:
    """It makes no difference where the engine cuts what it writes, in the middle of a character or not."""
    whole = "".join(parts).replace("<", "&lt;").replace("&", "&amp;")
    data = f"<a>{whole}</a>".encode()
    places = sorted(cut.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    file = _File()
    sink = wellformed(file, "application/rdf+xml")
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        assert sink.write(data[start:end]) == end - start
    assert bytes(file.data).replace(b"&#13;", b"\r").decode() == _mended(data.decode())


def test_other_forms_are_let_alone() -> None:
    """What is no XML passes by."""
    file = _File()
    assert wellformed(file, "text/csv") is file


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_property_without_a_name(size: int) -> None:
    """A tag without a local name is found wherever it is cut."""
    text = b'<rdf:Description><ox/><oxprefix: xmlns:oxprefix="http://x/1">a</oxprefix:>'
    sink = wellformed(_File(), "application/rdf+xml")
    with pytest.raises(Unwritable):
        list(map(sink.write, (text[start : start + size] for start in range(0, len(text), size))))


@pytest.mark.parametrize(
    ("value", "form"), [("<http://x/1> 7", RDFXML), ("<http://x/p> <<( <urn:a> <urn:b> 7 )>>", JSONLD)]
)
def test_what_a_form_cannot_say(engine: Engine, value: str, form: Format) -> None:
    """A graph that RDF/XML or JSON-LD cannot say is not acceptable in it; others can, and the reader lives on."""
    text = f"CONSTRUCT {{ <urn:s> {value} }} {{}}"
    with pytest.raises(NotAcceptable):
        engine.query(Question(text=text, graph=form))
    assert engine.query(Question(text=text, graph=TURTLE)).read()
