"""Learn aliases from recordings: how a model spells what it was never taught.

    python -m ivr.speech.learn --model vosk-model-small-en-us-0.15 --language en --feed bandfill DIR > aliases-en.yaml

DIR has an `index.json` (file, language, text). Each recording is decoded freely, at 8 kHz as on a telephone, and what the
model made of it becomes a spelling of its text. Meant for brand names, and for a language that has no model of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ivr.errors import IvrError, NotFound
from ivr.speech.aliases import plain
from ivr.speech.feed import Upsampler
from ivr.speech.models import locate
from ivr.speech.settings import Feed
from ivr.speech.wav import Recording, read_index, read_wav

PADDING = np.zeros(2400, np.int16)
"""Silence on both sides, as the pre-roll and the patience of a turn give."""


def learn(model: Any, recordings: Iterable[Recording], feed: Feed) -> dict[str, list[str]]:
    """Text (in plain form) to the spellings the model gave, one for each recording that gave any."""
    learnt: dict[str, list[str]] = {}
    for recording in recordings:
        spelling = hear_freely(model, recording, feed)
        known = spelling and all(model.vosk_model_find_word(word) >= 0 for word in spelling.split())
        spellings = learnt.setdefault(plain(recording.text), [])
        if known and spelling not in spellings:
            spellings.append(spelling)
    return {text: spellings for text, spellings in learnt.items() if spellings}


def hear_freely(model: Any, recording: Recording, feed: Feed) -> str:
    """What the model hears with all of its vocabulary."""
    from vosk import KaldiRecognizer

    up = Upsampler(feed)
    recognizer = KaldiRecognizer(model, up.rate)
    recognizer.AcceptWaveform(up.push(np.concatenate((PADDING, read_wav(recording.path), PADDING))))
    text: str = json.loads(recognizer.FinalResult())["text"]
    return text


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ivr.speech.learn", description=__doc__)
    parser.add_argument("audio", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--models-dir", type=Path, default=Path("data/models"))
    parser.add_argument("--language", required=True)
    parser.add_argument("--voice", default="", help="only the recordings of this voice")
    parser.add_argument("--feed", type=Feed, choices=list(Feed), default=Feed.BANDFILL)
    args = parser.parse_args(arguments)
    try:
        recordings = [r for r in read_index(args.audio) if r.language == args.language and args.voice in ("", r.voice)]
        learnt = learn(_load(args.model, args.models_dir), recordings, args.feed)
    except IvrError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"# What {args.model} makes of recordings of these phrases, fed by {args.feed.value}.\n")
    yaml.safe_dump({"phrases": learnt}, sys.stdout, allow_unicode=True, sort_keys=False, width=120)
    return 0


def _load(name: str, directory: Path) -> Any:
    import vosk

    path = locate(name, directory)
    if path is None:
        raise NotFound(f"the model {name} is not installed")
    vosk.SetLogLevel(-1)
    return vosk.Model(str(path))


if __name__ == "__main__":
    sys.exit(main())
