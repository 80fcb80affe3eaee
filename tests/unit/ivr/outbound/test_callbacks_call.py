"""One call to a customer: who answers it, who does not, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from ivr.outbound.callbacks import Claim, Tried
from ivr.outbound.callbacks_call import Manners, Outcall
from telephony.fake import FakeLeg
from telephony.leg import CallLeg, DialOptions, DtmfReceived, EndCause, Ended, LegState, Party
from telephony.media.amd import AmdSettings, AnswerDetector

ROW = {"id": 7, "number": "+8613800138000", "called": "10086", "flow": "telecom"}


@dataclass
class Line:
    """The call that is made, and what the flow says to it."""

    leg: FakeLeg
    asked: list[tuple[str, str, DialOptions]]
    talked: list[CallLeg]
    ready: asyncio.Event | None = None

    def dial(self, target: str, caller: Party, /, *, options: DialOptions | None = None) -> CallLeg:
        assert options is not None
        self.asked.append((target, caller.user, options))
        return self.leg

    async def converse(self, leg: CallLeg, claim: Claim, served: Callable[[], None]) -> Tried:
        self.talked.append(leg)
        if self.ready is not None:
            await self.ready.wait()
        served()
        return Tried("served", "emma")

    def call(self, claim: Claim, detector: bool = False, **manners: Any) -> asyncio.Task[Tried]:
        made = (lambda: AnswerDetector(AmdSettings(initial_silence=1600, total=3600))) if detector else None
        outcall = Outcall(self.dial, self.converse, Manners(**manners), made)
        return asyncio.create_task(outcall(claim, lambda: None))


@pytest.fixture
def line() -> Line:
    return Line(FakeLeg(state=LegState.DIALING), [], [])


@pytest.fixture
def claim() -> Claim:
    return Claim(dict(ROW), "a|c-1", "c-1", 0.0)


async def turn() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_answered_call_is_the_flows(line: Line, claim: Claim) -> None:
    call = line.call(claim, ring=20.0)
    await turn()
    line.leg.pick_up()
    tried = await call
    assert (tried.outcome, tried.detail, tried.contact_id) == ("served", "emma", "c-1") and tried.answered_after is not None
    target, shown, options = line.asked[0]
    assert (target, shown, options.payer, options.ring_timeout) == ("+8613800138000", "10086", "flow:telecom", 20.0)
    assert line.leg.state is LegState.ENDED


async def test_settings_say_who_pays_and_what_is_shown(line: Line, claim: Claim) -> None:
    call = line.call(claim, payer="flow:callback", caller="4001")
    await turn()
    line.leg.happen(Ended(0.0, EndCause.NO_ANSWER, False))
    assert (await call).outcome == "no_answer"
    assert (line.asked[0][1], line.asked[0][2].payer) == ("4001", "flow:callback")


@pytest.mark.parametrize(
    ("cause", "by_peer", "outcome"),
    [
        (EndCause.BUSY, True, "busy"),
        (EndCause.DECLINED, True, "busy"),
        (EndCause.DECLINED, False, "refused"),
        (EndCause.NO_ANSWER, False, "no_answer"),
        (EndCause.UNREACHABLE, False, "unreachable"),
        (EndCause.SHUTDOWN, False, "shutdown"),
        (EndCause.FAILED, True, "failed"),
    ],
)
async def test_how_a_call_that_nobody_took_ended(
    line: Line, claim: Claim, cause: EndCause, by_peer: bool, outcome: str
) -> None:
    call = line.call(claim)
    await turn()
    line.leg.happen(Ended(0.0, cause, by_peer, "486 Busy Here"))
    tried = await call
    assert (tried.outcome, tried.detail, tried.contact_id, line.talked) == (outcome, "486 Busy Here", "", [])


async def test_a_machine_is_not_put_into_the_queue(line: Line, claim: Claim) -> None:
    call = line.call(claim, detector=True)
    await turn()
    line.leg.pick_up()
    await turn()
    voice = (8000 * np.random.default_rng(1).standard_normal(160)).clip(-30000, 30000).astype(np.int16)
    for _ in range(120):  # somebody who talks on for 2.4 s
        assert line.leg.listener is not None
        line.leg.listener(voice)
        if call.done():
            break
        await asyncio.sleep(0)
        if line.leg.listener is None:
            break
    tried = await call
    assert (tried.outcome, line.talked) == ("machine", [])


async def test_who_presses_a_key_is_a_person(line: Line, claim: Claim) -> None:
    call = line.call(claim, detector=True)
    await turn()
    line.leg.pick_up()
    await turn()
    line.leg.happen(DtmfReceived(0.0, "1"))
    assert (await call).outcome == "served"


async def test_who_hangs_up_before_a_word_is_noted(line: Line, claim: Claim) -> None:
    call = line.call(claim, detector=True)
    await turn()
    line.leg.pick_up()
    await turn()
    line.leg.happen(Ended(0.0, EndCause.HUNG_UP, True))
    assert (await call).outcome == "hung_up"


async def test_a_row_that_is_not_ours_any_more_ends_the_call(line: Line, claim: Claim) -> None:
    call = line.call(claim)
    await turn()
    claim.gone.set()
    assert (await call).outcome == "cancelled"
    assert line.leg.state is LegState.ENDED


async def test_a_customer_who_waits_is_let_go_and_one_who_talks_is_not(line: Line, claim: Claim) -> None:
    line.ready = asyncio.Event()
    call = line.call(claim)
    await turn()
    line.leg.pick_up()
    await turn()
    claim.served = True
    claim.gone.set()
    await turn()
    assert line.leg.state is LegState.UP
    line.ready.set()
    await call
    other = Line(FakeLeg(state=LegState.DIALING), [], [], ready=asyncio.Event())
    waiting = Claim(dict(ROW), "a|c-2", "c-2", 0.0)
    call = other.call(waiting)
    await turn()
    other.leg.pick_up()
    await turn()
    waiting.gone.set()
    await turn()
    assert ("hang_up", EndCause.RELEASED) in other.leg.commands or other.leg.state is LegState.ENDED
    assert other.ready is not None
    other.ready.set()
    await call
