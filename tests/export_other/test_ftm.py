"""FollowTheMoney's own library reads the entities and statements, and nobody is linked to a wrong."""

import io
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from kgraph.export.ftm_parts import TYPES, Naming
from kgraph.release import current_release
from kgraph.settings import Settings

pytest.importorskip(
    "followthemoney", reason="NO FOLLOWTHEMONEY: pip install -r requirements-ftm.lock to test its export"
)
from followthemoney import model
from followthemoney.dataset import Dataset
from followthemoney.statement import Statement, StatementEntity
from followthemoney.statement.serialize import CSVStatementWriter, read_csv_statements

Exported = Callable[..., bytes]
SCHEMATA = {
    "Address", "Document", "Documentation", "Event", "HyperText", "LegalEntity", "Membership", "Note", "Organization",
    "Person", "PublicBody", "Representation", "UnknownLink",
}  # fmt: skip
NEUTRAL = {"filed under", "part of", "member of", "party to the conflict", "what the claim is about"}


def _entities(text: bytes) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in text.decode().splitlines()]
    entities = {line["id"]: line for line in lines}
    assert len(entities) == len(lines)
    return entities


def _value(entity: dict[str, Any], prop: str) -> str:
    found = entity["properties"][prop]
    assert len(found) == 1
    return str(found[0])


def test_the_library_reads_every_entity_and_changes_no_value(exported: Exported) -> None:
    """Schema and properties exist, values are clean as they are, what a schema requires is there."""
    entities = _entities(exported("ftm"))
    for data in entities.values():
        proxy = model.get_proxy(dict(data), cleaned=False)
        assert {name: sorted(values) for name, values in proxy.to_dict()["properties"].items()} == {
            name: sorted(values) for name, values in data["properties"].items()
        }
        proxy.schema.validate(data)
        assert set(proxy.schema.required) <= data["properties"].keys(), data
        assert proxy.caption not in {"", data["id"], proxy.schema.label} or proxy.schema.edge


def test_references_lead_to_entities_of_the_right_schema(exported: Exported) -> None:
    """No link leads nowhere, and each is to what FollowTheMoney has it lead to; of one event as of everything."""
    for entities in (_entities(exported("ftm")), _entities(exported("ftm", event="barda-strikes"))):
        references = 0
        for data in entities.values():
            schema = model.get(data["schema"])
            assert schema is not None
            for name, values in data["properties"].items():
                prop = schema.get(name)
                assert prop is not None
                assert prop.type.name == TYPES[name]
                if prop.type.name == "entity":
                    assert prop.range is not None
                    targets = [model.get(entities[value]["schema"]) for value in values]
                    assert all(target is not None and target.is_a(prop.range) for target in targets)
                    references += len(values)
        assert references > 20


def test_claims_and_attestations_are_all_there(exported: Exported, real: Settings) -> None:
    """There is a note for each claim, and a link from an agent, with the stance as its role, for each attestation."""
    manifest = current_release(real.releases).manifest
    entities = _entities(exported("ftm"))
    kinds = Counter(name.split(".")[1] for name in entities)
    assert (kinds["claim"], kinds["attestation"]) == (manifest.claims, manifest.attestations)
    denial = entities["nk2020.attestation.barda-armenia-responsible.armenia"]
    assert _value(denial, "role") == "denies"
    assert _value(denial, "subject") == "nk2020.agent.armenia"
    assert _value(denial, "object") == "nk2020.claim.barda-armenia-responsible"
    note = entities["nk2020.claim.barda-armenia-responsible"]
    assert _value(note, "description").startswith("Claim (contested): ")
    assert "Armenia denies" in note["properties"]["notes"]


def test_nobody_is_linked_to_a_wrong(exported: Exported) -> None:
    """An alleged perpetrator is linked to the note of a claim only, in a role that says so; no topic or country."""
    entities = _entities(exported("ftm"))
    assert {data["schema"] for data in entities.values()} == SCHEMATA
    forbidden = {"topics", "country", "jurisdiction", "mainCountry", "nationality", "riskSource", "program", "status"}
    assert not any(forbidden & data["properties"].keys() for data in entities.values())
    alleged = 0
    for data in entities.values():
        if data["schema"] != "UnknownLink" or ".attestation." in data["id"]:
            continue
        role, subject = _value(data, "role"), _value(data, "subject")
        assert role in NEUTRAL or (role.endswith(", claimed") and ".claim." in subject)
        alleged += role == "alleged perpetrator, claimed"
    assert alleged > 100


