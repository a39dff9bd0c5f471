"""The passages of claims as a Web Annotation collection (https://www.w3.org/TR/annotation-model/).

One annotation a passage. Its bodies say who takes which stance on what there, never a claim alone. Its target is the
archived document, by code points; where the document is public, the live page by a text fragment too. A
TextQuoteSelector is none of it: it needs the whole text of the passage, which no release holds.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from rdflib.namespace import DCTERMS, PROV

from kgraph.export.reading import Node, Reader, chunks, dumped, known, separated, single
from kgraph.export.source import Source
from kgraph.terms import KG, OA, SCHEMA, fragment

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
TEXT_FRAGMENT = "https://wicg.github.io/scroll-to-text-fragment/"
_OURS = {"kg": str(KG), "section": {"@id": "kg:section", "@language": "en"}, "sha256": "kg:sha256"}


def annotations(source: Source) -> Iterator[bytes]:
    """Yield an AnnotationCollection with one embedded AnnotationPage, as JSON-LD in the context of the model.

    Its `total` stands behind the items, as they are counted while they are written.
    """
    return chunks(_collection(Reader(source)))


def _collection(reader: Reader) -> Iterator[str]:
    source = reader.source
    name = _subject(reader)
    page = {"id": fragment(name, "annotations-1"), "type": "AnnotationPage", "startIndex": 0}
    head = {
        "@context": [CONTEXT, _OURS],
        "id": fragment(name, "annotations"),
        "type": "AnnotationCollection",
        "label": f"Where it stands: {source.release.manifest.title}",
        "rights": source.release.manifest.licence,
        "last": page["id"],
    }
    yield f'{dumped(head)[:-1]},\n"first": {dumped(page)[:-1]}, "items": [\n'
    total = 0
    for text in separated(dumped(item) for item in _annotations(reader)):
        total += 1
        yield text
    yield f'\n]}},\n"total": {total}}}\n'


def _subject(reader: Reader) -> str:
    """Return the IRI of what is annotated: everything, one claim, or the event of the claims."""
    only = reader.source.only
    if only is None:
        return reader.iris.graph("passages")
    if len(only) == 1:
        return only[0]
    return reader.node(only[0]).iri_of(KG.event) or only[0]


def _annotations(reader: Reader) -> Iterator[dict[str, Any]]:
    for iri in reader.things("passage"):
        passage = reader.node(iri)
        claims = [
            reader.node(claim)
            for claim in (found.partition("#")[0] for found in reader.subjects(PROV.wasDerivedFrom, iri))
            if reader.means(claim)
        ]
        if claims:
            yield _annotation(reader, passage, claims)


def _annotation(reader: Reader, passage: Node, claims: Sequence[Node]) -> dict[str, Any]:
    curations = [reader.curation(claim.iri) for claim in claims]
    curators = sorted(set(chain.from_iterable(node.iris(DCTERMS.creator) for node in curations)))
    licences = sorted(set(chain.from_iterable(node.iris(DCTERMS.license) for node in curations)))
    return known(
        {
            "id": fragment(passage.iri, "annotation"),
            "type": "Annotation",
            "motivation": ["describing", "linking"],
            "creator": single([{"id": iri, "name": reader.label(iri)} for iri in curators]),
            "rights": single(licences),
            "body": list(chain.from_iterable(_bodies(reader, claim, passage.iri) for claim in claims)),
            "target": _targets(passage),
        }
    )


def _bodies(reader: Reader, claim: Node, passage: str) -> Iterator[dict[str, Any]]:
    """Yield a link to a claim, and of each attestation that stands in the passage a link and what it says."""
    yield {"type": "SpecificResource", "source": claim.iri, "purpose": "linking"}
    for attestation in reader.parts(claim, KG.attestation):
        if passage not in attestation.iris(KG.passage):
            continue
        yield {"type": "SpecificResource", "source": attestation.iri, "purpose": "linking"}
        yield {
            "type": "TextualBody", "value": said(reader, attestation, claim), "format": "text/plain", "language": "en",
            "purpose": "describing",
        }  # fmt: skip


def said(reader: Reader, attestation: Node, claim: Node) -> str:
    """Return who takes which stance on what, a hedge included: `Armenia denies: ...`."""
    hedge = attestation.text(KG.hedge)
    limited = f" (with the words \u201c{hedge}\u201d)" if hedge else ""
    return f"{reader.taken(attestation)}{limited}: {claim.text(KG.statement)}"


def _targets(passage: Node) -> Any:
    """Return the archived document by code points, and the live page by a text fragment where there is one."""
    document, (start, end) = passage.iri_of(OA.hasSource), passage.span()
    archived = {
        "id": passage.iri, "type": "SpecificResource", "source": document,
        "selector": {"type": "TextPositionSelector", "start": start, "end": end},
        "section": passage.text(KG.section), "sha256": passage.text(KG.sha256),
    }  # fmt: skip
    live = passage.iri_of(SCHEMA.url)
    if live is None:
        return known(archived)
    page, _, words = live.partition("#")
    selector = {"type": "FragmentSelector", "conformsTo": TEXT_FRAGMENT, "value": words}
    return [known(archived), {"type": "SpecificResource", "source": page, "selector": selector}]
