"""A release on disk: what its folder holds and how it is found. The write side and the read side meet here."""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from kgraph.errors import BrokenRelease, NoRelease

STORE, MANIFEST, RECORDS, QUERIES, CURRENT = "store", "manifest.json", "records.json", "queries", "current"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The description of a release. All digests are SHA-256 in lower-case hex; `units` maps unit IRIs to digests."""

    digest: str
    base_iri: str
    title: str
    licence: str
    quads: int
    claims: int
    attestations: int
    units: dict[str, str]
    inputs: dict[str, str]
    exports: dict[str, str]
    software: dict[str, str]
    predecessor: str | None
    description: str | None = None  # the digest that `graph/release` states of its own lines; older releases have none

    def to_json(self) -> str:
        """Return the manifest as it stands in its file."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@dataclass(frozen=True)
class Release:
    """A release folder and its manifest."""

    path: Path
    manifest: Manifest

    @property
    def digest(self) -> str:
        """Return the digest of the release: 64 lower-case hex digits."""
        return self.manifest.digest

    @property
    def store(self) -> Path:
        """Return the folder of the store."""
        return self.path / STORE

    def records(self) -> dict[str, Any]:
        """Return where each claim's record stands: `{claim id: {file, line}}`, with the commit it was built from."""
        records: dict[str, Any] = json.loads((self.path / RECORDS).read_text(encoding="utf-8"))
        return records

    def query(self, name: str) -> str | None:
        """Return the text of the saved query called `name`, None where the release has none."""
        path = self.path / QUERIES / f"{name}.rq"
        return path.read_text(encoding="utf-8") if "/" not in name and path.is_file() else None


def current_digest(releases: Path) -> str | None:
    """Return the digest that `releases/current` points to, None where there is no such link."""
    try:
        return os.readlink(f"{releases}/{CURRENT}").rpartition("/")[2]  # noqa: PTH115 - a microsecond, every request
    except OSError:
        return None


def open_release(path: Path) -> Release:
    """Return the release in the folder `path`; raise `BrokenRelease` where its manifest or store is not whole."""
    try:
        members = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(
            **{
                field.name: members.get(field.name) if field.name == "description" else members[field.name]
                for field in fields(Manifest)
            }
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenRelease(f"release {path.name}: its manifest cannot be read: {error}") from error
    if manifest.digest != path.name or not (path / STORE / "CURRENT").is_file():
        raise BrokenRelease(f"release {path.name} is not whole: delete its folder and run `kgraph build`")
    return Release(path, manifest)


def current_release(releases: Path) -> Release:
    """Return the release that is current; raise `NoRelease` where nothing was built yet."""
    digest = current_digest(releases)
    if digest is None:
        raise NoRelease("nothing has been built yet: run `kgraph build`")
    return open_release(releases / digest)
