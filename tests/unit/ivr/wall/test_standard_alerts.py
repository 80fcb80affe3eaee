"""Standard rules fire and clear over a real Redis: a silent talk, an agent who is stuck, a trunk that is down; who is told."""

from __future__ import annotations

from collections.abc import Mapping

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.duty import Duty
from ivr.acd.model import Contact
from ivr.acd.store import AcdStore
from ivr.settings_on_call import OnCallOptions, ShiftOptions, StageOptions
from ivr.settings_wall import STANDARD, AlertOptions
from ivr.wall.hands import AlertShelf
from ivr.wall.keeper import Keeper
from tests.unit.ivr.wall.conftest import Clock
from tests.unit.ivr.wall.test_live import House, a_call, keeper_of, running, staff, talk
from tests.unit.ivr.wall.test_live import house as one_house

house = one_house


async def step(keeper: Keeper, store: AcdStore, house: House, clock: Clock, seconds: float) -> None:
    """Time passes, the node and its agents go on, and the keeper looks."""
    clock.now += seconds
    await Duty(store).beat(["anna", "bob"], 60)
    await house.node.tell()
    await keeper.step(clock.now)


async def shown(shelf: AlertShelf) -> Mapping[str, bool]:
    """Alert to whether it is open."""
    return {alert.id: alert.closed_at is None for alert in await shelf.alerts()}


async def test_a_silent_talk(house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str) -> None:
    await staff(store)
    keeper, _, shelf, _ = keeper_of(house, store, engine, clock, prefix, list(STANDARD))
    talking = a_call(phase="connected", queue="support", agent="anna", connected_at=clock.now)
    house.calls = [{**talking, "quiet_since": clock.now}]
    await house.node.tell()
    async with running(house.live.run()):
        await house.until(lambda: house.row("calls", "c1"), "the call")
        await keeper._hold()
        await step(keeper, store, house, clock, 29)
        assert await shown(shelf) == {}
        await step(keeper, store, house, clock, 2)
        assert await shown(shelf) == {"silent_call|c1": True}
        house.calls = [talking]
        await house.node.tell()
        await house.until(lambda: house.row("calls", "c1")["quiet_since"] is None, "that somebody speaks")
        await step(keeper, store, house, clock, 1)
        assert await shown(shelf) == {"silent_call|c1": False}


async def test_an_agent_who_is_stuck_in_wrap_up(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str
) -> None:
    await staff(store)
    keeper, _, shelf, _ = keeper_of(house, store, engine, clock, prefix, list(STANDARD))
    async with running(house.live.run()):
        await talk(store)
        await store.finish("c1")
        await house.until(lambda: house.row("agents", "anna").get("state") == "wrap_up", "her wrap-up")
        await keeper._hold()
        await step(keeper, store, house, clock, 601)
        assert await shown(shelf) == {"stuck_wrap_up|anna": True}
        await store.end_wrap_up("anna")
        await house.until(lambda: house.row("agents", "anna")["state"] == "available", "that she is free")
        await step(keeper, store, house, clock, 1)
        assert await shown(shelf) == {"stuck_wrap_up|anna": False}


async def test_a_trunk_that_is_down(house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str) -> None:
    await staff(store)
    keeper, _, shelf, _ = keeper_of(house, store, engine, clock, prefix, list(STANDARD))
    house.trunks = [{"name": "pbx", "state": "down", "down": True}]
    await house.node.tell()
    async with running(house.live.run()):
        await house.until(lambda: house.row("trunks", "pbx"), "the trunk")
        await keeper._hold()
        await step(keeper, store, house, clock, 0)
        await step(keeper, store, house, clock, 5)
        assert await shown(shelf) == {}, "it may be back at once"
        await step(keeper, store, house, clock, 6)
        (alert,) = await shelf.alerts()
        assert (alert.id, alert.severity) == ("trunk_down|pbx", "danger")
        house.trunks = [{"name": "pbx", "state": "up", "down": False}]
        await step(keeper, store, house, clock, 3)
        await house.until(lambda: not house.row("trunks", "pbx")["down"], "that it is up")
        await step(keeper, store, house, clock, 1)
        assert await shown(shelf) == {"trunk_down|pbx": False}


async def test_nobody_answers_and_the_next_is_told(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str, redis: Redis
) -> None:
    await staff(store)
    rule = AlertOptions("slow", "wait", above=10.0, to=("front",), escalate=(StageOptions(60.0, email=("lead@b.org",)),))
    keeper, _, shelf, sent = keeper_of(house, store, engine, clock, prefix, [rule])
    keeper._on_call = OnCallOptions({"front": (ShiftOptions(email=("day@b.org",)),)})
    await store.enqueue(Contact("c1", "support", store.now() - 30, node="n1"))
    async with running(house.live.run()):
        await house.until(lambda: house.row("queues", "support"), "the queue")
        await keeper._hold()
        await step(keeper, store, house, clock, 0)
        assert [one["recipient"] for one in sent] == ["day@b.org"]
        await step(keeper, store, house, clock, 59)
        assert len(sent) == 1
        await step(keeper, store, house, clock, 1)
        assert [one["recipient"] for one in sent] == ["day@b.org", "lead@b.org"]
        (row,) = await shelf.rows()
        assert (row["stage"], row["told"], row["sent_at"]) == (1, ["lead@b.org"], clock.now)
        await step(keeper, store, house, clock, 3600)
        assert len(sent) == 2, "each stage is told once"
