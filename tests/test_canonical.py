"""Digests: the tree hash of RFC 9162, and a second implementation that reads nothing but the store's dump."""

import hashlib
from collections import defaultdict

import pyoxigraph as ox
import pytest

from kgraph.canonical import release_digest
from kgraph.release import current_release
from kgraph.settings import Settings


def _plain_tree(leaves: list[bytes]) -> bytes:
    """Hash level by level, an odd node out moved up: another way to the same tree."""
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\1" + p[0] + p[1]).digest() if len(p) == 2 else p[0] for p in pairs]
    return level[0] if level else hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 7, 8, 13])
def test_tree_hash(size: int) -> None:
    """The tree hash is that of RFC 9162 for any number of leaves."""
    units = {f"https://x.org/{n}": f"{n:064x}" for n in range(size)}
    leaves = [f"{iri} {digest}".encode() for iri, digest in sorted(units.items())]
    assert release_digest(units) == _plain_tree(leaves).hex()


def test_release_digest_by_another_way(built: Settings) -> None:
    """A release's digest follows from the lines of its store alone."""
    release = current_release(built.releases)
    units = defaultdict(list)
    dump = ox.Store.read_only(str(release.store)).dump(format=ox.RdfFormat.N_QUADS)
    assert dump is not None
    for line in dump.decode().splitlines():
        graph = line.rstrip(" .").rpartition("<")[2].rstrip(">")
        units[graph.partition("#")[0]].append(line + "\n")
    del units[built.base_iri + "graph/release"]
    digests = {unit: hashlib.sha256("".join(sorted(lines)).encode()).hexdigest() for unit, lines in units.items()}
    assert digests == release.manifest.units
    assert _plain_tree([f"{unit} {digests[unit]}".encode() for unit in sorted(digests)]).hex() == release.digest
