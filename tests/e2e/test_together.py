"""Several telephones that ring for one SIP caller, and a team that goes first: over real calls, judged by who is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from telephony.gateway.sip_leg import SipLeg
from telephony.leg import EndCause, LegState
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

TONES = {"caller": 400.0, "ann": 700.0, "bob": 1100.0, "cid": 1500.0}

FLOW = """
flow: house
languages: [en]
defaults: { error: over, no_agents: over, closed: over, full: over }
states:
  main: { do: [answer], go: [{ if: "call.called == 'team'", to: team }, { to: everybody }] }
  everybody: { enqueue: { queue: everybody } }
  team: { enqueue: { queue: teams, need: [{ team: gold, for: 2s }, {}] } }
  over: { hangup: normal }
"""


class Ringers(Phones):
    """Telephones that ring until the test answers."""

    def __init__(self, tones: dict[str, float]) -> None:
        super().__init__(tones)
        self.ringing: dict[str, Phone] = {}

    def _take(self, leg: SipLeg) -> None:
        leg.ring()
        self.ringing[leg.callee.user] = Phone(leg, self.tones[leg.callee.user])

    async def rings(self, *users: str) -> list[Phone]:
        """Wait until these ring."""
        async with asyncio.timeout(30):
            while not set(users) <= {user for user, one in self.ringing.items() if one.leg.state is not LegState.ENDED}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return [self.ringing[user] for user in users]


House = tuple[HotlineProcess, Ringers]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    (folder / "flows" / "house.yaml").write_text(FLOW)
    async with Ringers.open(TONES) as phones:
        assert isinstance(phones, Ringers)
        server = HotlineProcess(
            folder,
            speech={"enabled": False},
            routes=[{"to": "*", "flow": "house"}],
            queues={
                "everybody": {"ring": "20s", "wrap_up": "0s", "strategy": "ring_all", "ring_most": 3},
                "teams": {"ring": "20s", "wrap_up": "0s"},
            },
            agents=[
                {"id": one, "device": phones.uri(one), "team": "gold" if one == "cid" else "iron", "languages": ["en"]}
                for one in ("ann", "bob", "cid")
            ],
            outbound={"rules": [{"name": "here", "who": ["*"], "hosts": ["127.0.0.1"]}]},
        )
        server.flows = str(folder / "flows")
        async with server:
            yield server, phones


async def call(house: House, number: str) -> Phone:
    server, phones = house
    return await phones.call("caller", f"sip:{number}@127.0.0.1:{server.sip_port}")


async def test_all_ring_the_first_to_answer_is_heard_and_the_others_stop(house: House) -> None:
    server, phones = house
    caller = await call(house, "all")
    ann, bob, cid = await phones.rings("ann", "bob", "cid")
    bob.leg.answer()
    await bob.up()
    assert (await ann.ended()).cause is EndCause.CANCELLED and (await cid.ended()).cause is EndCause.CANCELLED
    await caller.hears(bob)
    await bob.hears(caller)
    phones.ringing.clear()
    second = await call(house, "all")
    ann, cid = await phones.rings("ann", "cid")
    assert "bob" not in phones.ringing, "who talks is not rung"
    ann.leg.answer()
    await ann.up()
    await cid.ended()
    await second.hears(ann, not_=(bob,))
    await caller.hears(bob, not_=(ann,))
    for one in (caller, second):
        one.leg.hang_up()
    for one in (ann, bob):
        await one.ended()
    row = await server.contact(agent_id="bob")
    assert row["disposition"] == "served"
    phones.ringing.clear()


async def test_a_team_is_rung_first_and_after_its_time_the_others(house: House) -> None:
    _, phones = house
    caller = await call(house, "team")
    (cid,) = await phones.rings("cid")
    assert set(phones.ringing) == {"cid"}, "of three who idle"
    cid.leg.answer()
    await cid.up()
    phones.ringing.clear()
    second = await call(house, "team")
    begin = asyncio.get_running_loop().time()
    async with asyncio.timeout(30):
        while not phones.ringing:  # noqa: ASYNC110  # another process decides
            await asyncio.sleep(0.02)
    assert asyncio.get_running_loop().time() - begin > 1.5, "the team's only agent talks: nobody else was asked yet"
    ((name, taken),) = phones.ringing.items()
    assert name in ("ann", "bob")
    taken.leg.answer()
    await taken.up()
    await second.hears(taken, not_=(cid,))
    for one in (caller, second):
        one.leg.hang_up()
    for one in (cid, taken):
        await one.ended()
