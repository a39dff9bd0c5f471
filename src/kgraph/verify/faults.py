"""What verifying finds."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is not as it should be; `line` and `last_line` count from 1.

    `kind` is `altered`, `missing` or `added` for a unit, `syntax` or `damaged` for what cannot be read, `digest` for a
    release that is another one than it should be, `manifest` for a manifest that does not agree with itself.
    """

    kind: str
    message: str
    unit: str | None = None
    line: int | None = None
    last_line: int | None = None
    expected: str | None = None
    found: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the members that there are."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def where(self) -> str:
        """Return the lines as a text to be put behind the message, empty where there are none."""
        if self.kind == "syntax" or self.line is None:
            return ""
        return (
            f" (line {self.line})"
            if self.last_line in {None, self.line}
            else f" (lines {self.line} to {self.last_line})"
        )
