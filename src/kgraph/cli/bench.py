"""`kgraph bench`: made-up claims, and how fast this is, side by side with others."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from kgraph.bench import MEASURES
from kgraph.cli import show
from kgraph.errors import KgraphError, NoCorpus
from kgraph.settings import Settings
from kgraph.terms import Iris

_SHOWN = {
    "latency": ("latency: p50 / p99, ms", ("corpus", "query"), ("p50_ms", "p99_ms")),
    "throughput": (
        "requests a second / p99, ms", ("corpus", "query", "cached", "connections"), ("requests_per_second", "p99_ms"),
    ),
    "stream": (
        "one long answer: MB, MB a second, peak memory in MB", ("corpus",),
        ("megabytes", "megabytes_per_second", "peak_memory_megabytes"),
    ),
    "crowded": (
        "a short query alone, p50 / beside four cross joins, p50 / p99: ms", ("corpus",),
        ("alone_p50_ms", "p50_ms", "p99_ms"),
    ),
    "replacement": ("a reader is ended and replaced: p50 / p99, ms", ("corpus",), ("p50_ms", "p99_ms")),
}  # fmt: skip


@click.group(invoke_without_command=True)
@click.option("--corpus", "claims", type=click.IntRange(1), default=2000, show_default=True, help="Made-up claims.")
@click.option("--seconds", type=click.FloatRange(0.05, 60), default=1.0, show_default=True, help="For each measure.")
@click.option("--rounds", type=click.IntRange(1, 100), default=3, show_default=True, help="Turns of each system.")
@click.option("--only", multiple=True, type=click.Choice(MEASURES), help="A measure; may be given again.")
@click.option("--alone", is_flag=True, help="Measure no other servers.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def bench(
    ctx: click.Context, claims: int, seconds: float, rounds: int, only: tuple[str, ...], form: str, *, alone: bool
) -> None:
    """Measure this server beside others, over the current release and over made-up claims.

    The others are Oxigraph's server and rdflib-endpoint, where they are installed (pip install 'kgraph[bench]').
    """
    if ctx.invoked_subcommand is not None:
        return
    try:
        from kgraph.bench import run as running  # noqa: PLC0415 - only this command needs it
    except ImportError as error:
        raise KgraphError(f"{error.name} is not installed", accepted="pip install 'kgraph[bench]'") from error
    chosen = {"only": only} if only else {}
    options = running.Options(
        claims=claims, seconds=seconds, rounds=rounds, **chosen, **({"competitors": ()} if alone else {})
    )
    noted = show.console(sys.stderr)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended too
    try:
        results = running.run(ctx.obj(), options, note=lambda text: noted.print(f"kgraph: {text}"))
    finally:
        signal.signal(signal.SIGTERM, before)
    if form == "json":
        click.echo(json.dumps(results, indent=1, ensure_ascii=False))
    else:
        show_results(results)


def show_results(results: dict[str, Any]) -> None:
    """Show the results of a run as tables, one for each measure."""
    out = show.console(sys.stdout)
    facts = [f"{name} {number}" for name, number in results["software"].items()]
    out.print(f"{', '.join(facts)}; {results['machine']['cpus']} processors; client: {results['client']}")
    for name, corpus in results["corpora"].items():
        out.print(f"{name}: {corpus['claims']} claims, {corpus['quads']} quads, release {corpus['release'][:8]}")
    for measure in MEASURES:
        if results.get(measure):
            title, index, values = _SHOWN[measure]
            out.print(f"\n[bold]{title}[/]")
            out.print(_table(results[measure], index, values))
    for remark in results["remarks"]:
        out.print(f"{remark['corpus']}, {remark['query']}, {remark['system']}: {escape(remark['remark'])}")
    for name, reason in results["left_out"].items():
        out.print(f"left out: {name}: {escape(reason)}")
    out.print("in brackets: ratio of the median to that of oxigraph's server")


def _table(rows: list[dict[str, Any]], index: tuple[str, ...], values: tuple[str, ...]) -> Table:
    """Return a table with a column for each system, and a row for all that is measured alike."""
    systems = list(dict.fromkeys(row["system"] for row in rows))
    table = Table(*index, *systems, box=None, pad_edge=False, header_style="none")
    cells: dict[tuple[Any, ...], dict[str, str]] = {}
    for row in rows:
        cells.setdefault(tuple(row[name] for name in index), {})[row["system"]] = _cell(row, values)
    for key, found in cells.items():
        table.add_row(*map(str, key), *(found.get(system, "") for system in systems))
    return table


def _cell(row: dict[str, Any], values: tuple[str, ...]) -> str:
    numbers = " / ".join("-" if row.get(name) is None else f"{row[name]:g}" for name in values)
    return numbers + (f" ({row['ratio']:g})" if "ratio" in row else "")


@bench.command()
@click.argument("count", metavar="N", type=click.IntRange(min=1))
@click.option(
    "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The N-Quads file to write."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives other claims.")
@click.pass_obj
def generate(load: Any, count: int, output: Path, seed: int) -> None:
    """Write N made-up claims as N-Quads: the shape of real ones, names and places plainly invented.

    Their IRIs, licence and curator are those of the corpus, or begin with https://example.org/bench/ where there is
    none. `kgraph build --quads` makes a release of them.
    """
    from kgraph.bench import generate as generating  # noqa: PLC0415 - only this command needs it

    options: dict[str, Any] = {"iris": Iris(generating.BASE)}
    try:
        loaded: Settings = load()
        options = {"iris": Iris(loaded.base_iri), "licence": loaded.licence, "curator": loaded.curator}
    except NoCorpus:
        pass
    with click.progressbar(length=count, label="claims", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        quads = generating.write(output, count, seed=seed, progress=bar.update, **options)
    show.console(sys.stdout).print(f"{count} made-up claims, {quads} quads written to {output}")
