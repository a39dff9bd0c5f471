"""The tour of the README is real: each command, run over the corpus of this repository, says what stands there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import REPOSITORY, running
from kgraph.cli import main
from kgraph.settings import Settings

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SERVER = "http://127.0.0.1:8000"


def _tour() -> list[tuple[str, str]]:
    """Return each command of the README with the output that stands beneath it."""
    found = []
    for block in _BLOCK.findall((REPOSITORY / "README.md").read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            count = next(n for n in range(1, len(lines) + 1) if _is_whole("\n".join(lines[:n])))
            found.append(("\n".join(lines[:count]), "\n".join(lines[count:])))
    return found


def _is_whole(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\")


def _masked(text: str) -> list[str]:
    """Return the lines of an output in no order, digests and ids by name, the commit (a copy has none) left out."""
    text = re.sub(r"\b[0-9a-f]{8}(?:…|[0-9a-f]{4}\b|[0-9a-f]{56}\b)", "DIGEST", text)
    text = re.sub(r'("requestId": )"[0-9a-f]{16}"', r"\1ID", text)
    return sorted(line.rstrip() for line in text.splitlines() if "commit:" not in line and line.strip())


TOUR = _tour()


@pytest.fixture(scope="module")
def address(real: Settings) -> Iterator[str]:
    """Return where a server of our corpus listens."""
    with running(real) as found:
        yield found[1]


def test_nothing_is_left_out() -> None:
    """There is a tour, and each command of it is of a kind that is run here."""
    assert len(TOUR) >= 6
    assert {shlex.split(command)[0] for command, _ in TOUR} == {"make", "curl", ".venv/bin/kgraph"}


def test_counts_are_those_of_the_corpus(real: Settings) -> None:
    """What `make serve` is said to print is what the build prints."""
    [output] = [output for command, output in TOUR if command == "make serve"]
    command = [sys.executable, "-m", "kgraph", "--corpus", str(real.root), "build"]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout.replace("Up to date:", "Built")
    assert _masked(built)[0] in _masked(output)


@pytest.mark.parametrize(("command", "output"), [case for case in TOUR if case[0].startswith("curl")])
def test_curl(address: str, command: str, output: str) -> None:
    """A query by curl gives the answer that stands there."""
    if shutil.which("curl") is None:
        pytest.skip("NO CURL: install curl")
    arguments = shlex.split(command.replace("\\\n", " ").replace(f"{_SERVER}/", address))
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=30)
    assert _masked(done.stdout) == _masked(output)


@pytest.mark.parametrize(("command", "output"), [case for case in TOUR if " trace " in case[0] or " query " in case[0]])
def test_kgraph(real: Settings, command: str, output: str) -> None:
    """A command gives the output that stands there."""
    result = CliRunner().invoke(main, ["--corpus", str(real.root), *shlex.split(command)[1:]])
    assert _masked(result.stdout) == _masked(output)


def test_check(real: Settings, tmp_path: Path) -> None:
    """The mistake that `kgraph check` is shown to find is found so, where it is made."""
    [output] = [output for command, output in TOUR if command == ".venv/bin/kgraph check"]
    copy = tmp_path / "corpus"
    shutil.copytree(real.root, copy, ignore=shutil.ignore_patterns("releases"))
    path, line = re.findall(r"^(\S+):(\d+): ", output)[0]
    record = copy / path
    lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
    assert "armenia" in lines[int(line) - 1]
    lines[int(line) - 1] = lines[int(line) - 1].replace("armenia", "armnia")
    record.write_text("".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "kgraph", "check"]
    done = subprocess.run(command, cwd=copy, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert _masked(output)[0] in _masked(done.stderr)
