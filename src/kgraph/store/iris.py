"""Whether a text is an IRI, as the engine sees it (RFC 3987)."""

import pyoxigraph as ox


def is_iri(text: str) -> bool:
    """Return whether `text` is an absolute IRI. Such a text is looked at here, never fetched."""
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True
