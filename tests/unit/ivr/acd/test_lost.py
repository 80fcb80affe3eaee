"""Contacts whose node died, as a node of this version reads them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from ivr.acd.lost import LEFT_TO_OTHERS, LostContacts
from ivr.acd.store import AcdStore

NOW = 1_790_000_000.0
ROW = {"queue": "support", "enqueued_at": NOW - 60, "node": "n2", "agent": "", "state": "waiting", "at": NOW - 10}


async def test_what_makes_no_sense_is_logged_once_and_put_aside(store: AcdStore, caplog: pytest.LogCaptureFixture) -> None:
    key = store.key("lost")
    odd: dict[str, Any] = {
        "c2": "{",
        "c3": json.dumps({**ROW, "state": "dancing"}),
        "c4": json.dumps({**ROW, "details": "[1]"}),
        "c5": "7",
    }
    rows: Any = odd | {"c1": json.dumps(ROW)}
    await store.redis.hset(key, mapping=rows)
    lost = LostContacts(store.redis, store.prefix)
    with caplog.at_level(logging.WARNING):
        for second in range(3):
            assert [one.id for one in await lost.before(NOW + second)] == ["c1"]
    assert sum("makes no sense" in line for line in caplog.messages) == len(odd), "once each"
    assert await store.redis.hlen(key) == 5, "a node of the version that wrote them may still take them"
    assert [one.id for one in await lost.before(NOW + LEFT_TO_OTHERS)] == ["c1"]
    assert await store.redis.hkeys(key) == [b"c1"]
    kept: Any = await store.redis.hgetall(store.key("lost:unread"))
    assert {name.decode(): value.decode() for name, value in kept.items()} == odd
    assert await store.redis.ttl(store.key("lost:unread")) > 0


async def test_one_that_is_understood_in_time_is_not_put_aside(store: AcdStore) -> None:
    lost = LostContacts(store.redis, store.prefix)
    await store.redis.hset(store.key("lost"), "c1", "{")
    assert await lost.before(NOW) == []
    await store.redis.hset(store.key("lost"), "c1", json.dumps(ROW))
    assert [one.id for one in await lost.before(NOW + LEFT_TO_OTHERS)] == ["c1"]
    await lost.forget(["c1"])
    assert await lost.before(NOW + 2 * LEFT_TO_OTHERS) == []
