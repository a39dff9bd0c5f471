"""`kgraph trace`: where a claim comes from, or which claims mention a thing."""

import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.tree import Tree

from kgraph.cli import show
from kgraph.errors import BadRequest
from kgraph.formats import TURTLE
from kgraph.passages import Archive, write_whole
from kgraph.store.base import Engine
from kgraph.store.embedded import Embedded
from kgraph.store.serialize import serialize
from kgraph.terms import Iris
from kgraph.things import Thing
from kgraph.trace import (
    AttestationTrace,
    Mentions,
    PassageTrace,
    Trace,
    is_claim,
    jsonld,
    mentioning,
    prov,
    trace,
)
from kgraph.trace.picture import picture

_FORMATS = ("text", "json", "jsonld", "ttl", "svg")


@click.command("trace")
@click.argument("target", metavar="CLAIM|THING")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="Output for people or programs.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file in place of standard output.")
@click.pass_obj
def trace_command(load: Any, target: str, form: str, output: Path | None) -> None:
    """Show where CLAIM (its identifier or IRI) comes from: attestations, passages, curation, release.

    Of any other THING (kind and identifier, such as event/barda-strikes, or an IRI): the claims that mention it.
    """
    loaded = load()
    if output is not None and form == "text":
        raise BadRequest("--output is for a form that is a file", accepted=list(_FORMATS[1:]))
    archive = Archive(loaded.archive) if loaded.archive else None
    engine = Embedded(loaded.releases, readers=1, memory=loaded.memory, timeout=loaded.timeout, in_memory=0)
    try:
        told = _told(engine, target, archive, form)
    finally:
        engine.close()
    if isinstance(told, Tree):
        show.console(sys.stdout).print(told)
    elif output is None:
        click.echo(told, nl=False)
    else:
        write_whole(output, told)
        show.console(sys.stderr).print(f"Wrote {escape(str(output))}")


def _told(engine: Engine, target: str, archive: Archive | None, form: str) -> Tree | str:
    iris = Iris(engine.release().manifest.base_iri)
    if is_claim(iris, target):
        found = trace(engine, target, archive)
        if form == "svg":
            return picture(found)
        return tree(found) if form == "text" else _data(engine, found, form)
    mentions = mentioning(engine, target if "://" in target else f"{iris.base}{target}")
    if form == "svg":
        raise BadRequest("only claims have a picture", value=target, accepted="a claim, or another --format")
    return _mentions_tree(mentions) if form == "text" else _data(engine, mentions, form)


def _data(engine: Engine, found: Trace | Mentions, form: str) -> str:
    if form == "json":
        return jsonld.plain(found.as_dict()).decode()
    told = prov.triples(engine, found) if isinstance(found, Trace) else prov.mention_triples(engine, found)
    if form == "jsonld":
        return jsonld.write(told).decode()
    iris = Iris(engine.release().manifest.base_iri)
    quads = [(*triple, iris.graph("release")) for triple in told]
    return serialize(quads, TURTLE, base=iris.base, named=False).decode()


def _mentions_tree(found: Mentions) -> Tree:
    total = f"{found.total} claims mention it" if found.whole else f"at least {found.total} claims mention it"
    tree = Tree(f"[bold]{escape(found.label)}[/]\n{found.iri}\n{total}")
    for mention in found.mentions:
        by = ", ".join(thing.label for thing in mention.by)
        leaf = tree.add(escape(f"{mention.claim.label} ({mention.claim.iri})"))
        _leaves(leaf, by=by, standing=mention.standing, status=mention.status)
    if found.total > len(found.mentions):
        tree.add(f"[dim]and {found.total - len(found.mentions)} more[/]")
    return tree


def tree(found: Trace) -> Tree:
    """Return the trace of a claim as a tree."""
    tree = Tree(f"[bold]{escape(found.statement)}[/]\n{found.iri}")
    _leaves(tree, status=found.status, since=found.status_date, reason=found.reason, superseded_by=found.successor)
    standing = found.explanation.sentence if found.explanation is not None else found.standing
    _leaves(tree, standing=standing)
    for attestation in found.attestations:
        _attestation_tree(tree, found, attestation)
    for item in found.through:
        side = {"supporting": "supported through", "opposing": "opposed through"}.get(item.side, "spoken of through")
        _leaves(tree, **{side: f"{item.agent.label} {item.stance.label} ({item.attestation.iri})"})
    for relation in found.relations:
        note = f"; {relation.extent or 'no'} extent: {relation.note}" if relation.note else ""
        _leaves(tree, **{relation.words: f"{relation.claim.label} ({relation.claim.iri}{note})"})
    record = ", line ".join(str(found.record[key]) for key in ("file", "line")) if found.record else None
    curation = tree.add("curation")
    _leaves(curation, curator=found.curator, curated=found.curated, licence=found.licence)
    _leaves(curation, record=record, commit=found.commit, release=found.release.digest, unit=found.release.unit_digest)
    _leaves(curation, verify=" or ".join(found.release.verify))
    return tree


def _attestation_tree(tree: Tree, found: Trace, attestation: AttestationTrace) -> None:
    node = tree.add(f"[bold]{escape(attestation.agent.label)}[/] {escape(attestation.stance.label)}")
    judged = found.judged(attestation.iri)
    counts = None
    if judged is not None and judged.organisation is not None:
        counts = f"yes, for {judged.organisation.label}"
    elif judged is not None and judged.why:
        counts = f"no: {'; '.join(judged.why)}"
    _leaves(
        node, who=attestation.agent.relation,
        method=", ".join(method.label for method in attestation.method) or "not stated",
        hedge=attestation.hedge or "none", date=attestation.stated_on or "not stated",
        basis=attestation.basis, medium=attestation.medium,
        published=attestation.document, relays=attestation.relays, counts_as_independent=counts,
    )  # fmt: skip
    for passage in attestation.passages:
        _passage_tree(node, passage)


def _passage_tree(node: Tree, passage: PassageTrace) -> None:
    ends = dict.fromkeys(filter(None, (passage.first_words, passage.last_words)))
    words = " … ".join(ends) or "not published: restricted document"
    leaf = node.add(f"passage {passage.iri}")
    _leaves(
        leaf, document=f"{passage.document.label} (SHA-256 {passage.document_sha256})", section=passage.section,
        offsets=f"{passage.start}-{passage.end}", words=words, digest=passage.sha256, live=passage.live,
        before=passage.before, text=passage.text, after=passage.after,
    )  # fmt: skip
    for version in passage.newer:
        _leaves(leaf, **{"same words in": f"{version.document.label}, {version.start}-{version.end} ({version.iri})"})


def _leaves(tree: Tree, **values: str | Thing | None) -> None:
    for name, value in values.items():
        if value is not None:
            text = value.label if isinstance(value, Thing) else value
            tree.add(f"[dim]{name.replace('_', ' ')}:[/] {escape(text)}")
