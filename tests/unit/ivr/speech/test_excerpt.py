"""Recordings given as other files, and parts of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pydub import AudioSegment

from ivr.speech.excerpt import ExcerptFailed, excerpt
from telephony.media import wav
from telephony.media.g711 import encode_pcmu


def tones(tag: int = wav.PCM) -> bytes:
    """Two seconds: 400 Hz left, 900 Hz right."""
    at = np.arange(16000) * (2 * np.pi / 8000)
    both = np.stack((np.sin(at * 400), np.sin(at * 900)), axis=1) * 8000
    samples = np.rint(both).astype(np.int16).reshape(-1)
    data = encode_pcmu(samples) if tag == wav.MULAW else samples.tobytes()
    return wav.header(tag, 2, 8000, len(data)) + data


def strongest(sound: AudioSegment) -> list[float]:
    """Hz of the strongest tone of each channel."""
    found = []
    for channel in sound.split_to_mono():
        samples = np.array(channel.get_array_of_samples(), float)
        found.append(float(np.abs(np.fft.rfft(samples)).argmax()) * channel.frame_rate / len(samples))
    return found


@pytest.mark.parametrize("form", ["wav", "mp3", "ogg"])
@pytest.mark.parametrize("tag", [wav.PCM, wav.MULAW])
def test_a_part_keeps_both_channels(form: str, tag: int) -> None:
    part = AudioSegment.from_file(io.BytesIO(excerpt(tones(tag), form, 0.5, 1.5)), format=form)
    assert part.channels == 2 and part.duration_seconds == pytest.approx(1.0, abs=0.12)
    left, right = strongest(part)
    assert left == pytest.approx(400, abs=8) and right == pytest.approx(900, abs=8)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"OggS" + b"\0" * 40, b"\0" * 1000])
def test_what_is_no_sound_is_said(data: bytes) -> None:
    with pytest.raises(ExcerptFailed):
        excerpt(data, "mp3")
