"""Ontology, schemes, shapes, JSON-LD context, record models and what is emitted say the same."""

import hashlib
import json
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import SH, Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, OWL, PROV, RDF, RDFS, SKOS, XSD

from conftest import REPOSITORY, copy_corpus
from kgraph import build, model, ontology, settings, shapes
from kgraph.describe import describe
from kgraph.nanopub import Writer
from kgraph.passages import KEY_FILE
from kgraph.settings import Settings
from kgraph.terms import EDTF, GEO, KG, OA, PREFIXES, SCHEMA, SCHEMES, VOCAB, Iris

# Records that, beside those of the test corpus, use every key.
MEMO = "An aide wrote that forty people left the town of Ford. It rained.\n"
FULL = {
    "agents": """
- id: aide
  type: AgentGroup
  label: Two aides
  names: [{text: Zwei Helfer, language: de}]
  member-of: southland
  acts-for: southland
  party-to: war
  unnamed: true
  tertiary: true
  member-count: 2
  source: {gazetteer: A gazetteer, entry: "12"}
- {id: governor, type: Person, label: A governor, role: governor, source: {url: "https://example.org/g"}}
""",
    "victims": """
- id: drivers
  type: VictimGroup
  label: Drivers
  names: [{text: Fahrer, language: de}]
  victim-category: civilian
  member-of: ford-people
  source: {url: "https://example.org/d"}
- {id: driver, type: Person, label: A driver, age: 40, member-of: drivers, source: {url: "https://example.org/d"}}
""",
    "places": """
- id: ford-bridge
  names: {text: Bridge, language: en}
  part-of: ford
  position: {latitude: "40.10", longitude: "-3.7", precision: 500, of: the bridge, source: {gazetteer: G, entry: "7"}}
  source: {url: "https://example.org/b"}
""",
    "documents": """
- id: memo
  title: A memo
  publisher: southland
  date: 2020-05
  url: https://example.org/memo
  licence: https://example.org/licence
  language: en
  access: restricted
  file: memo.txt
  sha256: DIGEST
  retrieved: 2026-11-01
  size: 66
  media-type: text/plain
  custody:
    - {step: collected, by: southland, at: 2026-11-01T09:30:00Z, how: Saved from a browser.}
    - {step: verified, at: 2026-11-02, sha256: DIGEST}
  previous-version: report
  source: {document: memo, from: An aide, to: wrote that}
- id: memo-v2
  title: A memo
  file: memo-v2.txt
  sha256: LATER
  previous-version: memo
  source: {url: "https://example.org/memo"}
  carries: [{document: memo-v2, from: An aide, to: wrote that, was: 0-18}]
""",
    "claims/full": """
- id: ford-emptied
  statement: Forty people left Ford because of the shelling.
  topic: casualties
  event: ford-shelling
  conduct: shelling
  perpetrator: northland
  actor: aid-union
  addressee: southland
  attribution: [fired, supplied]
  attribution-mode: all
  victim: driver
  target: school
  weapon: artillery
  violation: indiscriminate-attack
  characterised-as: a deliberate policy
  place: ford-bridge
  date: 2020-05-03/2020-05-04
  time-note: in the morning
  about: [document/report, attestation/ford-shelled/northland, claim/bridge-hit]
  tolls:
    - {id: left, harm: displaced, unit: person, qualifier: about, count: 40, victim: drivers, as-of: 2020-05-04}
    - {harm: damaged, unit: object, min-count: 1, max-count: 2.5, target: school, included-in: left}
  relations:
    - {kind: supports, to: ford-shelled, extent: full, note: The one follows from the other.}
    - {kind: narrows, to: ford-shelled, extent: full, note: The one is the other in detail.}
    - {kind: contradicts, to: bridge-hit, extent: partial, note: The two differ.}
    - {kind: part-of, to: ford-shelled, extent: partial, note: The one holds the other.}
  attestations:
    - id: memo
      agent: aide
      stance: asserts
      stated-on: 2020-05
      method: official-statement
      document: memo
      passage: {document: memo, after: wrote, from: that forty, to: It rained, why-long: Both are needed.}
      medium: watch-group
      relays: ford-shelled/watch-group
      basis: context
      hedge: wrote that
  curator: editors
  curated: 2026-11-01
- id: ford-emptied-before
  statement: Thirty people left Ford.
  topic: casualties
  event: ford-shelling
  attestations:
    - {agent: watch-group, stance: asserts, passage: {document: report, from: Watch Group said that, to: four people}}
  status: superseded
  status-date: 2026-11-02
  reason: The memo was corrected.
  superseded-by: ford-emptied
- {id: ford-secret, status: withheld, status-date: 2026-11-03, reason: safety, statement: Not to be read.}
""",
}

