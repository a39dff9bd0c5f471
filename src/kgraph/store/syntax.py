"""Whether a text is a query, as the engine sees it; for texts of our own, such as saved queries."""

import re

import pyoxigraph as ox

_PLACE = re.compile(r"error at (\d+):(\d+): ?(.*)", re.DOTALL)


def mistake(text: str) -> tuple[int, str] | None:
    """Return line (from 1) and message of what makes `text` no query, None where it is one."""
    try:
        ox.Store().query(text)
    except SyntaxError as error:
        match = _PLACE.match(str(error))
        return (int(match[1]), match[3]) if match else (1, str(error))
    except (RuntimeError, ValueError) as error:
        return 1, str(error)
    return None
