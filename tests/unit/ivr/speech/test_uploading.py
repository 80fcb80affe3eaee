"""Recordings that people bring: any format comes out as a telephone can play it, and what is none is refused in words."""

from __future__ import annotations

import io
import resource
import socket
import sys
import time
import wave
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.errors import Unreadable
from ivr.speech import uploading
from ivr.speech.recording import level
from ivr.speech.uploading import taken, wav_of


def tone(seconds: float = 1.0, rate: int = 44_100, amplitude: int = 3000, silence: float = 0.5) -> NDArray[np.int16]:
    sound = np.sin(np.arange(round(seconds * rate)) * (2 * np.pi * 400 / rate)) * amplitude
    quiet = np.zeros(round(silence * rate))
    return np.concatenate([quiet, sound, quiet]).astype(np.int16)


def encoded(form: str, codec: str, rate: int = 48_000) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=rate)
        frame = av.AudioFrame.from_ndarray(tone(rate=rate).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 960)
        for part in (*resampler.resample(frame), None):
            container.mux(stream.encode(part))
    return out.getvalue()


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_it_is_trimmed_and_levelled(rate: int) -> None:
    samples = taken(wav_of(tone(), 44_100), rate, trim=True, even=True)
    assert 1.0 < len(samples) / rate < 1.2
    assert level(samples)[0] == pytest.approx(-20.0, abs=1.0)


def test_it_can_be_left_as_it_is() -> None:
    whole = taken(wav_of(tone(), 44_100), 16_000, trim=False, even=False)
    assert len(whole) / 16_000 == pytest.approx(2.0, abs=0.01)
    assert level(whole)[1] == pytest.approx(level(tone())[1], abs=0.5)
    trimmed = taken(wav_of(tone(), 44_100), 16_000, trim=True, even=False)
    assert level(trimmed)[1] == pytest.approx(level(tone())[1], abs=0.5)
    even = taken(wav_of(tone(), 44_100), 16_000, trim=False, even=True)
    assert len(even) == len(whole) and level(even[8_000:24_000])[0] == pytest.approx(-20.0, abs=1.0)


def test_stereo_and_other_widths_are_taken() -> None:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((2, 1, 22_050, 0, "NONE", ""))
        file.writeframes(bytes([128 + round(60 * np.sin(n / 9)) for n in range(22_050) for _ in range(2)]))
    assert len(taken(out.getvalue(), 8_000, True, True)) / 8_000 == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("form", "codec"), [("webm", "libopus"), ("ogg", "libopus"), ("flac", "flac")])
@pytest.mark.parametrize("ffmpeg", [True, False])
def test_what_browsers_and_people_send_is_taken(form: str, codec: str, ffmpeg: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not ffmpeg:
        monkeypatch.setattr("ivr.speech.uploading.AudioSegment.converter", "/nowhere/ffmpeg")
    samples = taken(encoded(form, codec), 16_000, trim=True, even=True)
    assert 0.9 < len(samples) / 16_000 < 1.3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not audio"),
        (b"garbage" * 500, "not audio"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "not audio"),
        (b"\x1aE\xdf\xa3" + b"\x00" * 100, "not audio"),
        (b"ID3" + bytes(range(256)) * 4, "not audio"),
        (wav_of(np.zeros(16_000, np.int16), 16_000), "nothing to hear"),
        (wav_of(tone(0.02, silence=0), 44_100), "nothing to hear"),
        (wav_of(np.zeros(8_000 * 302, np.int16), 8_000), "longer than 5 minutes"),
        (b"x" * (uploading.LARGEST + 1), "larger than 20 MiB"),
    ],
    ids=["empty", "garbage", "no-chunks", "matroska", "mp3", "silence", "blip", "too-long", "too-large"],
)
def test_what_is_no_recording_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        taken(data, 8_000, True, True)


def test_a_header_that_promises_too_much_is_refused() -> None:
    data = bytearray(wav_of(tone(), 44_100))
    data[24:28] = (4_000_000_000).to_bytes(4, "little")
    with pytest.raises(Unreadable):
        taken(bytes(data), 8_000, True, True)
    with pytest.raises(Unreadable, match="rate"):
        taken(wav_of(tone(), 44_100), 11_025, True, True)


@pytest.mark.parametrize("tag", [b"", b"ID3\x04\0\0\0\0\0\0"])
def test_a_playlist_makes_the_server_ask_nobody(tag: bytes) -> None:
    with socket.create_server(("127.0.0.41", 0)) as asked:
        asked.setblocking(False)
        url = f"http://127.0.0.41:{asked.getsockname()[1]}/x.mp3"
        listed = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n"
        with pytest.raises(Unreadable):
            taken(tag + listed.encode(), 8_000, True, True)
        with pytest.raises(BlockingIOError):
            asked.accept()


def test_what_would_listen_on_the_network_is_refused_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(Unreadable):
        taken(b"v=0\r\nc=IN IP4 127.0.0.41\r\nt=0 0\r\nm=audio 45678 RTP/AVP 0\r\n", 8_000, True, True)
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in other units there")
def test_a_small_file_that_unpacks_to_gigabytes_is_never_held() -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="flac") as container:
        stream: Any = container.add_stream("flac", rate=96_000, layout="5.1")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 6 * 96_000), np.int16), format="s16", layout="5.1")
        frame.sample_rate = 96_000
        for second in range(302):
            frame.pts = second * 96_000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(out.getvalue()) < 1 << 20
    with pytest.raises(Unreadable, match="longer than 5 minutes"):
        taken(out.getvalue(), 8_000, True, True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB; it was two million


def test_a_decoder_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "DECODING_SECONDS", 0.2)
    monkeypatch.setattr(uploading, "DECODE", ("60",))
    monkeypatch.setattr("ivr.speech.uploading.AudioSegment.converter", "sleep")
    began = time.monotonic()
    with pytest.raises(Unreadable, match="too long"):
        taken(b"RIFF", 8_000, True, True)
    assert time.monotonic() - began < 10