# Terms that nothing emits or names yet, with the reason why they are declared.
RESERVE: dict[str, str] = {}

# What a record key becomes, where that is not the kg: property of the same name in camel case. None: no property.
KEYS: dict[str, URIRef | None] = {
    "id": None,  # the IRI
    "type": RDF.type,
    "label": RDFS.label,
    "names": FOAF.name,
    "title": DCTERMS.title,
    "publisher": DCTERMS.publisher,
    "url": SCHEMA.url,
    "language": DCTERMS.language,
    "licence": DCTERMS.license,
    "file": KG.archiveFile,
    "size": DCAT.byteSize,
    "media-type": DCAT.mediaType,
    "by": PROV.wasAssociatedWith,
    "at": PROV.endedAtTime,
    "how": RDFS.comment,
    "tolls": KG.toll,
    "attestations": KG.attestation,
    "relations": None,  # relations name their claims
    "carries": None,  # a passage names the one of the version before
    "position": GEO.hasGeometry,
    "latitude": GEO.asWKT,
    "longitude": GEO.asWKT,
    "of": KG.positionOf,
    "Position source": KG.gazetteerEntry,
    "curator": None,  # of the nanopublication, below
    "curated": None,
    "Place names": RDFS.label,
    "Document date": DCTERMS.issued,
    "Anchor document": OA.hasSource,
    "Anchor from": KG.firstWords,
    "Anchor to": KG.lastWords,
    "Anchor after": None,  # it only narrows down where the passage is looked for
}
CLASSES = {"Victim": KG.VictimGroup, "Agent": KG.AgentGroup, "Anchor": KG.Passage, "Position": GEO.Geometry}


def _graph(store: ox.Store) -> Graph:
    data = ox.serialize([quad.triple for quad in store], format=ox.RdfFormat.N_TRIPLES)
    assert data is not None
    return Graph().parse(data=data, format="nt")


def _compiled(loaded: Settings) -> Graph:
    """Return the union of everything that a release of this corpus holds."""
    checked = build.check(loaded, with_archive=False)
    assert checked.errors == []
    store, findings = build._compile(loaded, checked)
    assert findings == []
    describe(store, Iris(loaded.base_iri), title=loaded.title, licence=loaded.licence, digest="0" * 64)
    return _graph(store)


