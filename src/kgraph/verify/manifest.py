"""What somebody who verifies was handed: a manifest, or the part of one that verifying takes."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgraph import merkle
from kgraph.errors import CannotVerify
from kgraph.release import Release
from kgraph.verify.faults import Fault

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Expected:
    """What a release should be: its digest, and where known its base IRI and the digest of each unit."""

    digest: str
    source: str
    base: str | None = None
    units: dict[str, str] | None = None
    description: str | None = None

    def faults(self) -> list[Fault]:
        """Return the fault of a manifest whose unit digests do not give its release digest."""
        found = self.digest if self.units is None else merkle.root(self.units)
        if found == self.digest:
            return []
        message = f"the manifest does not agree with itself: it names {self.digest}, its units give {found}"
        return [Fault(kind="manifest", message=message, expected=self.digest, found=found)]


def of_release(release: Release, source: str) -> Expected:
    """Return what the manifest of a release expects."""
    manifest = release.manifest
    return Expected(manifest.digest, source, manifest.base_iri, manifest.units, manifest.description)


def read_manifest(path: Path) -> Expected:
    """Return what a manifest file expects; raise `CannotVerify` where it is none."""
    try:
        members: dict[str, Any] = json.loads(path.read_bytes())
        digest, base, units = members["digest"], members["base_iri"], members["units"]
        whole = all(isinstance(text, str) for text in (digest, base, *units, *units.values()))
    except OSError as error:
        raise CannotVerify(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole or not all(_HEX.fullmatch(text) for text in (digest, *units.values())):
        raise CannotVerify(f"{path} is no manifest of a release", accepted="JSON with digest, base_iri and units")
    return Expected(digest, f"the manifest {path.name}", base, units, members.get("description"))


def given_digest(text: str) -> str:
    """Return a digest as somebody gives it, in lower case; raise `CannotVerify` where it is none."""
    digest = text.strip().lower()
    if not _HEX.fullmatch(digest):
        raise CannotVerify(f"{text!r} is no digest of a release", value=text, accepted="64 hexadecimal digits")
    return digest
