"""The dialer over a real database: one call of all nodes, tries, crashes, and rows that never stay stuck."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import StoreUnavailable
from ivr.outbound.callbacks import LEASE, Callbacks, Claim, House, Tried, _until_written
from ivr.outbound.callbacks_plan import Patience, Turn
from ivr.records.database import open_database, sqlite_url
from ivr.records.followups import FollowUps
from ivr.records.promises import OVER, Promises, Row
from tests.unit.ivr.records.samples import CALLBACK, T0

NUMBER = str(CALLBACK["number"])
DUE = {**CALLBACK, "queued_at": T0 - 60, "contact_id": "c1"}


class Clock:
    now = T0

    def __call__(self) -> float:
        return self.now


class Node:
    """A dialer whose calls a test decides."""

    def __init__(self, engine: AsyncEngine, clock: Clock, name: str = "a", patience: Patience | None = None) -> None:
        self.clock, self.calls = clock, list[Claim]()
        self.given_up: list[int] = []
        self.busy: set[str] = set()
        self.first_calls: set[str] = set()
        self.outcomes: list[Tried | Exception] = []
        self.going: asyncio.Event | None = None
        """Calls last until it is set; None: they end at once."""
        self.serves = False
        self.promises = Promises(engine)
        house = House(
            call=self._call,
            plan=self._plan,
            turn=self._turn,
            goes_on=self._goes_on,
            talking=lambda: self.busy,
            same=lambda number: number.replace(" ", ""),
            give_up=self._give_up,
            clock=clock,
        )
        self.dialer = Callbacks(self.promises, house, name, patience or Patience(3, (60.0, 600.0)), 5)

    async def _plan(self, due: Sequence[Row], active: Sequence[Row]) -> list[Turn]:
        return [Turn(row["id"], 0.0) for row in due]

    async def _turn(self) -> bool:
        return True

    async def _goes_on(self, contact_id: str) -> bool:
        return contact_id in self.first_calls

    async def _give_up(self, row: Row) -> None:
        self.given_up.append(row["id"])

    async def _call(self, claim: Claim, served: Callable[[], None]) -> Tried:
        self.calls.append(claim)
        if self.serves:
            served()
        if self.going is not None:
            await self.going.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else Tried("no_answer")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def look(self) -> None:
        """One look, and all calls that it began to their end, unless they are to go on."""
        await self.dialer.look()
        await asyncio.sleep(0)
        if self.going is None:
            await self.settle()

    async def settle(self) -> None:
        if self.dialer._tasks:
            await asyncio.wait(self.dialer._tasks)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(sqlite_url(tmp_path))
    yield engine
    await engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def promise(engine: AsyncEngine, request: str = "c1:1", **more: Any) -> int:
    return int((await FollowUps(engine, lambda: T0).schedule_callback(request, {**DUE, **more}))["id"])


async def row_of(engine: AsyncEngine, row_id: int = 1) -> Row:
    row = await Promises(engine).get(row_id)
    assert row is not None
    return row


async def test_a_customer_who_is_served_was_called_once(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine)
    node = Node(engine, clock)
    node.serves, node.outcomes = True, [Tried("served", "emma", "c2", 8.0)]
    await node.look()
    await node.look()
    row = await row_of(engine)
    assert (row["status"], row["attempts"], row["outcome"], row["callee"]) == ("done", 1, "served", NUMBER)
    assert row["served_by"] == node.calls[0].contact_id and len(node.calls) == 1
    assert [(one["outcome"], one["answered_after"]) for one in row["tries"]] == [("served", 8.0)]


async def test_who_does_not_answer_is_called_again_and_then_people_are_told(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine)
    node = Node(engine, clock)
    node.outcomes = [Tried("busy"), Tried("no_answer"), Tried("machine")]
    times = []
    for _ in range(36):
        before = len(node.calls)
        await node.look()
        if len(node.calls) > before:
            times.append(clock.now - T0)
        clock.now += 20
    row = await row_of(engine)
    assert times == [0, 60, 660], "the pauses grow"
    assert (row["status"], [one["outcome"] for one in row["tries"]]) == ("failed", ["busy", "no_answer", "machine"])
    assert node.given_up == [1]


async def test_of_two_nodes_one_calls(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine)
    nodes = [Node(engine, clock, name) for name in ("a", "b", "c")]
    for node in nodes:
        node.going = asyncio.Event()
    await asyncio.gather(*(node.look() for node in nodes))
    assert sum(len(node.calls) for node in nodes) == 1
    for node in nodes:
        assert node.going is not None
        node.going.set()
        await node.settle()


async def test_one_number_is_not_called_twice_at_once(engine: AsyncEngine, clock: Clock) -> None:
    for request, number in (("c1:1", NUMBER), ("c2:1", NUMBER.replace("138", "138 ")), ("c3:1", "1002")):
        await promise(engine, request, number=number)
    first, second = Node(engine, clock, "a"), Node(engine, clock, "b")
    first.going = second.going = asyncio.Event()
    await first.look()
    await second.look()
    assert sorted(claim.row["callee"] for claim in (*first.calls, *second.calls)) == sorted([NUMBER, "1002"])
    await asyncio.gather(*(Promises(engine).claim(n, f"x|{n}", clock.now, LEASE) for n in (1, 2)))
    assert len(await Promises(engine).dialing()) == 2, "the database sees to it"
    first.going.set()
    await first.settle()


async def test_a_dialer_that_dies_is_followed(engine: AsyncEngine, clock: Clock) -> None:
    """No `finally` runs: the row stays `dialing` until the lease is over, then the next node calls."""
    await promise(engine)
    assert await Promises(engine).make_comparable(str)
    assert await Promises(engine).claim(1, "dead|c9", clock.now, LEASE)
    node = Node(engine, clock, "b")
    await node.look()
    assert node.calls == [], "the lease holds"
    clock.now += LEASE + 1
    await node.look()
    clock.now += 20
    await node.look()
    row = await row_of(engine)
    assert [one["outcome"] for one in row["tries"]] == ["crashed", "no_answer"] and row["attempts"] == 2


async def test_a_dialer_that_hung_lets_go(engine: AsyncEngine, clock: Clock) -> None:
    """Its lease was lost meanwhile, and another node has the row: its own call ends and changes nothing."""
    await promise(engine)
    hung, other = Node(engine, clock, "a"), Node(engine, clock, "b")
    hung.going = other.going = asyncio.Event()
    await hung.look()
    clock.now += LEASE + 1
    await other.look()
    clock.now += 20
    await other.look()
    assert len(other.calls) == 1
    await hung.dialer.beat()
    assert hung.calls[0].gone.is_set() and not other.calls[0].gone.is_set()
    hung.going.set()
    await hung.settle()
    await other.settle()
    assert [one["outcome"] for one in (await row_of(engine))["tries"]] == ["crashed", "no_answer"]


async def test_whoever_is_on_the_line_is_not_called(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine)
    node = Node(engine, clock)
    node.busy = {NUMBER}
    await node.look()
    node.busy, node.first_calls = set(), {"c1"}
    clock.now += 30
    await node.look()
    assert node.calls == [], "the call that made the promise goes on"
    node.first_calls = set()
    await node.look()
    assert len(node.calls) == 1


async def test_a_customer_who_called_meanwhile_is_not_called(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine)
    node = Node(engine, clock)
    node.going = asyncio.Event()
    await node.look()
    assert list(node.dialer.known) == [NUMBER]
    assert await node.promises.serve(1, "c7", "called_in", clock.now)
    await node.dialer.beat()
    assert node.calls[0].gone.is_set()
    node.going.set()
    await node.settle()
    row = await row_of(engine)
    assert (row["status"], row["served_by"], row["outcome"]) == ("done", "c7", "called_in")


async def test_a_customer_may_say_that_no_call_is_needed(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine)
    node = Node(engine, clock)
    node.outcomes = [Tried("unwanted")]
    await node.look()
    assert ((await row_of(engine))["status"], node.given_up) == ("cancelled", [])


async def test_a_fault_of_ours_is_one_try(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine)
    node = Node(engine, clock)
    node.outcomes = [RuntimeError("oops")]
    await node.look()
    row = await row_of(engine)
    assert (row["status"], row["outcome"], row["next_at"]) == ("promised", "failed", T0 + 60)


async def test_scheduled_ones_wait_and_late_ones_fail(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine, "c1:1", from_at=T0 + 600, until_at=T0 + 900)
    await promise(engine, "c2:1", number="1002", from_at=T0, until_at=T0 + 30)
    night = Node(engine, clock, patience=Patience(3, (60.0,), (0, 1)))  # nobody is called but from 00:00 to 00:01
    clock.now = T0 + 31
    await night.look()
    assert ((await row_of(engine, 2))["status"], night.given_up, night.calls) == ("failed", [2], [])
    node = Node(engine, clock)
    await node.look()
    assert node.calls == []
    clock.now = T0 + 600
    await node.look()
    assert len(node.calls) == 1


async def test_a_node_that_stops_gives_its_rows_back(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine)
    node = Node(engine, clock)
    node.going = asyncio.Event()
    running = asyncio.create_task(node.dialer.run())
    async with asyncio.timeout(10):
        while not node.calls:  # noqa: ASYNC110  # a call has no event
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    row = await row_of(engine)
    assert (row["status"], row["holder"], row["outcome"]) == ("promised", "", "shutdown")


async def test_calls_that_our_own_stops_end_are_counted(engine: AsyncEngine, clock: Clock) -> None:
    """Else a customer is rung without a pause and without an end, where every call ends so."""
    await promise(engine)
    node = Node(engine, clock)
    node.outcomes = [Tried("shutdown") for _ in range(20)]
    for _ in range(20):
        await node.look()
        clock.now += 2
    assert (len(node.calls), (await row_of(engine))["status"], node.given_up) == (3, "failed", [1])


async def test_a_crash_late_in_the_window_leaves_another_try(engine: AsyncEngine, clock: Clock) -> None:
    await promise(engine, until_at=T0 + 50)
    node = Node(engine, clock)
    await node.promises.make_comparable(str)
    assert await node.promises.claim(1, "dead|c9", clock.now, LEASE)
    clock.now += LEASE + 1
    await node.look()
    clock.now += 20
    await node.look()
    assert len(node.calls) == 1


async def test_a_node_that_stops_while_the_database_is_away_stops() -> None:
    writes = 0

    async def write() -> None:
        nonlocal writes
        writes += 1
        raise StoreUnavailable("away")

    async with asyncio.timeout(5):
        writing = asyncio.create_task(_until_written(write, "C-000001"))
        await asyncio.sleep(0)
        writing.cancel()
        await writing
    assert writes == 2, "one more try"


async def test_a_database_that_is_away_costs_nothing_but_time(
    engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await promise(engine)
    node = Node(engine, clock)
    node.outcomes = [Tried("busy")]
    whole, away = node.promises.again, itertools.count()

    async def again(*arguments: Any) -> bool:
        if next(away) < 1:
            raise StoreUnavailable("away")
        return await whole(*arguments)

    monkeypatch.setattr(node.promises, "again", again)
    await node.look()
    assert ((await row_of(engine))["outcome"], next(away)) == ("busy", 2)


MOVES = ("look a", "look b", "answer a", "answer b", "serve a", "kill a", "kill b", "beat a", "beat b", "late", "cancel")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*MOVES, "put off", "called in"]), max_size=25))
def test_no_row_is_stuck_and_no_number_called_twice(tmp_path_factory: pytest.TempPathFactory, moves: list[str]) -> None:
    """Whatever happens to two nodes in whatever order, kills at any point included: in the end every row is over."""
    asyncio.run(_live(_fresh(tmp_path_factory), moves))


def _fresh(factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty database: its tables are made once."""
    made = factory.getbasetemp() / "callbacks-template"
    if not made.exists():
        made.mkdir()
        asyncio.run(_make(made))
    folder = factory.mktemp("db")
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return folder


