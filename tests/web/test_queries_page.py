"""The pages of saved queries: inputs with choices, mistakes beside them, rows with labels and links, snippets."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from queries_corpus import built_with_queries

from kgraph.saved.library import Library
from kgraph.store.embedded import Embedded
from kgraph.web import create_app

VOID = {"input", "meta", "link", "br"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Return a client of the application over a corpus with queries of every form."""
    loaded = built_with_queries(tmp_path_factory.mktemp("small") / "corpus")
    engine = Embedded(loaded.releases, readers=1, timeout=5.0)
    yield create_app(loaded, engine).test_client()
    engine.close()


class _Page(HTMLParser):
    """The elements of a page; an element that is not closed, or an id that comes twice, is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.ids: set[str] = set()
        self._open: list[str] = []
        self.headings: list[int] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert len(named) == len(attrs)
        if "id" in named:
            assert named["id"] not in self.ids
            self.ids.add(named["id"] or "")
        self.elements.append((tag, named))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements that are called so and have these."""
        return [a for name, a in self.elements if name == tag and all(a.get(k) == v for k, v in attributes.items())]


def _page(client: FlaskClient, path: str, status: int = 200) -> tuple[str, _Page]:
    answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.text, _Page(answer.text)


def test_every_page_is_sound(ours: FlaskClient, answers: Embedded) -> None:
    """Each page is well-formed and labelled: inputs, tables, headings in order; no script, nothing from elsewhere."""
    for name, query in Library(answers.release()).all().items():
        needed = {p.name: p.example for p in query.header.params if p.required}
        text, page = _page(ours, f"/queries/{name}?{urlencode({'limit': 3} | needed, doseq=True)}")
        assert page.headings[0] == 1
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
        labelled = {a["for"] for a in page.all("label") if "for" in a}
        for tag in ("input", "select"):
            for control in page.all(tag):
                own = control.get("id") in labelled or "aria-label" in control or control.get("type") == "checkbox"
                assert own, control
        for _, attributes in page.elements:
            assert set((attributes.get("aria-describedby") or "").split()) <= page.ids
            assert (attributes.get("aria-labelledby") or "answer") in page.ids
        assert all(a.get("scope") == "col" for a in page.all("th"))
        assert page.all("th") or "No rows" in text
        assert page.all("script") == []
        assert not re.search(r"\bperpetrators?</(th|label|legend)", text.replace("alleged perpetrator", ""))


def test_choices_have_labels(ours: FlaskClient) -> None:
    """Events are boxes to tick, agents are proposed by name, days have their input; what was asked is filled in."""
    text, page = _page(ours, "/queries/killed?event=barda-strikes&agent=wikipedia&from=2020-10-01")
    [ticked] = [a for a in page.all("input", type="checkbox", name="event") if "checked" in a]
    assert ticked["value"] == "event/barda-strikes"
    assert page.all("input", name="agent")[0]["value"] == "agent/wikipedia"
    assert '<option value="agent/human-rights-watch">Human Rights Watch</option>' in text
    assert page.all("input", name="from")[0] == page.all("input", type="date", value="2020-10-01")[0]
    assert "Rows 1 to 1 of 1" in text


def test_rows_have_labels_and_links(ours: FlaskClient) -> None:
    """An IRI is shown by its label and leads to the page of its thing; where the statement is a column, by its name."""
    text, page = _page(ours, "/queries/killed?place=barda")
    assert page.all("a", href="../claim/barda-civilians-killed")
    assert "killed 26 civilians.</a>" in text
    told, _ = _page(ours, "/queries/timeline?event=barda-strikes")
    assert ">barda-civilians-killed</a>" in told
    assert ours.get("/claim/barda-civilians-killed").status_code == 303