def test_victims_are_no_entities(exported: Exported) -> None:
    """Those said to have been harmed are named in the notes of claims, never as entities."""
    entities = _entities(exported("ftm"))
    assert not any(".victim." in name for name in entities)
    notes = [note for data in entities.values() for note in data["properties"].get("notes", [])]
    assert "Said to have been harmed: Civilians reported killed in Barda" in notes


def test_the_library_writes_the_same_statements(exported: Exported) -> None:
    """Its reader takes the CSV, and its writer gives the same bytes back, identifiers of statements included."""
    text = exported("ftm-statements")
    statements = list(read_csv_statements(io.BytesIO(text)))
    assert all(statement.id == statement.generate_key() for statement in statements)
    buffer = io.BytesIO()
    writer = CSVStatementWriter(wrapped := io.TextIOWrapper(buffer, encoding="utf-8", newline=""))
    for statement in statements:
        writer.write(statement)
    writer.close()
    wrapped.flush()
    assert buffer.getvalue() == text


def test_statements_make_up_the_entities(exported: Exported) -> None:
    """Put together by the library, statements are the entities of the other export, with the same checksum."""
    dataset = Dataset.make({"name": "nk2020", "title": "Claims"})
    by_entity: dict[str, list[Statement]] = {}
    for statement in read_csv_statements(io.BytesIO(exported("ftm-statements", event="barda-strikes"))):
        by_entity.setdefault(statement.entity_id, []).append(statement)
    entities = _entities(exported("ftm", event="barda-strikes"))
    assert by_entity.keys() == entities.keys()
    for name, statements in by_entity.items():
        made = StatementEntity.from_statements(dataset, statements)
        assert made.schema.name == entities[name]["schema"]
        assert {prop: sorted(values) for prop, values in made.properties.items()} == {
            prop: sorted(values) for prop, values in entities[name]["properties"].items()
        }
        own = [statement for statement in statements if statement.prop == "id"]
        assert [s.value for s in own] == [s.value for s in made.statements if s.prop == "id"]


def test_every_statement_has_its_origin(exported: Exported) -> None:
    """A statement says on which attestation, passage or record it rests, in which language, and when it was curated."""
    statements = list(read_csv_statements(io.BytesIO(exported("ftm-statements"))))
    assert {statement.dataset for statement in statements} == {"nk2020"}
    assert all(statement.origin for statement in statements)
    denial = [s for s in statements if s.entity_id == "nk2020.attestation.barda-armenia-responsible.armenia"]
    assert {s.origin for s in denial} == {
        "https://w3id.org/kgraph/nk2020/attestation/barda-armenia-responsible/armenia"
    }
    assert {s.first_seen for s in denial} == {"2026-11-24"}
    assert {s.lang for s in denial if s.prop == "role"} == {"eng"}
    assert {s.lang for s in denial if s.prop == "subject"} == {None}


def test_languages_are_told_in_their_letters(small: Exported) -> None:
    """A name keeps its language, as ISO 639-3."""
    statements = read_csv_statements(io.BytesIO(small("ftm-statements")))
    names = {(s.value, s.lang) for s in statements if s.entity_id == "river.place.ford" and s.prop == "name"}
    assert names == {("Ford", "eng"), ("Furt", "deu")}


@pytest.mark.parametrize("base", ["https://example.org/a_b-C%20d/", "https://example.org/"])
def test_names_are_those_that_the_library_takes(base: str) -> None:
    """Dataset and identifiers are sound for any base IRI, and identifiers that would be too long differ."""
    naming = Naming.of(base)
    assert Dataset.make({"name": naming.dataset, "title": "x"}).name == naming.dataset
    reference = model.schemata["UnknownLink"].get("subject")
    assert reference is not None
    long = [naming.entity("claim", "x" * 300 + end) for end in "ab"]
    names = [naming.entity("attestation", "a/b"), naming.link("a", "b"), *long]
    assert all(reference.type.validate(name) and len(name) <= 200 for name in names)
    assert len(set(names)) == len(names)
