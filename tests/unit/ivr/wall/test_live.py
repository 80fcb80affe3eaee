"""What nodes tell reaches every board; what nobody told heals; alerts, strain and breathing space over a real Redis and SQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import AsyncMock

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.duty import Duty
from ivr.acd.model import Agent, AgentState, Contact, Match, Queue
from ivr.acd.store import AcdStore
from ivr.errors import NotFound, StoreUnavailable
from ivr.records.schema import contacts
from ivr.settings_wall import BREATHING, AlertOptions, BreathingOptions
from ivr.wall import live
from ivr.wall.board import Board
from ivr.wall.caring import Caring
from ivr.wall.hands import AlertShelf
from ivr.wall.keeper import Keeper
from ivr.wall.live import FORGOTTEN_SECONDS, SILENT_SECONDS, Live
from ivr.wall.minutes import Limits, Minutes
from ivr.wall.showing import Showing
from ivr.wall.strain import Rest
from ivr.wall.telling import ABOUT_SECONDS, Teller
from ivr.wall.today import Today
from tests.unit.ivr.wall.conftest import T0, Clock
from tests.unit.ivr.wall.test_minutes import a_talk, put


def a_call(name: str = "c1", **changes: Any) -> dict[str, Any]:
    row = {"id": name, "phase": "bot", "queue": "", "agent": "", "caller": {"name": "李强", "number": "+86138"}, "node": "n1"}
    times = {"started_at": T0, "queued_at": None, "connected_at": None, "quiet_since": None}
    return {**row, **times, "mood": "", "mood_level": None, "confidence": None, **changes}


class House:
    """A board, and a node whose calls are what the test says."""

    def __init__(self, store: AcdStore, redis: Redis, clock: Clock, prefix: str) -> None:
        self.board = Board(100, {})
        self.told: list[dict[str, Any]] = []
        self.live = Live(store, self.board, lambda queue: 20.0, self._tell, prefix)
        self.calls: list[dict[str, Any]] = []
        self.trunks: list[dict[str, Any]] = []
        self.node = self.teller("n1")
        self._redis, self._clock, self._prefix = redis, clock, prefix
        self._news = asyncio.Event()

    def teller(self, name: str) -> Teller:
        return Teller(self._redis, name, lambda: self.calls, lambda: {"trunks": self.trunks}, self._clock, self._prefix)

    _redis: Redis
    _clock: Clock
    _prefix: str

    def _tell(self, message: dict[str, Any]) -> None:
        self.told.append(message)
        self._news.set()

    def row(self, kind: str, name: str) -> Mapping[str, Any]:
        return next((row for row in self.board.rows(kind) if name in (row.get("id"), row.get("name"))), {})

    async def until(self, what: Callable[[], Any], words: str) -> None:
        try:
            async with asyncio.timeout(10):
                while not what():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{words}: {self.told[-4:]}") from None


@pytest.fixture
def house(store: AcdStore, redis: Redis, clock: Clock, prefix: str) -> House:
    House._redis, House._clock, House._prefix = redis, clock, prefix
    return House(store, redis, clock, prefix)


@asynccontextmanager
async def running(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome


async def staff(store: AcdStore) -> None:
    await store.define_queues([Queue("support", 20, 30)])
    await store.define_agents([Agent("anna", "Anna"), Agent("bob")])
    await Duty(store).beat(["anna", "bob"], 60)


async def talk(store: AcdStore, contact: str = "c1", agent: str = "anna") -> None:
    await store.set_state(agent, AgentState.AVAILABLE)
    await store.enqueue(Contact(contact, "support", store.now(), node="n1"))
    await store.lead("test", 60)
    await store.reserve("test", [Match(contact, agent, "")])
    await store.accept(contact, agent)


async def test_agents_queues_and_calls_come_as_they_change(house: House, store: AcdStore) -> None:
    await staff(store)
    house.calls = [
        a_call(phase="connected", queue="support", agent="anna", queued_at=T0, connected_at=T0, mood="tense", mood_level=0.5)
    ]
    await house.node.tell()
    async with running(house.live.run()):
        await house.until(house.live.ready.is_set, "the first look")
        assert house.row("agents", "anna")["state"] == "offline"
        assert house.row("calls", "c1")["caller"]["name"] == "李强"
        await talk(store)
        await house.until(lambda: house.row("agents", "anna")["calls"] == ["c1"], "her call")
        assert house.row("agents", "anna")["mood"] == "tense"
        house.calls = [{**house.calls[0], "mood": "angry", "mood_level": 0.9}, a_call("c2")]
        assert await house.node.tell() == 2
        await house.until(lambda: house.row("agents", "anna")["mood"] == "angry", "the mood")
        assert house.live.house["bot"] == 1 and house.live.house["talking"] == 1
        await store.enqueue(Contact("c3", "support", store.now(), node="n1"))
        await house.until(lambda: house.row("queues", "support")["waiting"] == 1, "who waits")
        assert house.row("queues", "support")["since"] == [store.now()]
        house.calls = []
        await house.node.tell()
        await house.until(lambda: not house.board.rows("calls"), "their end")
        await store.define_agents([Agent("anna", "Anna")])
        await house.until(lambda: not house.row("agents", "bob"), "who left the house")
    seqs = [one["seq"] for one in house.told]
    assert seqs == list(range(101, 101 + len(seqs)))


async def test_a_node_that_says_nothing_takes_its_calls_with_it(house: House, clock: Clock) -> None:
    house.calls, house.trunks = [a_call()], [{"name": "pbx", "state": "up", "down": False}]
    other = house.teller("n2")
    await house.node.tell()
    async with running(house.live.run()):
        await house.until(lambda: house.row("trunks", "pbx"), "the trunk")
        house.calls = []
        await other.tell()
        await house.until(lambda: house.row("trunks", "n2/pbx"), "two nodes, two names")
        clock.now += SILENT_SECONDS + 1
        await other.tell()
        await house.until(lambda: not house.row("nodes", "n1").get("alive", True), "that it is silent")
        await house.until(lambda: not house.board.rows("calls"), "that its calls are gone")
        clock.now += FORGOTTEN_SECONDS
        await other.tell()
        await house.until(lambda: not house.row("nodes", "n1"), "that it is forgotten")
        await other._leave()
        await house.until(lambda: not house.board.rows("nodes"), "that one that stops in order is gone at once")


async def test_a_node_that_died_leaves_nothing_behind(house: House, redis: Redis, clock: Clock, prefix: str) -> None:
    await house.teller("died").tell()
    clock.now += FORGOTTEN_SECONDS + 1
    await house.node.tell()
    async with running(house.live.run()):
        await house.until(lambda: house.row("nodes", "n1"), "the first look")
    assert await redis.hkeys(f"{prefix}:nodes") == [b"n1"]


async def test_what_is_told_while_all_calls_are_read_is_the_newer(house: House, redis: Redis, prefix: str) -> None:
    house.calls = [a_call("c1"), a_call("c2")]
    await house.node.tell()
    read = redis.hgetall

    async def and_then_it_changes(key: str) -> Any:
        found = await read(key)
        if ":calls:" in key:
            rows = json.dumps([a_call("c1", phase="waiting"), a_call("c3")])
            house.live._node_event({"kind": "calls", "rows": rows, "gone": '["c2"]'})
        return found

    redis.hgetall = and_then_it_changes  # type: ignore[assignment,method-assign]
    await house.live._look({"all"})
    assert sorted((row["id"], row["phase"]) for row in house.board.rows("calls")) == [("c1", "waiting"), ("c3", "bot")]


async def test_pages_are_told_since_when_the_queues_cannot_be_read(
    house: House, store: AcdStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "AGAIN", 0.02)
    monkeypatch.setattr(live, "BEHIND", 0.3)
    await staff(store)
    async with running(house.live.run()):
        await house.until(house.live.ready.is_set, "the first look")
        with monkeypatch.context() as away:
            away.setattr(store, "agent_ids", AsyncMock(side_effect=StoreUnavailable("away")))
            seen, clock.now = clock.now, clock.now + 60
            await house.until(lambda: house.board.stale is not None, "that it stands still")
            assert house.board.snapshot(clock.now)["data"]["stale"] in (seen, clock.now)
            assert house.told[-1]["type"] == "stale"
        await house.until(lambda: house.board.stale is None, "that it goes on")
    assert [one["data"]["since"] for one in house.told if one["type"] == "stale"][-1] is None


async def test_redis_that_forgot_everything_is_told_anew(house: House, redis: Redis, prefix: str) -> None:
    house.calls = [a_call()]
    assert await house.node.tell() == 1
    assert await house.node.tell() == 0
    await redis.delete(f"{prefix}:calls:n1")
    house.node._told = None  # as after StoreUnavailable
    assert await house.node.tell() == 1
    assert await redis.hlen(f"{prefix}:calls:n1") == 1
    assert 0 < await redis.ttl(f"{prefix}:calls:n1") <= 15


async def test_calls_that_ran_out_while_redis_stood_still_are_told_anew(
    house: House, redis: Redis, clock: Clock, prefix: str
) -> None:
    house.calls = [a_call("c1"), a_call("c2")]
    await house.node.tell()
    await redis.delete(f"{prefix}:calls:n1")  # as its lease does, with no command that failed
    house.calls = [a_call("c1", phase="waiting"), a_call("c2")]
    assert await house.node.tell() == 1
    assert await house.node.tell() == 2
    assert await redis.hlen(f"{prefix}:calls:n1") == 2
    await redis.delete(f"{prefix}:calls:n1")
    clock.now += ABOUT_SECONDS
    assert [await house.node.tell(), await house.node.tell(), await house.node.tell()] == [0, 2, 0]


def keeper_of(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str, rules: list[AlertOptions], **care: Any
) -> tuple[Keeper, Showing, AlertShelf, list[Mapping[str, Any]]]:
    sent: list[Mapping[str, Any]] = []

    async def send(row: Mapping[str, Any]) -> None:
        sent.append(row)

    minutes, shelf = Minutes(engine, Limits(), clock), AlertShelf(store.redis, prefix)
    today = Today(minutes)
    caring = Caring(house.live, store, engine, BreathingOptions(**care), clock, prefix)
    keeper = Keeper(
        house.live,
        minutes,
        today,
        shelf,
        caring,
        rules,
        send,
        "n1",
        store.redis,
        lambda queue: 20.0,
        "https://here/wall",
        prefix,
    )
    return keeper, Showing(house.live, today, shelf, lambda queue: 20.0), shelf, sent


WAIT = AlertOptions("slow", "wait", above=10.0, clear=5.0, email=("boss@example.org",), again=60.0, owner="boss")


async def test_an_alert_from_its_cause_to_its_end(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str
) -> None:
    await staff(store)
    keeper, showing, shelf, sent = keeper_of(house, store, engine, clock, prefix, [WAIT])
    await store.enqueue(Contact("c1", "support", store.now(), node="n1"))
    async with running(house.live.run(), showing.run()):
        await house.until(lambda: house.row("queues", "support"), "the queue")
        await keeper._hold()
        assert keeper.leads
        await keeper.step(clock.now)
        assert sent == []
        clock.now += 11
        await keeper.step(clock.now)
        await house.until(lambda: house.row("alerts", "slow|support"), "the alert")
        (mail,) = sent
        assert mail["by"] == "email" and "0:11" in mail["text"] and "https://here/wall#alert=slow|support" in mail["text"]
        clock.now += 30
        await keeper.step(clock.now)
        assert len(sent) == 1
        clock.now += 31
        await keeper.step(clock.now)
        assert len(sent) == 2 and sent[0]["id"] != sent[1]["id"], "nobody has seen it"
        told = await shelf.acknowledge("slow|support", "boss", "on it", clock.now)
        assert told["acknowledged_by"] == "boss" and told["owner"] == "boss"
        await shelf.own("slow|support", "anna")
        await house.until(lambda: house.row("alerts", "slow|support")["owner"] == "anna", "who takes care")
        clock.now += 120
        await keeper.step(clock.now)
        assert len(sent) == 2, "seen: no more messages"
        await store.leave("c1")
        await house.until(lambda: house.row("queues", "support")["waiting"] == 0, "that nobody waits")
        await keeper.step(clock.now)
        await house.until(lambda: house.row("alerts", "slow|support")["closed_at"], "its end")
        with pytest.raises(NotFound):
            await shelf.acknowledge("nothing", "boss", "", clock.now)


async def test_one_node_watches_and_the_next_goes_on_where_it_stopped(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str
) -> None:
    await staff(store)
    first, _, shelf, _ = keeper_of(house, store, engine, clock, prefix, [WAIT])
    second, _, _, sent = keeper_of(house, store, engine, clock, prefix, [WAIT])
    second._node = "n2"
    await store.enqueue(Contact("c1", "support", store.now() - 60, node="n1"))
    async with running(house.live.run()):
        await house.until(lambda: house.row("queues", "support"), "the queue")
        await first._hold()
        await second._hold()
        assert first.leads and not second.leads
        await first.step(clock.now)
        (alert,) = await shelf.alerts()
        await first._let_go()
        await second._hold()
        assert second.leads
        clock.now += 5
        await second.step(clock.now)
        (same,) = await shelf.alerts()
        assert same.opened_at == alert.opened_at and sent == [], "it is the same alert, and was sent"


async def test_what_redis_could_not_take_is_said_the_next_time(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await staff(store)
    rule = AlertOptions("slow", "wait", above=10.0)
    keeper, _, shelf, _ = keeper_of(house, store, engine, clock, prefix, [rule])
    await store.enqueue(Contact("c1", "support", store.now() - 60, node="n1"))
    async with running(house.live.run()):
        await house.until(lambda: house.row("queues", "support"), "the queue")
        await keeper._hold()
        with monkeypatch.context() as away:
            away.setattr(shelf, "put", AsyncMock(side_effect=StoreUnavailable("Redis is away")))
            with pytest.raises(StoreUnavailable):
                await keeper.step(clock.now)
        assert await shelf.alerts() == []
        await keeper.step(clock.now)
        assert [one.id for one in await shelf.alerts()] == ["slow|support"]


async def test_who_lost_the_key_meanwhile_knows_what_another_did(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str
) -> None:
    await staff(store)
    first, _, shelf, sent = keeper_of(house, store, engine, clock, prefix, [WAIT])
    second, _, _, _ = keeper_of(house, store, engine, clock, prefix, [WAIT])
    second._node = "n2"
    await store.enqueue(Contact("c1", "support", store.now() - 60, node="n1"))
    async with running(house.live.run()):
        await house.until(lambda: house.row("queues", "support"), "the queue")
        await first._hold()
        await store.redis.delete(f"{prefix}:keeper")  # it ran out while Redis could not be reached from there
        await second._hold()
        await second.step(clock.now)
        await second._let_go()
        await first._hold()
        assert first.leads
        await first.step(clock.now + 1)
        assert sent == [] and len(await shelf.alerts()) == 1


async def test_who_counted_for_longer_than_the_lease_watches_no_more(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await staff(store)
    keeper, _, shelf, _ = keeper_of(house, store, engine, clock, prefix, [WAIT])
    await store.enqueue(Contact("c1", "support", store.now() - 60, node="n1"))

    async def long(now: float) -> None:
        await store.redis.set(f"{prefix}:keeper", "n2")

    monkeypatch.setattr(keeper, "_count_back", long)
    async with running(house.live.run()):
        await house.until(lambda: house.row("queues", "support"), "the queue")
        await keeper._hold()
        await keeper.step(clock.now)
    assert not keeper.leads and await shelf.alerts() == []


async def test_figures_of_today_and_last_week(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str
) -> None:
    await staff(store)
    keeper, showing, _, _ = keeper_of(house, store, engine, clock, prefix, [])
    last_week = a_talk("c0", ended_at=T0 - 7 * 86400 - 30, wait=30.0)
    await put(engine, contacts, a_talk("c1", started_at=T0 - 60, ended_at=T0 - 30), last_week)
    async with running(house.live.run()):
        await house.until(lambda: house.row("queues", "support"), "the queue")
        await keeper._hold()
        await keeper.step(clock.now)
        await showing.show()
        figures = house.board.figures
        assert figures["today"]["support"]["service_level"] == 1.0 and figures["usual"]["support"]["service_level"] == 0.0
        assert figures["today"][""]["answered"] == 1
        assert [one["type"] for one in house.told].count("point") == 1
        house.calls = [a_call(phase="connected", queue="support", agent="anna", queued_at=T0 - 50, connected_at=T0)]
        await house.node.tell()
        await house.until(lambda: house.row("calls", "c1"), "a call that waited too long")
        await showing.show()
        assert house.board.figures["today"]["support"]["service_level"] == 0.5


async def test_a_hard_call_is_followed_by_a_breathing_space(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str
) -> None:
    await staff(store)
    keeper, _, _, _ = keeper_of(house, store, engine, clock, prefix, [], enabled=True, length=60.0)
    house.calls = [
        a_call(phase="connected", queue="support", agent="anna", queued_at=T0, connected_at=T0, mood="angry", mood_level=0.9)
    ]
    await house.node.tell()
    async with running(house.live.run()):
        await house.until(house.live.ready.is_set, "the first look")
        await talk(store)
        await house.until(lambda: house.row("agents", "anna")["state"] == "in_call", "her call")
        await keeper._hold()
        await keeper.step(clock.now)
        agent = await store.agent("anna")
        assert agent.state is AgentState.IN_CALL and agent.wanted is AgentState.BREAK
        await store.set_state("anna", AgentState.AVAILABLE)
        await house.until(lambda: house.row("agents", "anna")["wanted"] == "", "that she does not want it")
        await keeper.step(clock.now)
        assert (await store.agent("anna")).wanted is None, "once a call, and nobody is forced"
        await store.set_state("anna", AgentState.BREAK, BREATHING, "system", 60.0)
        await store.finish("c1")
        assert (await store.agent("anna")).state is AgentState.WRAP_UP
        clock.now += 31
        await store.sweep()
        await house.until(lambda: house.row("agents", "anna")["breathing"], "that she breathes")
        assert house.live.house["on_break"] == 0, "it is no break"
        clock.now += 61
        await Duty(store).beat(["anna"], 60)
        await store.sweep()
        await house.until(lambda: house.row("agents", "anna")["state"] == "available", "that she is back")


async def test_strain_comes_from_the_records(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str
) -> None:
    await staff(store)
    await store.set_state("anna", AgentState.AVAILABLE)
    keeper, _, _, _ = keeper_of(house, store, engine, clock, prefix, [])
    hard: dict[str, Any] = {"handover": {"mood": "angry", "mood_level": 0.9}, "agent_id": "anna"}
    await put(engine, contacts, *(a_talk(f"c{number}", ended_at=T0 - number * 60, **hard) for number in range(3)))
    async with running(house.live.run()):
        await house.until(house.live.ready.is_set, "the first look")
        await keeper._hold()
        await keeper.step(clock.now)
        await house.until(lambda: (house.row("agents", "anna")["strain"] or 0) > 0.7, "her strain")
        assert house.row("agents", "anna")["strain_why"][0]["code"] == "angry_calls"
        assert house.row("agents", "bob")["strain"] is None
        assert json.loads(json.dumps(house.board.snapshot(clock.now)))["data"]["agents"]


async def test_no_more_breathe_than_at_once_though_their_calls_go_on(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str
) -> None:
    await staff(store)
    keeper, _, _, _ = keeper_of(house, store, engine, clock, prefix, [], enabled=True, at_once=1)
    hard: dict[str, Any] = {
        "phase": "connected",
        "queue": "support",
        "queued_at": T0,
        "connected_at": T0,
        "mood": "angry",
        "mood_level": 0.9,
    }
    house.calls = [a_call("c1", agent="anna", **hard), a_call("c2", agent="bob", **hard)]
    await house.node.tell()
    async with running(house.live.run()):
        await house.until(house.live.ready.is_set, "the first look")
        await talk(store)
        await talk(store, "c2", "bob")
        await house.until(lambda: house.row("agents", "bob")["state"] == "in_call", "both calls")
        (first,) = await keeper._caring.breathe()
        await house.until(lambda: house.row("agents", first)["wanted"] == "break", "that it is ordered")
        assert await keeper._caring.breathe() == []


async def test_agents_are_looked_after_one_by_one(
    house: House, store: AcdStore, engine: AsyncEngine, clock: Clock, prefix: str
) -> None:
    keeper, _, _, _ = keeper_of(house, store, engine, clock, prefix, [])
    caring, turns = keeper._caring, 0
    told = [(-40000.0, "break", "meal"), (-900.0, "break", BREATHING), (-600.0, "available", ""), (-300.0, "offline", "")]
    for number in range(40):
        caring._states[f"a{number}"] = {f"{n}": (T0 + at, state, why) for n, (at, state, why) in enumerate(told)}
    caring._states["gone"] = {"0": (T0 - 40000.0, "break", "meal")}

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with running(others()):
        rests = await caring._sift(T0)
    assert rests["a7"] == [Rest(T0 - 900, T0 - 600), Rest(T0 - 300, T0)] and caring._given["a7"] == [T0 - 900]
    assert "gone" not in caring._states and turns >= 40
