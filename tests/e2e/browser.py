"""Debian's Chromium as a real caller or agent: its microphone is a WAV, and what it hears is measured in the page.

async with Browser(microphone=write_tone(folder / "mic.wav", 660)) as browser:
    page = await browser.page("http://127.0.0.1:8080/call")
    levels = await heard(page, 440, 660)
"""

from __future__ import annotations

import asyncio
import math
import shutil
import time
import wave
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from playwright.async_api import Browser as Chromium
from playwright.async_api import ConsoleMessage, Page, Playwright, async_playwright

EXECUTABLE = Path(shutil.which("chromium") or "/usr/bin/chromium")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]

EAR = """
(() => {
  if (window.__ear) return;
  const ear = (window.__ear = { analysers: [], peers: [] });
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      ear.peers.push(this);
      this.addEventListener('track', (event) => ear.listen(new MediaStream([event.track])));
    }
  };
  ear.listen = (stream) => {
    const sink = new Audio();  // Chromium feeds WebAudio from a remote stream only while an element plays it
    sink.muted = true;
    sink.srcObject = stream;
    sink.play().catch(() => {});
    ear.context = ear.context || new AudioContext();
    const analyser = ear.context.createAnalyser();
    analyser.fftSize = 8192;
    ear.context.createMediaStreamSource(stream).connect(analyser);
    ear.analysers.push(analyser);
  };
  const goertzel = (samples, rate, hertz) => {
    const turn = 2 * Math.cos((2 * Math.PI * hertz) / rate);
    let one = 0, two = 0;
    samples.forEach((sample, at) => {
      const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / samples.length);
      const next = sample * window * 2 + turn * one - two;
      two = one;
      one = next;
    });
    return (2 * Math.sqrt(Math.max(0, one * one + two * two - turn * one * two))) / samples.length;
  };
  ear.levels = (tones) => {
    const levels = Object.fromEntries(['rms', ...tones].map((name) => [name, 0]));
    for (const analyser of ear.analysers) {
      const samples = new Float32Array(analyser.fftSize);
      analyser.getFloatTimeDomainData(samples);
      const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      levels.rms = Math.max(levels.rms, rms);
      for (const tone of tones) levels[tone] = Math.max(levels[tone], goertzel(samples, ear.context.sampleRate, tone));
    }
    return levels;
  };
})();
"""


class Browser:
    """One headless Chromium with its own profile; `async with` starts and ends the process.

    `microphone` is a WAV (mono, 16 bit, any rate) that repeats for ever, or once with `repeat=False`; without one the
    microphone is silent.
    """

    def __init__(self, microphone: Path | None = None, *, repeat: bool = True) -> None:
        self._microphone = microphone
        self._repeat = repeat
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self.console: list[str] = []
        """What the pages wrote, with their uncaught errors: attach it to a failure."""

    async def __aenter__(self) -> Self:
        file = f"--use-file-for-fake-audio-capture={self._microphone}" if self._microphone else "--mute-audio"
        if self._microphone and not self._repeat:
            file += "%noloop"
        self._playwright = await async_playwright().start()
        self._chromium = await self._playwright.chromium.launch(
            executable_path=EXECUTABLE, headless=True, args=[*FLAGS, file], timeout=60_000
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._chromium is not None:
            await self._chromium.close()
        if self._playwright is not None:
            await self._playwright.stop()

    async def page(self, url: str, *, language: str = "en", width: int = 1280, height: int = 800) -> Page:
        """Open `url` in a context of its own (own cookies), with the ear in place and the microphone allowed."""
        assert self._chromium is not None
        context = await self._chromium.new_context(
            permissions=["microphone"], locale=language, viewport={"width": width, "height": height}
        )
        await context.add_init_script(EAR)
        page = await context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        await page.goto(url)
        return page

    def _said(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text}")


async def heard(page: Page, *tones: float) -> dict[float, float]:
    """Peak amplitude (0..1) of each tone in the last 170 ms of what the page received, whichever peer connection it was."""
    levels = await page.evaluate("tones => window.__ear.levels(tones)", list(tones))
    return {tone: float(levels[f"{tone:g}"]) for tone in tones}


async def loudness(page: Page) -> float:
    """RMS (0..1) of the last 170 ms of what the page received."""
    levels = await page.evaluate("() => window.__ear.levels([])")
    return float(levels["rms"])


async def until_heard(page: Page, tone: float, *, at_least: float = 0.05, within: float = 20.0) -> float:
    """Wait for a tone and return its level. Raises AssertionError with the last level where it does not come (seconds)."""
    level = 0.0
    until = time.monotonic() + within
    while time.monotonic() < until:
        level = (await heard(page, tone))[tone]
        if level >= at_least:
            return level
        await asyncio.sleep(0.03)
    raise AssertionError(f"{tone} Hz reached only {level:.4f} of {at_least} within {within} s")


def write_tone(path: Path, hertz: float, *, seconds: float = 2.0, amplitude: float = 0.5, rate: int = 48000) -> Path:
    """A microphone file: a steady sine, whole periods, so that it repeats without a click."""
    samples = np.sin(np.arange(int(rate * seconds)) * (2 * math.pi * hertz / rate)) * amplitude * 32767
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def tone_level(samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]], hertz: float, rate: int = 8000) -> float:
    """Peak amplitude (0..1) of `hertz` in mono PCM: the same measure as `heard`, for the server's side."""
    window = np.hanning(len(samples)) * 2
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / rate)
    return float(2 * abs(np.sum(samples / 32768 * window * turns)) / len(samples))
