"""Measures barge-in: how soon a prompt stops, what stops it that should not, and which callers are not heard.

    python -m tests.load.barge bulk [--prompts 480] [--jobs 2] [--json]     # the ears of a worker, faster than real time
    python -m tests.load.barge echoes [--prompts 360] [--jobs 2] [--json]  # the echoes alone, without the echo check
    python -m tests.load.barge calls [--rounds 1] [--json]                  # real SIP calls to `ivr serve`

`bulk` plays recorded prompts of the repository into the code that a worker runs (voice gate, echo check, end-pointer) against
lines on which nobody speaks: noise at 20 and 10 dB below a caller's voice, clicks, coughs, keys, music, dial tones, and the
prompt itself come back at 6 to 40 dB, 20 to 450 ms late: over a line, from a loudspeaker in a room, and from one through a
mobile codec. Whatever is told as speech is a false barge-in. Then utterances (`--audio`, as in tests/audio) are said over
prompts at -6 to -26 dBFS: which are told, and how long after their onset, with and without an echo on the line.

`calls` says utterances into the welcome of the demo and takes the time until the prompt is silent at the caller's end.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import multiprocessing
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.speech.endpointer import Timing
from ivr.speech.engine import Hypothesis
from ivr.speech.hearing import Started, Turn
from telephony.media.clip import Clip
from tests.e2e.conftest import AUDIO, SPEECH
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import read_wav
from tests.load import lines
from tests.load.lines import RATE, Sound
from tests.load.phone import VOICED, Phone

PROMPTS = Path(__file__).parents[2] / "prompts"
CHUNK = 320
"""Samples that a worker gets at once."""
GAP = 0.4
"""Seconds of silence that no prompt has in it."""
VOICE_DBFS = -20.0
"""Of a caller, whom the noise of a line is measured against."""
ECHOES = tuple((kind, loss) for kind in ("line", "room", "mobile") for loss in (6, 12, 20, 30, 40))
DELAYS = (0.02, 0.1, 0.25, 0.45)
LEVELS = (-6, -16, -26)


@dataclass(frozen=True, slots=True)
class Case:
    number: int
    prompt: str
    line: str
    """What comes from the caller's side."""
    loss: int = 0
    level: int = 0
    utterance: str = ""
    checked: bool = True
    """Whether the worker knows what is played."""


@dataclass(frozen=True, slots=True)
class Outcome:
    case: Case
    at: float | None
    """Seconds until something was told as speech; of an utterance, since its onset."""


class NoEngine:
    """Nothing is to be understood here: only when speech is told counts."""

    def accept(self, samples: NDArray[np.int16]) -> None: ...

    def partial(self) -> str:
        return ""

    def final(self) -> Hypothesis:
        return Hypothesis("", 0.0)

    def reset(self) -> None: ...


def told(near: Sound, far: Sound | None, chunk: int = CHUNK) -> list[int]:
    """The samples at which a turn tells speech that comes `chunk` by `chunk`; `far` None: it does not know what is played."""
    turn = Turn(NoEngine(), Timing())
    found = []
    heard, played = lines.coded(near), None if far is None else lines.coded(far)
    for at in range(0, len(heard) - chunk + 1, chunk):
        over = None if played is None else played[at : at + chunk]
        if any(isinstance(one, Started) for one in turn.push(heard[at : at + chunk], over)):
            found.append(at + chunk)
    return found


def prompt(name: str, seconds: float = 0.0) -> Sound:
    sound = read_wav(PROMPTS / name)[0].astype(float)
    return np.resize(sound, round(seconds * RATE)) if seconds else sound


def nothing_said(case: Case) -> Outcome:
    """A prompt, and a caller who keeps silent."""
    rng = np.random.default_rng(case.number)
    far = prompt(case.prompt)
    far = np.concatenate((far, np.zeros(RATE)))
    floor = rng.normal(size=len(far)) * (10, 40)[case.number % 2]
    near = lines.disturbance(case.line, len(far), rng, VOICE_DBFS)
    if case.line in ("line", "room", "mobile"):
        near = lines.echo(far, case.line, case.loss, DELAYS[case.number % 4], rng)
    found = told(near + floor, far if case.checked else None)
    return Outcome(case, found[0] / RATE if found else None)


def said(case: Case) -> Outcome:
    """A prompt, and a caller who speaks into it after 1 to 2 s."""
    rng = np.random.default_rng(case.number)
    far = prompt(case.prompt, 8.0)
    voice = lines.at_level(read_wav(Path(case.utterance))[0].astype(float), case.level)
    begin = round(RATE * (1 + rng.random()))
    near = rng.normal(size=len(far)) * 10
    if case.line != "nothing":
        near += lines.echo(far, case.line, case.loss, DELAYS[case.number % 4], rng)
    voice = voice[: len(near) - begin]
    near[begin : begin + len(voice)] += voice
    onset = begin + lines.onset(voice)
    found = [at for at in told(near, far) if onset <= at <= begin + len(voice) + RATE]
    return Outcome(case, (found[0] - onset) / RATE if found else None)


def silent_cases(count: int) -> Iterator[Case]:
    names = [str(path.relative_to(PROMPTS)) for language in ("zh", "en") for path in sorted((PROMPTS / language).glob("*.wav"))]
    others = ("noise 20 dB", "noise 10 dB", "clicks", "coughs", "keys", "music", "dial tone", "hum")
    kinds = [*ECHOES, *((name, 0) for name in others * 2)]
    for number in range(count):
        line, loss = kinds[number % len(kinds)]
        yield Case(number, names[number * 7 % len(names)], line, loss)


