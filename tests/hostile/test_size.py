"""Size and nesting: what would overflow a stack or a planner is refused with 4xx, and takes nothing down."""

import pytest

from hostile.target import SLACK, Target

DEEP = 10_000
P = "PREFIX : <http://a.example/> "
NESTED = {
    "groups": ("ASK ", "{", "", "}", ""),
    "parentheses": ("ASK { FILTER(", "(", "1", ")", ") }"),
    "EXISTS": ("ASK { ", "FILTER EXISTS { ", "", "} ", "}"),
    "NOT EXISTS": ("ASK { ", "FILTER NOT EXISTS { ", "", "} ", "}"),
    "sub-selects": ("SELECT * { ", "{ SELECT * ", "{}", "} ", "}"),
    "calls of ABS": ("ASK { FILTER(", "ABS(", "1", ")", " > 0) }"),
    "calls of IF": ("ASK { FILTER(", "IF(true, ", "1", ", 1)", " > 0) }"),
    "calls of COALESCE": ("ASK { BIND(", "COALESCE(", "1", ")", " AS ?x) }"),
    "brackets": ("ASK { ", "[ ?p ", "1", " ]", " ?p ?o }"),
    "collections": ("ASK { ", "( ", "1", " )", " ?p ?o }"),
    "OPTIONALs": ("ASK { ", "OPTIONAL { ", "", "} ", "}"),
    "MINUS": ("ASK { ", "MINUS { ?s ?p ?o ", "", "} ", "}"),
    "GRAPHs": ("ASK { ", "GRAPH ?g { ", "", "} ", "}"),
    "UNIONs": ("ASK { ", "{} UNION { ", "", "} ", "}"),
    "path groups": ("ASK { ?s ", "(", "?", ")", " ?o }"),
    "path negations": (P + "ASK { ?s ", "!(", ":p", ")", " ?o }"),
    "IN lists": ("ASK { FILTER(1 ", "IN (1 ", "", ") ", ") }"),
    "quoted triples": ("ASK { ", "<< ", "?s", " ?p ?o >>", " ?p ?o }"),
    "triple terms": ("ASK { ?s ?p ", "<<( ?s ?p ", "?o", " )>>", " }"),
    "annotations": ("ASK { ?s ?p ?o ", "{| ?p ?o ", "", " |}", " }"),
    "aggregates": ("SELECT (", "SUM(", "?x", ")", " AS ?n) {}"),
}
CHAINS = {
    "sums": ("ASK { FILTER(1", " + 1", " > 0) }"),
    "differences without a space": ("ASK { FILTER(1", "-1", " > 0) }"),
    "products": ("ASK { FILTER(1", " * 1", " > 0) }"),
    "alternatives": ("ASK { FILTER(true", " || true", ") }"),
    "conjunctions": ("ASK { FILTER(true", " && true", ") }"),
    "negations": ("ASK { FILTER(", "!", "true) }"),
    "signs": ("ASK { FILTER(", "- ", "?x > 0) }"),
    "UNIONs": ("ASK { {}", " UNION {}", " }"),
    "steps of a path": (P + "ASK { ?s :p", "/:p", " ?o }"),
    "choices of a path": (P + "ASK { ?s :p", "|:p", " ?o }"),
    "inversions of a path": (P + "ASK { ?s ", "^", ":p ?o }"),
    "repetitions of a path": (P + "ASK { ?s :p", "*", " ?o }"),
    "triple patterns": ("ASK { ", "?s ?p ?o . ", "}"),
    "semicolons": ("ASK { ?s ?p ?o ", "; ?p ?o ", "}"),
    "commas": ("ASK { ?s ?p ?o ", ", ?o ", "}"),
    "FILTERs": ("ASK { ", "FILTER(true) ", "}"),
    "BINDs": ("ASK { ", "BIND(1 AS ?x) ", "}"),
    "OPTIONALs": ("ASK { ", "OPTIONAL {} ", "}"),
    "EXISTS": ("ASK { ", "FILTER EXISTS {} ", "}"),
    "MINUS": ("ASK { ", "MINUS {} ", "}"),
    "GRAPHs": ("ASK { ", "GRAPH ?g {} ", "}"),
    "VALUES blocks": ("ASK { ", "VALUES ?x { 1 } ", "}"),
    "sub-selects": ("ASK { ", "{ SELECT * {} } ", "}"),
    "elements of a collection": ("ASK { ( 1", " 1", " ) ?p ?o }"),
}
ROWS = {
    "members of a list": ("ASK { FILTER(1 IN (1", ", 1", ")) }"),
    "arguments": ("ASK { FILTER(COALESCE(1", ", 1", ") > 0) }"),
    "sort keys": ("SELECT * { ?s ?p ?o } ORDER BY ?s", " ?p", ""),
    "group keys": ("SELECT * { ?s ?p ?o } GROUP BY ?s", " ?p", ""),
    "FROMs": ("ASK ", "FROM <http://a.example/> ", "{}"),
    "VALUES rows": ("SELECT (COUNT(*) AS ?n) { VALUES ?x { 1", " 1", " } }"),
    "VALUES tuples": ("SELECT (COUNT(*) AS ?n) { VALUES (?x) { (1)", " (1)", " } }"),
    "prologue": ("", "PREFIX a: <http://a.example/> ", "ASK {}"),
    "projected variables": ("SELECT ?x", " ?x", " { ?s ?p ?x } LIMIT 1"),
    "empty comments": ("ASK {}", "\n#", ""),
    "spaces": ("ASK ", " ", "{}"),
}
HIDDEN = {  # what the guard must read as the engine does, or what it counts is not what the engine parses
    "behind an escaped line feed": ('ASK { ?s ?p "\\u000A" . ', "{ ", "}", ' ?s ?p "" }'),
    "behind an escaped quotation mark": ('ASK { ?s ?p "\\u0022" . ', "{ ", "}", ' ?s ?p "" }'),
    "behind an escaped backslash": ('ASK { ?s ?p "\\u005C" . ', "{ ", "}", ' ?s ?p "" }'),
    "behind an escaped apostrophe": ("ASK { ?s ?p '\\u0027' . ", "{ ", "}", " ?s ?p '' }"),
    "behind a less-than sign": ("ASK { FILTER(1<2) ", "{", "}", "FILTER(2>1) }"),
    "behind a number sign in an IRI": ("ASK { ?s ?p <http://a.example/#> . ", "{ ", "}", " }"),
    "behind a comment that ends in a carriage return": ("ASK { # x\r", "{ ", "}", " }"),
    "behind quotes of the other sort": ("ASK { ?s ?p '\"' . ", "{ ", "}", " ?s ?p '\"' }"),
    "behind a long string with quotes in it": ('ASK { ?s ?p """a"b""c""" . ', "{ ", "}", " }"),
    "behind an escaped name": (P + "ASK { ?s ?p :a\\' . ", "{ ", "}", " ?s ?p :a\\' }"),
}
COSTLY = {  # what a tokenizer by regular expressions may go over again and again
    "differences": "1-",
    "decimals": "1.",
    "digits": "1",
    "words": "a",
    "dotted words": "a.",
    "hyphens": "a-",
    "colons": ":",
    "names": "a:",
    "quotation marks": '"',
    "apostrophes": "'",
    "three apostrophes and one": "''''",
    "lone quotation marks": '"\n',
    "open long strings": '"""a" ',
    "less-than signs": "<",
    "open IRIs": "<a",
    "spaced less-than signs": "< a ",
    "backslashes": "\\",
    "escaped letters": "\\u0061",
    "escapes cut short": "\\u006",
    "escaped quotes": '\\"',
    "question marks": "?",
    "variables": "?a",
    "at signs": "@a-",
    "underscores": "_",
    "blank nodes": "_:",
    "percent signs": ":%",
    "number signs": "#",
    "carriage returns": "#\r",
    "middle dots": "a\xb7",
    "combining accents": "\u0301",
    "wide characters": "\U0001f600",
    "dots": ".",
    "brackets": "[]",
    "spaces": " ",
    "operators": "||",
    "carets": "^",
}