def full_corpus(folder: Path) -> Settings:
    """Return a copy of the test corpus that uses every record key."""
    loaded = copy_corpus(folder)
    digest = hashlib.sha256(MEMO.encode()).hexdigest()
    later = f"Again: {MEMO}"
    (folder / "archive" / "memo.txt").write_text(MEMO)
    (folder / "archive" / "memo-v2.txt").write_text(later)
    (folder / "archive" / KEY_FILE).write_bytes(b"a key for tests")
    for name, text in FULL.items():
        with (folder / "data" / f"{name}.yaml").open("a", encoding="utf-8") as stream:
            stream.write(text.replace("DIGEST", digest).replace("LATER", hashlib.sha256(later.encode()).hexdigest()))
    _, findings = build.anchor(loaded)
    assert findings == []
    return loaded


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Return what the corpus that uses every key emits."""
    return _compiled(full_corpus(tmp_path_factory.mktemp("full") / "corpus"))


@pytest.fixture(scope="module")
def ours() -> Graph:
    """Return what the corpus of this repository emits."""
    return _compiled(settings.load(REPOSITORY, environ={}))


@pytest.fixture(scope="module")
def declared() -> Graph:
    """Return the ontology."""
    return Graph().parse(REPOSITORY / "ontology" / "kgraph.ttl")


@pytest.fixture(scope="module")
def vocabularies() -> Graph:
    """Return the concept schemes."""
    graph = Graph()
    for path in ontology.ontology_files(REPOSITORY)[1:]:
        graph.parse(path)
    return graph


def _properties(declared: Graph) -> set[str]:
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty)
    return {_local(term) for kind in kinds for term in declared.subjects(RDF.type, kind)}


def _local(term: object) -> str:
    return str(term).removeprefix(str(KG))


def _used(graph: Graph) -> tuple[set[str], set[str]]:
    """Return the kg: properties and the kg: classes that stand in a graph, ontology aside."""
    properties = {_local(p) for p in graph.predicates() if str(p).startswith(str(KG))}
    classes = {_local(c) for c in graph.objects(None, RDF.type) if str(c).startswith(str(KG))}
    return properties, classes


def _named(text: str) -> set[str]:
    """Return the kg: terms that a query names."""
    return set(re.findall(r"\bkg:(\w+)", re.sub(r"#.*", "", text)))


def test_every_term_that_is_emitted_is_declared(full: Graph, ours: Graph, declared: Graph) -> None:
    """No kg: property, class or relation kind stands in data or rules without being in the ontology."""
    terms = {_local(term) for term in declared.subjects(RDFS.isDefinedBy)}
    for graph in (full, ours):
        properties, classes = _used(graph)
        assert properties <= _properties(declared)
        assert classes <= {_local(term) for term in declared.subjects(RDF.type, OWL.Class)}
        assert {_local(kind) for kind in graph.objects(None, KG.kind)} <= terms
    for path in ontology.rule_files(REPOSITORY):
        assert _named(path.read_text(encoding="utf-8")) <= terms, path.name


def test_every_declared_term_is_emitted_or_in_reserve(full: Graph, declared: Graph) -> None:
    """A corpus that uses every key uses every property and class, but for the reserve, which holds no more."""
    properties, classes = _used(full)
    assert _properties(declared) - properties == set(RESERVE)
    given = set(typing.get_args(model.AgentType))
    assert {_local(term) for term in declared.subjects(RDF.type, OWL.Class)} == classes | given


def _models() -> Iterator[tuple[str, str]]:
    """Yield each model of records with each of its keys, the parts of names and sources aside."""
    for kind in (
        model.Agent, model.Victim, model.Place, model.Position, model.Event, model.Document, model.CustodyStep,
        model.Toll, model.Relation, model.Attestation, model.Claim, model.Anchor,
    ):  # fmt: skip
        yield from ((kind.__name__, info.alias or name) for name, info in kind.model_fields.items())


@pytest.mark.parametrize(("kind", "key"), list(_models()))
def test_every_record_key_becomes_a_property(full: Graph, kind: str, key: str) -> None:
    """Each key of each record is emitted on a node of its class, under the property that the ontology's head names."""
    camel = re.sub(r"-(\w)", lambda match: match[1].upper(), key)
    expected = KEYS.get(f"{kind} {key}", KEYS.get(key, KG[camel]))
    nodes = set(full.subjects(RDF.type, CLASSES.get(kind, KG[kind])))
    nodes |= set(full.subjects(RDF.type, KG.Person)) if kind in {"Victim", "Agent"} else set()
    assert expected is None or any((node, expected, None) in full for node in nodes)


