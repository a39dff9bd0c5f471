"""What people see on a terminal: findings, errors, tables, trees."""

import json
import shlex
import sys
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kgraph.coverage import Figures, Report
from kgraph.errors import InvalidData, KgraphError
from kgraph.model import Finding
from kgraph.saved.library import SavedQuery
from kgraph.saved.trial import Outcome
from kgraph.store.base import Answer

_NEVER_CUT = 100_000  # columns: what is not shown on a terminal is written whole


def console(stream: TextIO) -> Console:
    """Return a console that cuts nothing where `stream` is no terminal."""
    return Console(file=stream, highlight=False, width=None if stream.isatty() else _NEVER_CUT)


def error(error: KgraphError) -> None:
    """Show an error on standard error: its findings, what is wrong, where in the query, what is accepted."""
    if isinstance(error, InvalidData) and "findings" in error.extra:
        findings([Finding(**finding) for finding in error.extra["findings"]])
    console(sys.stderr).print(f"[bold red]kgraph:[/] {escape(error.detail)}")
    if "source" in error.extra:
        console(sys.stderr).print(f"  {escape(error.extra['source'])}\n  {' ' * (error.extra.get('column', 1) - 1)}^")
    if "nearest" in error.extra:
        console(sys.stderr).print(f"  nearest: {escape(', '.join(error.extra['nearest']))}")
    accepted = error.extra.get("accepted")
    if accepted:
        console(sys.stderr).print(
            f"  accepted: {escape(accepted if isinstance(accepted, str) else ', '.join(map(str, accepted)))}"
        )


def findings(found: Sequence[Finding]) -> None:
    """Show findings on standard error, a line each, and what would be accepted."""
    for finding in found:
        colour = "red" if finding.severity == "error" else "yellow"
        console(sys.stderr).print(
            f"{escape(finding.file)}:{finding.line}: [{colour}]{finding.code}[/]: {escape(finding.message)}"
        )
        if finding.accepted:
            console(sys.stderr).print(f"    accepted: {escape(finding.accepted)}")


def results(answer: Answer) -> None:
    """Show the rows of a SELECT as a table, the answer of an ASK as yes or no."""
    data = json.loads(answer.read())
    if "boolean" in data:
        console(sys.stdout).print("yes" if data["boolean"] else "no")
        return
    names = data["head"]["vars"]
    table = Table(*names, box=None, header_style="bold", pad_edge=False)
    rows = data["results"]["bindings"]
    for row in rows:
        table.add_row(*(escape(_cell(row.get(name))) for name in names))
    console(sys.stdout).print(table)
    console(sys.stdout).print(f"[dim]{len(rows)} rows[/]")


def _cell(term: dict[str, str] | None) -> str:
    if term is None:
        return ""
    return f"<{term['value']}>" if term["type"] == "uri" else term["value"]


def coverage(report: Report, stream: TextIO) -> None:
    """Show coverage: figures by section and by party, and the sentences that want work."""
    out = console(stream)
    _figures(out, "section", [*report.sections, report.total])
    _figures(out, "party whose wrong is alleged", report.parties)
    out.print(f"{report.total.open} sentences that nothing covers; {report.total.excused} excused", style="bold")
    for sentence in report.sentences:
        if sentence.open or sentence.excuse is not None:
            what = "[red]open[/]" if sentence.open else "[dim]excused[/]"
            why = f" [dim]({escape(sentence.excuse)})[/]" if sentence.excuse else ""
            out.print(f"  {what} {sentence.document}/{sentence.start}-{sentence.end}: {escape(sentence.text)}{why}")
    out.print(f"\n{len(report.loose)} sentences with words under no passage", style="bold")
    for sentence in report.loose:
        for gap in sentence.gaps:
            out.print(f"  {sentence.document}/{gap[0]}-{gap[1]}: {escape(sentence.words(gap))}")
    out.print(f"\n{len(report.single)} sentences with exactly one claim", style="bold")
    for sentence in report.single:
        out.print(f"  {sentence.document}/{sentence.start}-{sentence.end}: {sentence.claims[0]}")


def _figures(out: Console, head: str, rows: Sequence[Figures]) -> None:
    table = Table(head, *_FIGURES, box=None, header_style="bold", pad_edge=False)
    for figures in rows:
        values = figures.as_dict()
        table.add_row(escape(figures.group), *(str(values[name.replace(" ", "_")]) for name in _FIGURES))
    out.print(table)
    out.print()


_FIGURES = ("sentences", "covered", "excused", "open", "claims", "attestations", "claims per sentence")


def symmetry(report: Report, stream: TextIO) -> None:
    """Show how claims about each party are recorded: measures down, parties across."""
    parties = report.symmetry
    table = Table("of claims that allege a wrong", *(escape(p.party) for p in parties), box=None, header_style="bold")
    for name in [name for name in parties[0].as_dict() if name != "party"]:
        table.add_row(name.replace("_", " "), *(str(party.as_dict()[name]) for party in parties))
    console(stream).print(table)


def saved_query(query: SavedQuery) -> None:
    """Show what a saved query asks, its parameters and columns, and a call of it."""
    out = console(sys.stdout)
    header = query.header
    out.print(f"[bold]{escape(header.summary)}[/]")
    if header.description:
        out.print(escape(header.description))
    out.print(f"[dim]{escape(', '.join(header.tags))}[/]\n")
    table = Table("parameter", "type", "", "what it is", "such as", box=None, header_style="bold", pad_edge=False)
    for parameter in header.params:
        kind = " or ".join(parameter.of) or " or ".join(parameter.values) or parameter.type
        needed = (
            "required" if parameter.required else f"default {' '.join(parameter.default)}" if parameter.default else ""
        )
        more = ", ".join(filter(None, (needed, "several" if parameter.several else "")))
        shown = " ".join(parameter.shown)
        table.add_row(parameter.name, escape(kind), escape(more), escape(parameter.description), escape(shown))
    if header.params:
        out.print(table)
        out.print()
    columns = Table("column", "type", "what it is", box=None, header_style="bold", pad_edge=False)
    for column in header.columns:
        columns.add_row(column.name, " or ".join(column.of) or column.type, escape(column.description))
    out.print(columns)
    needed_or_first = [p for p in header.params if p.required] or list(header.params[:1])
    call = " ".join(f"-p {p.name}={shlex.quote(value)}" for p in needed_or_first for value in p.shown)
    out.print(f"\nkgraph query {query.id} {call}".rstrip(), soft_wrap=True)


def outcomes(found: Sequence[Outcome]) -> None:
    """Show the tests that failed on standard error, a test each with what is missing, and how many passed."""
    out = console(sys.stderr)
    for outcome in found:
        if outcome.passed:
            continue
        given = " ".join(f"{name}={value}" for name, values in outcome.given.items() for value in values)
        out.print(
            f"queries/{outcome.query}.rq:{outcome.line}: [red]failed[/]: test {outcome.test} {escape(given)}".rstrip()
        )
        if outcome.error:
            out.print(f"    {escape(outcome.error)}")
        elif outcome.rows < outcome.least:
            out.print(f"    {outcome.rows} rows, at least {outcome.least} must come")
        for what, rows in (("missing", outcome.missing), ("too many", outcome.extra)):
            for row in rows:
                out.print(f"    {what}: {escape(json.dumps(dict(row), ensure_ascii=False))}")
    failed = sum(not outcome.passed for outcome in found)
    names = {outcome.query for outcome in found}
    console(sys.stdout).print(f"{len(found)} tests of {len(names)} saved queries, {failed} failed")
