"""Who speaks what nobody recorded: voices one behind the other, each asked where those before it cannot."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.errors import ConfigError, SpeechUnavailable
from ivr.speech.live_voice import LiveVoice
from ivr.speech.voice import EspeakVoice, KokoroVoice, SpeakingVoice

log = logging.getLogger(__name__)

ESPEAK_SPEAKERS = {"en": "en-us", "zh": "cmn"}
"""Better a robot than nothing, where the words could not be recorded."""


class VoiceChain:
    """Several voices as one. Its name, licence and speakers are those of the first that has any."""

    def __init__(self, voices: Sequence[SpeakingVoice]) -> None:
        """`voices` in the order in which they are asked, at least one."""
        self._voices = tuple(voices)

    @property
    def model(self) -> str:
        return self._voices[0].model

    @property
    def licence(self) -> str:
        return self._voices[0].licence

    def speaker(self, language: str) -> str:
        return next((name for voice in self._voices if (name := voice.speaker(language))), "")

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        """By the first voice that can. Raises SpeechUnavailable with the reason of the last."""
        why = SpeechUnavailable(f"no voice speaks {language!r}")
        for voice in self._voices:
            if voice.speaker(language):
                try:
                    return voice.render(text, language)
                except SpeechUnavailable as error:
                    log.debug("%s", error)
                    why = error
        raise why

    def warm(self, languages: list[str]) -> None:
        """Those that are asked first: the others are seldom needed."""
        first = {language: next((one for one in self._voices if one.speaker(language)), None) for language in languages}
        for voice in self._voices:
            if wanted := [language for language in languages if first[language] is voice]:
                voice.warm(wanted)

    def close(self) -> None:
        for voice in self._voices:
            voice.close()


def choose_voices(name: str, folders: list[Path]) -> list[SpeakingVoice]:
    """The voices that the setting `speech.voice` names, the best first; none for `none`, and for `auto` on a bare machine.

    `auto` takes Kokoro where it is installed in one of `folders`, with espeak-ng's English for when it is too slow, else
    espeak-ng for everything. Raises ConfigError for another name and where the voice that was named is not there.
    """
    kokoro = installed_kokoro(folders) if name in ("auto", "kokoro") else None
    espeak = name in ("auto", "espeak") and shutil.which("espeak-ng") is not None
    if kokoro is not None:
        voices: list[SpeakingVoice] = [LiveVoice(partial(KokoroVoice, kokoro))]
        return [*voices, LiveVoice(EspeakVoice)] if espeak else voices
    if espeak:
        return [LiveVoice(partial(EspeakVoice, ESPEAK_SPEAKERS))]
    if name in ("auto", "none"):
        return []
    known = {
        "kokoro": f"Kokoro is not in {', '.join(map(str, folders))}: `make prompts` fetches it",
        "espeak": "install espeak-ng",
    }
    raise ConfigError(f"speech.voice: {known.get(name, f'unknown voice {name!r}: auto, kokoro, espeak or none')}")


def installed_kokoro(folders: list[Path]) -> Path | None:
    """The first folder that has Kokoro's weights and voices, where its packages are there too; else None."""
    if find_spec("onnxruntime") is None or find_spec("misaki") is None:
        return None
    return next((one for one in folders if (one / "kokoro.onnx").is_file() and (one / "voices").is_dir()), None)
