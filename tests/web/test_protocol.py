"""Percent-encoding is undone as the standard library does it, and each request is read once."""

from urllib.parse import quote, unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from kgraph.web.protocol import decoded


@given(st.binary() | st.text(alphabet="%=aA0fF_ \t.-\n\r\x00é~&+").map(str.encode))
def test_decoded(data: bytes) -> None:
    """Whatever the bytes, well-formed or not, the result is that of `unquote_to_bytes`."""
    assert decoded(data) == unquote_to_bytes(data)


@given(st.text())
def test_decoded_comes_back(text: str) -> None:
    """What was encoded comes back."""
    assert decoded(quote(text, safe="").encode()).decode() == text
