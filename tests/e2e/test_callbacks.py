"""A customer who asks for a call is really called, by a carrier, and is served before those who came later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from telephony.gateway.sip_leg import SipLeg
from telephony.leg import EndCause, LegState
from tests.e2e.browser import Browser, write_tone
from tests.e2e.desk import DeskPage
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150), pytest.mark.asyncio(loop_scope="module")]

HOTLINE, FIRST, LATER, BUSY = "+4930901820", "+4915112345678", "+4915112345679", "+4915112345670"
TONES = {FIRST: 400.0, LATER: 1100.0, BUSY: 1500.0}
AGENT_TONE = 700.0

FLOW = """
flow: support
languages: [en]
defaults: { error: over }
states:
  main:
    do: [answer]
    enqueue: { queue: support, need: { telecom: 1 } }
    on: { "1": promise, no_agents: over, closed: over, full: over }
  promise:
    callback: { reason: the line is down, window: 1h }
    on: { done: over }
  over:
    hangup: normal
"""


class Homes(Phones):
    """Customers at home: each takes the call, or lets it ring; nobody speaks before they are told to."""

    def __init__(self, tones: dict[str, float]) -> None:
        super().__init__(tones)
        self.away = 0
        """Calls that nobody takes."""
        self.rung: list[str] = []

    def _take(self, leg: SipLeg) -> None:
        self.rung.append(leg.callee.user)
        leg.ring()
        if self.away:
            self.away -= 1
            leg.hang_up(EndCause.BUSY, 486)
            return
        self.called[leg.callee.user] = Phone(leg, self.tones[leg.callee.user])
        leg.answer()

    async def picked_up(self, number: str, seconds: float = 30.0) -> Phone:
        async with asyncio.timeout(seconds):
            while number not in self.called:  # noqa: ASYNC110  # the server calls
                await asyncio.sleep(0.02)
        phone = self.called.pop(number)
        await phone.until(lambda: phone.leg.state is LegState.UP, "did not come up")
        return phone


Site = tuple[HotlineProcess, Homes, DeskPage]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One node, a carrier behind which the customers are, and Emma at her page."""
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "support.yaml").write_text(FLOW)
    async with Homes.open(TONES) as homes, Browser(write_tone(folder / "agent.wav", AGENT_TONE)) as browser:
        server = HotlineProcess(
            folder,
            speech={"enabled": False},
            routes=[{"to": "*", "flow": "support"}],
            queues={"support": {"ring": "20s", "wrap_up": "9s"}},
            agents=[{"id": "emma", "name": "Emma", "skills": {"telecom": 3}}],
            trunks={"carrier": {"hosts": [f"127.0.0.1:{homes.port}"], "caller_id": {"show": "caller", "number": HOTLINE}}},
            outbound={"region": "DE", "rules": [{"name": "customers", "who": ["flow:support"], "classes": ["mobile"]}]},
            callbacks={"attempts": 3, "pauses": ["5s"], "ring": "10s"},
        )
        server.flows = str(folder / "flows")
        assert isinstance(homes, Homes)
        async with server:
            yield server, homes, await DeskPage.open(browser, server, "emma")


async def callback(server: HotlineProcess, **wanted: Any) -> dict[str, Any]:
    """The newest callback, as soon as it has these values."""
    row: dict[str, Any] = {}
    try:
        async with asyncio.timeout(20):
            while True:
                rows = (await server.api("/api/v1/callbacks"))["callbacks"]
                row = rows[0] if rows else {}
                if row and all(row[name] == value for name, value in wanted.items()):
                    return row
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"no callback with {wanted}: {row}") from None


async def promised(server: HotlineProcess, homes: Homes, number: str) -> dict[str, Any]:
    """A caller waits, presses 1, and has the promise."""
    caller = await homes.call(number, server.sip)
    await server.until_line(rf"{caller.leg.correlation} main: Enqueue\(")
    caller.leg.send_digits("1")
    await caller.ended()
    return await callback(server, caller_number=number)


async def test_a_customer_who_was_promised_a_call_is_served_before_those_who_came_later(site: Site) -> None:
    server, homes, desk = site
    talking = await homes.call(BUSY, server.sip)
    await desk.until_ring()
    await desk.accept()
    row = await promised(server, homes, FIRST)
    assert (row["status"], row["queue"], row["needs"], row["reason"]) == (
        "promised",
        "support",
        {"telecom": 1},
        "the line is down",
    )
    later = await homes.call(LATER, server.sip)
    await asyncio.sleep(1.0)
    assert homes.rung == [], "while Emma talks nobody is called"
    talking.leg.hang_up()
    first = await homes.picked_up(FIRST)
    await server.until_line("call started: channel=callback", 1)
    first.leg.send_digits("1")
    await desk.until_ring()
    await expect(desk.page.get_by_test_id("callback")).to_contain_text(row["id"])
    await expect(desk.page.get_by_test_id("earlier")).to_contain_text("1")
    await desk.accept()
    first.speak()
    first.fresh()
    await desk.until_level(TONES[FIRST], -30.0)
    await first.until(lambda: first.level(AGENT_TONE) > -30, "the customer hears Emma")
    done = await callback(server, status="done")
    assert (done["attempts"], done["outcome"]) == (1, "served")
    assert later.leg.state is LegState.UP, "who came later still waits"
    await desk.hang_up()
    await first.ended()
    await desk.until_ring()
    await desk.accept()
    await desk.until_level(TONES[LATER], -30.0)
    later.leg.hang_up()
    await desk.until_state("wrap_up")
    served = await server.contact(id=done["served_by"])
    assert (served["channel"], served["disposition"], served["agent_id"]) == ("callback", "served", "emma")
    assert served["queued_at"] is not None and served["caller_number"] == FIRST


async def test_a_customer_who_is_engaged_is_called_again(site: Site) -> None:
    server, homes, desk = site
    await desk.go("offline")
    homes.rung.clear()
    homes.away = 1
    row = await promised(server, homes, FIRST)
    await desk.go("available")
    tried = await callback(server, id=row["id"], outcome="busy")
    assert tried["status"] in ("promised", "dialing")
    first = await homes.picked_up(FIRST)
    await server.until_line("call started: channel=callback", 2)
    first.leg.send_digits("2")
    await first.ended()
    over = await callback(server, id=row["id"], status="cancelled")
    async with asyncio.timeout(30):  # the try is written down after the row is over
        while len(over["tries"]) < 2:
            await asyncio.sleep(0.1)
            over = await callback(server, id=row["id"], status="cancelled")
    assert [one["outcome"] for one in over["tries"]] == ["busy", "unwanted"] and homes.rung == [FIRST, FIRST]


async def test_a_person_may_put_off_cancel_and_dial(site: Site) -> None:
    server, homes, desk = site
    await desk.go("offline")
    homes.rung.clear()
    headers = {"Authorization": f"Bearer {server.token()}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        made = await client.post("/api/v1/callbacks", json={"number": "0151 12345679", "queue": "support", "flow": "support"})
        path = f"/api/v1/callbacks/{made.json()['id']}"
        assert made.status_code == 201 and (await client.post(f"{path}/cancel")).json()["status"] == "cancelled"
        assert (await client.post(f"{path}/cancel")).status_code == 409
        assert (await client.post(f"{path}/dial")).json()["status"] == "promised"
        customer = await homes.picked_up(LATER)
        await client.post(f"{path}/cancel")
        await customer.ended()
        metrics = (await client.get("/metrics")).text
    assert "hotline_callbacks_dialled_total" in metrics and 'outcome="served"' in metrics
