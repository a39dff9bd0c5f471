"""Values put in the place of a saved query's parameters, as terms.

What a caller gives becomes RDF terms first, and those are written between the braces of the parameter's `VALUES` block,
in place of the example. A parameter that is neither given nor required, and has no default, takes its whole line along.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from rdflib import URIRef

from kgraph.errors import BadRequest
from kgraph.saved import paging
from kgraph.saved.layout import edited
from kgraph.saved.library import SavedQuery
from kgraph.saved.model import Parameter
from kgraph.saved.names import Named, candidates, shortened
from kgraph.saved.values import Term, Unfit, literal, written

MAX_VALUES = 200
Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Bound:
    """A query that can be asked: its text, and the terms that each parameter stands for (none: left out)."""

    query: SavedQuery
    text: str
    terms: Mapping[str, tuple[Term, ...]]

    def page(self, *, limit: int | None = None, offset: int = 0) -> str:
        """Return the query for a page of the rows."""
        return paging.page(self.text, limit=limit, offset=offset)

    def counted(self) -> str:
        """Return the query for the number of rows, as `?total`."""
        return paging.counted(self.text)


def bind(query: SavedQuery, given: Values, names: Named) -> Bound:
    """Return `query` with `given` (parameter -> texts) bound.

    Raise `BadRequest` with `parameter`, `value`, `accepted`, `nearest` for a parameter that is unknown, missing or
    doubled, and for a value that is none of its type, or that names nothing in the release.
    """
    known = [parameter.name for parameter in query.header.params]
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.4)
            raise BadRequest(
                f"query {query.id!r} has no parameter {name!r}", parameter=name, accepted=known, nearest=near or None
            )
    terms = {
        parameter.name: _terms(query, parameter, given.get(parameter.name, ()), names)
        for parameter in query.header.params
    }
    return Bound(query, substituted(query, terms), terms)


def substituted(query: SavedQuery, terms: Mapping[str, Sequence[Term]]) -> str:
    """Return the body of `query` with `terms` in its `VALUES` blocks; the lines of parameters without terms go."""
    edits = []
    for block in query.layout.blocks:
        if block.name in terms:
            values = " ".join(written(term) for term in terms[block.name])
            edits.append((block.start, block.end, f" {values} ") if values else (*block.first, ""))
    return edited(query.body, edits)


def unasked(query: SavedQuery) -> str:
    """Return what is asked where nobody gives a parameter: required ones as in the example, optional ones left out.

    Needs no release: the `VALUES` block of a parameter with a default holds the default.
    """
    left_out = [parameter.name for parameter in query.header.params if not parameter.required and not parameter.default]
    return substituted(query, dict.fromkeys(left_out, ()))


def _terms(query: SavedQuery, parameter: Parameter, given: Sequence[str], names: Named) -> tuple[Term, ...]:
    name = parameter.name
    if len(given) > 1 and not parameter.several:
        detail = f"parameter {name!r} is given {len(given)} times"
        raise BadRequest(detail, parameter=name, value=given[1], accepted="one value")
    if len(given) > MAX_VALUES:
        raise BadRequest(
            f"parameter {name!r} has {len(given)} values", parameter=name, accepted=f"at most {MAX_VALUES}"
        )
    values = given or parameter.default
    if not values and parameter.required:
        detail = f"query {query.id!r} needs the parameter {name!r}: {parameter.description}"
        raise BadRequest(detail, parameter=name, accepted=f"a value, such as {' '.join(parameter.example)}")
    return tuple(dict.fromkeys(term(parameter, value, names) for value in values))


def term(parameter: Parameter, value: str, names: Named) -> Term:
    """Return the term that a text is as a value of `parameter`; raise `BadRequest` where it is none."""
    if parameter.type == "iri":
        return _iri(parameter, value, names)
    try:
        return literal(parameter, value)
    except Unfit as error:
        near = get_close_matches(value, parameter.values, n=3, cutoff=0.4)
        raise BadRequest(
            f"{_cut(value)!r} is no value of parameter {parameter.name!r}", parameter=parameter.name, value=_cut(value),
            accepted=list(parameter.values) or error.accepted, nearest=near or None,
        ) from None  # fmt: skip


def _iri(parameter: Parameter, value: str, names: Named) -> URIRef:
    of = parameter.of
    found = [iri for iri in candidates(value, of, names.base) if names.holds(iri, of)]
    if len(found) == 1:
        return found[0]
    what = " or ".join(of)
    accepted = f"the IRI of a {what}, that IRI relative to {names.base}, or its identifier"
    if found:
        short = [shortened(iri, names.base) for iri in found]
        detail = f"{value!r} names several things"
        raise BadRequest(detail, parameter=parameter.name, value=value, accepted=short, nearest=short)
    raise BadRequest(
        f"{_cut(value)!r} names no {what} of this release", parameter=parameter.name, value=_cut(value),
        accepted=accepted, nearest=names.nearest(value, of) or None,
    )  # fmt: skip


def _cut(value: str) -> str:
    return value if len(value) <= 200 else f"{value[:200]}…"  # noqa: PLR2004