async def _make(folder: Path) -> None:
    await (await open_database(sqlite_url(folder))).dispose()


async def _live(folder: Path, moves: list[str]) -> None:
    engine, clock = await open_database(sqlite_url(folder)), Clock()
    try:
        for number in range(3):
            await promise(engine, f"c{number}:1", number=f"100{number % 2}")
        nodes = {name: Node(engine, clock, name) for name in "ab"}
        for node in nodes.values():
            node.going = asyncio.Event()
        for move in moves:
            await _moved(move, nodes, engine, clock)
            clock.now += 5
            calling = [row["callee"] for row in await Promises(engine).dialing()]
            assert len(calling) == len(set(calling))
        for node in nodes.values():
            await _kill(node)
        last = Node(engine, clock, "z")
        for _ in range(12):  # the longest way: leases end, all tries, the end of the window
            clock.now += 700
            await last.look()
        rows = [await row_of(engine, row_id) for row_id in (1, 2, 3)]
        assert all(row["status"] in OVER and not row["holder"] for row in rows), rows
        assert all(row["attempts"] <= 3 for row in rows)
    finally:
        await engine.dispose()


async def _kill(node: Node) -> None:
    """Its process is gone: nothing of what it would have written is written."""
    for task in node.dialer._tasks:
        task.cancel()
    node.promises._engine = None  # type: ignore[assignment]
    await asyncio.gather(*node.dialer._tasks, return_exceptions=True)


async def _moved(move: str, nodes: dict[str, Node], engine: AsyncEngine, clock: Clock) -> None:
    what, _, name = move.rpartition(" ")
    promises, node = Promises(engine), nodes.get(name)
    match what:
        case "look" if node is not None:
            await node.look()
        case "answer" | "serve" if node is not None:
            node.serves = what == "serve"
            assert node.going is not None
            node.going.set()
            await node.settle()
            node.going.clear()
        case "kill" if node is not None:
            await _kill(node)
            nodes[name] = Node(engine, clock, name)
            nodes[name].going = asyncio.Event()
        case "beat" if node is not None:
            await node.dialer.beat()
        case "put":
            await promises.reschedule(2, clock.now, clock.now + 900, clock.now)
        case "called":
            await promises.serve(3, "c9", "called_in", clock.now)
        case _ if move == "late":
            clock.now += LEASE + 1
        case _:
            await promises.cancel(1, "cancelled", clock.now)
