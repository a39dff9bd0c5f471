"""What the shell offers while a command is typed: names of saved queries, their parameters, and values of those.

Completion never fails and never speaks: where there is no corpus or no release, nothing is offered.
"""

from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from kgraph.errors import KgraphError
from kgraph.release import current_release
from kgraph.saved.library import Library
from kgraph.saved.names import Names
from kgraph.settings import Settings, find_corpus, load
from kgraph.store.embedded import Embedded

MAX_OFFERED = 200


def names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the saved queries whose name begins as typed; for `kgraph query`, files too."""
    try:
        library = Library(current_release(_settings(ctx).releases))
        found = [name for name in library.names() if name.startswith(incomplete)]
        items = [CompletionItem(name, help=library.get(name).header.summary) for name in found]
    except (KgraphError, OSError):
        items = []
    if not items and ctx.command.name == "query":
        items.append(CompletionItem(incomplete, type="file"))
    return items


def parameters(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer `NAME=` for the parameters of the query that is typed, then the values of the one that is chosen."""
    typed = [str(ctx.params.get("query") or ""), *ctx.args]  # behind a -p without value, click leaves all in args
    try:
        return list(_parameters(_settings(ctx), next(filter(None, typed), ""), incomplete))
    except (KgraphError, OSError):
        return []


def _settings(ctx: click.Context) -> Settings:
    corpus: Path | None = ctx.find_root().params.get("corpus")
    return load((corpus or find_corpus(Path.cwd())).absolute())


def _parameters(settings: Settings, name: str, incomplete: str) -> Iterator[CompletionItem]:

    query = Library(current_release(settings.releases)).get(name)
    chosen, equals, typed = incomplete.partition("=")
    if not equals:
        fitting = [known for known in query.header.params if known.name.startswith(chosen)]
        yield from (CompletionItem(f"{known.name}=", help=known.description) for known in fitting)
        return
    parameter = query.parameter(chosen)
    if parameter is None:
        return
    if not parameter.of:
        values = parameter.values or {"boolean": ("true", "false")}.get(parameter.type, parameter.shown)
        yield from (CompletionItem(f"{chosen}={value}") for value in values if value.startswith(typed))
        return
    engine = Embedded(settings.releases, readers=1, in_memory=0)
    try:
        found = Names(engine).choices(parameter.of)
    finally:
        engine.close()
    fits = [c for c in found if c.bare.startswith(typed) or c.label.casefold().startswith(typed.casefold())]
    yield from (CompletionItem(f"{chosen}={choice.bare}", help=choice.label) for choice in fits[:MAX_OFFERED])
