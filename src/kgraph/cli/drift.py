"""`kgraph drift`: what became of the passages of a document in a newer version of its source."""

import datetime as dt
import json
import sys
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from kgraph.cli import show
from kgraph.drift import source as sources
from kgraph.drift.compare import FOUND, Comparison, Drift, compare
from kgraph.drift.update import Update, update

_COLOURS = {"unchanged": "green", "moved": "cyan", "altered": "yellow", "gone": "magenta", "ambiguous": "yellow"}
_MARKS = {"deleted": ("[red strike]", r"\[-", "-]"), "inserted": ("[green bold]", "{+", "+}")}
_AROUND = {
    "none": "what comes before and what follows reads otherwise",
    "before": "what follows reads otherwise",
    "after": "what comes before reads otherwise",
}


@click.command()
@click.argument("document")
@click.argument("source", metavar="FILE|URL")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--update", "write", is_flag=True, help="Write a record of the newer version, with what stands in it.")
@click.option("--id", "ident", help="Identifier of that record; default: DOCUMENT-v2, -v3, ...")
@click.option(
    "--retrieved", type=click.DateTime(["%Y-%m-%d"]), help="Day on which a FILE was fetched; of a URL it is today."
)
@click.option("--all", "every", is_flag=True, help="List the passages that stand as they did as well.")
@click.option("--words", is_flag=True, help="Show the words of a restricted document as well.")
@click.pass_obj
def drift(
    load: Any, document: str, source: str, form: str, ident: str | None, retrieved: dt.datetime | None, *,
    write: bool, every: bool, words: bool,
) -> None:  # fmt: skip
    """Compare a newer version of a source with DOCUMENT: what became of each passage, and what rests on it.

    A passage is unchanged (the same words at the same offsets), moved (the same words elsewhere, beyond doubt),
    altered, gone, or ambiguous. Exit 0: all unchanged or moved; 1: something is not.
    """
    if not write and (ident or retrieved):
        raise click.UsageError("--id and --retrieved are of the record that --update writes")
    settings = load()
    address = source if sources.is_address(source) else None
    found = compare(settings, document, sources.read(source))
    day = retrieved.date() if retrieved else dt.datetime.now(dt.UTC).date() if address else None
    written = update(settings, found, ident=ident, address=address, retrieved=day) if write and not found.same else None
    shown = words or found.document.access == "public"
    if form == "json":
        data = found.as_dict(words=shown) | {"update": written.as_dict() if written else None}
        click.echo(json.dumps(data, indent=1, ensure_ascii=False))
    else:
        _show(found, every=every, shown=shown)
        _show_update(written, wanted=write)
    if not found.settled:
        click.get_current_context().exit(1)


def _show(found: Comparison, *, every: bool, shown: bool) -> None:
    out = show.console(sys.stdout)
    for note in found.notes:
        out.print(f"[yellow]note:[/] {escape(note)}")
    for drift in found.drifts:
        if every or drift.status not in FOUND or drift.surroundings != "both":
            for line in _lines(drift, shown=shown):
                out.print(line)
            out.print()
    table = Table("status", "passages", "claims", "attestations", box=None, header_style="bold", pad_edge=False)
    for status, count in found.counts.items():
        group = [drift for drift in found.drifts if drift.status == status]
        claims = {claim for drift in group for claim in drift.claims}
        attestations = {name for drift in group for name in drift.attestations}
        table.add_row(f"[{_COLOURS[status]}]{status}[/]", str(count), str(len(claims)), str(len(attestations)))
    out.print(table)
    text = "the same text" if found.same else f"SHA-256 {found.sha256}"
    out.print(f"[dim]{escape(found.document.id)}: {len(found.drifts)} passages; the newer version is {text}[/]")


def _lines(drift: Drift, *, shown: bool) -> list[str]:
    """Return what is shown of a passage, in the markup of the console."""
    to = f" -> {drift.to[0]}-{drift.to[1]}" if drift.to else ""
    head = f"[{_COLOURS[drift.status]}]{drift.status}[/] {escape(drift.passage.ident)}{to}"
    lines = [head + (f" [dim]({escape(drift.passage.heading)})[/]" if drift.passage.heading else "")]
    if not shown:
        lines.append("  [dim]words: not shown, restricted document (--words)[/]")
    elif drift.status == "altered":
        lines.append("  " + "".join(_marked(name, text) for name, text in drift.steps))
    else:
        lines.append(f"  {escape(drift.words)}")
    if drift.surroundings in _AROUND:
        lines.append(f"  [yellow]around it:[/] {_AROUND[drift.surroundings]}")
    if drift.reason:
        spans = ", ".join(map(str, drift.places[:5]))
        lines.append(f"  [yellow]why:[/] {escape(drift.reason)}; candidates at {spans}")
    if drift.remark:
        lines.append(f"  [yellow]only:[/] {escape(drift.remark)}")
    rests = {"claims": drift.claims, "attestations": drift.attestations, "records": drift.records}
    return [*lines, *(f"  [dim]{name}:[/] {escape(', '.join(found))}" for name, found in rests.items() if found)]


def _marked(name: str, text: str) -> str:
    if name not in _MARKS:
        return escape(text)
    style, before, after = _MARKS[name]
    return f"{style}{before}{escape(text)}{after}[/]"


def _show_update(written: Update | None, *, wanted: bool) -> None:
    out = show.console(sys.stdout)
    if written is not None:
        told = written.as_dict()
        out.print(
            f"Wrote {told['document']} to data/documents.yaml, {told['file']} to the archive, and {told['anchors']}"
            f" anchors of {told['carried']} passages; what was anchored stays where it was."
        )
        for drift in written.left:
            out.print(f"[yellow]not carried:[/] {drift.passage.ident}: no few words single it out there")
    elif wanted:
        out.print("Nothing to write: this is the text that is archived.")
