"""A voice of another server, asked over a real connection: its sound, its failures, and how long a caller waits for them."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.errors import SpeechUnavailable
from ivr.speech.http_voice import FAILURES, MOST_OCTETS, REST, HttpVoice
from ivr.speech.uploading import wav_of
from ivr.speech.voice import RATE
from ivr.speech.voices import VoiceChain

TONE: NDArray[np.int16] = (8000 * np.sin(np.arange(8000) * 2 * np.pi * 440 / 16000)).astype(np.int16)
"""Half a second at 16 kHz."""


class Server(ThreadingHTTPServer):
    """Answers as it is told, and notes what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.body = 200, wav_of(TONE, 16000)
        self.asked: list[tuple[dict[str, Any], str]] = []
        self.go = threading.Event()
        self.go.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1/audio/speech"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((body, self.headers.get("Authorization", "")))
        self.server.go.wait(10.0)
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # the voice has heard enough
            self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield one
    one.go.set()
    one.shutdown()
    thread.join()
    one.server_close()


def voice_of(server: Server, **more: Any) -> HttpVoice:
    return HttpVoice(server.url, {"zh": "xiao", "en": "heart"}, **more)


def test_it_asks_as_openai_is_asked_and_speaks_what_comes(server: Server) -> None:
    voice = voice_of(server, model="kokoro", key="secret")
    samples = voice.render("您好", "zh")
    wanted = {"model": "kokoro", "input": "您好", "voice": "xiao", "response_format": "wav"}
    assert server.asked == [(wanted, "Bearer secret")]
    assert len(samples) == RATE // 2
    assert 7000 < np.abs(samples).max() < 9000
    assert voice.model == "kokoro at 127.0.0.1"
    assert voice.speaker("ko") == ""
    voice.close()


def test_a_body_of_its_own_and_bare_samples(server: Server) -> None:
    server.body = TONE.tobytes() + b"\0"
    body = {"text": "<{text}>", "lang": "{language}", "who": "{voice}", "speed": 1.1, "ssml": False}
    voice = voice_of(server, body=body, pcm_rate=16000)
    assert len(voice.render("say {voice}", "en")) == RATE // 2
    assert server.asked[0][0] == {"text": "<say {voice}>", "lang": "en", "who": "heart", "speed": 1.1, "ssml": False}
    voice.close()


def test_a_streamed_wav_with_sizes_that_are_none_is_read(server: Server) -> None:
    wav = bytearray(wav_of(np.repeat(TONE, 2), 16000))
    wav[22:24] = b"\2\0"  # stereo
    wav[4:8] = wav[40:44] = b"\xff\xff\xff\xff"
    server.body = bytes(wav)
    voice = voice_of(server)
    assert len(voice.render("hello", "en")) == RATE // 2
    voice.close()


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, b"", "answered 500"),
        (200, b"<html>", "sends no WAV"),
        (200, b"", "sends no WAV"),
        (200, wav_of(np.zeros(100, np.int16), 16000), "silence"),
        (200, wav_of(TONE, 16000)[:40] + bytes(4), "silence"),
        (200, bytes(MOST_OCTETS + 2), "MiB"),
        (302, b"", "answered 302"),
    ],
)
def test_what_is_no_sound_is_refused(server: Server, status: int, body: bytes, why: str) -> None:
    server.status, server.body = status, body
    voice = voice_of(server)
    with pytest.raises(SpeechUnavailable, match=why):
        voice.render("hello", "en")
    voice.close()


def test_a_slow_server_costs_its_time_and_no_more(server: Server) -> None:
    server.go.clear()
    voice = voice_of(server, within=0.2)
    with pytest.raises(SpeechUnavailable, match=r"no answer within 0\.2 s|timed out"):
        voice.render("hello", "en")
    voice.close()


def test_a_server_that_fails_is_left_alone_for_a_while(server: Server) -> None:
    server.status, now = 503, [0.0]
    voice = voice_of(server, clock=lambda: now[0])
    for _ in range(FAILURES):
        with pytest.raises(SpeechUnavailable, match="503"):
            voice.render("hello", "en")
    with pytest.raises(SpeechUnavailable, match="failed lately"):
        voice.render("hello", "en")
    assert len(server.asked) == FAILURES
    server.status, now[0] = 200, REST
    assert len(voice.render("hello", "en")) == RATE // 2
    voice.close()


def test_nobody_there_and_texts_that_are_none_of_its_business(server: Server) -> None:
    voice = HttpVoice("http://127.0.0.1:1/", {"en": "one"})
    with pytest.raises(SpeechUnavailable):
        voice.render("hello", "en")
    with pytest.raises(SpeechUnavailable, match="no voice"):
        voice.render("hello", "zh")
    with pytest.raises(SpeechUnavailable, match="401 letters"):
        voice.render("a" * 401, "en")
    voice.close()
    with pytest.raises(SpeechUnavailable, match="closed"):
        voice.render("hello", "en")


def test_the_next_voice_speaks_while_the_server_is_away(server: Server) -> None:
    server.status = 503
    calls: list[str] = []

    class Next(HttpVoice):
        def render(self, text: str, language: str) -> NDArray[np.int16]:
            calls.append(text)
            return TONE

    chain = VoiceChain([voice_of(server), Next("http://127.0.0.1:1/", {"en": "robot"})])
    for _ in range(FAILURES + 2):
        assert len(chain.render("hello", "en")) == len(TONE)
    assert (len(server.asked), len(calls)) == (FAILURES, FAILURES + 2)
    chain.close()
