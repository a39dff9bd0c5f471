"""Old releases that hold what is now withheld are removed; the current one never is."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from kgraph import changes, disk, history
from kgraph.disk import Note
from kgraph.errors import KgraphError
from kgraph.release import current_release


@dataclass(frozen=True)
class Purged:
    """A release that is to go, and the withheld claims that it holds; none where nobody can tell what it holds."""

    digest: str
    claims: tuple[str, ...]


def affected(releases: Path) -> list[Purged]:
    """Return the releases, the current one aside, that hold a claim which the current release withholds.

    One that is not whole goes too: nobody can tell what it holds. Raises `NoRelease` where there is no current one.
    """
    gone = changes.withheld(current_release(releases))
    if not gone:
        return []
    found = []
    for entry in history.entries(releases):
        if entry.current:
            continue
        try:
            held = None if entry.release is None else changes.published(entry.release, gone)
        except (OSError, ValueError, RuntimeError):
            held = None
        if held is None or held:
            found.append(Purged(entry.digest, tuple(sorted(held or ()))))
    return found


def purge(releases: Path, note: Note) -> list[Purged]:
    """Remove what `affected` finds, and return it. A release that is being removed is none: it has another name."""
    with disk.lock(releases, note):
        found = affected(releases)
        try:
            for purged in found:
                going = releases / f"{disk.PURGING}{purged.digest}"
                (releases / purged.digest).rename(going)
                disk.sync_folder(releases)
                shutil.rmtree(going)
        except OSError as error:
            raise KgraphError(f"{releases} could not be purged: {error}; run it again") from error
        return found
