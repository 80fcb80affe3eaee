"""Whom to call back now: the place, who waits before it, when somebody who fits is free; and how good that is."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from ivr.acd.matcher import fits
from ivr.acd.model import Agent, AgentState, Channel, Contact, ContactState, Need
from ivr.outbound import callbacks_plan
from ivr.outbound.callbacks_plan import Patience, Wish, mean_talk, rooms_of, turns

NOW = 1_800_000_000.0


def wish(number: int, since: float = -100.0, **more: object) -> Wish:
    contact = Contact(f"cb{number}", "support", NOW + since, (Need("telecom", 2),))
    return Wish(number, contact, contact.order(), **more)  # type: ignore[arg-type]


def agent(name: str, state: AgentState = AgentState.AVAILABLE, level: int = 5, **more: object) -> Agent:
    return Agent(name, skills={"telecom": level}, state=state, **more)  # type: ignore[arg-type]


def caller(number: int, since: float, **more: object) -> tuple[float, Contact]:
    contact = Contact(f"c{number}", "support", NOW + since, (Need("telecom", 2),), **more)  # type: ignore[arg-type]
    return contact.order(), contact


def ids(*args: object, **more: object) -> list[int]:
    return [one.id for one in turns(*args, **more)]  # type: ignore[arg-type]


def test_nobody_is_called_while_all_talk_for_long() -> None:
    assert ids([wish(1)], [], [agent("anna", AgentState.IN_CALL, since=NOW - 10)], NOW, 25.0) == []


def test_an_agent_who_is_idle_is_reason_to_call() -> None:
    assert ids([wish(1), wish(2)], [], [agent("anna")], NOW, 25.0) == [1], "one agent, one customer"


def test_the_end_of_a_wrap_up_is_known() -> None:
    wrapping = agent("anna", AgentState.WRAP_UP, until=NOW + 30)
    assert ids([wish(1)], [], [wrapping], NOW, 25.0) == []
    assert ids([wish(1)], [], [wrapping], NOW + 6, 25.0) == [1]


def test_who_waits_with_a_better_place_comes_first() -> None:
    assert ids([wish(1, -100)], [caller(1, -200)], [agent("anna")], NOW, 25.0) == []
    assert ids([wish(1, -100)], [caller(1, -50)], [agent("anna")], NOW, 25.0) == [1], "the place was kept"
    rung = caller(1, -200, state=ContactState.OFFERED, agent="bob")
    assert ids([wish(1, -100)], [rung], [agent("anna")], NOW, 25.0) == [1], "who is rung has an agent"


def test_who_is_being_dialled_counts() -> None:
    assert ids([wish(1, active=True), wish(2, -50)], [], [agent("anna")], NOW, 25.0) == []


def test_only_agents_who_fit_count() -> None:
    assert ids([wish(1)], [], [agent("anna", level=1)], NOW, 25.0) == []
    assert ids([wish(1)], [], [agent("anna", wanted=AgentState.BREAK)], NOW, 25.0) == [], "who goes on a break takes none"
    assert ids([wish(1)], [], [agent("anna", AgentState.OFFLINE), agent("bob", AgentState.BREAK)], NOW, 25.0) == []


def test_of_many_who_talk_one_is_soon_free() -> None:
    busy = [agent(f"a{n}", AgentState.IN_CALL, since=NOW - n) for n in range(30)]
    assert ids([wish(1)], [], busy, NOW, 25.0) == [1]
    assert rooms_of(busy, NOW)[0][0] == pytest.approx(180 / 30 + 15)


def test_messages_that_wait_take_no_room_of_a_call() -> None:
    writing = [Contact(f"m{n}", "support", NOW - 900 + n, channel=Channel.MESSAGE) for n in range(80)]
    assert ids([wish(1)], [(one.enqueued_at, one) for one in writing], [agent("anna")], NOW, 25.0) == [1]


def test_a_queue_that_nobody_serves_does_not_hide_another() -> None:
    waiting = [Contact(f"w{n}", "care", NOW - 900 + n, (Need("care", 5),)) for n in range(80)]
    assert ids([wish(1)], [(one.enqueued_at, one) for one in waiting], [agent("anna")], NOW, 25.0) == [1]


def test_many_who_nobody_can_serve_do_not_hold_up_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for each of 120 rooms and 60 places it was 50 ms, each second."""
    asked = 0

    def counted(contact: Contact, one: Agent, now: float) -> bool:
        nonlocal asked
        asked += 1
        return fits(contact, one, now)

    monkeypatch.setattr(callbacks_plan, "fits", counted)
    staff = [agent(f"a{n}", AgentState.IN_CALL if n % 2 else AgentState.AVAILABLE, since=NOW) for n in range(120)]
    waiting = [Contact(f"w{n}", "care", NOW - 900 + n, (Need("care", 5),)) for n in range(60)]
    assert ids([wish(1)], [(one.enqueued_at, one) for one in waiting], staff, NOW, 25.0) == [1]
    assert asked == 2 * 120


