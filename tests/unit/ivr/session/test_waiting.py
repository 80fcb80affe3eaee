"""From a queue to an agent: whoever vanishes, nothing stays stuck and the caller always hears something."""

from __future__ import annotations

import asyncio

import pytest

from ivr.acd.desk import RingOutcome
from ivr.acd.model import AgentState
from ivr.dialplan.commands import Enqueue
from ivr.errors import StoreUnavailable
from ivr.session.meanwhile import Told
from ivr.session.waiting import Waiting
from telephony.errors import Misuse, TransportError
from telephony.fake import FakeLeg
from telephony.leg import EndCause, LegState
from tests.unit.ivr.session.house import FakePage, House


async def in_queue(house: House, page: FakePage | None = None) -> tuple[FakeLeg, str]:
    leg, contact = house.call(page=page)
    await house.chooses(leg, "2")
    return leg, contact


async def talking(house: House) -> tuple[FakeLeg, str]:
    leg, contact = await in_queue(house)
    await house.until(lambda: len(house.talks))
    return leg, contact


async def test_the_contact_is_on_the_screen_before_the_ring_and_then_they_talk(house: House) -> None:
    await house.open("anna")
    page = FakePage()
    leg, contact = await in_queue(house, page)
    await house.until(lambda: len(house.talks))
    kinds = [kind for kind, _, _ in house.desk.log]
    assert kinds.index("present") < kinds.index("ring")
    shown = house.desk.of("present")[0]
    assert (shown["phase"], shown["needs"], shown["why"][:9]) == ("offered", {"telecom": 2}, "telecom 5")
    assert shown["intent"] == {"name": "human", "label": "human", "confidence": 1.0}
    assert [turn["text"] for turn in shown["turns"]][:2] == ["Hello. Press.", "2"]
    assert house.desk.phases() == ["offered", "connecting", "connected"]
    assert house.bridges[0].legs == (leg, house.desk.legs[0])
    leg.press("5")
    house.talks.find(contact, "anna").hang_up()
    await house.over()
    assert house.desk.phases()[-1] == "wrap_up"
    assert await house.state("anna") is AgentState.WRAP_UP
    row = await house.row(contact)
    assert (row["disposition"], row["queue"], row["agent_id"]) == ("served", "support", "anna")
    assert row["queued_at"] <= row["connected_at"] <= row["ended_at"]
    assert row["talk_seconds"] >= 0.0
    assert row["wait_seconds"] >= 0.0
    assert "5" not in [turn["text"] for turn in row["turns"]]
    assert page.phases()[-1] == "agent"


async def test_after_a_decline_the_next_agent_is_offered(house: House) -> None:
    await house.open("anna", "bob")
    house.desk.answers["anna"] = [RingOutcome.DECLINED]
    leg, contact = await in_queue(house)
    await house.until(lambda: len(house.talks))
    assert house.talks.find(contact, "bob") is not None
    assert [agent for kind, agent, _ in house.desk.log if kind == "ring"] == ["anna", "bob"]
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["agent_id"] == "bob"


@pytest.mark.parametrize(
    ("outcome", "state"), [(RingOutcome.NO_ANSWER, AgentState.BREAK), (RingOutcome.GONE, AgentState.OFFLINE)]
)
async def test_an_agent_who_does_not_answer_is_not_asked_again(house: House, outcome: RingOutcome, state: AgentState) -> None:
    await house.open("anna")
    house.desk.answers["anna"] = [outcome]
    leg, contact = await in_queue(house)
    await house.until_state("anna", state)
    await house.playing(leg, "music")
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["disposition"] == "abandoned"


async def test_a_caller_who_leaves_ends_the_ring_and_frees_the_agent(house: House) -> None:
    await house.open("anna")
    house.desk.answers["anna"] = [None]
    leg, contact = await in_queue(house)
    await house.until(lambda: house.desk.of("ring"))
    leg.vanish()
    await house.over()
    assert house.desk.of("ring_stopped") == [None]
    assert await house.state("anna") is AgentState.AVAILABLE
    row = await house.row(contact)
    assert (row["disposition"], row["agent_id"]) == ("abandoned", None)
    assert row["wait_seconds"] >= 0.0
    assert await house.store.contacts() == []


async def test_a_caller_who_leaves_as_the_agent_accepts_leaves_a_wrap_up_on_the_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.open("anna")
    leg, contact = house.call()
    session = house.switchboard.find(contact)
    assert session is not None
    tell = session.emit

    def gone(event: object) -> None:
        """The end of the call comes before the flow has heard of the agent."""
        if isinstance(event, Told):
            leg.vanish()
        tell(event)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "emit", gone)
    await house.chooses(leg, "2")
    await house.over()
    assert house.desk.phases()[-1] == "wrap_up"
    assert await house.state("anna") is AgentState.WRAP_UP


