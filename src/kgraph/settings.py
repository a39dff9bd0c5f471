"""Settings of a corpus: `kgraph.toml`, then `KGRAPH_...` environment variables, then flags; the last one wins."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rapidfuzz.process import extractOne

from kgraph.errors import NoCorpus, SettingsError

FILE = "kgraph.toml"
_PATHS = {"archive", "log_file"}
LOGS = ("auto", "text", "json", "none")
PRIVATE = ("queries", "addresses")
_WHOLE = {
    "port": (0, 65_535), "readers": (1, 256), "memory": (200, 1_000_000), "queue": (0, 100_000),
    "max_bytes": (0, 1 << 50), "max_rows": (0, 1 << 50), "cache": (0, 1_000_000),
    "in_memory": (0, 1 << 40),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a corpus and its server are configured with. Times are in seconds, `memory` in megabytes."""

    root: Path
    base_iri: str
    title: str = "Claims"
    licence: str = "https://creativecommons.org/licenses/by/4.0/"
    curator: str = "curator"
    archive: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    readers: int = 4
    timeout: float = 30.0
    memory: int = 1200
    in_memory: int = 500_000
    queue: int = 100
    max_bytes: int = 2_000_000_000
    max_rows: int = 0
    services: tuple[str, ...] = ()
    cache: int = 64
    log: str = "auto"
    log_file: Path | None = None
    log_private: tuple[str, ...] = ()

    @property
    def releases(self) -> Path:
        """Return the folder that holds the releases of this corpus."""
        return self.root / "releases"

    @property
    def anchors(self) -> Path:
        """Return the file that holds where each anchor stands."""
        return self.root / "data" / "anchors.lock"


def find_corpus(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds a `kgraph.toml`; raise `NoCorpus` if none does."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise NoCorpus(f"{start} is not in a corpus: neither it nor a folder above it holds a {FILE}", accepted=[FILE])


def load(root: Path, flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of the corpus at `root`; `flags` that are None count as not given."""
    try:
        text = (root / FILE).read_bytes().decode("utf-8")
        given: dict[str, Any] = tomllib.loads(text)
    except FileNotFoundError as error:
        raise NoCorpus(f"{root} holds no {FILE}", accepted=[FILE]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE} is not TOML: {error}", file=FILE) from error
    names = {field.name for field in fields(Settings)} - {"root"}
    for key in given:
        if key not in names:
            near = extractOne(key, sorted(names))
            raise SettingsError(
                f"{FILE}: unknown setting {key!r}; nearest is {near[0]!r}",
                file=FILE, line=_line_of(text, key), value=key, accepted=sorted(names),
            )  # fmt: skip
    given |= {name: environ[f"KGRAPH_{name.upper()}"] for name in names if environ.get(f"KGRAPH_{name.upper()}")}
    given |= {key: value for key, value in (flags or {}).items() if value is not None}
    if "base_iri" not in given:
        raise SettingsError(f"{FILE}: base_iri is missing", file=FILE, line=1, accepted="an http(s) IRI that ends in /")
    return Settings(root=root, **{key: _typed(root, key, value) for key, value in given.items()})


def _line_of(text: str, key: str) -> int:
    return next((n for n, line in enumerate(text.splitlines(), 1) if line.lstrip().startswith(key)), 1)


def _typed(root: Path, key: str, value: Any) -> Any:
    """Return `value` as the type that setting `key` has; raise `SettingsError` with what is accepted."""
    if key in _PATHS:
        return (root / Path(str(value)).expanduser()).resolve()
    if key in _WHOLE:
        return _number(key, value, int, *_WHOLE[key])
    if key == "timeout":
        return _number(key, value, float, 0.05, 3600.0)
    if key == "log_private":
        return _words(key, value, PRIVATE)
    if key == "services":
        return _addresses(key, value)
    text = str(value)
    if key == "log" and text not in LOGS:
        raise SettingsError(f"log: {text!r}", value=text, accepted=LOGS)
    if key == "base_iri" and not (urlsplit(text).scheme in {"http", "https"} and text.endswith("/")):
        raise SettingsError(f"base_iri: {text!r}", value=text, accepted="an http(s) IRI that ends in /")
    return text


def _addresses(key: str, value: Any) -> tuple[str, ...]:
    """Return a list of http(s) addresses as a tuple; outside of TOML it is one text, with commas."""
    found = tuple(str(word).strip() for word in (value if isinstance(value, list) else str(value).split(",")))
    for address in found:
        if urlsplit(address).scheme not in {"http", "https"}:
            raise SettingsError(f"{key}: {address!r}", value=address, accepted="http or https addresses")
    return found


def _words(key: str, value: Any, accepted: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list of words as a tuple; outside of TOML it is one text, with commas."""
    words = [str(word).strip() for word in (value if isinstance(value, list) else str(value).split(","))]
    for word in words:
        if word and word not in accepted:
            raise SettingsError(f"{key}: {word!r}", value=word, accepted=accepted)
    return tuple(word for word in words if word)


def _number(key: str, value: Any, kind: type[int] | type[float], low: float, high: float) -> float:
    try:
        number = kind(value)
    except (TypeError, ValueError):
        number = None
    if number is None or not low <= number <= high:
        accepted = f"a number from {low} to {high}"
        raise SettingsError(f"{key}: {value!r} is not {accepted}", value=str(value), accepted=accepted)
    return number
