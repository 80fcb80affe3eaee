"""What a voice spoke, kept on disk by its content, so that a restart does not make callers wait for the same words again.

A file is named by a hash of text, language, speaker and model. Texts with more than two digits in them are never kept: codes,
telephone numbers and amounts are private, and seldom come twice. Trouble with the disk costs speed, and is logged once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.speech.voice import RATE, SpeakingVoice

log = logging.getLogger(__name__)

MOST_DIGITS = 2
LONGEST_UNUSED = 30 * 86400.0
"""Seconds after which a piece that nobody needed is removed."""
LOOK_AGAIN = 86400.0
_DIGITS = frozenset("0123456789零一二三四五六七八九幺")


class CachedVoice:
    """A voice whose words are kept in `folder`, `most` octets of them at most; what was not used for longest goes first."""

    def __init__(self, voice: SpeakingVoice, folder: Path, most: int, clock: Callable[[], float] = time.time) -> None:
        self._voice, self._folder, self._most, self._clock = voice, folder, most, clock
        self._lock = threading.Lock()
        self._size, self._looked = 0, 0.0
        """Octets in the folder as far as this process knows, and when it looked."""
        self._troubled = False
        self.hits = self.misses = 0

    @property
    def model(self) -> str:
        return self._voice.model

    @property
    def licence(self) -> str:
        return self._voice.licence

    def speaker(self, language: str) -> str:
        return self._voice.speaker(language)

    def warm(self, languages: list[str]) -> None:
        self._voice.warm(languages)

    def close(self) -> None:
        self._voice.close()

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        """As `Voice.render`: from the disk where it is there."""
        if sum(char in _DIGITS for char in text) > MOST_DIGITS:
            return self._voice.render(text, language)
        name = "\0".join((self._voice.model, self._voice.speaker(language), language, text))
        path = self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.wav"
        known = self._read(path)
        if known is not None:
            self.hits += 1
            return known
        self.misses += 1
        samples = self._voice.render(text, language)
        try:
            self._write(path, samples)
        except OSError as error:
            if not self._troubled:
                log.warning("%s: %s; what the voice speaks is not kept", self._folder, error.strerror)
            self._troubled = True
        return samples

    def _read(self, path: Path) -> NDArray[np.int16] | None:
        try:
            with wave.open(str(path)) as reader:
                if (reader.getsampwidth(), reader.getnchannels(), reader.getframerate()) != (2, 1, RATE):
                    raise wave.Error("not ours")
                samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(np.int16)
            if not len(samples):
                raise wave.Error("empty")
            now = self._clock()
            os.utime(path, (now, now))
        except (OSError, EOFError, wave.Error) as error:
            if not isinstance(error, FileNotFoundError):
                with suppress(OSError):
                    path.unlink()
            return None
        return samples

    def _write(self, path: Path, samples: NDArray[np.int16]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file, wave.open(file) as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(RATE)
            writer.writeframes(samples.astype("<i2").tobytes())
        now = self._clock()
        os.utime(part, (now, now))
        part.replace(path)
        with self._lock:
            self._size += 2 * len(samples) + 44
            if self._size > self._most or now - self._looked > LOOK_AGAIN:
                self._size, self._looked = self._evicted(), now

    def _evicted(self) -> int:
        """Remove what is old, and of the rest what was unused for longest, until a tenth is free; the octets that stay."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            with suppress(OSError):  # another process removed it
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
        size = sum(one[1] for one in found)
        bound = self._most * 9 // 10 if size > self._most else self._most
        for used, octets, path in sorted(found):
            if size <= bound and self._clock() - used < LONGEST_UNUSED:
                break
            with suppress(OSError):
                path.unlink()
            size -= octets
        return size
