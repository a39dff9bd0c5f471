"""A proof that one unit is in a release (RFC 9162, section 2.1.3): to check it, nothing else of the release is needed.

It is a JSON file: the lines of the unit, the place of its leaf in the tree, the audit path, the digest of the release.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from kgraph import canonical, merkle
from kgraph.errors import CannotVerify
from kgraph.verify.faults import Fault

KIND = "https://w3id.org/kgraph/inclusion-proof/1"
_HEX = re.compile(r"[0-9a-f]{64}")


def proof(units: dict[str, str], unit: str, lines: list[bytes]) -> dict[str, Any]:
    """Return the proof that `unit`, of the canonical `lines`, is in the release of `units`."""
    index, path = merkle.audit_path(units, unit)
    return {
        "proof": KIND,
        "release": merkle.root(units),
        "unit": unit,
        "digest": units[unit],
        "index": index,
        "size": len(units),
        "path": path,
        "lines": [line.decode() for line in lines],
    }


def written(members: dict[str, Any]) -> str:
    """Return a proof as it stands in its file: `sha256` is over the rest, written without it."""
    return _text(members | {"sha256": hashlib.sha256(_text(members).encode()).hexdigest()})


def _text(members: dict[str, Any]) -> str:
    return json.dumps(members, indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> tuple[dict[str, Any] | None, list[Fault]]:
    """Return the members of a proof and no faults; or None, where the file is not, byte for byte, a proof as written.

    Raises `CannotVerify` where the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotVerify(f"{path} cannot be read: {error.strerror}") from error
    try:
        members: dict[str, Any] = json.loads(data)
        bare = {name: members[name] for name in proof({"": ""}, "", [])}
        whole = _well_formed(bare) and written(bare).encode() == data
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if whole:
        return bare, []
    return None, [Fault(kind="altered", message=f"{path.name} is not a proof as it was written")]


def _well_formed(members: dict[str, Any]) -> bool:
    texts = (members["proof"], members["unit"], *members["path"], *members["lines"])
    numbers = (members["index"], members["size"])
    return (
        members["proof"] == KIND
        and all(isinstance(text, str) for text in texts)
        and all(type(number) is int for number in numbers)
        and all(_HEX.fullmatch(text) for text in (members["release"], members["digest"], *members["path"]))
    )


def check(members: dict[str, Any]) -> list[Fault]:
    """Return what does not hold of a proof: its lines give its digest, and the audit path leads to the release."""
    unit, digest, release = members["unit"], members["digest"], members["release"]
    found = canonical.digest_of(line.encode() for line in members["lines"])
    faults = []
    if found != digest:
        message = f"the lines of {unit} have another digest than the proof says"
        faults.append(Fault(kind="altered", unit=unit, message=message, expected=digest, found=found))
    root = merkle.root_of_path(merkle.leaf(unit, digest), members["index"], members["size"], members["path"])
    if root != release:
        message = f"the audit path of {unit} does not lead to the release {release}"
        faults.append(Fault(kind="digest", unit=unit, message=message, expected=release, found=root))
    return faults
