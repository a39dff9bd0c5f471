"""`kgraph bench`: made-up claims, and how fast this is, side by side with others."""

import sys
from pathlib import Path
from typing import Any

import click

from kgraph.cli import show
from kgraph.errors import NoCorpus
from kgraph.settings import Settings
from kgraph.terms import Iris


@click.group()
def bench() -> None:
    """Measure this server beside others, over the current release and over made-up claims."""


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