def spoken_cases(audio: Path) -> Iterator[Case]:
    """Each utterance at each level on a clean line, and over an echo of each kind in turn."""
    index = json.loads((audio / "index.json").read_text("utf-8"))
    number = 0
    for one in [one for one in index if one["language"] in ("zh", "en")]:
        for level in LEVELS:
            for line in ("nothing", ("line", "room", "mobile")[number % 3]):
                number += 1
                name = f"{one['language']}/{'main_examples' if number % 2 else 'welcome'}.wav"
                yield Case(number, name, line, (6, 12, 20)[number // 2 % 3], level, str(audio / one["file"]))


def bulk(prompts: int, jobs: int, audio: Path) -> dict[str, object]:
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        quiet = pool.map(nothing_said, list(silent_cases(prompts)), 4)
        spoken = pool.map(said, list(spoken_cases(audio)), 4)
    wrong: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in quiet:
        name = f"echo, {one.case.line}" if one.case.loss else one.case.line
        wrong[name][0] += 1
        wrong[name][1] += one.at is not None
    heard = {
        f"{level} dBFS, {'over echo' if over else 'clean line'}": _heard(
            [one for one in spoken if one.case.level == level and (one.case.line != "nothing") is over]
        )
        for level in LEVELS
        for over in (False, True)
    }
    return {
        "prompts": len(quiet),
        "false_barge_ins": sum(one.at is not None for one in quiet),
        "false_by_line": {name: f"{false} of {count}" for name, (count, false) in wrong.items()},
        "false_cases": [f"{one.case.line} {one.case.loss} dB, {one.case.prompt}, {one.at:.2f} s" for one in quiet if one.at],
        "barge_ins": heard,
        "not_heard": [f"{one.case.utterance} {one.case.level} {one.case.line}" for one in spoken if one.at is None],
    }


def echoes(prompts: int, jobs: int) -> dict[str, object]:
    """How many echoes would stop their own prompt if nobody looked."""
    cases = (one for one in silent_cases(100 * prompts) if one.loss)
    chosen = [replace(one, checked=False) for one in itertools.islice(cases, prompts)]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        told = pool.map(nothing_said, chosen, 4)
    return {"echoes": len(told), "taken_for_speech": sum(one.at is not None for one in told)}


def _heard(outcomes: Sequence[Outcome]) -> dict[str, object]:
    times = sorted(one.at * 1000 for one in outcomes if one.at is not None)
    return {"said": len(outcomes), "heard": len(times), **_percentiles(times)}


def _percentiles(milliseconds: Sequence[float]) -> dict[str, int]:
    if not milliseconds:
        return {}
    ordered = sorted(milliseconds)
    return {f"p{share}_ms": round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)]) for share in (50, 95)}


async def interrupt(server: HotlineProcess, user: str, wav: Path) -> tuple[float, float] | None:
    """Milliseconds to the last sound of the prompt, from the onset of speech and from where it has become 0.3 s of voice, by
    the same voice gate on the same recording; None where the prompt went on.
    """
    voice = lines.at_level(read_wav(wav)[0].astype(float), -16)
    reached = next(iter(told(voice, np.zeros(len(voice)), 80)), lines.onset(voice) + 2400)
    async with Phone(user) as phone:
        await phone.call(server.sip)
        begun = await phone.until_sound(0.0, within=8.0)
        await asyncio.sleep(0.8)
        at = phone.speak(Clip.from_pcm(np.clip(voice, -32768, 32767).astype(np.int16), wav.name))
        onset = at + lines.onset(voice) / RATE
        confirmed = at + reached / RATE
        await asyncio.sleep(2.2)
        phone.hang_up()
    sounds = [when for when, loud in phone.heard if loud > VOICED and when > begun]
    last = next((one for one, after in pairwise([*sounds, at + 2.2]) if one > onset - GAP and after - one > GAP), at + 9)
    return None if last > at + 1.8 else ((last - onset) * 1000, (last - confirmed) * 1000)


async def calls(rounds: int) -> dict[str, object]:
    index = json.loads((AUDIO / "index.json").read_text("utf-8"))
    users = {"en": "1001", "zh": "+8613800138000"}
    chosen = [one for one in index if one["language"] in users and one["seconds"] > 0.9]
    total, after, went_on = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        async with HotlineProcess(Path(folder), speech=SPEECH) as server:
            for number, one in enumerate(chosen * rounds, 1):
                found = await interrupt(server, users[one["language"]], AUDIO / one["file"])
                print(f"\r{number}/{len(chosen) * rounds} {one['file']} {found}".ljust(78), end="", flush=True)
                if found is None:
                    went_on.append(one["file"])
                else:
                    total.append(found[0])
                    after.append(found[1])
    print()
    return {
        "calls": len(chosen) * rounds,
        "stopped": len(total),
        "from_onset": _percentiles(total),
        "from_0.3_s_of_speech": _percentiles(after),
        "went_on": went_on,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("bulk", "echoes", "calls"))
    parser.add_argument("--prompts", type=int, default=480)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--audio", type=Path, default=AUDIO)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.what == "calls":
        result = asyncio.run(calls(args.rounds))
    else:
        result = bulk(args.prompts, args.jobs, args.audio) if args.what == "bulk" else echoes(args.prompts, args.jobs)
    print(json.dumps(result, ensure_ascii=False, indent=None if args.json else 2))


if __name__ == "__main__":
    main()
