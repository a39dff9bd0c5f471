"""The digest of a release from its N-Quads file, by a second implementation: plain Python, and nothing of kgraph."""

import hashlib
from collections import defaultdict
from pathlib import Path


def unit_digests(path: Path) -> dict[str, str]:
    """Return the digest of each unit: a claim with its four graphs, or a shared graph other than graph/release."""
    units = defaultdict(set)
    for line in path.read_bytes().splitlines(keepends=True):
        graph = line.decode().rstrip(" .\n").rpartition(" <")[2].rstrip(">")
        units[graph.partition("#")[0]].add(line)
    return {
        unit: hashlib.sha256(b"".join(sorted(lines))).hexdigest()
        for unit, lines in units.items()
        if not unit.endswith("/graph/release")
    }


def release_digest(units: dict[str, str]) -> str:
    """Return the tree hash: level by level, an odd node out moved up (RFC 9162, section 2.1.1, in other words)."""
    level = [hashlib.sha256(f"\0{unit} {digest}".encode()).digest() for unit, digest in sorted(units.items())]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\1" + p[0] + p[1]).digest() if len(p) == 2 else p[0] for p in pairs]
    return level[0].hex() if level else hashlib.sha256(b"").hexdigest()
