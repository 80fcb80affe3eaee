"""What the recogniser is told to listen for, and what the flow hears of it."""

from __future__ import annotations

import pytest

from ivr.dialplan.events import Event, Heard, Listen, Phrase
from ivr.session.voice_io import VoiceIO
from ivr.speech.fake import FakeRecognizer
from ivr.speech.prompts import PromptLibrary
from telephony.fake import FakeLeg
from telephony.leg import LegState

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
    assert heard[-1] == Heard("你们这是什么服务气死我了", 0.9, mood="angry")
