"""A voice on another server: a question by HTTP, its sound as the answer.

Spoken to as OpenAI's `/v1/audio/speech` is, or with a JSON body of its own. A server that is down, slow, or answers with
what is no sound costs a caller `within` seconds at most, and nothing once it has failed a few times in a row.
"""

from __future__ import annotations

import io
import logging
import re
import threading
import time
import wave
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
from numpy.typing import NDArray

from ivr.errors import SpeechUnavailable
from ivr.profile.breaker import Breaker
from ivr.speech.recording import resample
from ivr.speech.voice import RATE

log = logging.getLogger(__name__)

MOST_OCTETS = 6 << 20
"""Of an answer: about a minute at 48 kHz."""
MOST_LETTERS = 400
AT_ONCE = 8
"""Questions on their way; what comes then waits, within its time."""
FAILURES = 3
REST = 15.0
"""Seconds in which nobody asks a server that failed so many times in a row."""

Value = str | bool | int | float
_PLACE = re.compile(r"\{(text|language|voice)\}")


class HttpVoice:
    """A `Voice` that another server speaks. `render` blocks its thread for `within` seconds at most."""

    def __init__(
        self,
        url: str,
        speakers: Mapping[str, str],
        *,
        model: str = "tts-1",
        body: Mapping[str, Value] | None = None,
        key: str = "",
        pcm_rate: int = 0,
        within: float = 4.0,
        licence: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`speakers` by language; `body` in place of OpenAI's; `pcm_rate` is the rate of bare samples, 0 for WAV."""
        self._url, self._speakers, self._within, self._pcm_rate = url, dict(speakers), within, pcm_rate
        self._model, self.licence = model, licence
        self._body = dict(body or _openai(model, "pcm" if pcm_rate else "wav"))
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(headers=headers, timeout=within, trust_env=False)
        self._threads = ThreadPoolExecutor(AT_ONCE, "http-voice")
        self._breaker, self._clock, self._lock = Breaker(FAILURES, REST), clock, threading.Lock()

    @property
    def model(self) -> str:
        return f"{self._model} at {httpx.URL(self._url).host}"

    def speaker(self, language: str) -> str:
        return self._speakers.get(language, "")

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        """As `Voice.render`. Raises SpeechUnavailable, at once while the server is left alone."""
        if not self.speaker(language) or len(text) > MOST_LETTERS:
            raise SpeechUnavailable(f"{self.model} has no voice for {len(text)} letters of {language!r}")
        with self._lock:
            if not self._breaker.admit(self._clock()):
                raise SpeechUnavailable(f"{self.model} failed lately and is not asked")
        try:
            samples = self._threads.submit(self._ask, text, language).result(self._within)
        except (TimeoutError, RuntimeError) as error:  # the latter from a voice that was closed
            raise self._failed(
                f"no answer within {self._within:g} s" if isinstance(error, TimeoutError) else "closed"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, _NoSound) as error:
            raise self._failed(str(error) or type(error).__name__) from None
        with self._lock:
            self._breaker.succeeded()
        return samples

    def warm(self, languages: list[str]) -> None:
        """Nothing has to be loaded here."""

    def close(self) -> None:
        """Ask nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _failed(self, why: str) -> SpeechUnavailable:
        with self._lock:
            opened = self._breaker.opened
            self._breaker.failed(self._clock())
            if self._breaker.opened > opened:
                log.warning("voice %s: %s; it is not asked for %g s", self._url, why, REST)
        return SpeechUnavailable(f"{self.model}: {why}")

    def _ask(self, text: str, language: str) -> NDArray[np.int16]:
        until = time.monotonic() + self._within
        values = {"text": text, "language": language, "voice": self.speaker(language)}
        octets = bytearray()
        with self._client.stream("POST", self._url, json=_filled(self._body, values)) as response:
            if response.status_code != 200:
                raise _NoSound(f"answered {response.status_code}")
            for part in response.iter_bytes():
                octets += part
                if len(octets) > MOST_OCTETS:
                    raise _NoSound(f"sends more than {MOST_OCTETS >> 20} MiB for {len(text)} letters")
                if time.monotonic() > until:
                    raise _NoSound(f"was still sending after {self._within:g} s")
        samples, rate = (_bare(bytes(octets)), self._pcm_rate) if self._pcm_rate else _of_wav(bytes(octets))
        if not len(samples) or not samples.any():
            raise _NoSound("sends silence")
        return resample(samples, rate, RATE)


class _NoSound(Exception):
    """What came back is nothing that a telephone could play."""


def _openai(model: str, form: str) -> dict[str, Value]:
    return {"model": model, "input": "{text}", "voice": "{voice}", "response_format": form}


def _filled(body: Mapping[str, Value], values: Mapping[str, str]) -> dict[str, Value]:
    """In one pass: what looks like a place in a text that was filled in is none."""

    def fill(value: Value) -> Value:
        return _PLACE.sub(lambda found: values[found[1]], value) if isinstance(value, str) else value

    return {name: fill(value) for name, value in body.items()}


def _bare(octets: bytes) -> NDArray[np.int16]:
    return np.frombuffer(octets[: len(octets) & ~1], "<i2").astype(np.int16)


def _of_wav(octets: bytes) -> tuple[NDArray[np.int16], int]:
    """Mono samples and their rate; the sizes in the header of a stream may be wrong. Raises _NoSound."""
    try:
        with wave.open(io.BytesIO(octets)) as reader:
            width, channels, rate = reader.getsampwidth(), reader.getnchannels(), reader.getframerate()
            if width != 2 or not 1 <= channels <= 2 or not 8_000 <= rate <= 48_000:
                raise _NoSound(
                    f"sends WAV of {8 * width} bits, {channels} channels, {rate} Hz: 16 bits at 8 to 48 kHz is wanted"
                )
            data = reader.readframes(MOST_OCTETS)
    except (wave.Error, EOFError) as error:
        raise _NoSound(f"sends no WAV: {error}") from None
    samples = _bare(data)
    if channels == 2:
        samples = samples[: len(samples) & ~1].reshape(-1, 2).astype(np.int32).mean(axis=1).astype(np.int16)
    return samples, rate
