"""Transfers that phones ask for, with real gateways on loopback: who is left is heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import numpy as np
import pytest

from ivr.session.switchboard import Switchboard
from telephony.gateway.bridge import bridge
from telephony.leg import Answered, CallLeg, DialOptions, EndCause, Ended, LegState, Party, TransferProgress
from telephony.media.clip import Clip
from tests.unit.ivr.session.house import House
from tests.unit.telephony.gateway.nodes import Ear, Node, node, wait_for

OPEN = ("127.0.0.0/8",)
FAR, NEAR = 1000, 600
"""Hz: what the far end and the caller sing."""


class Listening:
    """What a leg hears: the loudest pitch of its last 200 ms."""

    def __init__(self, leg: CallLeg) -> None:
        self._frames: list[np.ndarray] = []
        leg.hear(self._frames.append)

    def pitch(self) -> int:
        sound = np.concatenate(self._frames[-10:]) if len(self._frames) >= 10 else np.zeros(1600)
        spectrum = np.abs(np.fft.rfft(sound))
        return 0 if spectrum.max() < 1e5 else int(np.argmax(spectrum)) * 8000 // len(sound)


def sing(leg: CallLeg, pitch: int) -> None:
    leg.play([Clip.tone(pitch, 0.5)], repeat=True)


class Town:
    """A hotline, a caller's phone, the phone of an agent, and somebody far away."""

    def __init__(self, house: House, hotline: Node, caller: Node, agent: Node, far: Node) -> None:
        self.house, self.hotline, self.caller, self.agent, self.far = house, hotline, caller, agent, far
        self.switchboard: Switchboard = house.with_services(bridge=bridge, dial=self._dial)
        hotline.on_call = self._taken
        house.desk.connect = self._connect  # type: ignore[method-assign]
        far.on_call = self._far_answers

    def _dial(self, target: str, caller: Party, /, *, options: DialOptions | None = None) -> CallLeg:
        return self.hotline.gateway.dial(self.far.uri("77"), caller, options=options)

    async def _connect(self, agent_id: str, contact_id: str) -> CallLeg:
        leg = self.hotline.gateway.dial(self.agent.uri(agent_id), Party("hotline"))
        await Ear(leg).until(Answered)
        return leg

    def _taken(self, leg: CallLeg) -> None:
        self.switchboard.take(leg)

    def _far_answers(self, leg: CallLeg) -> None:
        leg.answer()
        sing(leg, FAR)

    async def talk(self) -> CallLeg:
        """A caller who sings to anna."""
        await self.house.open("anna")
        leg = self.caller.gateway.dial(self.hotline.uri("hotline"), Party("1001"))
        await Ear(leg).until(Answered)
        leg.send_digits("2")
        await wait_for(lambda: len(self.house.talks) == 1)
        sing(leg, NEAR)
        return leg


@pytest.fixture
async def town(house: House) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(node(trusted_networks=OPEN)) for _ in range(4)]
        yield Town(house, *nodes)
        await house.switchboard.drain(0.0)


async def test_a_phone_that_hangs_up_with_its_refer_leaves_two_who_hear_each_other(town: Town) -> None:
    leg = await town.talk()
    phone, ear = town.agent.legs[0], town.agent.ears[0]
    heard = Listening(leg)
    phone.transfer(town.far.uri("77"))
    await ear.until(TransferProgress)
    phone.hang_up()
    await wait_for(lambda: heard.pitch() == FAR)
    away = Listening(town.far.legs[0])
    await wait_for(lambda: away.pitch() == NEAR)
    leg.hang_up()
    await wait_for(lambda: town.far.legs[0].state is LegState.ENDED and not len(town.switchboard))


async def test_a_phone_in_two_calls_leaves_two_who_hear_each_other(town: Town) -> None:
    leg = await town.talk()
    first, second = town.agent.legs[0], town.agent.gateway.dial(town.hotline.uri("hotline"), Party("anna"))
    ear = Ear(second)
    await ear.until(Answered)
    second.send_digits("3")
    await wait_for(lambda: bool(town.far.legs))
    at_phone, heard = Listening(second), Listening(leg)
    await wait_for(lambda: at_phone.pitch() == FAR)
    first.transfer_to(second)
    await wait_for(lambda: heard.pitch() == FAR)
    away = Listening(town.far.legs[0])
    await wait_for(lambda: away.pitch() == NEAR)
    ended = await ear.until(Ended)
    assert len(town.far.legs) == 1 and first.state is LegState.ENDED and ended.cause is not EndCause.FAILED
    await wait_for(lambda: len(town.switchboard) == 1)
    town.far.legs[0].hang_up()
    await wait_for(lambda: leg.state is LegState.ENDED)
