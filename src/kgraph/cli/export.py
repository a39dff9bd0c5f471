"""`kgraph export`: a release, or some of its claims, as a file in a form that other programs read."""

import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from kgraph import history
from kgraph.cli import show
from kgraph.errors import BadRequest
from kgraph.export import EXPORTS, opened, write_file
from kgraph.release import current_release
from kgraph.settings import Settings

_FORMATS = "\n".join(f"  {name:<15}{export.about}" for name, export in EXPORTS.items())


@click.command(epilog=f"\b\nFORMAT is one of\n{_FORMATS}")
@click.argument("form", metavar="FORMAT", type=click.Choice(list(EXPORTS)))
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
              help="The file to write, gzipped where it ends in .gz; - is standard output.")  # fmt: skip
@click.option("--claim", metavar="ID", help="Only this claim, with what it takes to be read alone.")
@click.option("--event", metavar="ID", help="Only the claims on this event, likewise.")
@click.option("--release", "name", help="The digest of a release, or its beginning; default: the current one.")
@click.pass_obj
def export(load: Any, form: str, output: Path, claim: str | None, event: str | None, name: str | None) -> None:
    """Write a release, or some of its claims, to a file, whole or not at all."""
    if claim is not None and event is not None:
        raise BadRequest("--claim and --event were both given", accepted="one of them")
    loaded: Settings = load()
    release = history.find(loaded.releases, name) if name else current_release(loaded.releases)
    with opened(release, claim=claim, event=event) as source:
        chunks = EXPORTS[form].write(source)
        if str(output) == "-":
            sys.stdout.buffer.writelines(chunks)
            sys.stdout.flush()
            return
        write_file(chunks, output)
    show.console(sys.stderr).print(f"Wrote {escape(str(output))}: release {release.digest}")
