"""Tools that we did not write, as readers of exports: each gives back what it read as canonical lines."""

import json
import os
import shutil
import subprocess
import zipfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pyoxigraph as ox
import pytest
from pyld import jsonld
from rdflib import Dataset, Graph

JARS = Path("/usr/share/java")
NAMES = (
    "jena-arq", "jena-base", "jena-cmds", "jena-core", "jena-iri", "slf4j-api", "slf4j-nop", "thrift", "commons-cli",
    "commons-codec", "commons-compress", "commons-csv", "commons-io", "commons-lang3", "dexx.collection", "gson",
    "guava", "httpclient", "httpcore", "jackson-annotations", "jackson-core", "jackson-databind", "jsonld-java",
    "titanium-json-ld", "jakarta.json-api", "protobuf",
)  # fmt: skip
_MOVED = "org/apache/jena/ext/"


def lines(data: bytes | str, form: ox.RdfFormat = ox.RdfFormat.N_QUADS) -> set[bytes]:
    """Return the canonical lines of a text, read strictly."""
    text = ox.serialize(ox.parse(data, format=form), format=ox.RdfFormat.N_QUADS)
    assert text is not None
    return set(text.splitlines())


@cache
def class_path() -> str:
    """Return where Jena is, as Debian has it: libapache-jena-java, with what it depends on.

    Debian renamed the classes of Xerces in it, but left the messages that these need where they were.
    """
    jars = [JARS / f"{name}.jar" for name in NAMES]
    missing = [jar.name for jar in jars if not jar.is_file()]
    if missing or shutil.which("java") is None:
        pytest.skip(f"NO JENA: install libapache-jena-java and a JRE; missing: {', '.join(missing) or 'java'}")
    folder = Path(mkdtemp())
    with zipfile.ZipFile(JARS / "jena-core.jar") as archive:
        for name in archive.namelist():
            if name.startswith(f"{_MOVED}xerces/") and name.endswith(".properties"):
                target = folder / name.removeprefix(_MOVED)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    return os.pathsep.join(map(str, (folder, *jars)))


def riot(path: Path) -> set[bytes]:
    """Read a file by Jena's riot, which ends with an error at anything that it warns of."""
    command = ["java", "-cp", class_path(), "riotcmd.riot", "--strict", "--output=nq", str(path)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return lines(done.stdout)


def rapper(path: Path, form: str) -> set[bytes]:
    """Read a file by rapper."""
    if shutil.which("rapper") is None:
        pytest.skip("NO RAPPER: install raptor2-utils")
    done = subprocess.run(["rapper", "-q", "-i", form, "-o", "nquads", str(path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return lines(done.stdout)


def rdflib(path: Path, form: str, *, named: bool) -> set[bytes]:
    """Read a file by rdflib, literals as they stand."""
    graph = Dataset() if named else Graph()
    graph.parse(path, format=form)
    return lines(graph.serialize(format="nquads" if named else "nt"))


def pyld(path: Path) -> set[bytes]:
    """Read a JSON-LD file by pyld, which opens no connection."""

    def refuse(url: str, _: object) -> None:
        raise AssertionError(url)

    options = {"format": "application/n-quads", "documentLoader": refuse}
    return lines(jsonld.to_rdf(json.loads(path.read_text(encoding="utf-8")), options))
