"""How long a caller waits for words that nobody recorded, whole and piece by piece, and what ready prompts cost in each codec.

python -m tests.load.voices [--kokoro .kokoro] [--rounds 3] [--cpu] [--codecs]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from ivr.dialplan.events import Event, PromptEnded, Say, Words
from ivr.session.voice_io import VoiceIO
from ivr.speech import live_voice
from ivr.speech.clauses import clauses
from ivr.speech.live_voice import LiveVoice
from ivr.speech.prompts import PromptLibrary
from ivr.speech.voice import RATE, EspeakVoice, KokoroVoice, Voice
from ivr.speech.voices import ESPEAK_SPEAKERS
from telephony.fake import FakeLeg
from telephony.leg import LegState, PlaybackFinished
from telephony.media.clip import Clip
from telephony.media.codec import Codec

TEXTS = {
    "zh": "王先生您好，您昨天下午订的三箱苹果已经发货了，快递员会在明天上午九点到十二点之间送到您家门口，"
    "请您保持电话畅通，谢谢您的耐心等待。",
    "en": "Good morning Mister Wang, the boxes that you ordered yesterday have left our house, and the courier will come "
    "to your door tomorrow before noon, so please stay near your phone.",
}


class RealLeg(FakeLeg):
    """Plays as long as it lasts, and notes when something sounded."""

    def __init__(self) -> None:
        super().__init__(state=LegState.UP)
        self.begun: list[float] = []
        self.silent = 0.0
        self._ended = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def play(self, clips: Sequence[Clip], *, repeat: bool = False) -> int:
        number = super().play(clips, repeat=repeat)
        if self._timer is not None:
            self._timer.cancel()
        if repeat:
            return number  # the silence of a gap
        now = time.perf_counter()
        self.silent += now - self._ended if self.begun else 0.0
        self.begun.append(now)
        self._timer = asyncio.get_running_loop().call_later(sum(clip.seconds for clip in clips), self._finished, number)
        return number

    def _finished(self, number: int) -> None:
        self.playing = ()
        self._ended = time.perf_counter()
        self.happen(PlaybackFinished(0.0, number, True, 0))


async def streamed(voice: LiveVoice, text: str, language: str) -> tuple[float, float]:
    """Seconds to the first sound, and of silence between two pieces."""
    leg, over = RealLeg(), asyncio.Event()

    def emit(event: Event) -> None:
        if isinstance(event, PromptEnded):
            over.set()

    io = VoiceIO(leg, PromptLibrary({}, [language], voice), None, emit)
    leg.subscribe(lambda event: io.on_playback(event) if isinstance(event, PlaybackFinished) else None)
    begun = time.perf_counter()
    io.say(Say((Words(text, language),), None, 1))
    await over.wait()
    return leg.begun[0] - begun, leg.silent


def whole(voice: LiveVoice, text: str, language: str) -> tuple[float, float]:
    """Seconds until all of it is there, and that it lasts."""
    begun = time.perf_counter()
    clips = PromptLibrary({}, [language], voice).clips([Words(text, language)])
    return time.perf_counter() - begun, sum(clip.seconds for clip in clips)


def measure(name: str, voice: LiveVoice, rounds: int) -> None:
    for language, text in TEXTS.items():
        voice.render("1", language)
        before, lasts = zip(*(whole(voice, text, language) for _ in range(rounds)), strict=True)
        after, silent = zip(*(asyncio.run(streamed(voice, text, language)) for _ in range(rounds)), strict=True)
        waits = f"first sound {median(before):6.2f} s whole, {median(after):5.2f} s piece by piece"
        gaps = f"{median(silent):.2f} s of silence between the pieces"
        print(f"{name:7} {language}: {lasts[0]:5.1f} s of speech; {waits}, with {gaps}", flush=True)
    voice.close()


def cpu(name: str, voice: Voice) -> None:
    """CPU time, all threads: what a busy machine does not change much. Render nothing else in this process."""
    for language, text in TEXTS.items():
        voice.render("1", language)
        spent, lasts = [], []
        for piece in clauses(text):
            begun = time.process_time()
            lasts.append(len(voice.render(piece, language)) / RATE)
            spent.append(time.process_time() - begun)
        print(
            f"{name:7} {language}: {sum(spent):.1f} CPU-s for {sum(lasts):.1f} s of speech in {len(spent)} pieces, "
            f"{spent[0]:.1f} of them for the first",
            flush=True,
        )


def codecs(seconds: float = 10.0) -> None:
    noise = np.random.default_rng(1).normal(0, 3000, round(seconds * 8000)).astype(np.int16)
    for codec in Codec:
        clip = Clip.from_pcm(noise)
        begun = time.process_time()
        octets = sum(len(clip.frames(codec)[at]) for at in range(len(clip.frames(codec))))
        first = time.process_time() - begun
        begun = time.process_time()
        for _ in range(10):
            for at in range(len(clip.frames(codec))):
                clip.frames(codec)[at]
        again = (time.process_time() - begun) / 10
        costs = f"first use {first / seconds * 1e3:6.2f} ms a second of prompt, then {again / seconds * 1e3:.3f} ms"
        print(f"{codec.name:6} {costs}; {octets / seconds:.0f} octets")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kokoro", type=Path, default=Path(".kokoro"), help="folder of its weights (default: .kokoro)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cpu", action="store_true", help="measure CPU time of Kokoro instead")
    parser.add_argument("--codecs", action="store_true", help="measure the codecs instead")
    args = parser.parse_args()
    if args.cpu:
        cpu("kokoro", KokoroVoice(args.kokoro))
        return
    live_voice.SECONDS = 300.0  # what is too slow for a caller is measured all the same
    if args.codecs:
        codecs()
        return
    measure("espeak", LiveVoice(partial(EspeakVoice, ESPEAK_SPEAKERS)), args.rounds)
    if (args.kokoro / "kokoro.onnx").is_file():
        measure("kokoro", LiveVoice(partial(KokoroVoice, args.kokoro)), args.rounds)


if __name__ == "__main__":
    main()