async def test_an_offer_that_the_queue_takes_back_stops_the_ring(house: House) -> None:
    await house.open("anna")
    house.desk.answers["anna"] = [None]
    leg, _ = await in_queue(house)
    await house.until(lambda: house.desk.of("ring"))
    await house.store.set_state("anna", AgentState.OFFLINE, "page closed")
    await house.until(lambda: house.desk.of("ring_stopped"))
    await house.come("bob")
    await house.until(lambda: len(house.talks))
    leg.vanish()
    await house.over()
    assert await house.state("bob") is AgentState.WRAP_UP


async def test_an_agent_without_audio_is_passed_over(house: House) -> None:
    await house.open("anna")
    house.desk.refuse = [TransportError("no microphone")]
    leg, contact = await in_queue(house)
    await house.until_state("anna", AgentState.BREAK)
    await house.playing(leg, "music")
    await house.until(lambda: house.desk.phases()[-1:] == ["ended"])
    await house.come("bob")
    await house.until(lambda: len(house.talks))
    assert house.talks.find(contact, "bob")
    leg.vanish()
    await house.over()


async def test_an_agent_leg_that_cannot_be_joined_is_released(house: House) -> None:
    await house.open("anna")
    house.bridge_error = Misuse("not UP")
    leg, _ = await in_queue(house)
    await house.until_state("anna", AgentState.BREAK)
    await house.playing(leg, "music")
    assert house.desk.legs[0].state is LegState.ENDED
    leg.vanish()
    await house.over()


async def test_an_agent_who_vanishes_leaves_the_caller_waiting_with_music(house: House) -> None:
    await house.open("anna")
    leg, contact = await talking(house)
    house.talks.find(contact, "anna").hold()
    house.desk.legs[0].vanish(EndCause.MEDIA_LOST)
    await house.playing(leg, "music")
    await house.until(lambda: house.desk.phases()[-1:] == ["ended"])
    assert house.bridges[0].done == ["hold", "close"]
    assert len(house.talks) == 0
    await house.until_state("anna", AgentState.OFFLINE)
    await house.come("bob")
    await house.until(lambda: len(house.talks))
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["agent_id"] == "bob"


async def test_a_wait_has_an_end_and_a_talk_has_none(house: House) -> None:
    await house.open("anna")
    leg, contact = house.call()
    await house.chooses(leg, "5")
    await house.until(lambda: len(house.talks))
    await asyncio.sleep(0.2)
    assert len(house.talks) == 1
    house.desk.legs[0].vanish(EndCause.MEDIA_LOST)
    await house.says(leg, "done")
    await house.over()
    assert (await house.row(contact))["disposition"] == "served"


async def test_media_that_fails_does_not_lift_the_end_of_the_wait(house: House) -> None:
    await house.open("anna")
    house.desk.refuse = [TransportError("no microphone")]
    leg, contact = house.call()
    await house.chooses(leg, "5")
    await house.says(leg, "done")
    await house.over()
    row = await house.row(contact)
    assert row["disposition"] == "overflowed"
    assert row["wait_seconds"] >= 0.1


@pytest.mark.parametrize("again", ["8", "9"])
async def test_a_key_leaves_the_queue_and_the_music_stops(house: House, again: str) -> None:
    await house.open()
    leg, contact = await in_queue(house)
    await house.playing(leg, "music")
    leg.press(again)
    if again == "9":
        await house.until(lambda: not leg.playing)
        await house.until(lambda: not house.router.waiting)
        leg.vanish()
        await house.over()
        assert (await house.row(contact))["disposition"] == "overflowed"
        return
    await house.until(lambda: leg.names().count("stop") >= 2)
    await house.playing(leg, "music")
    await house.come("anna")
    await house.until(lambda: len(house.talks))
    assert house.desk.phases()[-1] == "connected"
    leg.vanish()
    await house.over()
    assert await house.state("anna") is AgentState.WRAP_UP


