"""Words that nobody recorded: the voice speaks them, the caller waits, nobody else does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.dialplan.events import Event, Prompt, PromptEnded, Say, StepFailed, Words
from ivr.errors import SpeechUnavailable
from ivr.session.voice_io import VoiceIO
from ivr.speech.prompts import PromptLibrary
from ivr.speech.voice import RATE
from telephony.fake import FakeLeg
from telephony.leg import LegState, PlaybackFinished


class SlowVoice:
    """Speaks once it is let; "no" it cannot say."""

    model, licence = "slow", "CC0-1.0"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.threads: list[int] = []

    def speaker(self, language: str) -> str:
        return "one"

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        self.threads.append(threading.get_ident())
        self.go.wait(5.0)
        if text == "no":
            raise SpeechUnavailable("the voice is hoarse")
        return np.full(RATE // 2, 9000, np.int16)


@pytest.fixture
async def scene() -> tuple[VoiceIO, FakeLeg, SlowVoice, list[Event]]:
    voice, leg = SlowVoice(), FakeLeg(state=LegState.UP)
    heard: list[Event] = []
    emit: Callable[[Event], None] = heard.append
    return VoiceIO(leg, PromptLibrary({}, ["en"], voice), None, emit), leg, voice, heard


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(5.0):
        while not what():  # noqa: ASYNC110  # a thread sets it
            await asyncio.sleep(0.005)


def words(text: str, number: int) -> Say:
    return Say((Words(text, "en"),), 0.3, number)


async def test_it_is_spoken_off_the_loop_and_then_played(scene: tuple[VoiceIO, FakeLeg, SlowVoice, list[Event]]) -> None:
    io, leg, voice, heard = scene
    assert io.say(words("Hello Wang", 1)) == "Hello Wang"
    assert not leg.playing
    voice.go.set()
    await until(lambda: bool(leg.playing))
    assert voice.threads and voice.threads[0] != threading.get_ident()
    assert heard == []


async def test_what_is_said_meanwhile_takes_its_place(scene: tuple[VoiceIO, FakeLeg, SlowVoice, list[Event]]) -> None:
    io, leg, voice, heard = scene
    io.say(words("Hello Wang", 1))
    io.stop()
    assert heard == [PromptEnded(1)]
    io.say(words("Hello Li", 2))
    io.say(Say((), None, 3))
    voice.go.set()
    await until(lambda: PromptEnded(3) in heard)
    assert not leg.playing
    assert PromptEnded(2) not in heard


async def test_the_end_of_what_sounded_before_is_not_the_end_of_what_is_rendered(
    scene: tuple[VoiceIO, FakeLeg, SlowVoice, list[Event]],
) -> None:
    """A key stops the first prompt; the leg reports that after the second one was begun, which is still to be rendered."""
    io, leg, voice, heard = scene
    voice.go.set()
    io.say(words("Hello Wang", 1))
    await until(lambda: bool(leg.playing))
    voice.go.clear()
    io.stop()
    io.say(words("Hello Li", 2))
    io.on_playback(PlaybackFinished(0.0, 1, False, 400))
    assert PromptEnded(2) not in heard
    voice.go.set()
    await until(lambda: bool(leg.playing))
    io.on_playback(PlaybackFinished(0.0, 2, True, 500))
    assert heard[-1] == PromptEnded(2)


async def test_a_voice_that_cannot_is_a_step_that_failed(scene: tuple[VoiceIO, FakeLeg, SlowVoice, list[Event]]) -> None:
    io, leg, voice, heard = scene
    voice.go.set()
    io.say(words("no", 1))
    await until(lambda: bool(heard))
    assert heard == [StepFailed("the voice is hoarse")]
    assert io.say(Say((Prompt("gone", "en"),), None, 2)) == ""
    assert isinstance(heard[-1], StepFailed)
    assert not leg.playing


async def test_a_long_text_sounds_before_all_of_it_is_rendered(scene: tuple[VoiceIO, FakeLeg, SlowVoice, list[Event]]) -> None:
    """Stopped between two pieces, it ends once, and the rest is never said."""
    io, leg, voice, heard = scene
    leg.subscribe(lambda event: io.on_playback(event) if isinstance(event, PlaybackFinished) else None)
    voice.go.set()
    io.say(words("Your order left our house this morning.", 1))
    await until(lambda: leg.playing)
    io.stop()
    leg.commands.clear()
    heard.clear()
    voice.go.clear()
    io.say(words("Your order left our house this morning, and it will come tomorrow before three in the afternoon.", 2))
    await until(lambda: leg.playing)
    io.stop()
    assert heard == [PromptEnded(2)]
    voice.go.set()
    await asyncio.sleep(0)
    assert not leg.playing
    assert heard == [PromptEnded(2)]
