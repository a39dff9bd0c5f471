"""The command line: human output by default, JSON for programs, and exit codes that mean something."""

import json
import os
import socket
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from kgraph import __version__, scaffold, settings
from kgraph import build as building
from kgraph import coverage as covering
from kgraph.cli import show
from kgraph.cli.bench import bench
from kgraph.cli.drift import drift
from kgraph.cli.export import export
from kgraph.cli.queries import queries, query
from kgraph.cli.releases import release
from kgraph.cli.traced import trace_command
from kgraph.cli.verify import verify_command
from kgraph.errors import InvalidData, KgraphError, SettingsError
from kgraph.model import Finding
from kgraph.release import current_release

_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output for people or programs."
)


class _Group(click.Group):
    """A group whose commands end with the exit code of the error that they raise."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KgraphError as error:
            show.error(error)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kgraph")
@click.option(
    "--corpus", type=click.Path(path_type=Path, file_okay=False), help="The corpus folder; default: here or above."
)
@click.option(
    "--archive", type=click.Path(path_type=Path, file_okay=False), help="The folder with the texts of documents."
)
@click.pass_context
def main(ctx: click.Context, corpus: Path | None, archive: Path | None) -> None:
    """Keep a knowledge graph of claims: who says so, who denies it, and exactly where that stands."""
    given = {"archive": archive.absolute() if archive else None}
    ctx.obj = lambda **flags: settings.load((corpus or settings.find_corpus(Path.cwd())).absolute(), given | flags)


@main.command()
@click.argument("name", type=click.Path(path_type=Path))
def init(name: Path) -> None:
    """Write a small, commented corpus into the new folder NAME."""
    folder = name.absolute()
    files = scaffold.init(folder)
    building.anchor(settings.load(folder, environ={}))
    for path in files:
        if "ontology" not in path.parts:
            show.console(sys.stdout).print(f"  {path.relative_to(folder.parent)}")
    show.console(sys.stdout).print(f"Wrote {name}. Next: cd {name}, kgraph build, kgraph serve")


@main.command()
@click.pass_obj
def anchor(load: Any) -> None:
    """Resolve every anchor against the archive and write data/anchors.lock."""
    count, findings = building.anchor(load())
    show.findings(findings)
    if findings:
        raise InvalidData(f"{len(findings)} findings; data/anchors.lock is as it was")
    show.console(sys.stdout).print(f"{count} anchors written to data/anchors.lock")


@main.command()
@_FORMAT
@click.pass_obj
def check(load: Any, form: str) -> None:
    """Report every mistake in the data, and with an archive prove every anchor."""
    try:
        loaded = load()
    except SettingsError as error:
        if form != "json":
            raise
        click.echo(json.dumps({"findings": [_as_finding(error).as_dict()]}, indent=1, ensure_ascii=False))
        click.get_current_context().exit(1)
    checked = building.check(loaded)
    if form == "json":
        click.echo(json.dumps({"findings": [f.as_dict() for f in checked.findings]}, indent=1, ensure_ascii=False))
    else:
        show.findings(checked.findings)
        proof = "every anchor proved against the archive" if loaded.archive else "anchors not proved: no archive given"
        claims = len(checked.corpus.claims)
        show.console(sys.stdout).print(
            f"{claims} claims, {len(checked.lock)} anchors, {len(checked.errors)} errors; {proof}"
        )
    if checked.errors:
        click.get_current_context().exit(1)


def _as_finding(error: SettingsError) -> Finding:
    accepted = error.extra.get("accepted", "")
    return Finding(
        code=error.code, message=error.detail, file=error.extra.get("file", settings.FILE),
        line=error.extra.get("line", 1), value=str(error.extra.get("value", "")),
        accepted=accepted if isinstance(accepted, str) else ", ".join(accepted),
    )  # fmt: skip


@main.command()
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text")
@click.option("--symmetry", is_flag=True, help="How claims about each party are recorded, instead.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file to write to.")
@click.pass_obj
def coverage(load: Any, form: str, output: Path | None, *, symmetry: bool) -> None:
    """Report which sentences of the archived texts carry claims, which are excused, which nothing covers."""
    found = building.coverage(load())
    if form == "text":
        with output.open("w", encoding="utf-8") if output else nullcontext(sys.stdout) as stream:
            (show.symmetry if symmetry else show.coverage)(found, stream)
        return
    if form == "html":
        text = covering.page(found)
    else:
        data = {"parties": [party.as_dict() for party in found.symmetry]} if symmetry else found.as_dict()
        text = json.dumps(data, indent=1, ensure_ascii=False)
    if output:
        output.write_text(text + "\n", encoding="utf-8")
    else:
        click.echo(text)


@main.command()
@_FORMAT
@click.option(
    "--quads",
    type=click.Path(path_type=Path, dir_okay=False),
    help="N-Quads, or TriG (.trig), to compile in place of the records; gzipped or not.",
)
@click.pass_obj
def build(load: Any, form: str, quads: Path | None) -> None:
    """Compile the data into a release and make it current."""
    noted = show.console(sys.stderr)
    built, written = building.build(load(), quads=quads, note=lambda text: noted.print(f"kgraph: {text}"))
    manifest = built.manifest
    if form == "json":
        click.echo(
            json.dumps(
                {"release": built.digest, "written": written, "claims": manifest.claims, "quads": manifest.quads}
            )
        )
        return
    what = "Built" if written else "Up to date:"
    show.console(sys.stdout).print(
        f"{what} {built.digest}: {manifest.claims} claims, {manifest.attestations} attestations, {manifest.quads} quads"
    )


@main.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; 0 picks one.")
@click.option("--timeout", type=float, help="Seconds until a query ends.")
@click.option("--readers", type=int, help="Reader processes, besides the reserved one.")
@click.option("--memory", type=int, help="Megabytes for each reader.")
@click.option("--log", type=click.Choice(settings.LOGS), help="The line that each request leaves.")
@click.option(
    "--log-file",
    type=click.Path(dir_okay=False, resolve_path=True),
    help="A file for these lines, in place of standard error.",
)
@click.pass_obj
def serve(load: Any, /, **flags: Any) -> None:
    """Serve the current release over HTTP."""
    from kgraph.web.server import Server  # noqa: PLC0415 - loads a web server: only this command needs it

    loaded: settings.Settings = load(**flags)
    serving = current_release(loaded.releases)
    _require_free(loaded.host, loaded.port)

    def announce(host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"Serving {serving.digest} at http://{shown}:{port}/")

    Server(loaded, announce).run()


def _require_free(host: str, port: int) -> None:
    """Raise where the port is taken: the server itself would try again and again."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        detail = f"cannot listen on {host}:{port}: {error.strerror}"
        raise KgraphError(detail, accepted="a free port; 0 picks one") from error


for _command in (bench, drift, export, queries, query, release, trace_command, verify_command):
    main.add_command(_command)