def test_keys_without_a_property_of_their_own(full: Graph) -> None:
    """Curator and date of curation are the nanopublication's; sources are passages, addresses and gazetteer entries."""
    iris = Iris("https://example.org/river/")
    np = URIRef(iris.of("claim", "ford-emptied") + "#np")
    assert full.value(np, DCTERMS.creator) == iris.of("agent", "editors")
    assert full.value(np, DCTERMS.created) == Literal("2026-11-01", datatype=XSD.date)
    assert full.value(iris.of("agent", "aide"), KG.gazetteerEntry) == Literal("A gazetteer: 12")
    assert full.value(iris.of("agent", "editors"), KG.source) == URIRef("https://example.org/editors")
    assert (full.value(iris.of("document", "memo"), KG.source), RDF.type, KG.Passage) in full
    assert len(set(full.subjects(RDF.type, KG.Relation))) == 5
    carried, before = iris.of("passage", "memo-v2/7-25"), iris.of("passage", "memo/0-18")
    assert (carried, PROV.wasRevisionOf, before) in full


def test_every_key_conforms(tmp_path: Path) -> None:
    """A record that uses every key breaks no shape, neither as emitted nor with what is derived and the release."""
    loaded = full_corpus(tmp_path / "corpus")
    checked = build.check(loaded)
    iris = Iris(loaded.base_iri)
    writer = Writer(checked.corpus, checked.lock, iris, loaded.licence, loaded.curator)
    where = shapes.locate(checked.corpus, iris)
    assert shapes.check([*checked.ontology.quads, *writer.quads()], REPOSITORY / shapes.SHAPES, where) == []
    whole = [(s, URIRef(str(p)), o, iris.graph("derived")) for s, p, o in _compiled(loaded)]
    assert shapes.check(whole, REPOSITORY / shapes.SHAPES, where) == []


def test_shapes_name_declared_terms_and_all_that_is_emitted(full: Graph, declared: Graph) -> None:
    """Shapes name no undeclared term; every class that is emitted has a shape, every property of it is named there."""
    graph = Graph().parse(REPOSITORY / shapes.SHAPES)
    terms = {_local(term) for term in declared.subjects(RDFS.isDefinedBy)}
    named = {_local(node) for triple in graph for node in triple if str(node).startswith(str(KG))}
    assert named <= terms
    targets: dict[object, set[object]] = {}
    for shape, target in graph.subject_objects(SH.targetClass):
        paths = {graph.value(part, SH.path) for part in graph.objects(shape, SH.property)}
        targets.setdefault(target, set()).update(paths)
    for node, kind in full.subject_objects(RDF.type):
        if str(kind).startswith(str(KG)):
            assert kind in targets
            for predicate in set(full.predicates(node)) - {RDF.type}:
                agent = targets[KG.Agent] if (kind, RDFS.subClassOf, KG.Agent) in full else set()
                assert predicate in targets[kind] | agent, (node, predicate)


def _context() -> dict[str, typing.Any]:
    text = (REPOSITORY / "ontology" / "context.jsonld").read_text(encoding="utf-8")
    context: dict[str, typing.Any] = json.loads(text)["@context"]
    return context


def test_context_has_every_property(declared: Graph) -> None:
    """Each property has an entry under its local name, typed as its range says; no entry names an undeclared term."""
    context = _context()
    for name in _properties(declared):
        expected = {"@id": f"kg:{name}"}
        found = declared.value(KG[name], RDFS.range)
        if (KG[name], RDF.type, OWL.ObjectProperty) in declared:
            expected["@type"] = "@id"
        elif found in {XSD.date, XSD.integer, XSD.boolean}:
            expected["@type"] = f"xsd:{str(found).removeprefix(str(XSD))}"
        elif found == EDTF:
            expected["@type"] = "edtf:EDTF"
        elif found == RDF.langString:
            expected["@language"] = "en"
        assert context[name] == expected
    ids = {str(entry["@id"] if isinstance(entry, dict) else entry) for entry in context.values()}
    terms = {_local(term) for term in declared.subjects(RDFS.isDefinedBy)}
    assert {entry.removeprefix("kg:") for entry in ids if entry.startswith("kg:")} == terms


