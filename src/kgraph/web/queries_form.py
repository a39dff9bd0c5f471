"""The form of a saved query: for each parameter the right input, filled with what was asked, mistakes beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kgraph.errors import BadRequest
from kgraph.saved.bind import MAX_VALUES, term
from kgraph.saved.model import Parameter
from kgraph.saved.names import Choice, Names
from kgraph.web.protocol import Parameters

MOST_BOXES = 60
MOST_PROPOSED = 1000
_CALLED = {"perpetrator": "alleged perpetrator", "perpetrators": "alleged perpetrators"}
_SPARE = 2
_TYPES = {"date": "date", "integer": "number", "string": "text", "iri": "text", "decimal": "text", "enum": "text"}


def called(name: str) -> str:
    """Return what pages call a parameter or a column: whoever is named as a perpetrator is an alleged one."""
    return _CALLED.get(name, name.replace("_", " "))


@dataclass(frozen=True)
class Option:
    """A value to choose, what it is called, and whether it is what was asked for."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a parameter, what would be accepted, which value is meant, and what it may stand for."""

    message: str
    accepted: str
    value: str = ""
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """An input. `control` is select, boxes (several of few), list (of many) or input, whose HTML type is `kind`."""

    parameter: Parameter
    control: str
    kind: str
    given: tuple[str, ...]
    options: tuple[Option, ...] = ()
    mistake: Mistake | None = None

    @property
    def inputs(self) -> list[str]:
        """Return what each of the inputs holds: what was given, and empty ones where more may be."""
        shown = list(self.given) or [""]
        return [*shown, *[""] * _SPARE][: max(len(shown), 3)] if self.parameter.several else shown[:1]

    @property
    def others(self) -> list[str]:
        """Return what was given and is no choice."""
        return [value for value in self.given if value not in {option.value for option in self.options}]

    def label(self, value: str) -> str:
        """Return what a choice is called."""
        return next((option.label for option in self.options if option.value == value), value)


def fields(parameters: Sequence[Parameter], given: Parameters, names: Names, *, judge: bool) -> list[Field]:
    """Return the inputs of a form; where `judge`, every mistake in what is given stands with its input."""
    return [_field(parameter, given, names, judge=judge) for parameter in parameters]


def filled(given: Parameters) -> Parameters:
    """Return what a form gives, less the inputs that were left empty."""
    kept = {name: [value for value in values if value.strip()] for name, values in given.items()}
    return {name: values for name, values in kept.items() if values}


def _field(parameter: Parameter, given: Parameters, names: Names, *, judge: bool) -> Field:
    values = tuple(given.get(parameter.name, ()))
    mistake = _mistake(parameter, values, names) if judge else None
    shown = values or parameter.default
    options, written = _options(parameter, shown, names)
    control = "boxes" if parameter.several else "select"
    told = tuple(dict.fromkeys(written.get(value, value) for value in shown))
    if not options or (control == "select" and not set(told) <= {option.value for option in options}):
        control = "input"
    if len(options) > MOST_BOXES:
        control = "list"
    kind = _TYPES.get(parameter.type, "text")
    if mistake is not None:
        kind = "text"  # a browser does not show what is no date in an input for dates
    return Field(parameter, control, kind, told, options, mistake)


def _options(parameter: Parameter, values: Sequence[str], names: Names) -> tuple[tuple[Option, ...], Mapping[str, str]]:
    """Return what there is to choose from, and for each way to write a choice the one that stands in the form."""
    if parameter.type in {"enum", "boolean"}:
        known = parameter.values or ("true", "false")
        words = {"true": "yes", "false": "no"} if parameter.type == "boolean" else {}
        return tuple(Option(value, words.get(value, value), value in values) for value in known), {}
    if parameter.type != "iri":
        return (), {}
    choices = names.choices(parameter.of)
    written = _written(choices)
    chosen = {written.get(value, value) for value in values}
    found = [Option(choice.short, choice.label, choice.short in chosen) for choice in choices]
    return tuple(sorted(found, key=lambda option: not option.chosen)[:MOST_PROPOSED]), written


def _written(choices: Sequence[Choice]) -> dict[str, str]:
    found: dict[str, str] = {}
    for choice in choices:
        for text in (choice.short, str(choice.iri), choice.bare):
            found.setdefault(text, choice.short)
    return found


def _mistake(parameter: Parameter, values: Sequence[str], names: Names) -> Mistake | None:
    if not values and parameter.required:
        return Mistake("This is needed.", f"such as {' '.join(parameter.example)}")
    if len(values) > 1 and not parameter.several:
        return Mistake(f"{len(values)} values are given.", "one value")
    if len(values) > MAX_VALUES:
        return Mistake(f"{len(values)} values are given.", f"at most {MAX_VALUES}")
    for value in values:
        try:
            term(parameter, value, names)
        except BadRequest as error:
            return _told(value, error.detail, error.extra)
    return None


def _told(value: str, detail: str, extra: Mapping[str, Any]) -> Mistake:
    accepted = extra.get("accepted", "")
    told = accepted if isinstance(accepted, str) else ", ".join(accepted)
    return Mistake(f"{detail[0].upper()}{detail[1:]}.", told, value, tuple(extra.get("nearest") or ()))
