"""The mix of queries: what people and pages ask, each with a claim, event and agent of the corpus it is put to."""

import json
from dataclasses import dataclass
from urllib.parse import quote

from kgraph.store.base import Engine, Question
from kgraph.terms import NANOPUB_GRAPHS, PREFIXES

_USED = ("kg", "oa", "skos", "rdfs", "dcterms")
_PREFIXES = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in _USED)

# Where a query begins: the claim with most attestations, the event with most claims, the agent heard most often.
_STARTS = {
    "claim": "SELECT ?x { ?x kg:attestation ?a } GROUP BY ?x ORDER BY DESC(COUNT(?a)) ?x LIMIT 1",
    "event": "SELECT ?x { ?c a kg:Claim ; kg:event ?x } GROUP BY ?x ORDER BY DESC(COUNT(?c)) ?x LIMIT 1",
    "agent": "SELECT ?x { ?a kg:agent ?x } GROUP BY ?x ORDER BY DESC(COUNT(?a)) ?x LIMIT 1",
}

_MIX = {
    "ask": "ASK {}",
    "trace": """SELECT * {
  <{claim}> kg:statement ?statement ; kg:attestation ?attestation .
  ?attestation kg:agent ?agent ; kg:stance ?stance ; kg:basis ?basis ; kg:passage ?passage .
  ?passage oa:hasSource ?document ; oa:hasSelector ?position .
  ?position oa:start ?start ; oa:end ?end .
  OPTIONAL { ?passage kg:sha256 ?digest } OPTIONAL { ?attestation kg:hedge ?hedge }
  OPTIONAL { ?document dcterms:title ?title } OPTIONAL { <{claim}> kg:standing ?standing } }""",
    "who-says-what": """SELECT DISTINCT ?agent ?stance ?claim {
  ?claim kg:event <{event}> ; kg:attestation ?attestation . ?attestation kg:agent ?agent ; kg:stance ?stance }""",
    "contested": """SELECT ?claim ?statement ?supporter ?opponent {
  ?claim kg:standing <https://w3id.org/kgraph/vocab/standing/contested> ; kg:statement ?statement .
  OPTIONAL { ?claim kg:attestedBy ?supporter } OPTIONAL { ?claim kg:deniedBy ?opponent } }""",
    "tolls": """SELECT ?harm ?qualifier (COUNT(*) AS ?tolls) (MAX(?number) AS ?largest) {
  ?toll kg:harm ?harm ; kg:qualifier ?qualifier . OPTIONAL { ?toll kg:count ?number } } GROUP BY ?harm ?qualifier""",
    "months": """SELECT ?party ?violation ?month (COUNT(*) AS ?claims) {
  ?claim kg:perpetrator ?party ; kg:start ?day . OPTIONAL { ?claim kg:violation ?violation }
  BIND(SUBSTR(STR(?day), 1, 7) AS ?month) } GROUP BY ?party ?violation ?month""",
    "text": """SELECT ?claim ?statement {
  ?claim kg:statement ?statement FILTER(CONTAINS(LCASE(STR(?statement)), "hospital")) }""",
    "path": """SELECT DISTINCT ?claim ?agent {
  ?agent (kg:memberOf|kg:actsFor)+ ?party . ?party kg:partyTo ?conflict .
  ?attestation kg:agent ?agent . ?claim kg:attestation ?attestation }""",
    "optional": """SELECT * {
  ?claim kg:event <{event}> ; kg:statement ?statement .
  OPTIONAL { ?claim kg:perpetrator ?who } OPTIONAL { ?claim kg:victim ?victim } OPTIONAL { ?claim kg:place ?place }
  OPTIONAL { ?claim kg:weapon ?weapon } OPTIONAL { ?claim kg:violation ?violation } OPTIONAL { ?claim kg:date ?date }
  OPTIONAL { ?claim kg:toll ?toll . ?toll kg:harm ?harm OPTIONAL { ?toll kg:count ?number } }
  OPTIONAL { ?claim kg:standing ?standing } }""",
    "construct": "CONSTRUCT { ?s ?p ?o } WHERE { VALUES ?g { {graphs} } GRAPH ?g { ?s ?p ?o } }",
    "describe": "DESCRIBE <{agent}>",
}
NAMES = tuple(_MIX)
SELECT, GRAPH = "application/sparql-results+json", "application/n-triples"
CROSS_JOIN = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@dataclass(frozen=True)
class Query:
    """A query by name, with the media type that its answer is asked for in."""

    name: str
    text: str

    @property
    def accept(self) -> str:
        """Return the media type of the answer."""
        return GRAPH if self.name in {"construct", "describe"} else SELECT

    def address(self, path: str) -> str:
        """Return the request target of a GET of the SPARQL Protocol at `path`; more of the query may be added."""
        return f"{path}?query={quote(self.text, safe='')}"

    def rows(self, body: bytes) -> int:
        """Return how many rows or triples an answer has, 1 for yes."""
        if self.accept == GRAPH:
            return len(set(filter(None, body.splitlines())))
        answer = json.loads(body)
        return int(answer["boolean"]) if "boolean" in answer else len(answer["results"]["bindings"])


def mix(engine: Engine) -> dict[str, Query]:
    """Return the queries over what `engine` reads, by name."""
    values = {f"{{{name}}}": _one(engine, text) for name, text in _STARTS.items()}
    values["{graphs}"] = " ".join(f"<{values['{claim}']}#{name}>" for name in NANOPUB_GRAPHS)
    found = {}
    for name, text in _MIX.items():
        filled = text
        for mark, value in values.items():
            filled = filled.replace(mark, value)
        found[name] = Query(name, filled if name == "ask" else _PREFIXES + filled)
    return found


def stream(quads: int, size: int) -> Query:
    """Return a query whose answer, over that many quads, has at least `size` bytes, and takes little work."""
    times = size // (quads * 300) + 1  # a row of JSON has 400 to 600 bytes
    numbers = " ".join(map(str, range(times)))
    return Query("stream", f"SELECT * {{ VALUES ?n {{ {numbers} }} ?s ?p ?o }}")


def _one(engine: Engine, text: str) -> str:
    answer = json.loads(engine.query(Question(text=_PREFIXES + text)).read())
    return str(answer["results"]["bindings"][0]["x"]["value"])
