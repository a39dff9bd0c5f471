"""The tree hash over the units of a release, and proofs that one unit is in it (RFC 9162, section 2.1).

Pure, and without any part of this project: digests are SHA-256, in lower-case hex where they are text.
"""

import hashlib
from collections.abc import Mapping, Sequence


def leaf(unit: str, digest: str) -> bytes:
    """Return the bytes that stand for a unit in the tree: its IRI, a space, its digest."""
    return f"{unit} {digest}".encode()


def root(units: Mapping[str, str]) -> str:
    """Return the tree hash over the leaves of `units` (IRI to digest), in code-point order."""
    return _tree(_leaves(units)).hex()


def audit_path(units: Mapping[str, str], unit: str) -> tuple[int, list[str]]:
    """Return the place of `unit` among the leaves, from 0, and its audit path (section 2.1.3.1), nearest node first.

    Raises `KeyError` where there is no such unit.
    """
    index = sorted(units).index(unit) if unit in units else -1
    if index < 0:
        raise KeyError(unit)
    return index, [node.hex() for node in _path(_leaves(units), index)]


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[str]) -> str | None:
    """Return the root that an audit path leads to (section 2.1.3.2); None where it does not fit `index` and `size`."""
    if not 0 <= index < size:
        return None
    node, last, found = index, size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for text in path:
        if last == 0:
            return None
        other = bytes.fromhex(text)
        if node & 1 or node == last:
            found = _inner(other, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = _inner(found, other)
        node, last = node >> 1, last >> 1
    return found.hex() if last == 0 else None


def _leaves(units: Mapping[str, str]) -> list[bytes]:
    return [leaf(unit, digest) for unit, digest in sorted(units.items())]


def _inner(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _tree(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = _split(len(leaves))
    return _inner(_tree(leaves[:split]), _tree(leaves[split:]))


def _path(leaves: list[bytes], index: int) -> list[bytes]:
    if len(leaves) <= 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*_path(leaves[:split], index), _tree(leaves[split:])]
    return [*_path(leaves[split:], index - split), _tree(leaves[:split])]
