"""An inclusion proof shows that one claim is in a release, without the rest of it, and no byte of it can be changed."""

import random
from pathlib import Path

import pytest

from kgraph import export, merkle
from kgraph.errors import UnknownThing
from kgraph.release import current_release
from kgraph.settings import Settings
from kgraph.verify import check_proof, prove, verify_file, verify_release
from kgraph.verify.proof import check, proof, written

CLAIM = "https://example.org/river/claim/ford-shelled"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 13, 33])
def test_audit_paths(size: int) -> None:
    """Every leaf of a tree of any size has a path to the root, from its own place and no other."""
    units = {f"https://x.org/{n:03}": f"{n:064x}" for n in range(size)}
    root = merkle.root(units)
    for n, unit in enumerate(units):
        index, path = merkle.audit_path(units, unit)
        assert index == n
        leaf = merkle.leaf(unit, units[unit])
        assert merkle.root_of_path(leaf, index, size, path) == root
        assert merkle.root_of_path(leaf + b"x", index, size, path) != root
        assert merkle.root_of_path(leaf, index, size, [*path, "0" * 64]) is None
        assert merkle.root_of_path(leaf, size, size, path) is None
        if path:
            assert merkle.root_of_path(leaf, index, size, path[:-1]) != root
            assert merkle.root_of_path(leaf, index ^ 1, size, path) != root
    with pytest.raises(KeyError):
        merkle.audit_path(units, "https://x.org/other")


def test_a_proof_for_every_claim_of_our_corpus(real: Settings) -> None:
    """Each unit of the real corpus has a proof that holds."""
    release = current_release(real.releases)
    units = release.manifest.units
    result = verify_release(release.path, wanted="barda-armenia-responsible")
    assert result.intact
    assert check(prove(result, "barda-armenia-responsible")) == []
    for unit, digest in units.items():
        index, path = merkle.audit_path(units, unit)
        assert merkle.root_of_path(merkle.leaf(unit, digest), index, len(units), path) == release.digest


@pytest.fixture(scope="module")
def handed(built: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a proof for a claim, as a file, and the export of the release."""
    release = current_release(built.releases)
    folder = tmp_path_factory.mktemp("proof")
    with export.opened(release) as source:
        export.write_file(export.EXPORTS["nquads"].write(source), folder / "r.nq")
    members = prove(verify_file(folder / "r.nq", wanted="ford-shelled"), "ford-shelled")
    (folder / "proof.json").write_text(written(members), encoding="utf-8")
    return folder / "proof.json", folder / "r.nq"


def test_a_proof_is_the_same_from_a_file_and_from_a_release(built: Settings, handed: tuple[Path, Path]) -> None:
    """The proof from an exported file is, byte for byte, that from the release; a unit goes by its IRI too."""
    release = current_release(built.releases)
    members = prove(verify_release(release.path, wanted=CLAIM), CLAIM)
    assert handed[0].read_text(encoding="utf-8") == written(members)
    with pytest.raises(UnknownThing, match="nope"):
        prove(verify_release(release.path, wanted="nope"), "nope")


def test_a_proof_against_digest_and_file(built: Settings, handed: tuple[Path, Path], tmp_path: Path) -> None:
    """A proof is held to a digest, and to a file that holds the claim, whatever else that holds or does not."""
    path, exported = handed
    digest = current_release(built.releases).digest
    assert check_proof(path, digest=digest, file=exported)[1] == []
    lines = [line for line in exported.read_bytes().splitlines(keepends=True) if f" <{CLAIM}#".encode() in line]
    alone = tmp_path / "claim.nq"
    alone.write_bytes(b"".join(reversed(lines)))
    assert check_proof(path, file=alone)[1] == []
    alone.write_bytes(b"".join(lines[1:]))
    assert [fault.unit for fault in check_proof(path, file=alone)[1]] == [CLAIM]
    assert [fault.kind for fault in check_proof(path, digest="0" * 64)[1]] == ["digest"]


def test_any_changed_byte_of_a_proof_fails(handed: tuple[Path, Path], tmp_path: Path) -> None:
    """Whichever byte of a proof is changed, it holds no longer; so too if one is dropped or put in."""
    data = handed[0].read_bytes()
    choice = random.Random(5)  # noqa: S311
    path = tmp_path / "proof.json"
    for at in range(len(data)):
        other = choice.choice([value for value in range(256) if value != data[at]])
        for changed in (bytes([other]), b"", data[at : at + 1] * 2)[: 3 if at % 10 == 0 else 1]:
            path.write_bytes(data[:at] + changed + data[at + 1 :])
            assert check_proof(path)[1] != [], at


def test_a_proof_that_was_made_up(handed: tuple[Path, Path]) -> None:
    """A proof with other lines, another place or another release does not hold, however well it is written."""
    good = proof({CLAIM: "0" * 64, "https://x.org/": "1" * 64}, CLAIM, [b"x\n"])
    assert [fault.kind for fault in check(good)] == ["altered"]
    assert "digest" in {fault.kind for fault in check(good | {"index": 1})}
    assert "digest" in {fault.kind for fault in check(good | {"release": "2" * 64})}
