"""Settings of hearing and speaking: `speech`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.errors import ConfigError
from ivr.settings_voice import VoiceOptions, check_voice

ENGINES = ("vosk", "sherpa", "remote")
FEEDS = ("resample", "native8k", "bandfill")
MOST_ALTERNATIVES = 10


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """The model of one language, where its name alone does not say enough."""

    model: str = ""
    """Name of an installed model; not for `remote`, whose server has its own."""
    engine: str = ""
    """`vosk`, `sherpa` or `remote`; empty: as `speech.engine` says."""
    feed: str = ""
    """How 8 kHz audio meets the model; empty: as `speech.feed` says."""
    url: str = ""
    """`ws://HOST:PORT` of a vosk-server, for `remote`."""
    hot_words: tuple[str, ...] = ()
    """Names and products that a `sherpa` transducer is to favour."""
    speaker: str = ""
    """Name of an installed speaker model, for `vosk`: utterances then carry a vector of the voice."""
    alternatives: int = 0
    """Other readings told with each utterance, 0 to 10."""
    free: bool = False
    """Hear everything, then take the phrase that is nearest, instead of listening for the phrases alone: dearer."""


@dataclass(frozen=True, slots=True)
class SecondOpinionOptions:
    model: str = ""
    """Name of an installed whisper model, or its folder; empty: no second opinion."""
    below: float = 0.6
    """Confidence (0 to 1) under which an utterance is heard again."""
    within: float = 2.0
    """Seconds it may take; after that the first hearing stands. `2s`."""


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    enabled: bool = True
    engine: str = "vosk"
    """What hears a language that names no engine of its own: `vosk`, `sherpa` or `remote`."""
    models: Mapping[str, str | ModelOptions] = field(default_factory=dict)
    """Language to the name of an installed model, or to its options; empty: whatever is installed for the languages of the
    flows."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Language to a file of spellings for words that its model does not know."""
    models_dir: str = ""
    """Empty: `models` in the data folder."""
    workers: int = 0
    """Recogniser processes; 0 for one a core."""
    turns_per_worker: int = 60
    """Callers that one of them hears at once; beyond that they are asked for keys."""
    feed: str = "resample"
    """How 8 kHz audio meets a 16 kHz model: `resample`, `native8k`, `bandfill`."""
    second_opinion: SecondOpinionOptions = field(default_factory=SecondOpinionOptions)
    voice: str | VoiceOptions = "auto"
    """Who speaks texts that nobody recorded: `kokoro`, `espeak`, `none`, `auto`, the best that is installed, or `http:`."""
    voice_dir: str = ""
    """Where Kokoro's weights are; empty: `voices` in the data folder, or `.kokoro`, where `make prompts` puts them."""
    voice_cache_mb: int = 128
    """Disk for what the voice spoke (mebibytes), in the data folder; texts with numbers are never kept. 0 keeps nothing."""

    def of(self, language: str) -> ModelOptions:
        """The options of one language with what they leave out filled in."""
        given = self.models.get(language, "")
        options = ModelOptions(given) if isinstance(given, str) else given
        return ModelOptions(
            options.model,
            options.engine or self.engine,
            options.feed or self.feed,
            options.url,
            options.hot_words,
            options.speaker,
            options.alternatives,
            options.free,
        )


def check_speech(speech: SpeechOptions, file: str) -> None:
    """Raises ConfigError in one line."""
    _one_of(speech.engine, ENGINES, f"{file}: speech.engine")
    _one_of(speech.feed, FEEDS, f"{file}: speech.feed")
    check_voice(speech.voice, speech.voice_cache_mb, file)
    if speech.workers < 0:
        raise ConfigError(f"{file}: speech.workers: 0 (one a core) or more, not {speech.workers}")
    if speech.turns_per_worker < 1:
        raise ConfigError(f"{file}: speech.turns_per_worker: at least 1, not {speech.turns_per_worker}")
    for language in speech.models:
        _check_model(speech.of(language), f"{file}: speech.models.{language}")
    second = speech.second_opinion
    if not 0 <= second.below <= 1:
        raise ConfigError(f"{file}: speech.second_opinion.below: a confidence from 0 to 1, such as 0.6, not {second.below:g}")
    if not 0.1 <= second.within <= 10:
        raise ConfigError(f"{file}: speech.second_opinion.within: from 100ms to 10s, not {second.within:g}s")


def _check_model(one: ModelOptions, place: str) -> None:
    _one_of(one.engine, ENGINES, f"{place}.engine")
    _one_of(one.feed, FEEDS, f"{place}.feed")
    if one.engine == "remote":
        if not one.url.startswith(("ws://", "wss://")) or len(one.url) < 7:
            raise ConfigError(f"{place}.url: remote recognition needs the server, as ws://HOST:PORT, found '{one.url}'")
    elif one.url:
        raise ConfigError(f"{place}.url: only `engine: remote` has a server; leave out url or change the engine")
    elif not one.model:
        raise ConfigError(f"{place}.model: name an installed model; `ivr models list` says which there are")
    if one.engine == "sherpa" and one.feed == "native8k":
        raise ConfigError(f"{place}.feed: sherpa models hear 16 kHz; write resample or bandfill")
    if not 0 <= one.alternatives <= MOST_ALTERNATIVES:
        raise ConfigError(f"{place}.alternatives: from 0 to {MOST_ALTERNATIVES}, not {one.alternatives}")
    if one.speaker and one.engine != "vosk":
        raise ConfigError(f"{place}.speaker: only vosk has speaker models; leave out speaker or change the engine")
    if one.hot_words and one.engine != "sherpa":
        raise ConfigError(f"{place}.hot_words: only sherpa takes hot words; for others write an alias file (speech.aliases)")


def _one_of(value: str, known: tuple[str, ...], place: str) -> None:
    if value not in known:
        raise ConfigError(f"{place}: '{value}' is not {', '.join(known[:-1])} or {known[-1]}")
