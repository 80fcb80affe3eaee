"""Steps about the call itself, with a running server: early media, ringing while it dials, transfer, parking, keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from telephony.gateway.sip_leg import SipLeg
from telephony.leg import EarlyMedia, EndCause, LegState, Party
from telephony.media.clip import Clip
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import HotlineProcess
from tests.unit.telephony.media.sounds import pcm, silence, sine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

TONES = {"caller": 400.0, "third": 1100.0, "slow": 1300.0}
RINGING = 450.0
"""Hz of the ringing tone in China, the default."""

FLOWS = {
    "early": """
  main:
    do: [progress]
    play: { name: music, answer: false }
    on: { done: over }
  over: { hangup: busy }
""",
    "out": """
  main:
    do: [answer]
    bridge: { to: "THIRD", ring: 10s }
    on: { busy: over, no_answer: over, failed: over }
  over: { hangup: normal }
""",
    "refer": """
  main:
    do: [answer]
    transfer: { to: "THIRD", how: refer, ring: 10s }
    on: { busy: over, no_answer: over, failed: over }
  over: { hangup: normal }
""",
    "keyed": """
  main:
    ask: { say: wrong_digits, expect: { digits: { min: 2, max: 2 } }, into: account }
    on: { done: over, no_input: over, no_match: over }
  over: { hangup: normal }
""",
    "park": """
  main:
    park: { slot: "702", timeout: 1s }
    on: { timeout: over }
  over: { hangup: busy }
""",
}

Office = tuple[HotlineProcess, Phones]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One node for all of these, and telephones to call and be called."""
    folder: Path = tmp_path_factory.mktemp("node")
    (folder / "flows").mkdir()
    async with Phones.open(TONES) as phones:
        for name, states in FLOWS.items():
            head = f"flow: {name}\nlanguages: [en]\ndefaults: {{ error: over }}\nstates:"
            (folder / "flows" / f"{name}.yaml").write_text(head + states.replace("THIRD", phones.uri("third")))
        server = HotlineProcess(
            folder,
            speech={"enabled": False},
            sip={"max_lag": 0},
            routes=[{"to": name, "flow": name} for name in FLOWS],
            outbound={"rules": [{"name": "here", "who": ["flow:*"], "hosts": ["127.0.0.1"]}]},
            parking={"slots": "701-702"},
            inband_dtmf=True,
        )
        server.flows = str(folder / "flows")
        async with server:
            yield server, phones


def target(server: HotlineProcess, flow: str) -> str:
    return server.sip.replace("hotline@", f"{flow}@")


async def test_a_caller_hears_before_the_call_is_taken(office: Office) -> None:
    server, phones = office
    caller = Phone(phones.gateway.dial(target(server, "early"), Party("caller")), 400.0)
    await caller.until(lambda: len(caller._heard) > 40, "nothing was heard early")
    assert caller.leg.state is LegState.DIALING and any(isinstance(event, EarlyMedia) for event in caller.events)
    assert np.abs(np.concatenate(caller._heard[-25:])).max() > 200
    caller.leg.hang_up()
    await caller.ended()


async def test_a_caller_hears_ringing_and_then_whom_it_is_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    server, phones = office
    waiting: list[Phone] = []

    def ring(leg: SipLeg) -> None:
        leg.ring()
        waiting.append(Phone(leg, 1100.0))

    monkeypatch.setattr(phones.gateway, "_on_call", ring)
    caller = await phones.call("caller", target(server, "out"))
    await caller.until(lambda: caller.level(RINGING) > -25, "no ringing was heard")
    waiting[0].leg.answer()
    await waiting[0].up()
    caller.fresh()
    await caller.hears(waiting[0])
    await waiting[0].hears(caller)
    assert caller.level(RINGING) < -45
    waiting[0].leg.hang_up()
    await caller.ended()


async def test_a_flow_refers_the_callers_phone(office: Office) -> None:
    server, phones = office
    caller = await phones.call("caller", target(server, "refer"))
    await caller.until(lambda: any(type(one).__name__ == "TransferRequested" for one in caller.events), "was not referred")
    asked = next(one for one in caller.events if type(one).__name__ == "TransferRequested")
    assert getattr(asked, "target", "").startswith("sip:third@")
    caller.leg.report_transfer(100)
    caller.leg.report_transfer(200)
    assert (await caller.ended()).cause in (EndCause.HUNG_UP, EndCause.TRANSFERRED)


async def test_parking_that_times_out_goes_on(office: Office) -> None:
    server, phones = office
    caller = await phones.call("caller", target(server, "park"))
    async with asyncio.timeout(20):
        while not (await server.api("/api/v1/parked"))["parked"]:  # noqa: ASYNC110  # it is in another process
            await asyncio.sleep(0.05)
    await caller.ended()
    assert (await server.api("/api/v1/parked"))["parked"] == []


async def test_keys_in_the_voice_are_keys(office: Office) -> None:
    server, phones = office
    caller = Phone(phones.gateway.dial(target(server, "keyed"), Party("caller")), 400.0)
    await caller.until(lambda: caller.leg.state is LegState.UP, "did not come up")
    await asyncio.sleep(0.3)
    keys = pcm(sine(852, 0.1) + sine(1336, 0.1), silence(0.1), sine(941, 0.1) + sine(1336, 0.1), silence(0.3))
    caller.leg.play([Clip.from_pcm(keys)])
    await caller.ended()
    row = await server.contact(flow="keyed")
    assert [turn["text"] for turn in row["turns"] if turn["speaker"] == "caller"] == ["8", "0"]
    assert row["slots"] == {"account": "80"}
