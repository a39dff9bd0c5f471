"""Queries written for grlc, in our format, as far as they can be.

grlc names parameters by variables: `?_name`, `?_name_iri`, `?_name_integer`, `?_name_xsd_date`, `?_name_en`, and, for
optional ones, `?__name` (https://github.com/CLARIAH/grlc). It writes values into the text; here each variable gets
a `VALUES` block. What cannot be carried over is said in a note, and left out, so that `lint` asks for it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rdflib import XSD, Literal, URIRef

from kgraph import yamlfile
from kgraph.errors import BadRequest
from kgraph.saved.layout import edited, layout
from kgraph.saved.library import MARK
from kgraph.saved.model import RESERVED, TAGS
from kgraph.saved.values import fits_iri, written
from kgraph.terms import SLUG

_TYPES = {
    "iri": "iri", "integer": "integer", "int": "integer", "decimal": "decimal", "float": "decimal", "double": "decimal",
    "date": "date", "boolean": "boolean", "bool": "boolean", "string": "string", "literal": "string",
}  # fmt: skip
_EXAMPLES = {
    "iri": "https://example.org/", "integer": "1", "decimal": "1.5", "date": "2020-10-27", "boolean": "true",
    "string": "text",
}  # fmt: skip
_DROPPED = {"endpoint", "endpoint_in_url", "method", "pagination", "transform", "auth", "endpoint-method", "mime"}


@dataclass
class _Found:
    """A parameter of a grlc query: the variables that stand for it, and where."""

    name: str
    type: str
    optional: bool
    variables: set[str] = field(default_factory=set)
    language: str | None = None


def imported(text: str, name: str) -> tuple[str, list[str]]:
    """Return the query called `name` in our format, and notes on what could not be carried over.

    Raise `BadRequest` where the text has no header that can be read, or no query.
    """
    lines = text.splitlines(keepends=True)
    head = [line[len(MARK) :] for line in lines if line.startswith(MARK)]
    body = "".join(line for line in lines if not line.startswith(MARK)).lstrip("\n")
    parsed = yamlfile.parse("".join("  " + line for line in head), name)
    said = parsed.value if isinstance(parsed.value, dict) else {}
    if parsed.findings or layout(body).form is None or not SLUG.fullmatch(name):
        problem = parsed.findings[0].message if parsed.findings else "no query in it, or its name is no identifier"
        raise BadRequest(
            f"{name} cannot be imported: {problem}", value=name, accepted="a query of grlc, called NAME.rq"
        )
    notes = [f"{key}: not carried over" for key in said if key in _DROPPED]
    found = _parameters(body, notes)
    body, required = _with_blocks(body, found, said, notes)
    written = "".join(f"{MARK} {line}\n" for line in _header(name, body, said, found, required, notes))
    return written + body, notes


def _parameters(body: str, notes: list[str]) -> dict[str, _Found]:
    found: dict[str, _Found] = {}
    for token in layout(body).tokens:
        match = re.fullmatch(r"[?$](_{1,2})([A-Za-z][A-Za-z0-9]*)(?:_([A-Za-z_]+))?", token.text)
        if token.kind != "variable" or match is None:
            continue
        name, ending = match[2].lower(), (match[3] or "").rpartition("_")[2].lower()
        name = f"{name}_value" if name in RESERVED else name
        one = found.setdefault(name, _Found(name, _TYPES.get(ending, "string"), match[1] == "__"))
        one.variables.add(token.text)
        if ending and ending not in _TYPES and one.language is None:
            one.language = ending
            notes.append(f"{name}: values were {ending} ({token.text}); here they are plain strings: compare STR()")
    return found


def _with_blocks(
    body: str, found: Mapping[str, _Found], said: Mapping[str, Any], notes: list[str]
) -> tuple[str, set[str]]:
    """Return the query with a `VALUES` block for each parameter, and which parameters are required in it."""
    body = _renamed(body, found)
    required = set()
    for one in found.values():
        block = f"VALUES ?{one.name}_ {{ {_term(one.type, _examples(one, said)[0])} }}"
        body_layout = layout(body)
        at = [t.start for t in body_layout.tokens if t.kind == "variable" and t.text[1:] == f"{one.name}_"]
        spans = {body_layout.span(start) for start in at}
        own = [body_layout.tokens[n].text for n in body_layout.inside(next(iter(spans)))]
        whole = own.count("{") == own.count("}") and own[-1] in {".", "}"} and own[0] not in {"{", "}"}
        assert body_layout.where is not None
        pattern = body_layout.tokens[body_layout.where]
        if one.optional and len(spans) == 1 and whole and min(at) > pattern.start:
            start = next(iter(spans))[0]
            body = f"{body[:start]}  {block} {body[start:].lstrip()}"
        else:
            body = edited(body, [(pattern.start + 1, pattern.start + 1, f"\n  {block}")])
            required.add(one.name)
            if one.optional:
                notes.append(f"{one.name}: required here, as ?__{one.name} does not stand alone on a line")
    return body, required


def _renamed(body: str, found: Mapping[str, _Found]) -> str:
    names = {variable: one.name for one in found.values() for variable in one.variables}
    tokens = [token for token in layout(body).tokens if token.kind == "variable" and token.text in names]
    return edited(body, [(t.start, t.start + len(t.text), f"?{names[t.text]}_") for t in tokens])


def _examples(one: _Found, said: Mapping[str, Any]) -> tuple[str, bool]:
    """Return an example, and whether the query gave it."""
    given = _listed(said.get("defaults")).get(one.name) or _listed(said.get("enumerate")).get(one.name)
    value = given[0] if isinstance(given, list) and given else given
    return (str(value), True) if value else (_EXAMPLES[one.type], False)


def _listed(value: Any) -> dict[str, Any]:
    """Return what grlc writes as a list of mappings with one key each, as one mapping."""
    items = value if isinstance(value, list) else [value]
    return {str(k).strip("_"): v for item in items if isinstance(item, dict) for k, v in item.items()}


def _term(kind: str, value: str) -> str:
    if kind == "iri":
        return written(URIRef(value if fits_iri(value) else _EXAMPLES["iri"]))
    return written(Literal(value, datatype=None if kind == "string" else XSD[kind], normalize=False))


def _header(
    name: str, body: str, said: Mapping[str, Any], found: Mapping[str, _Found], required: set[str], notes: list[str]
) -> Iterator[str]:
    yield f"id: {name}"
    yield f"summary: {_quoted(said.get('summary') or name.replace('-', ' '))}"
    if said.get("description"):
        yield f"description: {_quoted(said['description'])}"
    tags = said.get("tags") if isinstance(said.get("tags"), list) else []
    kept = [tag for tag in tags or [] if tag in TAGS]
    notes += [
        f"tag {tag!r}: no group of queries; groups are {', '.join(TAGS)}" for tag in tags or [] if tag not in TAGS
    ]
    yield f"tags: [{', '.join(kept)}]"
    if found:
        yield "params:"
    for one in found.values():
        values = _listed(said.get("enumerate")).get(one.name)
        example, given = _examples(one, said)
        yield f"  - name: {one.name}"
        yield f"    type: {'enum' if values and one.type == 'string' else one.type}"
        if values and one.type == "string":
            yield f"    values: [{', '.join(map(_quoted, values))}]"
        if one.name in required:
            yield "    required: true"
        yield f"    example: {_quoted(example)}"
        if not given:
            notes.append(f"{one.name}: no example was there, so {example!r} stands in")
        if one.type == "iri":
            notes.append(f"{one.name}: say with of: what the IRI names")
        notes.append(f"{one.name}: a description is missing")
    projection = layout(body).projection or ()
    if projection:
        yield "columns:"
        yield from (f"  - {{name: {column}, type: string}}" for column in projection)
        notes.append("columns: their types are guessed, their descriptions missing")
    notes.append("tests: none were there")
    for word in ("LIMIT", "OFFSET"):
        if word in layout(body).modifiers:
            notes.append(f"{word}: callers ask for pages here; take it out")


def _quoted(value: Any) -> str:
    return json.dumps(" ".join(str(value).split()), ensure_ascii=False)


def import_file(path: Path) -> tuple[str, list[str]]:
    """Return what `imported` does, for a file that is called as its query is to be."""
    stem = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    return imported(path.read_text(encoding="utf-8"), stem)
