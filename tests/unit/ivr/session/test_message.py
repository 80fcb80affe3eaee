"""Messages that callers leave: ended by silence, a key, the longest time or a hang-up; kept, empty, refused, transcribed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from ivr.dialplan.loader import load
from ivr.session import message
from ivr.session.loudness import Loudness
from telephony.errors import TransportError
from telephony.fake import FakeLeg
from telephony.joining import RecordingEnded
from telephony.leg import FRAME_SAMPLES, CallLeg, Frame
from tests.unit.ivr.session.house import House
from tests.unit.ivr.session.test_recordings import FakeRecording

FLOW = """
flow: small
languages: [en]
defaults: { error: trouble }
states:
  main:
    voicemail: { box: sales, max: 5s, silence: 1s }
    on: { done: thanks, empty: nothing, "*": main, "0": desk }
  thanks: { do: [{ say: done }], hangup: normal }
  nothing: { do: [{ say: bye }], hangup: normal }
  desk: { wait: 60s, on: { done: end } }
  trouble: { do: [{ say: trouble }], hangup: normal }
"""
LOUD: Frame = (np.sin(np.arange(FRAME_SAMPLES)) * 8000).astype(np.int16)
QUIET: Frame = np.zeros(FRAME_SAMPLES, np.int16)


class Studio:
    def __init__(self, house: House) -> None:
        self.house, self.made = house, list[FakeRecording]()
        self.discarded: list[str] = []
        self.refuse = False
        house.services.flows.publish(load(FLOW))
        house.with_services(record=self._record, discard=self.discarded.append)

    def _record(
        self, leg: CallLeg, name: str, about: Mapping[str, Any], ended: Callable[[RecordingEnded], None]
    ) -> FakeRecording:
        if self.refuse:
            raise TransportError("only 3 MB are free on the disk")
        self.made.append(FakeRecording(leg, name, about, ended))
        return self.made[-1]

    async def recording(self) -> tuple[FakeLeg, str]:
        """A call in which the beep was heard and the recording goes on."""
        leg, contact = self.house.call()
        number = len(self.made) + 1
        await self.house.until(lambda: len(self.made) == number and leg.listener is not None)
        return leg, contact

    async def rows(self) -> list[dict[str, Any]]:
        await self.house.late.drain()
        return await self.house.shelves.voicemails.list()


def speaks(leg: FakeLeg, frames: int = 50, frame: Frame = LOUD) -> None:
    for _ in range(frames):
        assert leg.listener is not None
        leg.listener(frame)


@pytest.fixture
def studio(house: House, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setattr(message, "AFTER_BEEP", -0.24)  # nobody hears it here
    return Studio(house)


async def test_silence_ends_a_message(studio: Studio) -> None:
    leg, contact = await studio.recording()
    assert ("play", [message.BEEP.name]) in leg.commands
    speaks(leg)
    await studio.house.playing(leg, "done")
    leg.vanish()
    await studio.house.over()
    [row] = await studio.rows()
    [made] = studio.made
    assert made.about["box"] == "sales" and made.file.startswith("voicemail/sales/") and made.done == ["stop"]
    assert (row["box"], row["contact_id"], row["file"], row["seconds"], row["heard"]) == (
        "sales",
        contact,
        made.file,
        3.5,
        False,
    )


async def test_a_hash_ends_and_keeps_it(studio: Studio) -> None:
    leg, _ = await studio.recording()
    speaks(leg)
    leg.press("#")
    await studio.house.playing(leg, "done")
    leg.vanish()
    await studio.house.over()
    assert len(await studio.rows()) == 1 and not studio.discarded


async def test_a_hang_up_keeps_it(studio: Studio) -> None:
    leg, contact = await studio.recording()
    speaks(leg)
    leg.vanish()
    await studio.house.over()
    [row] = await studio.rows()
    assert row["contact_id"] == contact and (await studio.house.row(contact))["end_cause"] == "hung_up"


async def test_a_key_of_its_own_throws_it_away(studio: Studio) -> None:
    leg, _ = await studio.recording()
    speaks(leg)
    leg.press("*")
    await studio.house.until(lambda: len(studio.made) == 2 and leg.listener is not None)
    assert studio.discarded == [studio.made[0].file]
    speaks(leg)
    leg.press("#")
    await studio.house.playing(leg, "done")
    leg.vanish()
    await studio.house.over()
    assert [row["file"] for row in await studio.rows()] == [studio.made[1].file]


async def test_nobody_spoke(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "FIRST_WORD", 0.0)
    leg, _ = await studio.recording()
    speaks(leg, frame=QUIET)
    await studio.house.playing(leg, "bye")
    leg.vanish()
    await studio.house.over()
    assert await studio.rows() == [] and len(studio.discarded) == 1


@pytest.mark.parametrize("how", ["full", "none"])
async def test_what_cannot_be_recorded_is_an_error(studio: Studio, how: str, caplog: pytest.LogCaptureFixture) -> None:
    studio.refuse = True
    if how == "none":
        studio.house.with_services(record=None)
    leg, _ = studio.house.call()
    await studio.house.playing(leg, "trouble")
    leg.vanish()
    await studio.house.over()
    assert ("3 MB" if how == "full" else "recording.folder") in caplog.text


async def test_a_disk_that_fills_up_keeps_what_there_was(studio: Studio) -> None:
    leg, _ = await studio.recording()
    speaks(leg)
    studio.made[0].end("disk_full")
    await studio.house.playing(leg, "done")
    leg.vanish()
    await studio.house.over()
    assert len(await studio.rows()) == 1


async def test_the_words_are_in_the_row(studio: Studio) -> None:
    studio.house.with_services(recognizer=studio.house.recognizer)
    leg, _ = await studio.recording()
    [stream] = studio.house.recognizer.streams
    assert stream.phrases == (), "anything may be said"
    speaks(leg)
    stream.hear("please call me back")
    leg.press("#")
    await studio.house.until(lambda: leg.listener is None)
    stream.hear("thank you")
    await studio.house.playing(leg, "done")
    leg.vanish()
    await studio.house.over()
    assert [row["transcript"] for row in await studio.rows()] == ["please call me back thank you"]


def test_loudness_knows_a_voice_from_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 60, (500, FRAME_SAMPLES)).astype(np.int16)
    ear = Loudness()
    assert not any(ear.hear(frame) for frame in noise) and ear.voiced == 0.0
    assert ear.hear(LOUD) and ear.voiced == pytest.approx(0.02)
    assert not ear.hear(QUIET) and not ear.hear(np.empty(0, np.int16))


def test_a_long_word_stays_a_word() -> None:
    ear = Loudness()
    assert all(ear.hear(LOUD) for _ in range(50 * 60)), "a minute without a breath"