async def test_a_queue_that_is_none_or_a_store_that_is_away_takes_the_error_edge(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.open("anna")
    leg, _ = house.call()
    await house.chooses(leg, "7")
    await house.says(leg, "trouble")
    await house.over()

    async def away(*_: object) -> None:
        raise StoreUnavailable("Redis cannot be reached")

    monkeypatch.setattr(house.store, "enqueue", away)
    leg, contact = house.call(FakeLeg("second"))
    await house.chooses(leg, "2")
    await house.says(leg, "trouble")
    await house.over()
    assert (await house.row(contact))["end_cause"] == "released"


async def test_a_defect_in_the_wait_takes_the_error_edge_and_the_record_is_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.open("anna")

    async def broken(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(house.desk, "present", broken)
    leg, contact = await in_queue(house)
    await house.says(leg, "trouble")
    await house.over()
    row = await house.row(contact)
    assert (row["end_cause"], row["queue"]) == ("released", "support")
    assert await house.state("anna") is AgentState.AVAILABLE


async def test_a_store_that_goes_away_in_a_talk_does_not_spoil_its_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.open("anna")
    leg, contact = await talking(house)

    async def away(*_: object) -> None:
        raise StoreUnavailable("Redis cannot be reached")

    with monkeypatch.context() as patch:
        patch.setattr(house.store, "leave", away)
        house.talks.find(contact, "anna").hang_up()
        await house.over()
    assert "trouble" not in [name for what, names in leg.commands if what == "play" for name in names]
    await house.until_state("anna", AgentState.WRAP_UP)


async def test_what_the_caller_says_while_waiting_reaches_the_record(house: House) -> None:
    await house.open()
    house.with_services(recognizer=house.recognizer)
    leg, contact = await in_queue(house)
    await house.playing(leg, "music")
    await house.until(lambda: house.recognizer.streams[0].listening)
    assert set(house.recognizer.streams[0].phrases) == {"my bill", "a person"}
    house.recognizer.streams[0].hear("my bill")
    await asyncio.sleep(0.01)
    leg.vanish()
    await house.over()
    said = [turn["text"] for turn in (await house.row(contact))["turns"] if turn["speaker"] == "caller"]
    assert said == ["2", "my bill"]


async def test_the_position_is_announced_over_the_music(house: House) -> None:
    await house.open()
    page = FakePage()
    leg, _ = await in_queue(house, page)
    await house.says(leg, "place")
    await house.playing(leg, "music")
    assert ("phase", {"phase": "queue", "position": 1}) in page.told
    leg.vanish()
    await house.over()


async def test_a_place_that_was_kept_is_taken_again(house: House) -> None:
    await house.open()
    leg, contact = house.call()
    session = house.switchboard.find(contact)
    assert session is not None
    taken = house.services.clock() - 90
    going = asyncio.create_task(Waiting(session, Enqueue("support", {}, since=taken)).run())
    await house.until(lambda: session.placement is not None)
    async with asyncio.timeout(5):
        while not await house.store.contacts("support"):  # noqa: ASYNC110  # the queue is in Redis
            await asyncio.sleep(0.01)
    assert (await house.store.contact(contact)).enqueued_at == pytest.approx(taken, abs=0.01)
    going.cancel()
    leg.vanish()
    await house.over()


async def test_a_caller_who_leaves_while_the_audio_is_set_up_leaves_no_call_on_the_page(house: House) -> None:
    await house.open("anna")
    connecting = asyncio.Event()

    async def connect(agent_id: str, contact_id: str) -> FakeLeg:
        connecting.set()
        await asyncio.Event().wait()
        raise AssertionError

    house.desk.connect = connect  # type: ignore[method-assign]
    leg, _ = await in_queue(house)
    async with asyncio.timeout(10):
        await connecting.wait()
    leg.vanish()
    await house.over()
    assert house.desk.phases()[-1] == "wrap_up"
    assert await house.state("anna") is AgentState.WRAP_UP


@pytest.mark.parametrize("move", ["accept", "leave"])
async def test_an_answer_of_redis_that_got_lost_strands_no_agent(
    house: House, monkeypatch: pytest.MonkeyPatch, move: str
) -> None:
    """The move is done, but nobody hears of it: it may be said again, and the agent is free in the end."""
    await house.open("anna")
    done, lost = getattr(house.store, move), list[str]()

    async def answer_lost(*given: str) -> object:
        answer = await done(*given)
        if not lost:
            lost.append(move)
            raise StoreUnavailable("the connection broke before the answer came")
        return answer

    monkeypatch.setattr(house.store, move, answer_lost)
    leg, _ = await in_queue(house)
    if move == "leave":
        await house.until(lambda: len(house.talks))
    else:
        await house.until(lambda: lost)
    leg.vanish()
    await house.over()
    await house.until(lambda: lost)
    async with asyncio.timeout(10):
        while (await house.store.agent("anna")).held:  # noqa: ASYNC110  # it is in Redis
            await asyncio.sleep(0.02)
    assert (await house.state("anna")) in (AgentState.WRAP_UP, AgentState.AVAILABLE)
