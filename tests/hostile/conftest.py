"""Fixtures: two servers to attack, and a listener that none of them may ever call."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hostile.client import Listener
from hostile.target import Target, percentile
from kgraph.settings import Settings

_measured: dict[str, list[float]] = {}


@pytest.fixture(scope="session")
def listener() -> Iterator[Listener]:
    """Return a listener on loopback."""
    found = Listener()
    yield found
    found.close()


@contextmanager
def _target(corpus: Settings, listener: Listener, folder: Path, *, readers: int, timeout: float) -> Iterator[Target]:
    target = Target(corpus, listener, folder / "log", readers=readers, timeout=timeout, memory=400)
    _measured[f"deadline {timeout:g} s, {readers} readers"] = target.samples
    try:
        yield target
    finally:
        target.stop()


@pytest.fixture(scope="session")
def quick(built: Settings, listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Return a server with four readers and a deadline of one second."""
    with _target(built, listener, tmp_path_factory.mktemp("quick"), readers=4, timeout=1.0) as target:
        yield target


@pytest.fixture(scope="session")
def patient(built: Settings, listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Return a server with two readers and a deadline of three seconds."""
    with _target(built, listener, tmp_path_factory.mktemp("patient"), readers=2, timeout=3.0) as target:
        yield target


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how long others waited for `ASK {}` while the attacks ran."""
    for name, samples in _measured.items():
        times = sorted(samples)
        if times:
            marks = ", ".join(f"p{100 * share:g} {1000 * percentile(times, share):.1f}" for share in (0.5, 0.99, 0.999))
            terminalreporter.write_line(f"ASK {{}} under attack ({name}): {len(times)} asked, ms: {marks}")
