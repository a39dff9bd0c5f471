"""The OpenAPI description: valid, true of the service, and good enough to make a client from."""

import importlib
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from kgraph.saved.library import Library
from kgraph.settings import Settings
from kgraph.store.embedded import Embedded
from kgraph.web import create_app

# The random strings of `POST /sparql` are no queries, so that they are refused says nothing. Answers come as they
# are, since the test client of Flask does not undo gzip.
CONFIG = """
seed = 1
headers = { "Accept-Encoding" = "identity" }
[generation]
max-examples = 3
deterministic = true
database = "none"
[phases.stateful]
enabled = false
[[operations]]
include-tag = "sparql"
checks.positive_data_acceptance.enabled = false
"""


@schemathesis.serializer("application/sparql-query")
def _as_it_is(context: Any, value: Any) -> bytes:
    return str(value).encode("utf-8", "backslashreplace")


@pytest.fixture(scope="module")
def ours(real: Settings, answers: Embedded) -> Flask:
    """Return the application over our corpus."""
    return create_app(replace(real, log="none"), answers)


@pytest.fixture(scope="module")
def document(ours: Flask) -> dict[str, Any]:
    """Return the description of it."""
    found: dict[str, Any] = json.loads(ours.test_client().get("/openapi.json").data)
    return found


def test_is_valid(document: dict[str, Any], client: FlaskClient) -> None:
    """It is OpenAPI 3.1, for our corpus, and for one without saved queries."""
    assert document["openapi"] == "3.1.0"
    validate(document)
    validate(json.loads(client.get("/openapi.json").data))


def test_has_all_queries(document: dict[str, Any], answers: Embedded) -> None:
    """Each query is an operation with its parameters, each with a schema, and a schema for each column."""
    schemas = document["components"]["schemas"]
    for name, query in Library(answers.release()).all().items():
        operation = document["paths"][f"/queries/{name}"]["get"]
        own = [parameter["name"] for parameter in operation["parameters"] if "name" in parameter]
        assert own == [parameter.name for parameter in query.header.params]
        assert all(parameter["schema"] and "example" in parameter for parameter in operation["parameters"][: len(own)])
        row = "".join(part.capitalize() for part in name.split("-")) + "Row"
        assert list(schemas[row]["properties"]) == [column.name for column in query.header.columns]
        assert {"200", "400", "404", "406", "503", "504"} <= set(operation["responses"])
    assert "event/barda-strikes" in schemas["EventValue"]["enum"]


def test_follows_host_and_prefix(client: FlaskClient) -> None:
    """The service is described at the address that it was asked for at; its tag says which that is."""
    plain = client.get("/openapi.json")
    other = client.get("/openapi.json", base_url="https://graph.example/below/")
    assert json.loads(other.data)["servers"] == [{"url": "https://graph.example/below"}]
    assert plain.headers["ETag"] != other.headers["ETag"]
    assert client.get("/openapi.json", headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304


def test_nothing_is_found(ours: Flask, document: dict[str, Any]) -> None:
    """Thousands of right and wrong requests are answered as the description says.

    Without pins, which would make nearly all of them 404; without `timeout`, which can end any query; with the first
    choices only, since each is tried; and, for time, without every third query: the same code answers all.
    """
    loaded = json.loads(json.dumps(document))
    for path in [path for path in loaded["paths"] if path.startswith("/queries/")][2::3]:
        del loaded["paths"][path]
    for named in loaded["components"]["schemas"].values():
        if "enum" in named:
            del named["enum"][2:]
    for path in loaded["paths"].values():
        for operation in path.values():
            given = operation.get("parameters", [])
            operation["parameters"] = [p for p in given if p.get("$ref", "").rpartition("/")[2] not in _NOT_TRIED]
    schema = schemathesis.openapi.from_dict(loaded, config=SchemathesisConfig.from_str(CONFIG))
    schema.app = ours
    failures: list[tuple[str, str, str]] = []
    statuses: Counter[int] = Counter()
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.FatalError), event
        if isinstance(event, events.NonFatalError):
            failures.append((event.label, str(event.value), ""))
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            statuses.update(seen.response.status_code for seen in recorder.interactions.values() if seen.response)
            checks = [check for found in recorder.checks.values() for check in found if check.failure_info]
            failures += [
                (recorder.label, check.failure_info.failure.message, check.failure_info.code_sample)
                for check in checks
                if check.failure_info
            ]
    assert failures == []
    assert statuses[200] > 300
    assert statuses[400] > 300


_NOT_TRIED = {"timeout", "version", "release"}


@pytest.fixture(scope="module")
def made(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Return a client that openapi-python-client made from the description."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "document.json").write_text(json.dumps(document))
    (folder / "config.yaml").write_text("literal_enums: true\npost_hooks: []\n")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    files = ["--path", "document.json", "--output-path", "made_client", "--config", "config.yaml"]
    subprocess.run([*command, *files], cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        return importlib.import_module("made_client")
    finally:
        sys.path.remove(str(folder))


def test_made_client_asks_three_queries(made: ModuleType, ours: Flask) -> None:
    """A client made from the description asks three queries, with and without parameters, and reads typed rows."""
    client = made.Client(
        base_url="http://localhost",
        httpx_args={"transport": httpx.WSGITransport(app=ours)},
        raise_on_unexpected_status=True,
    )

    def ask(name: str, **given: Any) -> Any:
        return importlib.import_module(f"made_client.api.queries.ask_{name}").sync(client=client, **given)

    killed = ask("killed", place=["place/ganja"]).results.bindings
    assert [row.count.value for row in killed] == ["32", "1"]
    assert killed[0].claim.value == "https://w3id.org/kgraph/nk2020/claim/ganja-civilians-killed"
    contested = ask("contested", limit=2)
    assert len(contested.results.bindings) == 2
    wrong = ask("who_says_what", agent=["agent/nobody"])
    assert (wrong.status, wrong.parameter) == (400, "agent")
    said = ask("who_says_what", agent=["agent/armenia"], stance=["stance/denies"]).results.bindings
    assert {row.agent.value for row in said} == {"Armenia"}


def test_made_client_has_all_modules(made: ModuleType, document: dict[str, Any]) -> None:
    """Nothing of the queries was left out when the client was made."""
    folder = Path(made.__path__[0]) / "api" / "queries"
    asked = [path for path in document["paths"] if path.startswith("/queries/")]
    assert len(list(folder.glob("ask_*.py"))) == len(asked)
