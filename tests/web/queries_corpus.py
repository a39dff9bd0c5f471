"""A corpus with saved queries of every form, with parameters of every type."""

from dataclasses import replace
from pathlib import Path

from conftest import copy_corpus
from kgraph.build import build
from kgraph.settings import Settings

PREFIX = "PREFIX kg: <https://w3id.org/kgraph/ns#>\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
_HEAD = "#+ id: {name}\n#+ summary: What is {name}?\n#+ tags: [events]\n"
_EVERY = """#+ params:
#+   - {name: claim, type: iri, of: kg:Claim, required: true, example: claim/ford-shelled, description: This claim.}
#+   - {name: perpetrator, type: iri, of: kg:Agent, example: agent/northland, description: Only this agent.}
#+   - {name: day, type: date, example: 2020-05-03, description: Only this day.}
#+   - {name: whole, type: integer, several: true, example: 1, description: Only these numbers.}
#+   - {name: part, type: decimal, example: 1.5, description: Only this number.}
#+   - {name: text, type: string, example: it, description: Only this text.}
#+   - {name: flag, type: boolean, default: true, description: This or that.}
#+   - {name: choice, type: enum, values: [all, one-of], default: all, description: Which.}
#+ columns:
#+   - {name: claim, type: iri, of: kg:Claim, description: the claim}
#+   - {name: flag, type: boolean, description: the flag}
#+   - {name: choice, type: string, description: the choice}
#+   - {name: whole, type: integer, description: the number}
#+   - {name: day, type: date, description: the day}
#+   - {name: text, type: string, description: the text}
#+ tests:
#+   - {with: {claim: claim/ford-shelled}, least: 1}
"""
QUERIES = {
    "every-type": _EVERY
    + PREFIX
    + """SELECT DISTINCT ?claim ?flag ?choice ?whole ?day ?text WHERE {
  VALUES ?perpetrator { <https://example.org/river/agent/northland> } ?claim kg:perpetrator ?perpetrator .
  VALUES ?day_ { "2020-05-03"^^xsd:date } BIND(?day_ AS ?day)
  VALUES ?whole_ { 1 } BIND(?whole_ AS ?whole)
  VALUES ?part { 1.5 } ?claim kg:nothing ?part .
  VALUES ?text_ { "it" } BIND(?text_ AS ?text)
  VALUES ?claim_ { <https://example.org/river/claim/ford-shelled> }
  VALUES ?flag { true }
  VALUES ?choice { "all" }
  ?claim a kg:Claim . FILTER(?claim = ?claim_)
}
ORDER BY ?claim ?flag ?choice ?whole ?day ?text
""",
    "is-there": PREFIX + "ASK { ?claim a kg:Claim }\n",
    "made": PREFIX + "CONSTRUCT { ?claim kg:statement ?s } WHERE { ?claim kg:statement ?s }\n",
    "when": """#+ columns:
#+   - {name: now, type: string, description: now}
SELECT (NOW() AS ?now) WHERE {}
ORDER BY ?now
""",
    "formulas": """#+ columns:
#+   - {name: text, type: string, description: what a spreadsheet would take for a formula}
SELECT ?text WHERE { VALUES (?text) { ("=1+1") ("a,\\"b\\"\\n") ("é") } }
ORDER BY ?text
""",
}


def built_with_queries(folder: Path) -> Settings:
    """Return a corpus with these queries, built in `folder`."""
    loaded = replace(copy_corpus(folder), log="none")
    (folder / "queries").mkdir()
    for name, text in QUERIES.items():
        header = _HEAD.format(name=name) + ("" if "#+ tests" in text else "#+ tests: [{least: 1}]\n")
        (folder / "queries" / f"{name}.rq").write_text(header + text, encoding="utf-8")
    build(loaded)
    return loaded