def refused(target: Target, *queries: str, others: tuple[int, ...] = ()) -> None:
    """Assert that queries are refused as the client's mistake, or end in one of `others`, and others are served."""
    with target.watched():
        for query in queries:
            reply = target.ask(query)
            assert reply.status in {400, 413, *others}, (reply.status, reply.body[:300])
            assert reply.seconds < target.timeout + SLACK


@pytest.mark.parametrize("size", [300_000, 1_500_000, 5_000_000])
@pytest.mark.parametrize("sort", ["comment", "string", "body"])
def test_query_of_megabytes(quick: Target, size: int, sort: str) -> None:
    """A query that is too long is 413, whatever it is long by."""
    query = {"comment": "ASK {} #" + "x" * size, "string": f'ASK {{ ?s ?p "{"x" * size}" }}',
             "body": "ASK { " + "?s ?p ?o . " * (size // 11) + "}"}[sort]  # fmt: skip
    with quick.watched():
        replies = [quick.ask(query), quick.send(
            "POST", "/sparql", "query=" + query.replace(" ", "+").replace("#", "%23"),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )]  # fmt: skip
        assert [reply.status for reply in replies if reply.status is not None] == [413] * 2
        assert all(reply.seconds < quick.timeout + SLACK for reply in replies)


@pytest.mark.parametrize("shape", NESTED)
def test_ten_thousand_nested(quick: Target, shape: str) -> None:
    """What is nested ten thousand deep is refused, whether it is closed, left open, or closed too often."""
    head, opened, inner, closed, tail = NESTED[shape]
    refused(quick, *(head + opened * DEEP + inner + closed * count + tail for count in (DEEP, 0, 2 * DEEP)))


@pytest.mark.parametrize("shape", NESTED)
def test_as_deep_as_the_guard_lets_through(quick: Target, shape: str) -> None:
    """Whatever depth is not refused is answered or ended at the deadline: no reader breaks on it."""
    head, opened, inner, closed, tail = NESTED[shape]
    with quick.watched():
        for count in (30, 99, 190, 600):
            reply = quick.ask(head + opened * count + inner + closed * count + tail, {"timeout": "0.4"})
            assert reply.status in {200, 400, 413, 504}, (count, reply.status, reply.body[:300])
            if reply.status == 504:
                break


@pytest.mark.parametrize("shape", CHAINS)
def test_chain_of_ten_thousand(quick: Target, shape: str) -> None:
    """A chain of ten thousand links is refused."""
    head, link, tail = CHAINS[shape]
    refused(quick, head + link * DEEP + tail)


@pytest.mark.parametrize("shape", CHAINS)
def test_chain_as_long_as_the_guard_lets_through(quick: Target, shape: str) -> None:
    """Whatever length is not refused is answered or ended at the deadline: no reader breaks on it."""
    head, link, tail = CHAINS[shape]
    with quick.watched():
        for count in (190, 1900):
            reply = quick.ask(head + link * count + tail, {"timeout": "0.4"})
            assert reply.status in {200, 400, 413, 504}, (count, reply.status, reply.body[:300])
            assert reply.seconds < quick.timeout + SLACK
            if reply.status == 504:
                break


@pytest.mark.parametrize("sign", COSTLY)
def test_costly_to_read(quick: Target, sign: str) -> None:
    """However a text of 100 kB is made up, whoever reads it first is done in time, and keeps nobody else waiting."""
    with quick.watched():
        for head in ("ASK { ", 'ASK { ?s ?p "'):
            reply = quick.ask(head + COSTLY[sign] * (100_000 // len(COSTLY[sign])))
            assert reply.status in {400, 413}, (reply.status, reply.body[:300])
            assert reply.seconds < quick.timeout + SLACK


@pytest.mark.parametrize("shape", ROWS)
def test_ten_thousand_of_what_is_flat(quick: Target, shape: str) -> None:
    """What is long but not deep may be answered."""
    head, link, tail = ROWS[shape]
    refused(quick, head + link * DEEP + tail, others=(200, 504))


@pytest.mark.parametrize("place", HIDDEN)
def test_nesting_hidden_from_the_guard(quick: Target, place: str) -> None:
    """Nesting is counted where the engine sees it, whatever stands before."""
    head, opened, closed, tail = HIDDEN[place]
    refused(quick, head + opened * DEEP + closed * DEEP + tail)


@pytest.mark.parametrize(
    "harmless",
    ['ASK {{ FILTER("{0}" != "") }}', "ASK {{ FILTER('''\n{0}''' != '') }}", "# {0}\nASK {{}}", "ASK {{}} # {0}",
     'ASK {{ FILTER("\\"{0}" != "") }}'],
)  # fmt: skip
@pytest.mark.parametrize("sign", ["{", "(", "[", "<<", "}", " OPTIONAL {", " || ", " + "])
def test_signs_in_strings_and_comments(quick: Target, harmless: str, sign: str) -> None:
    """What stands in a string or a comment nests nothing: it is answered."""
    with quick.watched():
        assert quick.ask(harmless.format(sign * DEEP)).status == 200
