"""Reaching out and writing: no query makes the server call anybody or change anything, however it is spelled."""

from urllib.parse import quote, urlencode

import pytest

from hostile.target import Target

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UPDATE = {"Content-Type": "application/sparql-update"}
CALLS = {  # § stands for the address of our listener
    "plain": "SELECT * { SERVICE <§> { ?s ?p ?o } }",
    "mixed case": "SELECT * { sErViCe <§> { ?s ?p ?o } }",
    "SILENT": "SELECT * { SERVICE SILENT <§> { ?s ?p ?o } }",
    "nothing between": "SELECT * {SERVICE<§>{?s ?p ?o}}",
    "SILENT without a space": "SELECT * {SERVICESILENT<§>{?s ?p ?o}}",
    "a comment between": "SELECT * { SERVICE # harmless\n <§> { ?s ?p ?o } }",
    "a comment that ends in a carriage return": "SELECT * { # harmless \rSERVICE <§> { ?s ?p ?o } }",
    "tabs and line feeds": "SELECT * {\tSERVICE\r\n\t<§>\n{ ?s ?p ?o } }",
    "a prefixed name": "PREFIX x: <§> SELECT * { SERVICE x: { ?s ?p ?o } }",
    "a prefixed name without a space": "PREFIX : <§> SELECT * { SERVICE:x { ?s ?p ?o } }",
    "a silent prefixed name without a space": "PREFIX : <§> SELECT * { SERVICESILENT:x { ?s ?p ?o } }",
    "a prefixed name that looks like another": "PREFIX service: <http://a.example/> PREFIX : <§> ASK { service:x { } }",
    "a relative IRI": "BASE <§> SELECT * { SERVICE <x> { ?s ?p ?o } }",
    "a variable": "SELECT * { BIND(<§> AS ?x) SERVICE ?x { ?s ?p ?o } }",
    "a variable of VALUES": "SELECT * { VALUES ?x { <§> } SERVICE SILENT ?x { ?s ?p ?o } }",
    "a variable without a space": "SELECT * { VALUES ?x { <§> } SERVICESILENT?x{ ?s ?p ?o } }",
    "an escaped letter": "SELECT * { \\u0053ERVICE <§> { ?s ?p ?o } }",
    "all letters escaped": "SELECT * { " + "".join(f"\\U{ord(c):08X}" for c in "SERVICE") + " <§> { ?s ?p ?o } }",
    "a letter that folds to S": "SELECT * { \u017fERVICE <§> { ?s ?p ?o } }",
    "an escaped IRI": "SELECT * { SERVICE <\\u0068ttp§> { ?s ?p ?o } }",
    "in a sub-select": "SELECT * { { SELECT * { { SELECT * { SERVICE <§> { ?s ?p ?o } } } } } }",
    "in OPTIONAL": "SELECT * { OPTIONAL { SERVICE SILENT <§> { ?s ?p ?o } } }",
    "in EXISTS": "ASK { FILTER EXISTS { SERVICE <§> { ?s ?p ?o } } }",
    "in MINUS": "ASK { ?s ?p ?o MINUS { SERVICE <§> { ?s ?p ?o } } }",
    "in CONSTRUCT": "CONSTRUCT { ?s ?p ?o } { SERVICE <§> { ?s ?p ?o } }",
    "in DESCRIBE": "DESCRIBE ?s { SERVICE <§> { ?s ?p ?o } }",
    "in HAVING": "SELECT (COUNT(*) AS ?n) {} HAVING (EXISTS { SERVICE <§> { ?s ?p ?o } })",
    "behind a filter with a less-than sign": "SELECT * { FILTER(1<2)SERVICE<§>{ ?s ?p ?o }FILTER(2>1) }",
    "behind true": "ASK { ?s ?p trueSERVICE<§>{ ?x ?y ?z } }",
    "behind true and a dot": "ASK { ?s ?p true.SERVICE<§>{ ?x ?y ?z } }",
    "behind a number": "ASK { ?s ?p 1SERVICE<§>{ ?x ?y ?z } }",
    "behind a number with an exponent": "ASK { ?s ?p 1e0SERVICE<§>{ ?x ?y ?z } }",
    "behind a string": "ASK { ?s ?p 'x'SERVICE<§>{ ?x ?y ?z } }",
    "behind a datatype": "ASK { ?s ?p 'x'^^<http://a.example/>SERVICE<§>{ ?x ?y ?z } }",
    "behind an IRI": "ASK { ?s ?p <http://a.example/>SERVICE<§>{ ?x ?y ?z } }",
    "behind an IRI with a number sign": "ASK { ?s ?p <http://a.example/#>SERVICE<§>{ ?x ?y ?z } }",
    "behind an escaped line feed": 'ASK { ?s ?p "\\u000A" . SERVICE <§> { ?x ?y "z" } }',
    "behind an escaped quotation mark": 'ASK { ?s ?p "\\u0022" . SERVICE <§> { ?x ?y "z" } }',
    "behind an escaped backslash": 'ASK { ?s ?p "\\u005C" . SERVICE <§> { ?x ?y "z" } }',
    "behind an escaped apostrophe": "ASK { ?s ?p '\\u0027' . SERVICE <§> { ?x ?y 'z' } }",
    "behind an escaped long string": 'ASK { ?s ?p """\\u0022\\u0022\\u0022""" . SERVICE <§> { ?x ?y "z" } }',
    "behind a quoted backslash": "ASK { ?s ?p 'a\\\\' . SERVICE <§> { ?x ?y 'z' } }",
    "behind a long string": "ASK { ?s ?p '''a'b''\\'''' . SERVICE <§> { ?x ?y '' } }",
    "behind an escaped name": "PREFIX : <http://a.example/> ASK { ?s ?p :a\\' . SERVICE <§> { ?x ?y :b\\' } }",
    "behind a byte order mark": "\ufeffSELECT * { SERVICE <§> { ?s ?p ?o } }",
    "after the query": "ASK {} ; SELECT * { SERVICE <§> { ?s ?p ?o } }",
}
SPELLED_WRONG = {
    "a letter that folds to S", "an escaped letter", "all letters escaped", "an escaped IRI", "in HAVING",
    "behind a byte order mark", "after the query",
}  # fmt: skip
UPDATES = {
    "LOAD": "LOAD <§>",
    "LOAD SILENT INTO": "LOAD SILENT <§> INTO GRAPH <http://a.example/>",
    "INSERT DATA": "INSERT DATA { <http://a.example/> <http://a.example/> <§> }",
    "INSERT WHERE": "INSERT { ?s ?p <§> } WHERE { ?s ?p ?o }",
    "DELETE DATA": "DELETE DATA { <http://a.example/> <http://a.example/> <§> }",
    "DELETE WHERE": "DELETE WHERE { ?s ?p ?o }",
    "DELETE INSERT": "PREFIX : <§> DELETE { ?s ?p ?o } INSERT { ?s ?p :x } WHERE { ?s ?p ?o }",
    "WITH": "WITH <http://a.example/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "INSERT USING": "INSERT { ?s ?p ?o } USING <§> WHERE { ?s ?p ?o }",
    "CLEAR": "CLEAR ALL",
    "DROP": "BASE <§> # ASK\n drop silent all",
    "CREATE": "CREATE GRAPH <§>",
    "ADD": "ADD <§> TO DEFAULT",
    "MOVE": "MOVE <§> TO DEFAULT",
    "COPY": "COPY DEFAULT TO <§>",
    "two of them": "CLEAR DEFAULT ; LOAD <§> ; DROP NAMED",
    "by a service": "INSERT { ?s ?p ?o } WHERE { SERVICE <§> { ?s ?p ?o } }",
}
HARMLESS = {
    "in a string": 'ASK { FILTER("SERVICE <§> {} LOAD <§>" != "") }',
    "in a long string": "ASK { FILTER('''\n} SERVICE <§> { ' } ; DROP ALL''' != '') }",
    "in a string with an escaped quotation mark": 'ASK { FILTER("\\" SERVICE <§> { " != "") }',
    "in an IRI": "ASK { FILTER(<§SERVICE> != <§LOAD#INSERT>) }",
    "in a comment": "# SERVICE <§> {}\nASK {} # LOAD <§>",
    "in a variable": "SELECT ?service $load { FILTER(!BOUND(?service) || ?SERVICE = $insert) } LIMIT 1",
    "in a prefixed name": "PREFIX ex: <§> ASK { FILTER(ex:service != ex:SERVICE && ex:load.SERVICE != ex:drop) }",
    "in a prefix": "PREFIX service: <§> PREFIX load: <§> ASK { FILTER(service:x = load:x) }",
    "in a prefix of a triple": "PREFIX service: <§> ASK { ?s service:x ?o . service:x service:y service:SERVICE }",
    "in a name with a character tie": "PREFIX ex: <§> ASK { FILTER(ex:a\u203fSERVICE = ex:a\u203fSERVICE) }",
    "in a name with accents": "PREFIX ex: <§> ASK { FILTER(ex:é\u0301SERVICE != ex:ñLOAD) }",
    "in a language tag": 'ASK { FILTER(LANG("x"@service) = "service") }',
    "in an escaped name": "PREFIX ex: <§> ASK { FILTER(ex:\\#SERVICE != ex:a\\'SERVICE) }",
    "in a blank node": "ASK { _:service kg:topic ?o . _:SERVICE kg:topic ?o }",
    "in the name of a part": "PREFIX ex: <§> ASK { FILTER(ex:SERVICE-x != ex:x-SERVICE && ex:a%20LOAD != ex:x) }",
    "as the alias of a count": "SELECT (COUNT(*) AS ?service) { ?drop ?create ?load }",
}  # fmt: skip
PARAMETERS = ("default-graph-uri", "named-graph-uri")


