"""Record files as plain values with line numbers: the YAML 1.2 that people edit, less what hides or surprises.

All scalars are strings. Aliases, anchors, tags, several documents, and keys that stand twice are refused, so a file
says only what a reader of it sees (and a few bytes cannot unfold into gigabytes).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from kgraph.model import Finding

MAX_BYTES = 10_000_000
MAX_DEPTH = 12
Path_ = tuple[str | int, ...]


@dataclass
class Parsed:
    """The value of a file, the line of each value by its path, and what was refused."""

    file: str
    value: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def refuse(self, code: str, line: int, message: str, *, value: str = "", accepted: str = "") -> None:
        """Note a finding of this file."""
        self.findings.append(
            Finding(code=code, file=self.file, line=line, message=message, value=value, accepted=accepted)
        )


class _Stop(Exception):
    """Reading cannot go on behind this point."""


def read(path: Path, name: str) -> Parsed:
    """Read the record file at `path`, called `name` in findings. A file that cannot be read has value None."""
    parsed = Parsed(name)
    size = path.stat().st_size
    if size > MAX_BYTES:
        parsed.refuse("file-too-large", 1, f"file has {size} bytes", accepted=f"at most {MAX_BYTES} bytes")
        return parsed
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        parsed.refuse("not-utf-8", line, f"byte {error.start} is not UTF-8", accepted="UTF-8")
        return parsed
    return parse(text, name)


def parse(text: str, name: str) -> Parsed:
    """Read the text of a record file; see `read`."""
    parsed = Parsed(name)
    try:
        events = iter(YAML(typ="safe", pure=True).parse(text))
        _skip_to_document(events)
        parsed.value = _value(parsed, next(events), events, ())
        another = next((event for event in events if isinstance(event, DocumentStartEvent)), None)
        if another is not None:
            line = another.start_mark.line + 1
            parsed.refuse("several-documents", line, "file holds several documents", accepted="one list of records")
    except _Stop:
        parsed.value = None
    except StopIteration:
        parsed.value = []
    except (MarkedYAMLError, ReaderError) as error:
        _refuse_syntax(parsed, text, error)
    return parsed


def _refuse_syntax(parsed: Parsed, text: str, error: Exception) -> None:
    mark = getattr(error, "problem_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark else text[:position].count("\n") + 1 if isinstance(position, int) else 1
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    parsed.value = None
    parsed.refuse("yaml-syntax", line, f"not YAML: {problem}", accepted="YAML 1.2")


def _skip_to_document(events: Iterator[Event]) -> None:
    for event in events:
        if isinstance(event, DocumentStartEvent):
            return


def _value(parsed: Parsed, event: Event, events: Iterator[Event], path: Path_) -> Any:
    line = event.start_mark.line + 1
    parsed.lines[path] = line
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
        parsed.refuse("yaml-alias", line, "anchors and aliases are not accepted", accepted="the value itself")
        raise _Stop
    if getattr(event, "tag", None) is not None:
        parsed.refuse(
            "yaml-tag", line, "tags are not accepted", value=str(getattr(event, "tag", "")), accepted="a plain value"
        )
        raise _Stop
    if len(path) > MAX_DEPTH:
        parsed.refuse("yaml-nesting", line, "values are nested too deeply", accepted=f"at most {MAX_DEPTH} levels")
        raise _Stop
    if isinstance(event, ScalarEvent):
        return event.value
    if isinstance(event, SequenceStartEvent):
        items: list[Any] = []
        while not isinstance(event := next(events), SequenceEndEvent):
            items.append(_value(parsed, event, events, (*path, len(items))))
        return items
    assert isinstance(event, MappingStartEvent)
    return _mapping(parsed, events, path)


def _mapping(parsed: Parsed, events: Iterator[Event], path: Path_) -> dict[str, Any]:
    members: dict[str, Any] = {}
    while not isinstance(event := next(events), MappingEndEvent):
        line = event.start_mark.line + 1
        if not isinstance(event, ScalarEvent):
            parsed.refuse("yaml-key", line, "a key is not a plain word", accepted="a plain word")
            raise _Stop
        key = event.value
        value = _value(parsed, next(events), events, (*path, key))
        if key in members:
            parsed.refuse("duplicate-key", line, f"key {key!r} stands twice", value=key, accepted="each key once")
        members[key] = value
        parsed.lines[(*path, key)] = line
    return members
