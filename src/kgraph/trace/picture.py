"""A trace as a picture: the claim, who says so and who denies it, where that stands, in which source.

SVG (https://www.w3.org/TR/SVG2/), laid out here in four columns. Sides differ by words and strokes, never by colour.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from xml.sax.saxutils import escape, quoteattr

from kgraph.standing import Side
from kgraph.trace.model import AttestationTrace, PassageTrace, Through, Trace

_WIDTH, _TOP, _LINE, _PAD, _GAP = 1240, 52, 18, 10, 16
_COLUMNS = ((20, 270), (360, 310), (740, 250), (1050, 170))
_HEADS = ("What is claimed", "Who says so, who denies it", "Where it stands", "In which source")
_PER_CHARACTER = {"strong": 8.0}
_STROKES = {"supporting": "", "opposing": "8 5", "neutral": "2 5"}
_SIDES: dict[Side, str] = {"supporting": "supports", "opposing": "opposes", "neutral": "takes no side"}
_MOST = 6  # lines of another claim's statement
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1b1b}.strong{font-weight:600}.small{font-size:12px;fill:#444}"
    ".head{font-weight:600;font-size:14px}.box{fill:#fff;stroke:#444}a:hover .box{stroke-width:2}"
    ".line{fill:none;stroke:#444;stroke-width:1.5}.way{fill:none;stroke:#888}"
)
Line = tuple[str, str]


@dataclass(frozen=True)
class _Box:
    column: int
    y: int
    lines: tuple[Line, ...]
    href: str | None = None

    @property
    def height(self) -> int:
        return len(self.lines) * _LINE + 2 * _PAD

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    def svg(self) -> str:
        x, width = _COLUMNS[self.column]
        told = "".join(
            f'<text class="{kind}" x="{x + _PAD}" y="{self.y + _PAD + 13 + n * _LINE}">{_text(words)}</text>'
            for n, (kind, words) in enumerate(self.lines)
        )
        box = f'<rect class="box" x="{x}" y="{self.y}" width="{width}" height="{self.height}" rx="4"/>{told}'
        return box if self.href is None else f"<a href={quoteattr(self.href)}>{box}</a>"


def picture(trace: Trace, link: Callable[[str], str] = str) -> str:
    """Return the picture of a trace; `link` gives the address that an IRI leads to."""
    drawing = _Drawing(link)
    for attestation in trace.attestations:
        drawing.attestation(trace, attestation)
    for through in trace.through:
        drawing.through(through)
    claim = _Box(0, _TOP, _claim(trace), link(trace.iri))
    height = max(drawing.y, drawing.free, claim.y + claim.height + _GAP)
    foot = _foot(trace, height)
    body = [*drawing.ways, *(_curve(claim, box, side) for box, side in drawing.said), claim.svg(), *drawing.boxes]
    heads = (f'<text class="head" x="{x}" y="32">{head}</text>' for (x, _), head in zip(_COLUMNS, _HEADS, strict=True))
    total = height + 3 * _LINE + 2 * _GAP
    title = f"Who says, and where it stands: {trace.statement}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {total}" role="img" aria-labelledby="p-t p-d">'
        f'<title id="p-t">{_text(title)}</title><desc id="p-d">{_text(_described(trace))}</desc><style>{_STYLE}</style>'
        f'<rect width="{_WIDTH}" height="{total}" fill="#fff"/>{"".join(heads)}{"".join(body)}{"".join(foot)}</svg>\n'
    )


class _Drawing:
    """Boxes row by row, from the top."""

    def __init__(self, link: Callable[[str], str]) -> None:
        self.link, self.y = link, _TOP
        self.boxes: list[str] = []
        self.ways: list[str] = []
        self.said: list[tuple[_Box, Side]] = []
        self._documents: dict[str, _Box] = {}
        self.free = _TOP

    def attestation(self, trace: Trace, attestation: AttestationTrace) -> None:
        box = _Box(1, self.y, _attested(trace, attestation), self.link(attestation.agent.iri))
        self.said.append((box, attestation.side))
        self.boxes.append(box.svg())
        y = self.y
        for passage in attestation.passages:
            stands = _Box(2, y, _stands(passage), self.link(passage.iri))
            y += stands.height + _GAP
            self.boxes.append(stands.svg())
            self.ways += [_way(box, stands), _way(stands, self._document(trace, passage, stands.y))]
        self.y = max(y, self.y + box.height + _GAP)

    def through(self, through: Through) -> None:
        x, width = _COLUMNS[1]
        lines = (*_wrapped(1, "strong", through.agent.label), ("", f"{through.stance.label} another claim:"))
        box = _Box(
            1, self.y, (*lines, *_wrapped(1, "small", through.claim.label, most=_MOST)), self.link(through.claim.iri)
        )
        self.said.append((box, through.side))
        self.boxes.append(box.svg())
        other = "wider" if through.side == "supporting" else "narrower"
        words = f"which {_SIDES[through.side]} this {other} one"
        self.boxes.append(f'<text class="small" x="{x + width + _PAD}" y="{box.middle + 4}">{words}</text>')
        self.y += box.height + _GAP

    def _document(self, trace: Trace, passage: PassageTrace, y: int) -> _Box:
        if passage.document.iri not in self._documents:
            told = next((d for d in trace.documents if d.iri == passage.document.iri), None)
            by = ", ".join(publisher.label for publisher in told.publisher) if told else ""
            lines = [*_wrapped(3, "strong", passage.document.label)]
            lines += _wrapped(3, "small", f"published by {by}") if by else []
            lines += [("small", f"SHA-256 {passage.document_sha256[:8]}…")] if passage.document_sha256 else []
            box = _Box(3, max(y, self.free), tuple(lines), self.link(passage.document.iri))
            self._documents[passage.document.iri] = box
            self.free = box.y + box.height + _GAP
            self.boxes.append(box.svg())
        return self._documents[passage.document.iri]


def _claim(trace: Trace) -> tuple[Line, ...]:
    lines = list(_wrapped(0, "strong", trace.statement))
    if trace.status:
        lines += _wrapped(0, "", f"This claim was {trace.status}: {trace.reason}")
    if trace.explanation is not None:
        lines += [("", ""), *_wrapped(0, "small", trace.explanation.sentence)]
    return tuple(lines)


def _attested(trace: Trace, attestation: AttestationTrace) -> tuple[Line, ...]:
    lines = [*_wrapped(1, "strong", attestation.agent.label)]
    lines.append(("", f"{attestation.stance.label} ({_SIDES[attestation.side]})"))
    told = [attestation.agent.relation]
    told += [f"with a hedge: “{attestation.hedge}”"] if attestation.hedge else []
    told += [f"said: {attestation.stated_on}"] if attestation.stated_on else []
    told += [f"carried by {attestation.medium.label}"] if attestation.medium else []
    told += [f"repeating: {attestation.relays.label}"] if attestation.relays else []
    judged = trace.judged(attestation.iri)
    if judged is not None and judged.organisation is not None:
        told.append(f"counts as independent, for {judged.organisation.label}")
    elif judged is not None and judged.reasons:
        told.append(f"does not count as independent: {', '.join(reason.label for reason in judged.reasons)}")
    return (*lines, *(line for words in told for line in _wrapped(1, "small", words)))


def _stands(passage: PassageTrace) -> tuple[Line, ...]:
    ends = dict.fromkeys(filter(None, (passage.first_words, passage.last_words)))
    words = f"“{' … '.join(ends)}”" if ends else "words not published: the document is restricted"
    lines = [*_wrapped(2, "", words)]
    lines += _wrapped(2, "small", f"section “{passage.section}”") if passage.section else []
    return (*lines, ("small", f"characters {passage.start} to {passage.end}"))


def _foot(trace: Trace, y: int) -> list[str]:
    """Return lines on how the claim came into the graph, and what the strokes mean."""
    curated = f"Curated by {trace.curator.label if trace.curator else 'nobody named'}"
    curated += f" on {trace.curated}" if trace.curated else ""
    curated += f", record {trace.record['file']}, line {trace.record['line']}" if trace.record else ""
    lines = [
        curated,
        f"Release {trace.release.digest}",
        f"Digest of this claim {trace.release.unit_digest or 'not known'}",
    ]
    told = [
        f'<text class="small" x="20" y="{y + _GAP + n * _LINE}">{_text(line)}</text>' for n, line in enumerate(lines)
    ]
    for n, (side, words) in enumerate(_SIDES.items()):
        at = y + _GAP + n * _LINE
        told.append(f'<path class="line" stroke-dasharray="{_STROKES[side]}" d="M1050 {at - 4}h60"/>')
        told.append(f'<text class="small" x="1120" y="{at}">{words}</text>')
    return told


def _described(trace: Trace) -> str:
    told = [f"{a.agent.label} {a.stance.label}." for a in trace.attestations]
    told += [f"{t.agent.label} {t.stance.label} another claim." for t in trace.through]
    return " ".join([*([trace.explanation.sentence] if trace.explanation else []), *told])


def _curve(claim: _Box, said: _Box, side: Side) -> str:
    start, end = _COLUMNS[0][0] + _COLUMNS[0][1], _COLUMNS[1][0]
    y = min(claim.middle, said.middle) if claim.y <= said.middle <= claim.y + claim.height else claim.middle
    middle = (start + end) // 2
    shape = f"M{start} {y}C{middle} {y} {middle} {said.middle} {end} {said.middle}"
    return f'<path class="line" stroke-dasharray="{_STROKES[side]}" d="{shape}"/>'


def _way(left: _Box, right: _Box) -> str:
    (x, width), (end, _) = _COLUMNS[left.column], _COLUMNS[right.column]
    return f'<path class="way" d="M{x + width} {left.middle}L{end} {right.middle}"/>'


def _wrapped(column: int, kind: str, words: str, *, most: int | None = None) -> Sequence[Line]:
    lines: Iterable[str] = wrap(
        words, int((_COLUMNS[column][1] - 2 * _PAD) / _PER_CHARACTER.get(kind, 7.0)), max_lines=most, placeholder=" …"
    )
    return [(kind, line) for line in lines]


def _text(words: str) -> str:
    return escape(_UNFIT.sub("\ufffd", words))
