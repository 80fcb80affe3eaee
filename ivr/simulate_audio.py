"""A recording put through the real recogniser, for a simulated call: what would have been heard."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.dialplan.events import Listen
from ivr.dialplan.simulator import Simulation
from ivr.dialplan.slots.vocabulary import vocabulary
from ivr.errors import ConfigError, SpeechUnavailable
from ivr.rehearsing import House
from ivr.settings import Settings
from ivr.speech.pool import RecognizerPool
from ivr.speech.recognizer import RecognitionEvent, RecognitionLost, UtteranceHeard
from ivr.speech.recording import TELEPHONE_RATE, read_recording
from ivr.wiring_speech import speech_settings
from telephony.leg import FRAME_SAMPLES

Samples = NDArray[np.int16]

LEAD_SECONDS = 0.3
TAIL_SECONDS = 1.5
"""Silence after the recording, so that its end is heard."""
LONGEST_SECONDS = 60.0
PACE = 0.004
"""Seconds between frames of 20 ms: five times as fast as a caller."""


def hear(path: Path, simulation: Simulation, house: House, config: Path | None, data: Path | None) -> tuple[str, float]:
    """What the recogniser makes of a recording where the call stands: text and confidence.

    Raises ConfigError for a file that is no recording, SpeechUnavailable where nothing listens or no model is installed.
    """
    samples = _samples(path)
    listen = simulation.listening
    if listen is None:
        raise SpeechUnavailable(f"nothing listens in `{simulation.state.state}`")
    settings = house.settings or Settings()
    folder = data or _data(settings, config)
    wanted = speech_settings(settings, [listen.language], folder)
    if listen.language not in wanted.models:
        cure = (
            f"`ivr models --dir {wanted.directory} list` says which" if settings.speech.enabled else "speech.enabled is false"
        )
        raise SpeechUnavailable(f"no speech model for {listen.language!r} is installed: {cure}")
    return asyncio.run(_hear(RecognizerPool(wanted), samples, listen))


def _data(settings: Settings, config: Path | None) -> Path:
    return (config.parent if config is not None else Path()) / (settings.data or "data")


def _samples(path: Path) -> Samples:
    samples = np.asarray(read_recording(path), np.int16)
    if not len(samples) or len(samples) > LONGEST_SECONDS * TELEPHONE_RATE:
        raise ConfigError(f"{path}: {len(samples) / TELEPHONE_RATE:.1f} s long: up to {LONGEST_SECONDS:g} s, please")
    lead, tail = int(LEAD_SECONDS * TELEPHONE_RATE), int(TAIL_SECONDS * TELEPHONE_RATE)
    return np.pad(samples, (lead, tail + (-len(samples) - lead - tail) % FRAME_SAMPLES))


async def _hear(engine: RecognizerPool, samples: Samples, listen: Listen) -> tuple[str, float]:
    """As `ivr.session.voice_io` would listen."""
    heard: asyncio.Queue[RecognitionEvent] = asyncio.Queue()
    words = () if listen.open else vocabulary(listen.expects, listen.language)
    phrases = [] if listen.open else [*words, *(phrase.text for phrase in listen.phrases)]
    try:
        await engine.start()
        stream = engine.open(heard.put_nowait)
        stream.listen(listen.language, phrases, patience=listen.patience, confirm=listen.confirm, words=bool(words))
        for at in range(0, len(samples), FRAME_SAMPLES):
            stream.feed(samples[at : at + FRAME_SAMPLES])
            await asyncio.sleep(PACE)
        return await asyncio.wait_for(_utterance(heard), 10.0)
    except TimeoutError:
        return "", 0.0
    finally:
        await engine.close()


async def _utterance(heard: asyncio.Queue[RecognitionEvent]) -> tuple[str, float]:
    while True:
        match await heard.get():
            case UtteranceHeard(text=text, confidence=confidence):
                return text, confidence
            case RecognitionLost(reason=reason):
                raise SpeechUnavailable(reason)
