"""A stranger's first corpus: small, commented, valid."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from kgraph.errors import BadRequest, KgraphError
from kgraph.terms import SLUG

_TEMPLATE = Path(__file__).parent / "template"


def init(folder: Path) -> list[Path]:
    """Write a corpus into the new folder `folder`, whose name is its name; return its files.

    The folder appears whole or not at all. Its base IRI is `https://example.org/{name}/`.
    """
    name = folder.name
    if not SLUG.fullmatch(name):
        accepted = "lower-case ASCII letters, digits and single hyphens"
        raise BadRequest(f"{name!r} is no name for a corpus", value=name, accepted=accepted)
    if folder.exists():
        raise KgraphError(f"{folder} is there already; nothing was written", accepted="a folder that is not there yet")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder.parent) as temporary:
            new = Path(temporary) / name
            _write(new, name)
            new.rename(folder)
    except OSError as error:
        raise KgraphError(f"{folder} cannot be written: {error.strerror}") from error
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _write(new: Path, name: str) -> None:
    sample = (_TEMPLATE / "archive" / "sample-report.txt").read_bytes()
    values = {"{name}": name, "{sha256}": hashlib.sha256(sample).hexdigest()}
    for source in sorted(path for path in _TEMPLATE.rglob("*") if path.is_file()):
        target = new / source.relative_to(_TEMPLATE)
        target = target.with_name(".gitignore") if target.name == "gitignore" else target
        text = source.read_text(encoding="utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
    shutil.copytree(_ontology(), new / "ontology")
    (new / "queries").mkdir()


def _ontology() -> Path:
    """Return the ontology that the wheel carries, or, in a checkout, the one at its top."""
    carried = Path(__file__).parent / "ontology"
    return carried if carried.is_dir() else Path(__file__).parents[2] / "ontology"
