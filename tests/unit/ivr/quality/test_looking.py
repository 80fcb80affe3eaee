"""Every contact with an agent is looked at once, whatever happens, and some of them are put before reviewers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotAllowed, NotFound
from ivr.quality.house import QualityHouse
from ivr.quality.looking import LONG_LOOK, WRAP_UP, Looking
from ivr.quality.model import When
from ivr.quality.sampling import Candidate, Rules
from ivr.quality.sql import rows
from ivr.quality.tables import looked, reviews, work
from tests.unit.ivr.quality.conftest import ANNA, LEO, T0, WEI, Clock, Told, call, house_on

RULES = Rules(low_score=60, moods=("angry",), tags=("complaint",), random=2, most=4)


@pytest.fixture
async def redis(redis_url: str) -> Any:
    client = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


def looking(house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock, rules: Rules | None = RULES) -> Looking:
    return Looking(redis, engine, house.judge, house.reviews, house.work, rules, clock, pause=0.0)


async def reviewed(engine: AsyncEngine) -> list[str]:
    found = await rows(engine, select(reviews.c.contact_id, reviews.c.evaluator).order_by(reviews.c.contact_id))
    assert {row["evaluator"] for row in found} <= {"automatic"}
    return [row["contact_id"] for row in found]


async def test_each_contact_with_an_agent_is_reviewed_once(
    house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock, told: Told
) -> None:
    for name, more in (("c1", {}), ("c2", {"agent": None}), ("c3", {"connected_at": None})):
        await call(engine, name, **more)
    assert await looking(house, engine, redis, clock).look() == 1
    again = looking(house_on(engine, clock, told), engine, redis, clock)  # a start of its own: nothing in memory
    assert await again.look() == 0
    assert await reviewed(engine) == ["c1"]
    found = (await house.page(WEI, {"evaluator": "automatic"}, None, 10))[0][0]
    assert (found["state"], found["evaluator_name"], found["score"]["raw"]) == ("draft", "", 75.0)
    assert (await house.page(ANNA, {}, None, 10))[0] == [], "what rules say of her is no review that an agent sees"
    assert told.news == []
    draft = await house.review(WEI, found["id"])
    assert not any(draft["may"].values()), "nobody publishes what a rule said; a person takes it over"


async def test_the_wrap_up_is_waited_for_but_not_for_ever(
    house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock
) -> None:
    await call(engine, "c1", wrap_up_ended_at=None)
    clock.now = T0 + 310
    mine = looking(house, engine, redis, clock)
    assert await mine.look() == 0
    clock.now = T0 + 301 + WRAP_UP
    assert await mine.look() == 1


async def test_what_came_into_sql_late_is_found(house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock) -> None:
    mine = looking(house, engine, redis, clock)
    assert await mine.look() == 0
    clock.now = T0 + 7200
    await call(engine, "late")
    assert await mine.look() + await mine.look() == 1, "the long look comes again"
    clock.now += LONG_LOOK + 1
    await call(engine, "later")
    assert await mine.look() == 1
    assert await reviewed(engine) == ["late", "later"]


async def test_a_contact_without_a_card_and_a_broken_one_are_passed_over(
    house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await call(engine, "c1", handover={"mood": "calm"}, queue="other")
    await call(engine, "c2", ended=301)
    card = house.shelf.cards["hotline"]
    object.__setattr__(card, "when", When(queue=("support",)))
    mine = looking(house, engine, redis, clock)
    judge = house.judge.of

    async def breaking(row: dict[str, Any], name: str = "") -> Any:
        if row["id"] == "c2":
            raise ValueError("no sense")
        return await judge(row, name)

    house.judge.of = breaking  # type: ignore[method-assign]
    assert await mine.look() == 2
    assert await mine.look() == 0, "neither is tried again for ever"
    assert await reviewed(engine) == []
    assert "c2 cannot be reviewed by rule" in caplog.text


async def test_sampling_puts_each_contact_before_reviewers_once(
    house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock
) -> None:
    clock.now = T0 + 7 * 86400.0
    for number in range(6):
        moods = {"handover": {"mood": "angry" if number == 0 else "calm"}, "tags": ["complaint"] if number == 1 else []}
        await call(engine, f"c{number}", ended=6.9 * 86400 + number, **moods)
    mine = looking(house, engine, redis, clock)
    assert await mine.look() == 6
    assert await mine.sample() > 0
    clock.now += 301
    assert await mine.sample() == 0, "never the same twice, and no more than an agent's share"
    found = {row["contact_id"]: row["reason"] for row in await rows(engine, select(work))}
    assert (found["c0"], found["c1"], len(found)) == ("bad_mood", "complaint", 4)
    listed = await house.listed(WEI, "open", None, None, 10)
    assert listed[0]["reason"] == "complaint"
    assert listed[0]["automatic"]["raw"] == 75.0
    assert len(await house.listed(WEI, "open", "leo", None, 10)) == 0
    assert len(await rows(engine, select(looked))) == 6


async def test_chance_draws_once_from_each_part_of_the_week(
    house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock
) -> None:
    clock.now = T0 + 7 * 86400.0  # a Monday
    for number in range(6):
        await call(engine, f"c{number}", ended=6.9 * 86400 + number)
    mine = looking(house, engine, redis, clock, Rules(low_score=0))
    assert await mine.look() == 6
    for days, more in ((0.1, 0), (3.5, 1), (0.1, 0), (3.5, 1), (0.1, 0)):
        clock.now += days * 86400
        assert await mine.sample() == more


async def test_what_is_new_is_put_before_reviewers_soon(
    house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock
) -> None:
    mine = looking(house, engine, redis, clock)
    assert await mine.sample() == 0
    await call(engine, "c1", tags=["complaint"])
    assert await mine.look() == 1
    clock.now += 4
    assert await mine.sample() == 0
    clock.now += 2
    read: list[float] = []
    candidates = house.work.candidates

    async def counted(since: float, reviewed: float = 0.0) -> list[Candidate]:
        read.append(reviewed)
        return await candidates(since, reviewed)

    house.work.candidates = counted  # type: ignore[method-assign]
    assert await mine.sample() == 1
    assert read == [clock.now - 6], "what is two weeks old is not read again for it"


async def test_it_ends_with_its_node_though_redis_is_away_by_then(
    house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock
) -> None:
    mine, busy = looking(house, engine, redis, clock), asyncio.Event()

    async def look() -> int:
        busy.set()
        await asyncio.Event().wait()
        return 0

    async def away(*_: object) -> None:
        raise ConnectionError("Redis is away")

    mine.look = look  # type: ignore[method-assign]
    redis.delete = away  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(mine.run())
    await busy.wait()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=1)
    task.cancel()  # where the first one was swallowed
    assert done == {task}
    assert task.cancelled()


async def test_taking_giving_back_and_leaving_out(house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock) -> None:
    clock.now = T0 + 86400.0
    for number in range(2):
        await call(engine, f"c{number}", tags=["complaint"])
    mine = looking(house, engine, redis, clock)
    await mine.look()
    await mine.sample()
    draft = await house.take(WEI, "c0")
    assert (draft["state"], draft["contact_id"]) == ("draft", "c0")
    with pytest.raises(Conflict, match="somebody else"):
        await house.work.move("c0", "boss", "taken")
    assert [one["review_id"] for one in await house.listed(WEI, "mine", None, None, 10)] == [draft["id"]]
    await house.work.move("c0", "wei", "open")
    assert (await house.take(WEI, "c0"))["id"] == draft["id"], "the draft stayed"
    await house.save(WEI, draft["id"], 1, {"right": {"value": "good"}, "recorded": {"value": "yes"}}, None)
    await house.publish(WEI, draft["id"], 2)
    await house.work.move("c1", "boss", "skipped", "somebody dialled wrongly")
    assert await house.work.counts("wei") == {"open": 0, "mine": 0, "done_week": 1}
    assert [one["contact_id"] for one in await house.listed(WEI, "done", None, None, 10)] == ["c0"]
    with pytest.raises(Conflict, match="done"):
        await house.work.move("c1", "wei", "taken")
    with pytest.raises(NotFound):
        await house.work.move("c9", "wei", "taken")


async def test_nobody_takes_his_own_contact_out_of_the_list(
    house: QualityHouse, engine: AsyncEngine, redis: Redis, clock: Clock
) -> None:
    await call(engine, "c1", agent="leo", tags=["complaint"])
    mine = looking(house, engine, redis, clock)
    await mine.look()
    await mine.sample()
    for to in ("skipped", "taken"):
        with pytest.raises(NotAllowed, match="your own"):
            await house.work.move("c1", LEO.id, to, "not needed")
    with pytest.raises(NotAllowed, match="your own"):
        await house.take(LEO, "c1")
    assert (await house.work.counts("wei"))["open"] == 1