def here(target: Target, text: str) -> str:
    """Return `text` with the address of the listener in it."""
    return text.replace("ttp§", "ttp://127.0.0.1:" + f"{target.listener.port}/").replace(
        "§", f"http://127.0.0.1:{target.listener.port}/"
    )


@pytest.mark.parametrize("spelling", CALLS)
def test_service(quick: Target, spelling: str) -> None:
    """SERVICE is refused with 403, however it is spelled; 400 where the spelling is not SPARQL."""
    query = here(quick, CALLS[spelling])
    with quick.watched():
        replies = [
            quick.ask(query),
            quick.send("GET", "/sparql?" + urlencode({"query": query})),
            quick.send("POST", "/sparql", urlencode({"query": query}), FORM),
        ]
        assert {reply.status for reply in replies} <= ({403, 400} if spelling in SPELLED_WRONG else {403}), [
            (reply.status, reply.body[:200]) for reply in replies
        ]


@pytest.mark.parametrize("operation", UPDATES)
def test_update(quick: Target, operation: str) -> None:
    """An update is 403, as a query, as an update or posted as either; 400 where a query is given beside it."""
    text = here(quick, UPDATES[operation])
    count = quick.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").body
    with quick.watched():
        replies = [
            quick.ask(text),
            quick.send("GET", "/sparql?" + urlencode({"query": text})),
            quick.send("GET", "/sparql?" + urlencode({"update": text})),
            quick.send("GET", "/sparql?" + urlencode({"query": "ASK {}", "update": text})),
            quick.send("POST", "/sparql", urlencode({"query": text}), FORM),
            quick.send("POST", "/sparql", urlencode({"update": text}), FORM),
            quick.send("POST", "/sparql", urlencode({"update": text, "using-graph-uri": here(quick, "§")}), FORM),
            quick.send("POST", "/sparql", text, UPDATE),
            quick.send("POST", "/sparql?" + urlencode({"using-graph-uri": here(quick, "§")}), text, UPDATE),
        ]
        assert [reply.status for reply in replies] == [400 if n == 3 else 403 for n in range(len(replies))]
    assert quick.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").body == count


