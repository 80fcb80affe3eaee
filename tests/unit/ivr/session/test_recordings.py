"""Recordings of a call: begun by flow or desk, paused, moved to another leg, ended with the call, and in its record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ivr.dialplan.loader import load
from ivr.errors import Conflict
from ivr.session.agents import Agents
from telephony.errors import TransportError
from telephony.fake import FakeLeg
from telephony.joining import RecordingEnded
from telephony.leg import CallLeg, Party, Replaced
from tests.unit.ivr.session.house import FLOW, House


class FakeRecording:
    def __init__(self, leg: CallLeg, name: str, about: Mapping[str, Any], ended: Callable[[RecordingEnded], None]) -> None:
        self.leg, self.file, self.about, self.ended = leg, f"{name}.wav", dict(about), ended
        self.paused = False
        self.done: list[str] = []

    def pause(self, why: str = "") -> None:
        self.paused = True
        self.done.append(f"pause {why}".strip())

    def resume(self) -> None:
        self.paused = False
        self.done.append("resume")

    def silence(self, start: float, end: float, both: bool = True) -> None:
        self.done.append(f"silence {end - start:.1f} {both}")

    def stop(self) -> None:
        self.done.append("stop")
        self.end("stopped")

    def end(self, reason: str) -> None:
        asyncio.get_running_loop().call_soon(self.ended, RecordingEnded(self.file, reason, 3.5, 1000, 0))


class Studio:
    """A house that records, and whose menu begins it."""

    def __init__(self, house: House) -> None:
        self.house, self.made = house, list[FakeRecording]()
        self.refuse = False
        house.services.flows.publish(load(FLOW.replace("  main:\n", "  main:\n    do: [{ record: start }]\n", 1)))
        house.with_services(record=self._record)
        self.buttons = Agents(house.store, house.log, house.talks, house.services.clock)
        self.buttons.find = house.switchboard.find

    def _record(
        self, leg: CallLeg, name: str, about: Mapping[str, Any], ended: Callable[[RecordingEnded], None]
    ) -> FakeRecording:
        if self.refuse:
            raise TransportError("only 3 MB are free on the disk")
        self.made.append(FakeRecording(leg, name, about, ended))
        return self.made[-1]


@pytest.fixture
async def studio(house: House) -> Studio:
    return Studio(house)


async def test_a_flow_records_and_the_record_lists_it(studio: Studio) -> None:
    leg, contact = studio.house.call()
    await studio.house.playing(leg, "hello")
    [made] = studio.made
    assert made.leg is leg and made.about["contact"] == contact and made.file.endswith(f"{contact}-1.wav")
    leg.vanish()
    await studio.house.over()
    [entry] = (await studio.house.row(contact))["recordings"]
    assert (entry["file"], entry["reason"], entry["seconds"], entry["octets"]) == (made.file, "stopped", 3.5, 1000)


async def test_a_desk_pauses_for_card_data(studio: Studio) -> None:
    house = studio.house
    await house.open("anna")
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    for action in ("pause", "resume", "stop", "start"):
        await studio.buttons.record("anna", contact, action)
    with pytest.raises(Conflict, match="can start"):
        await studio.buttons.record("anna", contact, "rewind")
    assert studio.made[0].done == ["pause agent anna", "resume", "stop"] and len(studio.made) == 2
    assert [data["state"] for data in house.desk.of("recording")] == ["paused", "on", "off", "on"]
    leg.vanish()
    await house.over()
    assert len((await house.row(contact))["recordings"]) == 2


async def test_a_disk_that_is_full_is_in_the_record_and_the_call_goes_on(studio: Studio) -> None:
    leg, contact = studio.house.call()
    await studio.house.playing(leg, "hello")
    studio.made[0].end("disk_full")
    await asyncio.sleep(0.02)
    leg.press("1")
    await studio.house.playing(leg, "number")
    leg.vanish()
    await studio.house.over()
    assert [one["reason"] for one in (await studio.house.row(contact))["recordings"]] == ["disk_full"]


async def test_a_call_that_cannot_be_recorded_goes_on(studio: Studio) -> None:
    studio.refuse = True
    leg, contact = studio.house.call()
    await studio.house.playing(leg, "hello")
    leg.vanish()
    await studio.house.over()
    assert (await studio.house.row(contact))["recordings"] == []


async def test_a_call_that_moves_to_another_leg_goes_on_in_another_file(studio: Studio) -> None:
    leg, contact = studio.house.call()
    await studio.house.playing(leg, "hello")
    by = FakeLeg("by", caller=Party("1003"))
    leg.happen(Replaced(0.0, by))
    await studio.house.until(lambda: len(studio.made) == 2)
    assert studio.made[0].done == ["stop"] and studio.made[1].leg is by
    by.vanish()
    await studio.house.over()
    assert len((await studio.house.row(contact))["recordings"]) == 2
