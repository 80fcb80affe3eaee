"""Supervisors beside an agent: where they sit while the caller is on hold, a third party is asked, or a page is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from ivr.errors import Conflict
from ivr.session.exchange import Exchange
from ivr.session.inviting import Guest
from ivr.session.talk import Talk
from telephony.errors import Misuse
from telephony.fake import FakeLeg
from telephony.joining import Role
from telephony.leg import CallLeg, EndCause, LegKind, LegState, Party
from telephony.media.clip import Clip
from tests.unit.ivr.session.house import FakeBridge
from tests.unit.ivr.session.test_transfers import FakeRoom

MUSIC = [Clip(Clip.tone(330, 0.02).samples, "music")]


class FakeGuest:
    """A colleague who comes when told to, as `Guest` does."""

    agent_id = "bob"

    def __init__(self) -> None:
        self.told: list[bool | str] = []
        self.gone = asyncio.Event()

    def come(self, joined: Callable[[CallLeg], None], failed: Callable[[str], None]) -> None:
        self.joined = joined

    def heard(self, there: bool) -> None:
        self.told.append(there)

    def leave(self) -> None:
        self.told.append("left")
        self.gone.set()


class Three:
    """A talk at pages, with a mixer, somebody to ask, and supervisors. `patience` is that of whoever may be away."""

    def __init__(self, patience: float = 60.0) -> None:
        self.caller = up("caller", LegKind.SIP)
        self.agent = up("agent")
        self.bridges: list[FakeBridge] = []
        self.rooms: list[FakeRoom] = []
        self.dialled = FakeLeg("third", state=LegState.DIALING)
        self.consulted: list[str] = []
        exchange = Exchange(
            bridge=self._bridge,
            confer=self._confer,
            dial=lambda uri, caller, /, *, options=None: self.dialled,
            payer="agent:anna",
            ringback=MUSIC,
            told=self._told,
            swap=lambda leg: None,
            heard=lambda event: None,
            unite=lambda by_caller, other: False,
            patience=patience,
        )
        bridge = self._bridge(self.caller, self.agent)
        self.talk = Talk(self.caller, self.agent, bridge, MUSIC, lambda phase: None, exchange, patience=patience)
        self.boss = up("boss")
        self.why: list[str] = []

    def listen(self, mode: str = "listen") -> FakeRoom:
        self.talk.monitor("boss", self.boss, mode, self.why.append)
        return self.rooms[-1]

    def ask(self) -> FakeLeg:
        self.talk.call("777", Party("anna"))
        self.dialled.pick_up()
        return self.dialled

    def invite(self) -> tuple[FakeGuest, FakeLeg]:
        guest, leg = FakeGuest(), up("bob")
        self.talk.invite(cast(Guest, guest), "Bob")
        guest.joined(leg)
        return guest, leg

    def _told(self, told: Mapping[str, Any]) -> None:
        self.consulted.append(str(told["state"]))

    def _bridge(self, a: CallLeg, b: CallLeg) -> FakeBridge:
        self.bridges.append(FakeBridge((a, b)))
        return self.bridges[-1]

    def _confer(self, music: object) -> FakeRoom:
        self.rooms.append(FakeRoom())
        return self.rooms[-1]


def up(name: str, kind: LegKind = LegKind.WEBRTC) -> FakeLeg:
    return FakeLeg(name, state=LegState.UP, kind=kind)


async def test_who_comes_while_the_caller_is_on_hold_hears_the_agent() -> None:
    here = Three()
    here.talk.hold()
    room = here.listen("whisper")
    assert here.bridges[0].done == ["hold", "close"] and room.inside == ["caller", "agent", "boss"]
    assert room.done == ["hold"] and room.roles[-1] == ("boss", "coach", "agent")
    here.talk.resume()
    assert room.done == ["hold", "resume"]


async def test_who_comes_during_a_consultation_hears_it() -> None:
    here = Three()
    third = here.ask()
    room = here.listen()
    assert room.inside == ["agent", "third", "boss"], "not the caller, who hears music"
    here.talk.toggle()
    assert room.closed and here.rooms[-1].inside == ["caller", "agent", "boss"] and here.rooms[-1].done == ["hold", "resume"]
    assert third.playing == tuple(MUSIC)
    here.talk.toggle()
    assert here.rooms[-1].inside == ["agent", "third", "boss"] and here.bridges[-1].done == ["hold"] and third.playing == ()
    here.talk.back()
    assert here.rooms[-1].inside == ["caller", "agent", "boss"] and here.rooms[-1].done == []
    here.talk.audience.remove("boss")
    assert here.bridges[-1].legs == (here.caller, here.agent) and here.why == ["stopped"]


async def test_who_comes_while_all_three_talk_joins_them_without_a_gap() -> None:
    here = Three()
    here.ask()
    here.talk.three_way()
    room = here.listen("barge")
    assert here.rooms == [room] and room.inside == ["caller", "agent", "third", "boss"]
    here.talk.audience.remove("boss")
    assert not room.closed and room.inside == ["caller", "agent", "third"]


async def test_while_it_rings_who_listens_waits_in_silence() -> None:
    here = Three()
    room = here.listen()
    here.talk.call("777", Party("anna"))
    assert room.closed and len(here.rooms) == 1 and here.agent.playing == tuple(MUSIC)
    here.talk.audience.change("boss", "whisper")
    here.dialled.pick_up()
    assert here.rooms[-1].roles[-1] == ("boss", "coach", "agent")
    here.dialled.vanish()
    assert here.rooms[-1].inside == ["caller", "agent", "boss"]


async def test_who_listens_stays_while_the_agents_page_is_loaded_again() -> None:
    here = Three()
    room = here.listen("whisper")
    here.agent.vanish(EndCause.MEDIA_LOST)
    assert room.closed and here.boss.state is LegState.UP and here.why == []
    with pytest.raises(Conflict, match="the agent's audio"):
        here.talk.monitor("more", up("more"), "listen", here.why.append)
    here.talk.returned(up("again"))
    assert here.rooms[-1].inside == ["caller", "again", "boss"] and here.rooms[-1].roles[-1] == ("boss", "coach", "again")


async def test_who_goes_while_the_agent_is_away_ends_nothing() -> None:
    here = Three()
    here.listen()
    here.agent.vanish(EndCause.MEDIA_LOST)
    here.boss.vanish()
    assert here.why == ["lost"] and not here.talk.finished.done() and here.talk.away
    again = up("again")
    here.talk.returned(again)
    assert here.bridges[-1].legs == (here.caller, again)


async def test_a_full_conference_costs_nobody_the_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Three()

    def full(room: FakeRoom, leg: CallLeg, role: Role = Role.SPEAKER, coached: CallLeg | None = None) -> None:
        if leg.id == "boss":
            raise Misuse("this conference is full")

    monkeypatch.setattr(FakeRoom, "join", full)
    with pytest.raises(Conflict, match="let into"):
        here.listen()
    assert not here.talk.finished.done() and not here.talk.audience
    with pytest.raises(Conflict, match="do not listen"):
        here.talk.take("boss")


async def test_the_talks_end_is_that_of_all_who_listen() -> None:
    here = Three()
    here.listen()
    here.talk.hang_up()
    here.talk.close()
    assert here.why == ["over"] and here.boss.state is LegState.ENDED


# --- a colleague whose page goes


async def test_a_colleagues_page_that_is_loaded_again_goes_on_in_the_consultation() -> None:
    here = Three()
    guest, bob = here.invite()
    bob.vanish(EndCause.HUNG_UP)
    assert here.consulted == ["calling", "consult", "away"] and guest.told == [False]
    assert here.agent.playing == tuple(MUSIC) and here.bridges[-1].done == ["close"]
    for press in (here.talk.toggle, here.talk.three_way, here.talk.complete):
        with pytest.raises(Conflict, match="not back yet"):
            press()
    assert here.talk.consult is not None
    again = up("bob-2")
    here.talk.consult.returned(again)
    assert here.bridges[-1].legs == (here.agent, again) and here.agent.playing == ()
    assert here.consulted[-1] == "consult" and guest.told == [False, True]
    second = up("bob-3")
    here.talk.consult.returned(second)
    assert again.state is LegState.ENDED and here.bridges[-1].legs == (here.agent, second) and "left" not in guest.told
    here.talk.complete()
    assert here.talk.partner is second


async def test_three_go_on_as_two_until_the_colleague_is_back() -> None:
    here = Three()
    _, bob = here.invite()
    here.talk.three_way()
    room = here.rooms[-1]
    bob.vanish(EndCause.MEDIA_LOST)
    assert room.inside == ["caller", "agent"] and not room.closed and here.caller.playing == ()
    with pytest.raises(Conflict, match="alone"):
        here.talk.hang_up()
    assert here.talk.consult is not None
    here.agent.vanish(EndCause.MEDIA_LOST)
    here.talk.returned(up("anna-2"))
    assert here.rooms[-1].inside == ["caller", "anna-2"], "both pages were away"
    here.talk.consult.returned(up("bob-2"))
    assert here.rooms[-1].inside == ["caller", "anna-2", "bob-2"] and here.consulted[-1] == "three_way"


async def test_a_colleague_who_waits_while_the_agent_talks_to_the_caller_waits_on() -> None:
    here = Three()
    _, bob = here.invite()
    here.talk.toggle()
    bob.vanish(EndCause.MEDIA_LOST)
    assert here.agent.playing == () and here.bridges[0].done == ["hold", "resume"], "the two talk on"
    assert here.talk.consult is not None
    again = up("bob-2")
    here.talk.consult.returned(again)
    assert again.playing == tuple(MUSIC) and here.consulted[-1] == "caller"


@pytest.mark.parametrize("how", ["late", "back", "phone", "ours"])
async def test_a_colleague_who_does_not_come_back_is_gone(how: str) -> None:
    here = Three(patience=0.02 if how == "late" else 60.0)
    if how == "phone":
        third = here.ask()
        third.vanish()
    else:
        guest, bob = here.invite()
        bob.vanish(EndCause.SHUTDOWN if how == "ours" else EndCause.MEDIA_LOST)
        if how == "back":
            here.talk.back()
        elif how == "late":
            async with asyncio.timeout(10.0):
                await guest.gone.wait()
        assert guest.told[-1] == "left"
    assert here.talk.consult is None and here.consulted[-1] == "back"
    assert here.bridges[-1].legs == (here.caller, here.agent) and not here.talk.held
