from __future__ import annotations

import numpy as np
import pytest

from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.g711 import decode_pcma, decode_pcmu


def test_frames_are_160_octets_and_the_last_is_filled_with_silence() -> None:
    clip = Clip.from_pcm(np.full(200, 1000, np.int16), "two")
    first, last = clip.frames(Codec.PCMU)
    assert len(first) == len(last) == 160
    assert last[40:] == b"\xff" * 120
    assert clip.frames(Codec.PCMA)[1][40:] == b"\xd5" * 120
    assert clip.seconds == 0.025


def test_a_codec_is_encoded_once() -> None:
    clip = Clip.tone(440, 0.1)
    assert clip.frames(Codec.PCMA) is clip.frames(Codec.PCMA)


def test_frames_carry_the_audio() -> None:
    clip = Clip.tone(440, 0.1, 8000)
    for codec, decode in ((Codec.PCMU, decode_pcmu), (Codec.PCMA, decode_pcma)):
        heard = decode(b"".join(clip.frames(codec)))
        assert np.abs(heard.astype(int) - clip.samples).max() < 300


def test_a_clip_cannot_be_changed_from_outside() -> None:
    samples = np.zeros(160, np.int16)
    clip = Clip.from_pcm(samples)
    samples[:] = 1
    assert not clip.samples.any()
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0] = 1


def test_an_empty_clip_has_no_frames() -> None:
    assert Clip.silence(0).frames(Codec.PCMU) == ()
    assert "silence" in repr(Clip.silence(1))