def test_a_form_that_is_sent_empty(ours: FlaskClient) -> None:
    """Inputs that were left empty ask for nothing, and stand in no link."""
    empty = "event=&agent=&agent=&place=ganja&from=&to=&limit="
    text, _ = _page(ours, f"/queries/killed?{empty}")
    assert "killed.csv?place=ganja&#39;" in text or "killed.csv?place=ganja'" in text
    assert "Rows 1 to 2 of 2" in text


def test_mistakes_stand_beside_their_inputs(ours: FlaskClient) -> None:
    """Every mistake is told at once, with its input, which still holds what was given, and a way to what was meant."""
    answer = ours.get("/queries/killed?place=ganjaa&place=barda&from=2020-13-01", headers={"Accept": "text/html"})
    page = _Page(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"place-error", "from-error"} <= page.ids
    wrong = page.all("input", **{"aria-invalid": "true"})
    assert [a["value"] for a in wrong] == ["ganjaa", "2020-13-01"]
    assert "Accepted: a day of the calendar, such as 2020-10-27." in answer.text
    assert page.all("a", href="killed?place=place%2Fganja&place=barda&from=2020-13-01")
    unknown, _ = _page(ours, "/queries/killed?plce=ganja", 400)
    assert "There is no parameter “plce”." in unknown
    problem = ours.get("/queries/killed?limit=0", headers={"Accept": "text/html"})
    assert (problem.status_code, "a whole number" in problem.text) == (400, True)


def test_a_needed_parameter(small: FlaskClient) -> None:
    """A first visit shows the form alone; a form sent without what is needed says so; each type has its input."""
    text, page = _page(small, "/queries/every-type")
    assert 'id="answer"' not in text
    assert page.all("select", name="claim")[0].keys() >= {"required"}
    assert {a["value"] for a in page.all("option")} >= {"claim/ford-shelled", "true", "false", "all", "one-of", ""}
    assert len(page.all("input", name="whole", type="number")) == 3
    assert "alleged perpetrator</label>" in text
    _, late = _page(small, "/queries/every-type?text=x", 400)
    assert "claim-error" in late.ids
    asked, chosen = _page(small, "/queries/every-type?claim=ford-shelled&flag=false&text=%3Cb%3E%22")
    assert "<b>" not in asked
    assert [a["value"] for a in chosen.all("option") if "selected" in a] == ["claim/ford-shelled", "false", "all"]


def test_no_rows_is_no_verdict(ours: FlaskClient) -> None:
    """Where nothing fits, the page says what that means, and what not."""
    text, _ = _page(ours, "/queries/killed?place=yerevan")
    assert "No rows: nothing in this release fits what was asked. That says nothing about what happened." in text


def test_turning_pages(ours: FlaskClient) -> None:
    """A long answer comes in pages of a hundred rows, with links to the others."""
    text, page = _page(ours, "/queries/who-says-what")
    assert "Rows 1 to 100 of" in text
    assert page.all("a", rel="next", href="who-says-what?limit=100&offset=100")
    later, _ = _page(ours, "/queries/who-says-what?limit=100&offset=100")
    assert "Rows 101 to 200 of" in later


def test_ways_to_take_it_along(ours: FlaskClient) -> None:
    """The addresses in the snippets answer, at the host that was asked; the text opens in the editor."""
    answer = ours.get("/queries/killed.html?place=ganja", base_url="https://graph.example/")
    for snippet in (
        "curl 'https://graph.example/queries/killed.csv?place=ganja'",
        'pandas.read_csv("https://graph.example/queries/killed.csv?place=ganja")',
        '=IMPORTDATA("https://graph.example/queries/killed.csv?place=ganja")',
    ):
        assert snippet in answer.text.replace("&#39;", "'").replace("&#34;", '"')
    [editor] = [a["href"] for a in _Page(answer.text).all("a") if (a.get("href") or "").startswith("../editor?")]
    assert "<textarea" in ours.get(f"/queries/{editor}".replace("/queries/..", "")).text
    assert answer.headers["ETag"] != ours.get("/queries/killed.html?place=ganja").headers["ETag"]
