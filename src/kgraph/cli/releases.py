"""`kgraph release`: which releases there are, what changed from one to another, and which have to go."""

import datetime as dt
import json
import sys
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from kgraph import changes, history, purge
from kgraph.cli import show
from kgraph.errors import BadRequest, NoRelease
from kgraph.release import MANIFEST, Release, open_release

_FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")


@click.group()
def release() -> None:
    """Look at the releases of a corpus, and at what changed."""


@release.command("list")
@_FORMAT
@click.pass_obj
def list_command(load: Any, form: str) -> None:
    """List the releases: the current one, its predecessors, and the others."""
    entries = history.entries(load().releases)
    if form == "json":
        click.echo(json.dumps({"releases": [entry.as_dict() for entry in entries]}, indent=1))
        return
    table = Table("release", "built", "claims", "predecessor", "", box=None, header_style="bold", pad_edge=False)
    known = {entry.digest for entry in entries}
    for entry in entries:
        manifest = entry.release.manifest if entry.release else None
        before = manifest.predecessor if manifest else None
        told = "" if before is None else before[:12] + ("" if before in known else " (gone)")
        path = entry.path / MANIFEST
        built = f"{dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC):%Y-%m-%d %H:%M}" if path.is_file() else ""
        mark = "current" if entry.current else "" if manifest else "not whole"
        table.add_row(entry.digest, built, str(manifest.claims) if manifest else "", told, mark)
    show.console(sys.stdout).print(table)


@release.command("diff")
@click.argument("names", nargs=-1, metavar="[[OLD] NEW]")
@_FORMAT
@click.pass_obj
def diff_command(load: Any, names: tuple[str, ...], form: str) -> None:
    """Tell which claims were added, changed, retracted, superseded, withheld or removed from OLD to NEW.

    Default: from the predecessor of NEW, and NEW is the current release.
    """
    releases = load().releases
    if len(names) > 2:  # noqa: PLR2004
        raise BadRequest(f"{len(names)} releases were named", accepted="one or two: [OLD] NEW")
    new = history.find(releases, names[-1]) if names else open_release(releases / history.current(releases))
    old = history.find(releases, names[0]) if len(names) > 1 else _predecessor(releases, new)
    found = changes.diff(old, new)
    if form == "json":
        click.echo(json.dumps(found.as_dict(), indent=1, ensure_ascii=False))
    else:
        _show(found)


def _predecessor(releases: Any, new: Release) -> Release:
    before = new.manifest.predecessor
    if before is None:
        raise NoRelease(f"release {new.digest} has no predecessor", accepted="OLD NEW")
    if not (releases / before).is_dir():
        raise NoRelease(f"the predecessor {before} of {new.digest} is gone", accepted="OLD NEW")
    return open_release(releases / before)


def _show(found: changes.Diff) -> None:
    out = show.console(sys.stdout)
    out.print(f"From {found.old} to {found.new}")
    for claim in found.claims:
        told = "; ".join(filter(None, (claim.date, claim.reason, claim.superseded_by)))
        out.print(f"[bold]{claim.kind}[/] {escape(claim.iri)}{escape(f' ({told})' if told else '')}")
        if claim.statement:
            out.print(f"  {escape(claim.statement)}")
        for change in claim.changes:
            out.print(f"    {escape(change.words)}")
    for unit in found.shared:
        out.print(f"[bold]shared[/] {escape(unit.unit)}: {unit.added} triples added, {unit.removed} removed")
    if not found.claims and not found.shared:
        out.print("Nothing changed.")


@release.command("purge")
@click.option("--dry-run", is_flag=True, help="Only tell which releases would go.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@_FORMAT
@click.pass_obj
def purge_command(load: Any, form: str, *, dry_run: bool, yes: bool) -> None:
    """Remove every old release that holds a claim which the current one withholds; never the current one."""
    releases = load().releases
    found = purge.affected(releases)
    if found and not dry_run:
        if not yes and not sys.stdin.isatty():
            raise BadRequest(
                f"{len(found)} releases would be removed for good", accepted="--yes, or --dry-run to see them"
            )
        if not yes:
            _tell(found, "text", done=False)
            click.confirm(f"Remove {len(found)} releases for good?", abort=True)
        noted = show.console(sys.stderr)
        found = purge.purge(releases, lambda text: noted.print(f"kgraph: {text}"))
    _tell(found, form, done=not dry_run)


def _tell(found: list[purge.Purged], form: str, *, done: bool) -> None:
    if form == "json":
        members = [{"digest": purged.digest, "claims": list(purged.claims)} for purged in found]
        click.echo(json.dumps({"removed" if done else "would_remove": members}, indent=1))
        return
    out = show.console(sys.stdout)
    for purged in found:
        why = ", ".join(purged.claims) or "it cannot be read, so nobody can tell"
        out.print(escape(f"{'Removed' if done else 'Would remove'} {purged.digest}: {why}"))
    if not found:
        out.print("No old release holds a withheld claim.")
