"""Ways out of a queue and back into it, over real SIP: nobody there, too many, too long, a key, and a question meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from tests.e2e.desk_client import DeskClient
from tests.e2e.phones import Phones
from tests.e2e.server import ROOT, HotlineProcess
from tests.e2e.signals import read_wav
from tests.e2e.test_samples import Caller

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

ANN, BEN = "1001", "1002"

FLOW = """
flow: ways
languages: [en]
defaults: { error: over, no_agents: nobody, closed: night, full: busy }
states:
  main:
    do: [answer]
    switch:
      of: call.called
      cases: { empty: empty, night: night_desk, small: small, late: late, kept: kept, asked: asked }
      otherwise: over
  empty: { enqueue: { queue: sales, no_agents_after: 3s, comfort: { say: comfort_thanks } } }
  night_desk: { enqueue: { queue: night } }
  small: { enqueue: { queue: small, no_agents_after: 1h } }
  late:
    enqueue: { queue: small, no_agents_after: 1h, overflow: [{ after: 2s, to: sales, tag: waited }] }
  sales: { enqueue: { queue: sales, no_agents_after: 1h } }
  kept:
    enqueue:
      queue: kept
      no_agents_after: 1h
      keep_place: 5m
      announce: { every: 60s, say: [position_before, { number: queue.position }, position_after], first: position_next }
    on: { "1": aside }
  aside: { wait: 1s, on: { done: { say: place_kept, to: kept } } }
  asked: { enqueue: { queue: kept, no_agents_after: 1h, while_waiting: account } }
  account:
    ask: { say: fault_account, expect: { digits: { min: 4, max: 4 } }, into: account, timeout: 30s }
    on: { done: asked, no_input: asked, no_match: asked }
  nobody: { do: [{ say: out_of_service }], hangup: normal }
  night: { do: [{ say: out_of_hours }], hangup: normal }
  busy: { do: [{ say: system_busy }], hangup: normal }
  over: { hangup: normal }
"""
NEVER = """
hours: { never: { open: { mon: "03:00-03:01" }, holidays: [all] } }
holidays: { all: [{ from: 2026-01-01, to: 2026-12-31, name: closed }, { from: 2027-01-01, to: 2027-12-31, name: closed }] }
"""

House = tuple[HotlineProcess, Phones]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "ways.yaml").write_text(FLOW)
    (folder / "never.yaml").write_text(NEVER)
    queues = {
        "support": {},
        "sales": {"music": "comfort_ready"},
        "night": {"hours": "never"},
        "small": {"max_waiting": 1},
        "kept": {"ring": "20s", "wrap_up": "0s"},
    }
    async with Phones.open({ANN: 400.0, BEN: 700.0}) as phones:
        server = HotlineProcess(
            folder,
            speech={"enabled": False, "voice": "none"},
            routes=[{"to": "*", "flow": "ways"}],
            environment=str(folder / "never.yaml"),
            queues=queues,
            agents=[{"id": "emma", "name": "Emma", "languages": ["en"]}],
        )
        server.flows = str(folder / "flows")
        async with server:
            yield server, phones


def recorded(name: str) -> NDArray[np.int16]:
    return read_wav(ROOT / "prompts" / "en" / f"{name}.wav")[0]


async def call(house: House, number: str, user: str = ANN) -> Caller:
    server, phones = house
    return Caller(server, await phones.call(user, server.sip.replace("hotline", number)))


async def test_where_nobody_is_on_duty_the_caller_is_told_so_after_the_grace(house: House) -> None:
    caller = await call(house, "empty")
    await caller.until_it_hangs_up()
    row = await house[0].contact(caller_number=ANN, disposition="overflowed", queue="sales")
    assert row["wait_seconds"] >= 3.0
    assert caller.likeness(recorded("out_of_service")) > 0.9
    assert caller.likeness(recorded("comfort_ready")) > 0.9, "the music of that queue"


async def test_outside_of_its_hours_nobody_enters_a_queue(house: House) -> None:
    caller = await call(house, "night")
    await caller.until_it_hangs_up()
    assert caller.likeness(recorded("out_of_hours")) > 0.9
    assert (await house[0].contact(queue="night"))["wait_seconds"] < 1.0


async def test_whoever_comes_to_a_full_queue_is_told_so_and_a_long_wait_leads_to_another(house: House) -> None:
    server = house[0]
    first = await call(house, "late")
    await server.until_line("late: Enqueue")
    second = await call(house, "small", BEN)
    await second.until_it_hangs_up()
    assert second.likeness(recorded("system_busy")) > 0.9
    await server.until_line("sales: Enqueue")
    async with DeskClient.open(server, "emma") as desk:
        await desk.ask("set_state", state="available", reason="")
        ring = await desk.until("ring")
        shown = desk.last("contact")
        assert (shown["queue"], shown["tags"]) == ("sales", ["waited"])
        await desk.ask("decline", contact_id=ring["contact_id"])
        await desk.ask("set_state", state="offline", reason="")
    first.hung_up()
    await server.contact(queue="sales", disposition="abandoned")


async def test_a_key_leads_out_and_back_to_the_same_place(house: House) -> None:
    server = house[0]
    first = await call(house, "kept")
    await first.asked("kept")
    second = await call(house, "kept", BEN)
    await second.asked("kept")
    first.frames.clear()
    first.phone.leg.send_digits("1")
    await first.asked("kept", 20.0)  # the place is kept
    await first.asked("kept", 20.0)  # and where it is
    assert "since=0.0" not in server.log_lines(rf"{first.phone.leg.correlation} kept: Enqueue")[-1]
    await asyncio.sleep(3.0)  # of both sentences
    assert first.likeness(recorded("place_kept")) > 0.9
    assert first.likeness(recorded("position_next")) > 0.9, "before the one who came later"
    first.hung_up()
    second.hung_up()
    await server.contact(queue="kept", caller_number=ANN, disposition="abandoned")


async def test_a_question_while_waiting_reaches_the_agent_who_ends_it(house: House) -> None:
    server = house[0]
    caller = await call(house, "asked")
    await caller.asked("account")
    await asyncio.sleep(2.0)  # of the question, which is looked for below
    caller.phone.leg.send_digits("1234")
    await server.until_line(rf"{caller.phone.leg.correlation} asked: Note")
    again = await call(house, "asked", BEN)
    await again.asked("account")
    async with DeskClient.open(server, "emma") as desk:
        await desk.ask("set_state", state="available", reason="")
        ring = await desk.until("ring")
        assert desk.last("contact")["slots"] == {"account": "1234"}, "who came first, with what was asked meanwhile"
        await desk.ask("decline", contact_id=ring["contact_id"])
        await desk.ask("set_state", state="offline", reason="")
    assert caller.likeness(recorded("fault_account")) > 0.9
    caller.hung_up()
    again.hung_up()
    await server.contact(queue="kept", caller_number=BEN, disposition="abandoned")
    assert server.log_lines("Traceback") == []
