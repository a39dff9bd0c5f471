"""What the tests of exports share: the bytes of an export of our corpus, or of any."""

from collections.abc import Callable
from functools import cache

import pytest

from kgraph.export import EXPORTS, opened
from kgraph.release import current_release
from kgraph.settings import Settings


def written(corpus: Settings, name: str, *, claim: str | None = None, event: str | None = None) -> bytes:
    """Return the bytes of an export of the current release of a corpus."""
    with opened(current_release(corpus.releases), claim=claim, event=event) as source:
        return b"".join(EXPORTS[name].write(source))


@pytest.fixture(scope="session")
def exported(real: Settings) -> Callable[..., bytes]:
    """Return what gives the bytes of an export of our corpus: `exported("csv", event="barda-strikes")`."""

    @cache
    def export(name: str, *, claim: str | None = None, event: str | None = None) -> bytes:
        return written(real, name, claim=claim, event=event)

    return export


@pytest.fixture(scope="session")
def small(built: Settings) -> Callable[..., bytes]:
    """Return what gives the bytes of an export of the test corpus."""

    @cache
    def export(name: str, *, claim: str | None = None, event: str | None = None) -> bytes:
        return written(built, name, claim=claim, event=event)

    return export
