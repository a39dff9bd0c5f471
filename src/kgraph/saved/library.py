"""Saved queries as files: the header read into its model, every mistake with the line of the `.rq` file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kgraph import mistakes, yamlfile
from kgraph.errors import UnknownThing
from kgraph.model import Finding, Record, RecordOrigin
from kgraph.release import QUERIES, Release
from kgraph.saved import model
from kgraph.saved.layout import Layout, layout
from kgraph.saved.model import Header, Parameter
from kgraph.terms import SLUG

MARK = "#+"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_NESTED: dict[str, type[Record]] = {"params": model.Parameter, "columns": model.Column, "tests": model.Test}


@dataclass(frozen=True)
class SavedQuery:
    """A saved query: its header, its whole text, and the query below the header, which begins on line `first`."""

    header: Header
    text: str
    body: str
    first: int
    origin: RecordOrigin
    described: bool = True

    @property
    def id(self) -> str:
        """Return the identifier: the name of the file without `.rq`."""
        return self.header.id

    @property
    def form(self) -> str:
        """Return SELECT, ASK, CONSTRUCT or DESCRIBE."""
        return self.layout.form[1] if self.layout.form else "SELECT"

    @property
    def version(self) -> str:
        """Return the SHA-256 of the whole text, in hex: it changes with anything that the query says."""
        return sha256(self.text.encode()).hexdigest()

    @cached_property
    def layout(self) -> Layout:
        """Return where the parts of the body stand."""
        return layout(self.body)

    def as_dict(self, *, whole: bool = False) -> dict[str, Any]:
        """Return what the query says of itself, for programs: all of it where `whole`, and its text."""
        header = self.header
        params = [_described(parameter, whole=whole) for parameter in header.params]
        short = {"id": header.id, "summary": header.summary, "tags": list(header.tags), "params": params}
        if not whole:
            return short
        columns = [column.model_dump(mode="json", by_alias=True) for column in header.columns]
        more = {"form": self.form, "description": header.description, "columns": columns}
        return short | more | {"version": self.version, "text": self.text}

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter called `name`, None where there is none."""
        return next((parameter for parameter in self.header.params if parameter.name == name), None)

    def line(self, at: int) -> int:
        """Return the line in the file of a position in the body."""
        return self.layout.line(at) + self.first - 1

    def finding(self, code: str, line: int, message: str, *, value: str = "", accepted: str = "") -> Finding:
        """Return a finding on this query."""
        return Finding(code=code, file=self.origin.file, line=line, message=message, value=value, accepted=accepted)

    def header_line(self, *path: str | int) -> int:
        """Return the line of what stands at `path` in the header."""
        return self.origin.at(*path).line if self.origin.lines else 1


def _described(parameter: Parameter, *, whole: bool) -> dict[str, Any]:
    """Return a parameter for programs; a default or example is one value, or a list where several may be given."""
    said = parameter.model_dump(mode="json", by_alias=True)
    for key in ("default", "example"):
        values = said[key] or (said["default"] if key == "example" else [])
        said[key] = values if parameter.several and values else values[0] if values else None
    kept = ("name", "type", "required", "default", "example")
    return said if whole else {key: said[key] for key in kept}


@dataclass(frozen=True)
class Read:
    """What came of reading one file: the query, None where its header cannot be used, and the findings."""

    query: SavedQuery | None
    findings: tuple[Finding, ...] = ()


def query_files(folder: Path) -> list[Path]:
    """Return the files of saved queries in a folder."""
    return sorted(folder.glob("*.rq"))


def parse(text: str, file: str) -> Read:
    """Read the text of a saved query, called `file` (`queries/NAME.rq`) in findings.

    A text without a header is a query that says nothing of itself, which is a warning.
    """
    lines = _LINE.findall(text)
    head = list(takewhile(lambda line: line.startswith(MARK), lines))
    body = "".join(lines[len(head) :])
    stem = Path(file).stem
    late = [n for n, line in enumerate(lines, 1) if line.startswith(MARK) and n > len(head)]
    if late:
        message = "a line of the header stands below the query" if head else "the header does not begin the file"
        accepted = "one block of lines with #+ at the top of the file"
        return Read(None, (Finding(code="header-place", file=file, line=late[0], message=message, accepted=accepted),))
    if not head:
        return _undescribed(text, file, stem)
    parsed = yamlfile.parse("".join("  " + line[len(MARK) :] for line in head), file)
    if parsed.value is None or not isinstance(parsed.value, dict):
        if not parsed.findings:
            parsed.refuse("header-form", 1, "the header is no mapping", accepted="keys and values, as in id: NAME")
        return Read(None, tuple(parsed.findings))
    origin = RecordOrigin(file, parsed.lines)
    findings = list(parsed.findings)
    try:
        header = Header.model_validate(parsed.value)
    except ValidationError as errors:
        findings += [mistakes.finding(error, Header, _NESTED, origin) for error in errors.errors()]
        return Read(None, tuple(findings))
    if header.id != stem:
        message = f"id {header.id!r} is not the name of the file"
        findings.append(
            Finding(
                code="id-differs", file=file, line=origin.at("id").line, message=message, value=header.id, accepted=stem
            )
        )
    return Read(SavedQuery(header, text, body, len(head) + 1, origin), tuple(findings))


def _undescribed(text: str, file: str, stem: str) -> Read:
    message = "the query does not say what it asks, so it has no parameters and no tests"
    finding = Finding(
        code="no-header", file=file, message=message, accepted="a block of lines with #+ (docs/queries.md)",
        severity="warning",
    )  # fmt: skip
    if not SLUG.fullmatch(stem):
        return Read(None, (finding,))
    header = Header.model_construct(
        id=stem, summary=leading_comment(text) or stem.replace("-", " "), description=None, tags=(), params=(),
        columns=(), tests=(),
    )  # fmt: skip
    return Read(SavedQuery(header, text, text, 1, RecordOrigin(file, {}), described=False), (finding,))


def leading_comment(text: str) -> str:
    """Return the comment that a query begins with, as one line; empty where there is none."""
    lines = takewhile(lambda line: line.startswith("#"), text.lstrip().splitlines())
    return " ".join(" ".join(line.lstrip("#") for line in lines).split())


def read_file(path: Path, file: str) -> Read:
    """Read a saved query from its file, called `file` in findings."""
    try:
        return parse(path.read_bytes().decode("utf-8"), file)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        message = f"byte {error.start} is not UTF-8"
        return Read(None, (Finding(code="not-utf-8", file=file, line=line, message=message, accepted="UTF-8"),))


class Library:
    """The saved queries of a release, each read when it is asked for and kept."""

    def __init__(self, release: Release) -> None:
        self._folder = release.path / QUERIES
        self._kept: dict[str, SavedQuery | None] = {}

    def names(self) -> list[str]:
        """Return the identifiers of all saved queries, sorted."""
        return [path.stem for path in query_files(self._folder)]

    def get(self, name: str) -> SavedQuery:
        """Return the query called `name`; raise `UnknownThing` where there is none."""
        if name not in self._kept and name in self.names():
            self._kept[name] = read_file(self._folder / f"{name}.rq", f"queries/{name}.rq").query
        found = self._kept.get(name)
        if found is None:
            raise UnknownThing(f"{name!r} is no saved query", value=name, accepted=self.names() or "-")
        return found

    def all(self) -> Mapping[str, SavedQuery]:
        """Return all queries by identifier."""
        return {name: self.get(name) for name in self.names()}
