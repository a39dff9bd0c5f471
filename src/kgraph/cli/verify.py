"""`kgraph verify`: whether a release or a file is what it was."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from kgraph import history, verify
from kgraph.cli import show
from kgraph.errors import BadRequest, BrokenRelease, CannotVerify, KgraphError, NoCorpus
from kgraph.passages import write_whole
from kgraph.release import Release, open_release
from kgraph.verify.proof import written

_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command("verify")
@click.argument("target", required=False, metavar="[RELEASE|FILE]")
@click.option("--manifest", type=_PATH, help="The manifest to hold a file against.")
@click.option("--digest", help="The digest that the release has to have.")
@click.option("--claim", help="Prove that this claim (identifier, or IRI of any unit) is in the release.")
@click.option(
    "--proof", "proof_file", type=_PATH, help="Check a proof; with FILE, also that FILE holds what it proves."
)
@click.option("--output", type=_PATH, help="A file for the proof.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def verify_command(
    ctx: click.Context, target: str | None, manifest: Path | None, digest: str | None, claim: str | None,
    proof_file: Path | None, output: Path | None, form: str,
) -> None:  # fmt: skip
    """Tell whether a release, or an exported file, is unaltered: 0 intact, 1 altered, 3 could not be done.

    Default is the current release; RELEASE is a digest, the beginning of one, or a folder. FILE is N-Quads, gzipped or
    not, and needs no corpus: it is held against --digest, --manifest, or what it says of itself.
    """
    if proof_file and (claim or manifest):
        raise BadRequest("--proof goes with FILE and --digest alone", accepted="one of --proof, --claim")
    if output and not claim:
        raise BadRequest("--output is for the proof that --claim makes", accepted="--claim ID --output FILE")
    wanted = None if digest is None else verify.given_digest(digest)
    if proof_file:
        _check_proof(ctx, proof_file, wanted, target, form)
        return
    result = _verified(ctx.obj, target, manifest, wanted, claim)
    if claim and result.intact:
        _prove(result, claim, output, form)
        return
    if form == "json":
        click.echo(json.dumps(result.as_dict(), indent=1, ensure_ascii=False))
    else:
        _show(result)
    ctx.exit(0 if result.intact else 1)


def _verified(
    load: Any, target: str | None, manifest: Path | None, digest: str | None, claim: str | None
) -> verify.Result:
    path = Path(target) if target is not None else None
    if path is not None and path.is_file():
        expected = verify.read_manifest(manifest) if manifest else None
        return verify.verify_file(path, manifest=expected, digest=digest, known=_known(load), wanted=claim)
    if manifest:
        raise BadRequest("--manifest is for a FILE: a release has its own", accepted="a file of N-Quads that is there")
    return verify.verify_release(_folder(load, target, path), digest=digest, wanted=claim)


def _folder(load: Any, target: str | None, path: Path | None) -> Path:
    """Return the folder of the release that is meant."""
    if path is not None and path.is_dir():
        return path
    try:
        releases: Path = load().releases
        return history.folder(releases, target) if target else releases / history.current(releases)
    except NoCorpus as error:
        what = "no file, and no release: there is no corpus here" if target else error.detail
        raise CannotVerify(f"{target or '.'}: {what}", accepted="a file, a folder, or a corpus") from error


def _known(load: Any) -> Callable[[str], Release | None]:
    """Return what finds releases of the corpus at hand, none where there is no corpus."""

    def find(digest: str) -> Release | None:
        try:
            return open_release(load().releases / digest)
        except (KgraphError, BrokenRelease):
            return None

    return find


def _prove(result: verify.Result, claim: str, output: Path | None, form: str) -> None:
    members = verify.prove(result, claim)
    text = written(members)
    if output is not None:
        write_whole(output, text)
        show.console(sys.stderr).print(f"Wrote {escape(str(output))}")
    elif form == "json":
        click.echo(text, nl=False)
        return
    out = show.console(sys.stdout)
    out.print(escape(f"{members['unit']} is in release {members['release']}"))
    out.print(f"  digest {members['digest']}, leaf {members['index'] + 1} of {members['size']}")
    for node in members["path"]:
        out.print(f"  {node}")


def _check_proof(ctx: click.Context, path: Path, digest: str | None, target: str | None, form: str) -> None:
    members, faults = verify.check_proof(path, digest=digest, file=Path(target) if target else None)
    told = {name: members.get(name) for name in ("unit", "digest", "release")}
    if form == "json":
        click.echo(json.dumps({"intact": not faults} | told | {"faults": _told(faults)}, indent=1, ensure_ascii=False))
    elif faults:
        _show_faults(f"ALTERED: {path.name}", faults)
    else:
        show.console(sys.stdout).print(escape(f"Proved: {told['unit']} is in release {told['release']}"))
    ctx.exit(1 if faults else 0)


def _told(faults: list[verify.Fault]) -> list[dict[str, Any]]:
    return [fault.as_dict() for fault in faults]


def _show(result: verify.Result) -> None:
    if result.intact:
        said = f"{len(result.units)} units, {result.quads} quads, digest {result.digest}, held against {result.against}"
        show.console(sys.stdout).print(escape(f"Intact: {result.target}: {said}"))
        return
    _show_faults(f"ALTERED: {result.target}, held against {result.against}", list(result.faults))
    if result.listed and result.units:
        show.console(sys.stdout).print("Nothing at hand says which digest each unit should have. They have:")
        for unit, digest in result.units.items():
            show.console(sys.stdout).print(escape(f"  {digest} {unit}"))


def _show_faults(head: str, faults: list[verify.Fault]) -> None:
    out = show.console(sys.stdout)
    out.print(f"[bold red]{escape(head)}[/]")
    for fault in faults:
        out.print(escape(f"  {fault.message}{fault.where}"))
        if fault.expected or fault.found:
            out.print(f"    expected {fault.expected or 'nothing'}, found {fault.found or 'nothing'}")
