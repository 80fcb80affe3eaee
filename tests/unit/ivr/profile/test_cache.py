from __future__ import annotations

from ivr.profile.answer import Answer
from ivr.profile.cache import Cache

ANSWER = Answer("found", {"a": 1})


def test_an_answer_is_fresh_then_stale_then_gone() -> None:
    cache = Cache(stale=100)
    cache.put("k", ANSWER, 10, now=0)
    assert cache.fresh("k", 9.9) == ANSWER and cache.old("k", 9.9) == ANSWER
    assert cache.fresh("k", 10) is None
    old = cache.old("k", 109.9)
    assert old is not None and old.stale and old.result == {"a": 1}
    assert cache.old("k", 110) is None and len(cache) == 0


def test_without_any_time_nothing_is_kept() -> None:
    cache = Cache()
    cache.put("k", ANSWER, 0, now=0)
    assert len(cache) == 0


def test_the_least_used_goes_first() -> None:
    cache = Cache(most=2)
    for key in ("a", "b"):
        cache.put(key, ANSWER, 10, now=0)
    assert cache.fresh("a", 1)
    cache.put("c", ANSWER, 10, now=1)
    assert cache.fresh("b", 1) is None and cache.fresh("a", 1) and cache.fresh("c", 1)