def test_what_the_deciding_node_foresees_counts_where_nobody_is_free() -> None:
    busy = [agent("anna", AgentState.IN_CALL)]
    assert ids([wish(1)], [], busy, NOW, 25.0, published=lambda contact: 20.0) == [1]
    assert ids([wish(1), wish(2)], [], busy, NOW, 25.0, published=lambda contact: 20.0) == [1], "the second comes a talk later"
    assert ids([wish(1)], [], [agent("anna")], NOW, 25.0, published=lambda contact: 400.0) == [1]


def test_at_once_asks_for_nobody() -> None:
    assert ids([wish(1, at_once=True)], [], [], NOW, 25.0) == [1]


def test_talks_are_as_long_as_they_were() -> None:
    assert mean_talk([]) == 180.0
    assert mean_talk([agent("anna", busy=6000.0, served=100)]) == pytest.approx((360 + 6000) / 102)


# --- trying again


def test_pauses_grow_and_end() -> None:
    patience = Patience(4, (60.0, 600.0))
    assert [patience.next_try(n, NOW + 9999, NOW) for n in (1, 2, 3, 4)] == [NOW + 60, NOW + 600, NOW + 600, None]
    assert patience.next_try(1, NOW + 59, NOW) is None, "the window is over by then"


def test_nobody_is_called_at_night() -> None:
    """21:00 to 08:00 in Shanghai, where the customers are."""
    patience = Patience(4, (600.0,), (8 * 60, 21 * 60), "Asia/Shanghai")
    evening = datetime(2026, 11, 22, 12, 55, tzinfo=UTC).timestamp()  # 20:55 there
    assert patience.open(evening) and not patience.open(evening + 600)
    morning = datetime(2026, 11, 23, 0, 0, tzinfo=UTC).timestamp()
    assert patience.opens(evening + 600) == patience.next_try(1, evening + 86400, evening) == morning


# --- how good it is


@dataclass
class Measured:
    waits: list[float]
    """Seconds from the customer's "connect me" to the talk."""
    idle: list[float]
    """Seconds for which an agent was free before a customer who was called back."""


def a_day(lead: float, seed: int, agents: int = 8, answer: float = 12.0) -> Measured:
    """Thirty customers, all to be called back; agents whose talks are drawn; a second at a time.

    `answer` are the seconds of the ring, the greeting and the key.
    """
    dice = random.Random(seed)
    staff = {f"a{n}": agent(f"a{n}", AgentState.IN_CALL, since=NOW) for n in range(agents)}
    ends = {name: NOW + dice.expovariate(1 / 180) for name in staff}
    free_since: dict[str, float] = {}
    wishes = {n: wish(n, -1000 + n) for n in range(30)}
    connects: dict[int, float] = {}
    measured = Measured([], [])
    now = NOW
    while wishes and now < NOW + 20_000:
        now += 1
        for name, one in staff.items():
            if one.state is AgentState.IN_CALL and now >= ends[name]:
                over = replace(one, served=one.served + 1, busy=one.busy + ends[name] - one.since)
                staff[name] = replace(over, state=AgentState.WRAP_UP, until=now + 15)
            elif one.state is AgentState.WRAP_UP and now >= (one.until or now):
                staff[name] = replace(one, state=AgentState.AVAILABLE, until=None)
                free_since[name] = now
        queue = sorted(number for number, at in connects.items() if at <= now)
        for name in [name for name, one in staff.items() if one.state is AgentState.AVAILABLE][: len(queue)]:
            number = queue.pop(0)
            measured.waits.append(now - connects.pop(number))
            measured.idle.append(now - free_since[name])
            del wishes[number]
            staff[name] = replace(staff[name], state=AgentState.IN_CALL, since=now)
            ends[name] = now + dice.expovariate(1 / 180)
        waiting = [(wishes[number].order, wishes[number].contact) for number in queue]
        asked = [replace(one, active=number in connects) for number, one in wishes.items() if number not in queue]
        for turn in turns(asked, waiting, staff.values(), now, lead):
            connects[turn.id] = now + answer
    return measured


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_agents_are_not_idle_for_long_and_customers_do_not_wait_for_long() -> None:
    """Against calling only once somebody is free: the agent waits a fraction of the ring, the customer some seconds."""
    near, late = [a_day(25.0, seed) for seed in range(2)], [a_day(0.0, seed) for seed in range(2)]
    idle, wait = mean([mean(one.idle) for one in near]), mean([mean(one.waits) for one in near])
    alone = mean([mean(one.idle) for one in late])
    print(f"near free: agents idle {idle:.1f} s, customers wait {wait:.1f} s; once free: agents idle {alone:.1f} s")
    assert all(len(one.waits) == 30 for one in (*near, *late)), "everybody is served"
    assert alone >= 11.0, "whoever is free waits for the whole ring"
    assert idle < alone / 2 and wait < 20.0
