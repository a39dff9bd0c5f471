"""What a model refuses, as findings: file, line, the offending value, what would be accepted."""

from collections.abc import Mapping

from pydantic import BaseModel
from pydantic_core import ErrorDetails
from rapidfuzz.process import extractOne

from kgraph.model import Finding, RecordOrigin, Refused


def finding(
    error: ErrorDetails, cls: type[BaseModel], nested: Mapping[str, type[BaseModel]], origin: RecordOrigin
) -> Finding:
    """Return the finding for one error that pydantic reports on a `cls`; `nested` has the model below each key."""
    where = tuple(part for part in error["loc"] if not str(part).startswith("("))
    at = origin.at(*where)
    name = next((str(part) for part in reversed(where) if isinstance(part, str)), "record")
    value = error["input"] if isinstance(error["input"], str) else ""
    code, message, accepted = _explain(error, name, _model_at(cls, nested, error["loc"]))
    if code in {"unknown-key", "missing-key"}:
        value = name
    return Finding(code=code, file=at.file, line=at.line, value=value, message=message, accepted=accepted)


def _explain(error: ErrorDetails, name: str, cls: type[BaseModel]) -> tuple[str, str, str]:
    kind, context = error["type"], error.get("ctx", {})
    cause = context.get("error")
    shown = f"{name} {error['input']!r}" if isinstance(error["input"], str) else name
    if isinstance(cause, Refused):
        return cause.code, str(cause) if isinstance(error["input"], dict) else f"{shown} {cause}", cause.accepted
    if kind == "extra_forbidden":
        keys = sorted(info.alias or key for key, info in cls.model_fields.items())
        return "unknown-key", f"unknown key {name!r}; nearest is {extractOne(name, keys)[0]!r}", ", ".join(keys)
    if kind == "missing":
        return "missing-key", f"key {name!r} is missing", "a value for it"
    if kind == "literal_error":
        return "bad-value", f"{shown} is not accepted", context["expected"].replace("'", "")
    if kind == "string_pattern_mismatch":
        return "bad-value", f"{shown} has the wrong form", f"text that matches {context['pattern']}"
    if kind == "string_type":
        return "bad-value", f"{name} is no single value", "one text"
    return "bad-value", f"{shown}: {error['msg'].lower()}", "a mapping of the keys of this record"


def _model_at(
    cls: type[BaseModel], nested: Mapping[str, type[BaseModel]], loc: tuple[str | int, ...]
) -> type[BaseModel]:
    """Return the model that the last key of `loc` belongs to."""
    for part in loc[:-1]:
        cls = nested.get(str(part), cls)
    return cls
