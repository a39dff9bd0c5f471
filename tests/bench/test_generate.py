"""Made-up claims: the same for the same seed, conforming, in the shape of the real ones, in little memory."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from conftest import REPOSITORY, copy_corpus
from kgraph import ontology, records, shapes
from kgraph.bench import shape
from kgraph.bench.generate import BASE, LICENCE, corpora, write
from kgraph.build import build
from kgraph.cli import main
from kgraph.model import Corpus, Origin
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded
from kgraph.terms import KG, Iris, Quad

IRIS = Iris(BASE)


def made_up(count: int, seed: int = 1) -> list[Quad]:
    """Return the quads of made-up claims."""
    parts = corpora(count, seed=seed, iris=IRIS, licence=LICENCE, curator="curator")
    return [quad for _, quads in parts for quad in quads]


@pytest.fixture(scope="module")
def quads() -> list[Quad]:
    """Return the quads of 1,000 made-up claims."""
    return made_up(1000)


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    """Two processes with different hash seeds write the same file; another seed, another one; no debris."""
    for name, hashing, seed in (("a", "1", "7"), ("b", "2", "7"), ("c", "1", "8")):
        command = [sys.executable, "-m", "kgraph", "bench", "generate", "30", "--seed", seed, "--output", f"{name}.nq"]
        environment = {"PYTHONHASHSEED": hashing, "PYTHONPATH": ":".join(sys.path)}
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    one, two, three = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert one == two
    assert one != three


def test_more_claims_begin_with_the_same(quads: list[Quad]) -> None:
    """The first corpora are the same however many follow: 600 claims hold the first 479 of 1,000."""
    first = {quad for quad in made_up(shape.CORPUS + 100) if "-00002-" not in str(quad[0]) + str(quad[2])}
    claims = {str(s) for s, p, o, _ in first if o == KG.Claim and "00001" in str(s)}
    assert len(claims) == shape.CORPUS
    assert {quad for quad in first if "00001" in str(quad[0])} <= set(quads)


def test_conforms() -> None:
    """200 claims break no shape, name no unknown thing and use no blank node."""
    onto, findings = ontology.load(REPOSITORY, IRIS)
    assert findings == []
    where = Origin("made up", 1)
    assert shapes.check([*onto.quads, *made_up(200)], REPOSITORY / shapes.SHAPES, lambda _: where) == []


def test_each_quad_once(quads: list[Quad]) -> None:
    """A triple stands in one graph, and is written once."""
    assert len({quad[:3] for quad in quads}) == len(quads)


def _shape(corpus: Corpus) -> dict[str, float]:
    """Return shares and means by name."""
    claims = list(corpus.claims.values())
    attestations = [a for claim in claims for a in claim.attestations for _ in a.agent]
    stances = Counter(a.stance for a in attestations)
    agents = Counter(agent for claim in claims for a in claim.attestations for agent in a.agent)
    found = {name: sum(len(getattr(c, name)) for c in claims) / len(claims) for name in (
        "topic", "conduct", "perpetrator", "actor", "victim", "weapon", "violation", "place", "about", "tolls",
        "relations",
    )}  # fmt: skip
    return found | {
        "attestations": len(attestations) / len(claims),
        "claims per event": len(claims) / len({claim.event for claim in claims}),
        "largest event": max(Counter(claim.event for claim in claims).values()),
        "dated": sum(claim.date is not None for claim in claims) / len(claims),
        "asserting": stances["asserts"] / len(attestations),
        "opposing": (stances["denies"] + stances["disputes"]) / len(attestations),
        "most heard": agents.most_common(1)[0][1] / len(attestations),
        "hedged": sum(a.hedge is not None for a in attestations) / len(attestations),
        "explicit": sum(a.basis == "explicit" for a in attestations) / len(attestations),
        "statement": sum(len(claim.statement) for claim in claims) / len(claims),
    }


def test_shape_of_the_real_claims() -> None:
    """Means and shares of one made-up corpus are within a third of those of the real one."""
    from random import Random  # noqa: PLC0415

    from kgraph.bench.generate import _Story  # noqa: PLC0415

    real, findings = records.load(REPOSITORY)
    assert findings == []
    expected = _shape(real)
    stories = [_shape(_Story(Random(n), n).corpus(shape.CORPUS)) for n in range(1, 5)]  # noqa: S311
    for name, value in expected.items():
        found = sum(story[name] for story in stories) / len(stories)
        assert found == pytest.approx(value, rel=0.34, abs=0.02), name


def test_quads_a_claim(quads: list[Quad]) -> None:
    """About 43 quads a claim, as real ones before rules and ontology are added."""
    assert 40 <= len(quads) / 1000 <= 47


def test_plainly_invented(quads: list[Quad]) -> None:
    """Labels, titles and names say that they are made up, and no name of our own corpus is among them."""
    real, _ = records.load(REPOSITORY)
    names = {agent.label for agent in real.agents.values()} | {n.text for p in real.places.values() for n in p.names}
    labels = {str(o) for _, p, o, _ in quads if str(p).endswith(("#label", "/title"))}
    assert all(re.match(r"Made-up |Urbs ficta ", label) for label in labels)
    statements = {str(o) for _, p, o, _ in quads if p == KG.statement}
    assert not [name for name in names if any(re.search(rf"\b{re.escape(name)}\b", text) for text in statements)]


def test_memory_is_flat(tmp_path: Path) -> None:
    """Four times as many claims take no more memory, but for 12 MB."""
    program = (
        "import resource, sys; from pathlib import Path; from kgraph.bench.generate import BASE, write;"
        "from kgraph.terms import Iris; write(Path(sys.argv[1]), int(sys.argv[2]), iris=Iris(BASE));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    used = []
    for count in ("1000", "4000"):
        command = [sys.executable, "-c", program, str(tmp_path / "x.nq"), count]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
        )
        used.append(int(done.stdout))
    assert used[1] - used[0] < 12_000


def test_build_and_answer(tmp_path: Path) -> None:
    """Made-up claims of a corpus build, as the command writes them, and give answers of every standing."""
    corpus = copy_corpus(tmp_path / "corpus")
    output = tmp_path / "made-up.nq"
    command = ["--corpus", str(corpus.root), "bench", "generate", "1200", "--output", str(output)]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 0
    assert "1200 made-up claims" in result.stdout
    release, _ = build(corpus, quads=output)
    assert release.manifest.claims == 1200
    engine = Embedded(corpus.releases, readers=1)
    try:
        query = "SELECT ?s (COUNT(*) AS ?n) { ?c <https://w3id.org/kgraph/ns#standing> ?s } GROUP BY ?s"
        found = engine.query(Question(text=query)).read().decode()
    finally:
        engine.close()
    for standing in ("contested", "single-source", "party-only", "other-attested", "unattested", "denied-only"):
        assert f"standing/{standing}" in found


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    """Where the file cannot be written, that is told, and nothing is left behind."""
    result = CliRunner().invoke(main, ["bench", "generate", "1", "--output", str(tmp_path / "no" / "x.nq")])
    assert (result.exit_code, "cannot be written" in result.stderr) == (3, True)
    assert not list(tmp_path.iterdir())


def test_written_file_is_what_is_yielded(tmp_path: Path) -> None:
    """The file holds the quads that `corpora` yields, and `write` says how many."""
    path = tmp_path / "x.nq"
    count = write(path, 20, iris=IRIS)
    assert len(list(ox.parse(path=str(path), format=ox.RdfFormat.N_QUADS))) == count == len(made_up(20))
