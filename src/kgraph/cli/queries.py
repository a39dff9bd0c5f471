"""`kgraph queries` and `kgraph query`: what can be asked, and asking it."""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from kgraph import build
from kgraph.cli import complete, show
from kgraph.errors import BadRequest, KgraphError, NoRelease, UnknownThing
from kgraph.formats import GRAPHS, RESULTS, by_name
from kgraph.release import QUERIES, current_release
from kgraph.saved.bind import bind
from kgraph.saved.grlc import import_file
from kgraph.saved.library import Library, SavedQuery, parse, query_files, read_file
from kgraph.saved.lint import lint
from kgraph.saved.names import Names
from kgraph.saved.trial import run
from kgraph.settings import Settings
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded

_FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")


@click.group(invoke_without_command=True)
@_FORMAT
@click.pass_context
def queries(ctx: click.Context, form: str) -> None:
    """List, show, test, check or import saved queries; without a command, list them."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_queries, form=form)


@queries.command("list")
@_FORMAT
@click.pass_obj
def list_queries(load: Any, form: str) -> None:
    """List the saved queries of the current release: what each asks, its groups and parameters."""
    found = _library(load()).all().values()
    if form == "json":
        click.echo(json.dumps({"queries": [query.as_dict() for query in found]}, indent=1, ensure_ascii=False))
        return
    table = Table("query", "asks", "groups", "parameters", box=None, header_style="bold", pad_edge=False)
    for query in found:
        names = [f"{p.name}{'' if p.required else '?'}" for p in query.header.params]
        table.add_row(query.id, escape(query.header.summary), ", ".join(query.header.tags), " ".join(names))
    show.console(sys.stdout).print(table)


@queries.command("show")
@click.argument("name", shell_complete=complete.names)
@_FORMAT
@click.pass_obj
def show_query(load: Any, name: str, form: str) -> None:
    """Show what the saved query NAME asks, its parameters and columns, and a call of it."""
    query = _library(load()).get(name)
    if form == "json":
        click.echo(json.dumps(query.as_dict(whole=True), indent=1, ensure_ascii=False))
    else:
        show.saved_query(query)


@queries.command("test")
@click.argument("names", nargs=-1, shell_complete=complete.names)
@_FORMAT
@click.pass_obj
def test_queries(load: Any, names: tuple[str, ...], form: str) -> None:
    """Run the tests of saved queries (all, or NAMES) as they stand in the corpus, on the current release."""
    loaded: Settings = load()
    chosen = [_from_corpus(loaded, name) for name in names or _known(loaded)]
    engine = _engine(loaded)
    try:
        outcomes = [outcome for query in chosen for outcome in run(query, engine, Names(engine))]
    finally:
        engine.close()
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if form == "json":
        data = {"passed": len(outcomes) - len(failed), "failed": len(failed), "tests": [o.as_dict() for o in outcomes]}
        click.echo(json.dumps(data, indent=1, ensure_ascii=False))
    else:
        show.outcomes(outcomes)
    if failed:
        click.get_current_context().exit(1)


@queries.command("lint")
@_FORMAT
@click.pass_obj
def lint_queries(load: Any, form: str) -> None:
    """Report every mistake in the saved queries of the corpus; with a release, examples that name nothing too."""
    loaded: Settings = load()
    found = build.check_queries(loaded.root)
    if not any(finding.severity == "error" for finding in found):
        try:
            engine = _engine(loaded)
        except NoRelease:
            show.console(sys.stderr).print("kgraph: nothing has been built yet, so examples are not looked up")
        else:
            names = Names(engine)
            try:
                found = [*found, *(f for name in _known(loaded) for f in lint(_from_corpus(loaded, name), names))]
            finally:
                engine.close()
    if form == "json":
        click.echo(json.dumps({"findings": [f.as_dict() for f in found]}, indent=1, ensure_ascii=False))
    else:
        show.findings(found)
        show.console(sys.stdout).print(f"{len(_known(loaded))} saved queries, {len(found)} findings")
    if any(finding.severity == "error" for finding in found):
        click.get_current_context().exit(1)


@queries.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_query(file: Path) -> None:
    """Write the grlc query FILE in our format; what could not be carried over is said on standard error."""
    text, notes = import_file(file)
    click.echo(text, nl=False)
    for note in notes:
        show.console(sys.stderr).print(f"kgraph: {escape(note)}")


@click.command()
@click.argument("query", shell_complete=complete.names)
@click.option(
    "-p", "--param", "given", multiple=True, metavar="NAME=VALUE", shell_complete=complete.parameters,
    help="A parameter of a saved query; may be given again.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", *(f.name for f in (*RESULTS, *GRAPHS))]), default="text")
@click.option("--timeout", type=float, help="Seconds until the query ends.")
@click.pass_obj
def query(load: Any, query: str, given: tuple[str, ...], form: str, timeout: float | None) -> None:
    """Ask the current release: QUERY is - (standard input), a file, or the name of a saved query."""
    loaded: Settings = load(timeout=timeout)
    values = _values(given)
    engine = _engine(loaded)
    try:
        text = _text(loaded, engine, query, values)
        results = RESULTS[0] if form == "text" else by_name(form, RESULTS)
        graph = GRAPHS[0] if form == "text" else by_name(form, GRAPHS)
        answer = engine.query(Question(text=text, results=results, graph=graph))
        if form == "text" and answer.kind != "graph":
            show.results(answer)
            return
        for chunk in answer.chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
    finally:
        engine.close()


def _values(given: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the values of each parameter, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in given:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise BadRequest(f"{item!r} gives no parameter a value", parameter="-p", value=item, accepted="NAME=VALUE")
        found[name].append(value)
    return dict(found)


def _text(loaded: Settings, engine: Embedded, name: str, values: dict[str, list[str]]) -> str:
    """Return what is to be asked; a file or standard input is asked as it stands, unless it is given values."""
    if name == "-" or Path(name).is_file():
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        if not values:
            return text
        read = parse(text, "queries/stdin.rq" if name == "-" else name)
        if read.query is None:
            raise BadRequest(f"{name} takes no parameters: {read.findings[0].message}", accepted="a saved query")
        return bind(read.query, values, Names(engine)).text
    try:
        saved = _library(loaded).get(name)
    except UnknownThing as error:
        raise UnknownThing(f"{name!r} is no file and no saved query", **error.extra) from None
    return bind(saved, values, Names(engine)).text


def _engine(loaded: Settings) -> Embedded:
    return Embedded(loaded.releases, readers=1, memory=loaded.memory, timeout=loaded.timeout, in_memory=0)


def _library(loaded: Settings) -> Library:

    return Library(current_release(loaded.releases))


def _known(loaded: Settings) -> list[str]:

    return [path.stem for path in query_files(loaded.root / QUERIES)]


def _from_corpus(loaded: Settings, name: str) -> SavedQuery:
    """Return a saved query as it stands in the corpus now."""
    known = _known(loaded)
    if name not in known:
        raise UnknownThing(f"{name!r} is no saved query", value=name, accepted=known or "-")
    read = read_file(loaded.root / QUERIES / f"{name}.rq", f"{QUERIES}/{name}.rq")
    if read.query is None:
        raise KgraphError(
            f"queries/{name}.rq cannot be read: {read.findings[0].message}", accepted="kgraph queries lint"
        )
    return read.query
