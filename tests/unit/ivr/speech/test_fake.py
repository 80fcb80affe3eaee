from __future__ import annotations

import numpy as np
import pytest

from ivr.errors import SpeechUnavailable
from ivr.speech.fake import FakeRecognizer
from ivr.speech.recognizer import PartialHeard, RecognitionEvent, RecognitionLost, Recognizer, SpeechStarted, UtteranceHeard


async def test_the_fake_is_a_recognizer_and_speaks_when_told() -> None:
    fake = FakeRecognizer(clock=lambda: 7.0)
    recognizer: Recognizer = fake
    await recognizer.start()
    events: list[RecognitionEvent] = []
    stream = recognizer.open(events.append)
    stream.listen("zh", ["查账单"], patience=0.4)
    fake.streams[0].partial("查")
    fake.streams[0].hear("查账单", 0.8)
    fake.streams[0].lose("gone")
    assert events == [
        PartialHeard(7.0, "查"),
        SpeechStarted(7.0),
        UtteranceHeard(7.0, "查账单", 0.8, 7.0),
        RecognitionLost(7.0, "gone"),
    ]
    assert fake.streams[0].phrases == ("查账单",)
    stream.close()
    with pytest.raises(SpeechUnavailable):
        stream.listen("zh", [])
    await recognizer.close()


async def test_a_script_follows_the_frames() -> None:
    fake = FakeRecognizer(script={2: (SpeechStarted(1.0),)})
    events: list[RecognitionEvent] = []
    stream = fake.open(events.append)
    frame = np.zeros(160, np.int16)
    stream.feed(frame)
    stream.listen("en", [])
    for _ in range(3):
        stream.feed(frame)
    assert events == [SpeechStarted(1.0)]
    fake.full = True
    with pytest.raises(SpeechUnavailable):
        stream.listen("en", [])