@pytest.mark.parametrize("place", HARMLESS)
def test_words_that_are_no_keywords(quick: Target, place: str) -> None:
    """A query that merely holds such a word is answered."""
    with quick.watched():
        reply = quick.ask(here(quick, HARMLESS[place]))
        assert reply.status == 200, reply.body[:300]


@pytest.mark.parametrize(
    "address", ["§", "§data.ttl", "file:///etc/passwd", "http://localhost:{port}/", "//127.0.0.1:{port}/"]
)
@pytest.mark.parametrize("clause", ["FROM", "FROM NAMED", "GRAPH"])
def test_graphs_elsewhere(quick: Target, clause: str, address: str) -> None:
    """A graph is a name: what is named and not in the release is empty, and nobody fetches it."""
    iri = here(quick, address.format(port=quick.listener.port))
    query = (
        f"SELECT * {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}" if clause == "GRAPH"
        else f"SELECT * {clause} <{iri}> {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} }}"
    )  # fmt: skip
    with quick.watched():
        reply = quick.ask(query)
        assert reply.status == 200
        assert b'"bindings":[]' in reply.body


@pytest.mark.parametrize("address", ["§", "file:///etc/passwd", "not an IRI", "", "x" * 7000, "<§>", "http://[::1"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_graph_parameters(quick: Target, name: str, address: str) -> None:
    """The same by parameter; what is no absolute IRI is a bad request."""
    with quick.watched():
        query = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
        reply = quick.send("GET", "/sparql?" + urlencode({"query": query, name: here(quick, address)}))
        assert reply.status in ({200} if address.startswith(("§", "file")) else {400}), (reply.status, reply.body[:300])
        assert reply.status != 200 or b'"bindings":[]' in reply.body


@pytest.mark.parametrize("what", ["a function", "a cast", "an aggregate", "a property function"])
def test_addresses_in_expressions(quick: Target, what: str) -> None:
    """An IRI that stands where a function does is not called, not by its address either."""
    query = {
        "a function": "SELECT (<§>(1) AS ?x) {}",
        "a cast": "ASK { FILTER(<file:///etc/passwd>('1') = 1) }",
        "an aggregate": "SELECT (<§>(DISTINCT ?s) AS ?x) { ?s ?p ?o } GROUP BY ?p",
        "a property function": "ASK { ?s <java:§> ?o . ?s <http://jena.hpl.hp.com/ARQ/property#textMatch> '§' }",
    }[what]
    with quick.watched():
        assert quick.ask(here(quick, query)).status in {200, 400}


@pytest.mark.parametrize("form", ["a thing", "the request line", "Host", "forwarded", "a proxy's CONNECT"])
def test_addresses_in_requests(quick: Target, form: str) -> None:
    """An address in the path, the request line or a header is not called."""
    port = quick.listener.port
    address = f"127.0.0.1:{port}"
    lines = {
        "a thing": [f"GET /document/{quote(f'http://{address}/', safe='')} HTTP/1.1", "Host: a.example"],
        "the request line": [f"GET http://{address}/ HTTP/1.1", f"Host: {address}"],
        "Host": ["GET /claim/none HTTP/1.1", f"Host: {address}"],
        "forwarded": ["GET / HTTP/1.1", "Host: a.example", f"X-Forwarded-Host: {address}", f"Forwarded: host={address}",
                      f"Referer: http://{address}/", f"Origin: http://{address}"],
        "a proxy's CONNECT": [f"CONNECT {address} HTTP/1.1", f"Host: {address}"],
    }[form]  # fmt: skip
    with quick.watched():
        reply = quick.raw("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        assert reply.status is None or reply.status < 500
        assert address not in reply.headers.get("location", "")