def test_context_has_the_prefixes_of_the_project() -> None:
    """A prefix means the same in the context as everywhere else."""
    context = _context()
    assert {name: context.get(name) for name in PREFIXES} == PREFIXES


def test_context_loses_nothing(full: Graph) -> None:
    """What is written as JSON-LD with the context reads back as it was, in two readers."""
    context = _context()
    written = json.loads(full.serialize(format="json-ld", context=context))
    text = json.dumps(written | {"@context": context})
    assert set(Graph().parse(data=text, format="json-ld")) == set(full)
    store = ox.Store()
    store.load(text, format=ox.RdfFormat.JSON_LD)
    assert set(_graph(store)) == set(full)


def test_every_concept_is_in_its_scheme(vocabularies: Graph) -> None:
    """A concept's IRI, scheme and file agree, and there is a scheme for each that records may name."""
    assert {str(s).removeprefix(str(VOCAB)) for s in vocabularies.subjects(RDF.type, SKOS.ConceptScheme)} == set(
        SCHEMES
    )
    for concept in vocabularies.subjects(RDF.type, SKOS.Concept):
        assert str(vocabularies.value(concept, SKOS.inScheme)) == str(concept).rpartition("/")[0]


def _concepts_named(*graphs: Graph) -> set[str]:
    """Return the concepts that data and rules name, and all that are broader than those."""
    named = {str(value) for graph in graphs for _, predicate, value in graph if predicate not in _OF_SCHEMES}
    named = {value for value in named if value.startswith(str(VOCAB))}
    for path in ontology.rule_files(REPOSITORY):
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(rf"<({VOCAB}[^>]+/[^>]+)>", text))
        named |= {f"{VOCAB}standing/{slug}" for slug in re.findall(r"standing:([a-z]+(?:-[a-z]+)*)", text)}
    return named


_OF_SCHEMES = {SKOS.broader, SKOS.inScheme, SKOS.topConceptOf, SKOS.hasTopConcept, RDFS.seeAlso}


def test_every_concept_that_is_named_exists(full: Graph, ours: Graph, vocabularies: Graph) -> None:
    """Data and rules name only concepts that exist."""
    assert _concepts_named(full, ours) <= {str(concept) for concept in vocabularies.subjects(RDF.type, SKOS.Concept)}


def test_every_concept_is_used_or_in_reserve(ours: Graph, vocabularies: Graph) -> None:
    """A concept is named by our corpus or a rule, is broader than one that is, or is marked as reserve; never both."""
    used = {URIRef(iri) for iri in _concepts_named(ours)}
    used |= {broader for concept in used for broader in vocabularies.transitive_objects(concept, SKOS.broader)}  # type: ignore[misc]
    reserve = {
        concept
        for concept, note in vocabularies.subject_objects(SKOS.editorialNote)
        if str(note).startswith("In reserve: ")
    }
    assert used & reserve == set()
    assert used | reserve == set(vocabularies.subjects(RDF.type, SKOS.Concept))


def test_every_standing_is_given_by_the_rule(vocabularies: Graph) -> None:
    """The standings of the scheme are those that the rule can give."""
    scheme = VOCAB["standing"]
    expected = {str(concept).rpartition("/")[2] for concept in vocabularies.subjects(SKOS.inScheme, scheme)}
    [rule] = (path for path in ontology.rule_files(REPOSITORY) if "standing" in path.name)
    assert set(re.findall(r"standing:([a-z]+(?:-[a-z]+)*)", rule.read_text(encoding="utf-8"))) == expected


def test_every_stance_has_one_group(vocabularies: Graph) -> None:
    """Each stance stands under exactly one of supporting, opposing and neutral."""
    groups = {VOCAB[f"stance/{name}"] for name in ("supporting", "opposing", "neutral")}
    for stance in set(vocabularies.subjects(SKOS.inScheme, VOCAB["stance"])) - groups:
        [group] = vocabularies.objects(stance, SKOS.broader)
        assert group in groups
