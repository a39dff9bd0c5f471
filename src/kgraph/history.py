"""The releases of a corpus: which there are, in the order in which each came after another."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgraph.errors import BadRequest, BrokenRelease, NoRelease
from kgraph.release import Release, current_digest, open_release

_NAME = re.compile(r"[0-9a-f]{64}")
_SHORTEST = 4


@dataclass(frozen=True)
class Entry:
    """A release folder; `release` is None where it is not whole."""

    digest: str
    path: Path
    release: Release | None
    current: bool

    def as_dict(self) -> dict[str, Any]:
        """Return what programs want to know of it: nothing of the file system."""
        manifest = None if self.release is None else self.release.manifest
        return {
            "digest": self.digest,
            "current": self.current,
            "whole": manifest is not None,
            "claims": manifest and manifest.claims,
            "quads": manifest and manifest.quads,
            "predecessor": manifest and manifest.predecessor,
        }


def entries(releases: Path) -> list[Entry]:
    """Return the releases in a folder: the current one, its predecessors one after another, and then the others."""
    current = current_digest(releases)
    names = [path for path in sorted(releases.glob("*")) if _NAME.fullmatch(path.name) and path.is_dir()]
    found = {path.name: Entry(path.name, path, _opened(path), path.name == current) for path in names}
    ordered: list[Entry] = []
    step = current
    while step in found:
        entry = found.pop(step)
        ordered.append(entry)
        step = entry.release.manifest.predecessor if entry.release else None
    return [*ordered, *found.values()]


def _opened(path: Path) -> Release | None:
    try:
        return open_release(path)
    except BrokenRelease:
        return None


def current(releases: Path) -> str:
    """Return the digest of the current release; raise `NoRelease` where nothing was built yet."""
    digest = current_digest(releases)
    if digest is None:
        raise NoRelease("nothing has been built yet: run `kgraph build`")
    return digest


def folder(releases: Path, name: str) -> Path:
    """Return the folder of the release whose digest is, or begins with, `name`.

    Raises `NoRelease` where there is none, `BadRequest` where there are several.
    """
    known = [path.name for path in sorted(releases.glob("*")) if _NAME.fullmatch(path.name) and path.is_dir()]
    found = [digest for digest in known if digest.startswith(name.lower())] if len(name) >= _SHORTEST else []
    if len(found) > 1:
        raise BadRequest(f"{name!r} is the beginning of {len(found)} releases", value=name, accepted=found)
    if not found:
        detail = f"{name!r} is no file, no folder, and no release here"
        raise NoRelease(detail, value=name, accepted=known or f"a digest, or at least {_SHORTEST} digits of it")
    return releases / found[0]


def find(releases: Path, name: str) -> Release:
    """Return the release that `folder` finds; raise `BrokenRelease` where it is not whole."""
    return open_release(folder(releases, name))
