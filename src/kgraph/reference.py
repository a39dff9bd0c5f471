"""The reference parts of README and docs, made from the code: `python -m kgraph.reference [--check] FILE`.

A part stands between `<!-- reference: NAME -->` and `<!-- /reference -->`, where NAME is one of `PARTS`.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, cast

from kgraph.cli import main as cli
from kgraph.errors import BadRequest, KgraphError
from kgraph.settings import Settings
from kgraph.store.base import Engine
from kgraph.web import create_app

# What each setting means. `root` is not here: it is where kgraph.toml stands, never a setting.
DESCRIPTIONS = {
    "base_iri": "what the IRIs of all things of the corpus begin with; ends in `/`",
    "title": "name of the corpus, as pages show it",
    "licence": "IRI of the licence of the claims",
    "curator": "identifier of the agent who curates",
    "archive": "folder with the texts of documents; a relative one starts at the corpus",
    "host": "address to listen on",
    "port": "port to listen on; 0 picks a free one",
    "readers": "reader processes, besides one reserved for short work",
    "timeout": "seconds until a query ends",
    "memory": "megabytes for each reader, above what its store maps",
    "in_memory": "a release of at most so many quads is read from memory, half a kilobyte each, not from disk: several "
    "times as fast; 0 for never",
    "queue": "queries that may wait for a reader; one more is told to come again (503)",
    "max_bytes": "bytes of the longest result, 0 for any; a longer one is refused (413), never cut",
    "max_rows": "rows of the longest result, 0 for any",
    "services": "addresses that SERVICE may call; with any, readers may open connections",
    "cache": "megabytes of whole answers kept for the current release, 0 for none",
    "log": "the line that each request leaves: `text`, `json`, `none`; `auto` is text on a terminal, else JSON",
    "log_file": "file that these lines are appended to, else standard error; a relative one starts at the corpus",
    "log_private": "what lines tell only if it is named here: `queries` (else a digest), `addresses`",
}

_OPEN, _CLOSE = re.compile(r"<!-- reference: ([\w-]+) -->"), "<!-- /reference -->"
_PART = re.compile(rf"({_OPEN.pattern})(?:(?!<!-- ).)*?{_CLOSE}", re.DOTALL)
_CHOICE = re.compile(r"<any\((?P<choices>[^)]*)\):(?P<name>\w+)>")
_VARIABLE = re.compile(r"<(?:[^:<>]+:)?(\w+)>")


def commands() -> str:
    """Return a Markdown table of the commands: arguments, options with their choices, first line of the help."""
    rows = [
        (_code(_usage(name, command)), ", ".join(_options(command)), _first_line(command.help))
        for name, command in _walk("kgraph", cli)
    ]
    return _table(("command", "options", "what it does"), rows)


def addresses() -> str:
    """Return a Markdown table of what the web application answers to, in the words of its views."""
    root = Path()
    app = create_app(Settings(root=root, base_iri="https://example.org/"), cast("Engine", object()))  # never asked
    rows = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint == "static":
            continue
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        choices = [f"`{{{m['name']}}}`: {m['choices'].replace(',', ', ')}" for m in _CHOICE.finditer(rule.rule)]
        address = _VARIABLE.sub(r"{\1}", _CHOICE.sub(r"{\g<name>}", rule.rule))
        told = " ".join([_first_line(inspect.getdoc(app.view_functions[rule.endpoint])), *choices])
        rows.append((_code(address), ", ".join(methods), told))
    return _table(("address", "methods", "what it does"), rows)


def settings_table() -> str:
    """Return a Markdown table of the settings: environment variable, flag if there is one, default, meaning."""
    flags = {option.name: option.opts[0] for _, command in _walk("kgraph", cli) for option in _parameters(command)}
    rows = [
        (
            _code(field.name),
            _code(f"KGRAPH_{field.name.upper()}"),
            _code(flags[field.name]) if field.name in flags else "",
            _default(field),
            DESCRIPTIONS[field.name],
        )
        for field in fields(Settings)
        if field.name != "root"
    ]
    return _table(("setting", "environment", "flag", "default", "what it is"), rows)


PARTS = {"commands": commands, "addresses": addresses, "settings": settings_table}


def rewritten(text: str) -> str:
    """Return `text` with every part made anew; raise `BadRequest` for an unknown name or a part without its end."""
    for name in _OPEN.findall(text):
        if name not in PARTS:
            raise BadRequest(f"there is no reference part {name!r}", value=name, accepted=list(PARTS))
    matches = len(_PART.findall(text))
    if not matches == len(_OPEN.findall(text)) == text.count(_CLOSE):
        raise BadRequest("a reference part has no beginning or no end", accepted=f"each part closed by {_CLOSE}")
    return _PART.sub(lambda match: f"{match[1]}\n\n{PARTS[match[2]]()}\n{_CLOSE}", text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the parts of a file, or with `--check` say whether they are stale; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m kgraph.reference", description=main.__doc__)
    parser.add_argument("file", type=Path, help="a Markdown file with reference parts")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a part is stale")
    given = parser.parse_args(arguments)
    try:
        old = given.file.read_text(encoding="utf-8")
        new = rewritten(old)
    except OSError as error:
        sys.stderr.write(f"kgraph.reference: {given.file}: {error.strerror}\n")
        return KgraphError.exit_code
    except KgraphError as error:
        sys.stderr.write(f"kgraph.reference: {given.file}: {error.detail}\n")
        return error.exit_code
    if new == old:
        return 0
    if given.check:
        sys.stderr.write(f"{given.file} is stale: run python -m kgraph.reference {given.file}\n")
        return 1
    given.file.write_text(new, encoding="utf-8")
    return 0


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield a command and, depth first, those within it, as they are typed; hidden ones are left out."""
    yield name, command
    for inner, nested in getattr(command, "commands", {}).items():
        if not nested.hidden:
            yield from _walk(f"{name} {inner}", nested)


def _parameters(command: Any, kind: str = "option") -> list[Any]:
    found = [parameter for parameter in command.params if parameter.param_type_name == kind]
    return [parameter for parameter in found if not getattr(parameter, "hidden", False)]


def _usage(name: str, command: Any) -> str:
    return " ".join([name, *(argument.human_readable_name for argument in _parameters(command, "argument"))])


def _options(command: Any) -> Iterator[str]:
    for option in _parameters(command):
        choices = ", ".join(map(str, getattr(option.type, "choices", ())))
        yield _code("/".join([*option.opts, *option.secondary_opts])) + (f" ({choices})" if choices else "")


def _default(field: Field[Any]) -> str:
    if field.default is MISSING:
        return "must be given"
    if field.default is None or field.default == ():
        return "none"
    return _code(str(field.default))


def _first_line(text: str | None) -> str:
    return next(iter(inspect.cleandoc(text or "").splitlines()), "")


def _code(text: str) -> str:
    return f"`{text}`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table that ends in a newline; a bar in a cell is escaped, as GitHub's tables ask."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    sys.exit(main())
