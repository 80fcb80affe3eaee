"""What the recogniser is told to listen for, and what the flow hears of it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from ivr.dialplan.events import Event, Heard, Listen, Phrase, SpeechLost
from ivr.session import voice_io
from ivr.session.voice_io import VoiceIO
from ivr.speech.fake import FakeRecognizer
from ivr.speech.prompts import PromptLibrary
from ivr.understanding.meaning import Meaning
from telephony.fake import FakeLeg
from telephony.leg import LegState
from telephony.media.clip import Clip

Scene = tuple[VoiceIO, FakeRecognizer, list[Event]]

AGENT = (Phrase("人工", "agent"),)


@pytest.fixture
async def scene() -> tuple[VoiceIO, FakeRecognizer, list[Event]]:
    heard: list[Event] = []
    recognizer = FakeRecognizer()
    return VoiceIO(FakeLeg(state=LegState.UP), PromptLibrary({}, ["zh", "en"]), recognizer, heard.append), recognizer, heard


async def test_a_closed_list_is_told_as_it_is(scene: tuple[VoiceIO, FakeRecognizer, list[Event]]) -> None:
    io, recognizer, heard = scene
    io.listen(Listen("zh", AGENT))
    stream = recognizer.streams[-1]
    assert (stream.phrases, stream.words) == (("人工",), False)
    stream.hear("人工", 0.9)
    assert heard[-1] == Heard("人工", 0.9, "agent")


async def test_a_row_of_digits_is_heard_by_the_words_of_digits(scene: tuple[VoiceIO, FakeRecognizer, list[Event]]) -> None:
    io, recognizer, heard = scene
    io.listen(Listen("zh", AGENT, 1.0, 0.3, "digits"))
    stream = recognizer.streams[-1]
    assert stream.words
    assert {"幺", "八", "零", "不是", "人工"} <= set(stream.phrases)
    stream.hear("八八六幺", 0.8)
    assert heard[-1] == Heard("八八六幺", 0.8)


async def test_dates_and_free_words_are_heard_freely(scene: tuple[VoiceIO, FakeRecognizer, list[Event]]) -> None:
    io, recognizer, heard = scene
    io.listen(Listen("zh", AGENT, 1.0, 0.3, "date", True))
    stream = recognizer.streams[-1]
    assert (stream.phrases, stream.words) == ((), False)
    stream.hear("后天上午", 0.7)
    assert heard[-1] == Heard("后天上午", 0.7)
    stream.hear("人工", 0.9)
    assert heard[-1] == Heard("人工", 0.9, "agent")


async def test_anger_is_told_with_the_words(scene: tuple[VoiceIO, FakeRecognizer, list[Event]]) -> None:
    io, recognizer, heard = scene
    io.listen(Listen("zh", AGENT, open=True))
    recognizer.streams[-1].hear("你们这是什么服务气死我了", 0.9)
    assert heard[-1] == Heard("你们这是什么服务气死我了", 0.9)


async def test_a_question_that_is_not_heard_any_more_is_told_to_the_flow(scene: Scene) -> None:
    io, recognizer, heard = scene
    io.listen(Listen("zh", AGENT))
    recognizer.streams[-1].lose()
    assert heard == [SpeechLost()]
    assert not io.listening


async def test_who_waits_is_heard_again_after_a_loss(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_io, "RETRY_SECONDS", (0.0,))
    io, recognizer, heard = scene
    io.listen(Listen("zh", AGENT), lasting=True)
    recognizer.full = True
    recognizer.streams[-1].lose()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not io.listening
    recognizer.full = False
    async with asyncio.timeout(5):
        while not io.listening:  # noqa: ASYNC110  # a timer does it
            await asyncio.sleep(0.001)
    assert heard == []
    recognizer.streams[-1].hear("人工", 0.9)
    assert isinstance(heard[-1], Heard)
    assert heard[-1].intent == "agent"


async def test_who_waits_is_not_asked_again_for_what_can_never_be_heard(scene: Scene) -> None:
    io, recognizer, heard = scene
    io.listen(Listen("zh", AGENT), lasting=True)
    recognizer.streams[-1].lose("the model knows none of these words", deaf=True)
    assert (io._retry, io.listening, heard) == (None, False, [])
    io.listen(Listen("zh", AGENT))
    recognizer.streams[-1].lose(deaf=True)
    assert heard == [SpeechLost()], "a question is told to the flow all the same"


@pytest.mark.parametrize("end", ["pause", "close", "listen"])
async def test_a_wait_that_is_over_is_not_heard_again(scene: Scene, end: str) -> None:
    io, recognizer, _ = scene
    io.listen(Listen("zh", AGENT), lasting=True)
    recognizer.streams[-1].lose()
    opened = len(recognizer.streams)
    if end == "listen":
        io.listen(Listen("zh", AGENT))
        opened += 1
    else:
        getattr(io, end)()
    assert io._retry is None
    assert len(recognizer.streams) == opened


async def test_what_is_played_goes_with_what_is_heard(scene: Scene) -> None:
    io, recognizer, _ = scene
    leg = io._leg
    assert isinstance(leg, FakeLeg)
    leg.sound = np.full(160, 7, np.int16)
    io.listen(Listen("zh", AGENT))
    said = np.full(160, 3, np.int16)
    assert leg.listener is not None
    leg.listener(said)
    leg.play([Clip.silence(1.0)])
    leg.listener(said)
    stream = recognizer.streams[-1]
    assert stream.played[0] is None
    assert stream.played[1] is leg.sound
    assert stream.frames == [said, said]


async def test_whoever_put_us_on_hold_is_not_heard(scene: Scene) -> None:
    io, recognizer, _ = scene
    leg = io._leg
    assert isinstance(leg, FakeLeg)
    io.listen(Listen("zh", AGENT))
    assert leg.listener is not None
    io.held = True
    leg.listener(np.full(160, 3, np.int16))
    io.held = False
    leg.listener(np.full(160, 4, np.int16))
    assert [int(frame[0]) for frame in recognizer.streams[-1].frames] == [0, 4]


async def test_who_comes_in_the_place_of_one_that_held_is_heard(scene: Scene) -> None:
    io, recognizer, _ = scene
    io.listen(Listen("zh", AGENT))
    io.held = True
    leg = FakeLeg(state=LegState.UP)
    io.move(leg)
    assert leg.listener is not None
    leg.listener(np.full(160, 5, np.int16))
    assert [int(frame[0]) for frame in recognizer.streams[-1].frames] == [5]


async def test_words_that_cannot_be_understood_are_matched_by_phrase(caplog: pytest.LogCaptureFixture) -> None:
    def broken(text: str, *_: object) -> Meaning:
        raise ValueError(text)

    heard: list[Event] = []
    recognizer = FakeRecognizer()
    io = VoiceIO(FakeLeg(state=LegState.UP), PromptLibrary({}, ["zh"]), recognizer, heard.append, broken)
    io.listen(Listen("zh", AGENT))
    recognizer.streams[-1].hear("人工", 0.9)
    assert heard[-1:] == [Heard("人工", 0.9, "agent")]
    assert "by phrase alone: ValueError" in caplog.text and "人工" not in caplog.text
