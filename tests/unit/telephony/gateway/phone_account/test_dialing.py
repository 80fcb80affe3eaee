"""Calls out over an account, by its name and as the rules allow."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from telephony.fake import FakeLeg
from telephony.gateway.phone_account.dialing import PhoneDialing
from telephony.gateway.toll_guard import TollGuard
from telephony.leg import Answered, CallLeg, DialOptions, EndCause, Ended, Party
from telephony.sip.outbound import Policy, Rule
from tests.unit.telephony.gateway.phone_account.rig import Extension, extension
from tests.unit.telephony.gateway.test_sip import ANN, Ear

pytestmark = pytest.mark.timeout(60)
NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.05)


class Elsewhere:
    """Keeps what went another way."""

    def __init__(self) -> None:
        self.targets: list[str] = []

    def __call__(self, target: str, caller: Party, /, *, options: DialOptions | None = None) -> CallLeg:
        self.targets.append(target)
        return FakeLeg()


def dialer(line: Extension, *rules: Rule) -> tuple[PhoneDialing, TollGuard, Elsewhere]:
    guard = TollGuard(Policy(rules=rules), lambda: NOW)
    elsewhere = Elsewhere()
    return PhoneDialing({"pbx": line.account}, elsewhere, guard), guard, elsewhere


async def test_a_rule_for_the_account_lets_a_call_out_and_counts_it() -> None:
    async with extension() as line:
        dial, guard, elsewhere = dialer(line, Rule(name="office", hosts=("pbx",)))
        leg = dial("sip:1000@PBX", ANN, options=DialOptions(payer="flow:telecom"))
        ear = Ear(leg)
        await ear.until(Answered)
        assert guard.calls == 1 and line.pbx.legs[0].callee.user == "1000"
        leg.hang_up()
        await ear.until(Ended)
        async with asyncio.timeout(2):
            while guard.calls:  # noqa: ASYNC110 - it gives a place back in its own time
                await asyncio.sleep(0.01)
        assert elsewhere.targets == []


async def test_no_rule_no_call() -> None:
    async with extension() as line:
        dial, guard, _ = dialer(line, Rule(name="others", hosts=("example.net",)))
        ended = await Ear(dial("sip:1000@pbx", ANN, options=DialOptions(payer="flow:telecom"))).until(Ended)
        assert ended.cause is EndCause.DECLINED and line.pbx.legs == []
        assert sum(guard.refused.values()) == 1 and line.account.legs == []


async def test_what_names_no_account_goes_its_own_way() -> None:
    async with extension(wait=False) as line:
        dial, _, elsewhere = dialer(line)
        targets: list[Any] = ["6001", "tel:+49123", "sip:1@example.net", "1@other", "sip:a b@pbx"]
        for target in targets:
            dial(target, ANN)
        assert elsewhere.targets == targets


async def test_nobody_answers_in_time() -> None:
    async with extension() as line:
        line.pbx.on_call = lambda leg: leg.ring()
        dial, _, _ = dialer(line, Rule(name="office", hosts=("pbx",)))
        ended = await Ear(dial("sip:1000@pbx", ANN, options=DialOptions(payer="x", ring_timeout=0.2))).until(Ended)
        assert ended.cause is EndCause.NO_ANSWER
        assert (await line.pbx.ears[0].until(Ended)).cause is EndCause.CANCELLED
