"""Whole responses are kept within bounds, for one release."""

from kgraph.web.cache import Cache, Entry


def _entry(size: int) -> Entry:
    return Entry([(b"etag", b'"x"')], b"b" * size, '"x"', "/sparql", None)


def test_kept_for_one_release() -> None:
    """What was kept is given again; with another release all of it is gone."""
    cache = Cache(100_000)
    assert cache.get("one", b"key") is None
    cache.put("one", b"key", _entry(10))
    assert cache.get("one", b"key") == _entry(10)
    assert cache.get("two", b"key") is None
    assert cache.statistics().entries == 0
    cache.put("one", b"key", _entry(10))
    assert cache.get("two", b"key") is None


def test_bounded_in_bytes() -> None:
    """The least recently used goes first, and what would fill an eighth is not kept."""
    cache = Cache(100_000)
    cache.get("one", b"")
    for number in range(20):
        cache.put("one", b"%d" % number, _entry(9_000))
        assert cache.get("one", b"0") is not None
    assert cache.statistics().size <= 100_000
    assert cache.get("one", b"1") is None
    assert cache.get("one", b"19") is not None
    cache.put("one", b"large", _entry(20_000))
    assert cache.get("one", b"large") is None


def test_nothing_is_kept_where_there_is_no_room() -> None:
    """A cache of no bytes keeps nothing, and says so."""
    cache = Cache(0)
    cache.get("one", b"")
    cache.put("one", b"key", _entry(1))
    assert cache.get("one", b"key") is None
    assert (cache.statistics().size, cache.statistics().hits, cache.statistics().misses) == (0, 0, 2)


def test_the_same_again_takes_no_more_room() -> None:
    """A response that is kept anew takes the place of the old one."""
    cache = Cache(100_000)
    cache.get("one", b"")
    for _ in range(5):
        cache.put("one", b"key", _entry(5_000))
    assert cache.statistics().entries == 1
    assert cache.statistics().size < 6_000
