"""Everything the hotline can say, ready to be played: recordings found by name, values by pieces, words by their text.

A prompt directory holds `<language>/<name>.<wav, mp3, ogg, ...>`, recordings of no language (`music.wav`) beside the
language folders, and a `catalog.yaml` with the texts. Of several directories the later one wins, so a company's own
recordings lie over the ones that come with the project, with or without a catalogue.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ivr.dialplan.events import Prompt, Utterance, Value, Words
from ivr.errors import ConfigError, PromptMissing
from ivr.speech.catalog import CATALOG, read_catalog, text_key
from ivr.speech.clauses import clauses
from ivr.speech.recording import TELEPHONE_RATE, finish, read_recording, resample
from ivr.speech.values import PAUSE, PAUSE_SECONDS, spoken, spoken_text
from ivr.speech.voice import RATE, Voice
from telephony.media.clip import Clip

SUFFIXES = frozenset({".wav", ".mp3", ".ogg", ".opus", ".flac", ".m4a", ".aac", ".aiff", ".amr", ".webm"})
MOST_SECONDS = 3600.0
"""Audio that one library may hold: an hour is 58 MB of samples."""
MOST_RENDERED = 256
"""Clauses spoken by the voice during calls that are kept in memory, with what codecs made of them: 8 MB or so."""
MOST_LETTERS = 1000
"""Of what a voice is given at once: three minutes."""
MOST_SPEAKING = 16
"""Texts that are spoken, or wait for the voice, at the same time."""


_SENTENCE = re.compile(r"[^。！？；!?;\n]*?(?:\.(?=\s|$)|[。！？；!?;\n]|$)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording of the library."""

    clip: Clip
    text: str
    path: Path


class PromptLibrary:
    """What can be said, in memory. Read-only after `load`, but for the words that a voice renders on the way."""

    def __init__(
        self, recordings: Mapping[tuple[str, str], Recording], languages: Iterable[str], voice: Voice | None = None
    ) -> None:
        """`recordings` by language ("" for none) and name."""
        self._recordings = dict(recordings)
        self._languages = frozenset(languages)
        self._voice = voice
        self._by_text: dict[tuple[str, str], Recording] = {}
        for (language, _), recording in self._recordings.items():
            if recording.text:
                self._by_text.setdefault((language, text_key(recording.text)), recording)
        self._rendered: OrderedDict[tuple[str, str], Clip] = OrderedDict()
        self._threads: ThreadPoolExecutor | None = None

    @classmethod
    def load(cls, directories: Iterable[Path], languages: Iterable[str], voice: Voice | None = None) -> PromptLibrary:
        """Return the recordings of `languages` in all `directories`, later directories over earlier ones.

        Takes about a second for ten minutes of audio: call it in a thread. `voice` speaks the words that nobody recorded.
        Raises ConfigError, with the place, for a directory or file that is missing, unreadable or too long.
        """
        found: dict[tuple[str, str], Recording] = {}
        wanted = tuple(languages)
        seconds = 0.0
        for directory in directories:
            for key, recording in _read_directory(directory, wanted, found):
                seconds += recording.clip.seconds
                if seconds > MOST_SECONDS:
                    raise ConfigError(f"{recording.path}: more than {MOST_SECONDS / 60:.0f} minutes of prompts: remove some")
                found[key] = recording
        return cls(found, wanted, voice)

    @property
    def voice(self) -> Voice | None:
        """Who speaks what nobody recorded."""
        return self._voice

    def adopt(self, other: PromptLibrary) -> None:
        """Hold what `other` holds from here on. A prompt that sounds goes on as it was."""
        self._languages, self._by_text, self._recordings = other._languages, other._by_text, other._recordings

    def names(self) -> dict[str, set[str]]:
        """Return every recording's name with the languages it can be played in: all of them for music."""
        found: dict[str, set[str]] = {}
        for language, name in self._recordings:
            found.setdefault(name, set()).update([language] if language else self._languages)
        return found

    def recording(self, name: str, language: str = "") -> Clip:
        """Return a recording by its name: of the language if there is one, else of no language. Raises PromptMissing."""
        return self._find(name, language).clip

    def clips(self, utterances: Sequence[Utterance]) -> list[Clip]:
        """Return what is played for `utterances`, in order; blocks for as long as the voice speaks what nobody recorded.

        Raises PromptMissing where there is neither recording nor voice, SpeechUnavailable from the voice.
        """
        return [self.speak(piece) if isinstance(piece, Words) else piece for piece in self.pieces(utterances)]

    def pieces(self, utterances: Sequence[Utterance]) -> list[Clip | Words]:
        """Return what is played for `utterances`, in order, with the words that are still to be spoken by `speak`.

        Words that were recorded are found whole, then sentence by sentence, then clause by clause; what a voice spoke lately is
        still there. Answers at once. Raises PromptMissing.
        """
        return [piece for utterance in utterances for piece in self._pieces(utterance)]

    def is_ready(self, utterances: Sequence[Utterance]) -> bool:
        """True where `clips` answers at once; False where it has to speak first, and so belongs in a thread."""
        return self._voice is None or not any(isinstance(piece, Words) for one in utterances for piece in self._found(one))

    def speak(self, words: Words) -> Clip:
        """Have one of the pieces spoken by the voice; blocks. Raises PromptMissing without one, SpeechUnavailable from it."""
        key = (words.language, text_key(words.text))
        if (known := self._known(*key)) is not None:
            return known
        if self._voice is None or not self._voice.speaker(words.language):
            cure = "run `ivr prompts render --flow FILE`"  # the words may hold what a caller said: they belong in no log
            raise PromptMissing(f"nobody recorded a text of {len(words.text)} letters in {words.language!r}: {cure}")
        open_end = words.language == "zh" and words.text[-1:].isalnum()  # without a stop it comes out slurred
        text = words.text + "。" * open_end
        samples = resample(self._voice.render(text, words.language), RATE, TELEPHONE_RATE)
        clip = Clip.from_pcm(finish(samples, TELEPHONE_RATE), name="words")
        self._rendered[key] = clip
        while len(self._rendered) > MOST_RENDERED:
            self._rendered.popitem(last=False)
        return clip

    async def spoken(self, words: Words) -> Clip:
        """`speak` in a thread of its own pool: those of the loop are for others."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(MOST_SPEAKING, "voice")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.speak, words)

    def text(self, utterances: Sequence[Utterance]) -> str:
        """Return the words of `utterances`, for the transcript. A recording without a text gives its name in brackets."""
        if not utterances:
            return ""
        chinese = utterances[0].language == "zh"
        written = ""
        after_value = False
        for utterance in utterances:
            part = self._text(utterance).strip()
            if not part:
                continue
            if written and after_value and part[0].isalnum():
                # A value closes its clause: "press one. For your balance ...".
                written += "，" if chinese else "." if part[0].isupper() else ","
            written += part if chinese or not written else f" {part}"
            after_value = isinstance(utterance, Value)
        return written

    def _found(self, utterance: Utterance) -> Iterator[Clip | Words]:
        """The words of an utterance, found or not; nothing for what needs no voice."""
        if isinstance(utterance, Words):
            yield from self._words(utterance)

    def _pieces(self, utterance: Utterance) -> Sequence[Clip | Words]:
        match utterance:
            case Prompt(name, language):
                return [self._find(name, language).clip]
            case Value(kind, value, language):
                try:
                    pieces = spoken(kind, value, language)
                except ValueError:  # which names the value, and that may be a caller's
                    raise PromptMissing(f"a value of the kind {kind!r} cannot be read in {language!r}") from None
                breath = Clip.silence(PAUSE_SECONDS)
                return [breath if piece is PAUSE else self._find(piece.name, language).clip for piece in pieces]
            case Words(language=language, spare=spare):
                found = self._words(utterance)
                mute = self._voice is None or not self._voice.speaker(language)
                return [] if spare and mute and any(isinstance(piece, Words) for piece in found) else found

    def _text(self, utterance: Utterance) -> str:
        match utterance:
            case Prompt(name, language):
                recording = self._recordings.get((language, name))
                return recording.text if recording and recording.text else f"[{name}]"
            case Value(kind, value, language):
                try:
                    return spoken_text(kind, value, language)
                except ValueError:
                    return value
            case Words(text, _):
                return text

    def _find(self, name: str, language: str) -> Recording:
        found = self._recordings.get((language, name)) or self._recordings.get(("", name))
        if found is None:
            raise PromptMissing(f"prompt {name!r} has no recording in {language or 'any language'!r}")
        return found

    def _words(self, words: Words) -> list[Clip | Words]:
        """What was recorded of a text, and clauses for the voice in between. Text without a word in it is silence: nothing."""
        whole = self._by_text.get((words.language, text_key(words.text)))
        if whole is not None:
            return [whole.clip]
        found: list[Clip | Words] = []
        unspoken = ""
        for sentence, key in _sentences(words.text):
            recorded = self._by_text.get((words.language, key))
            if recorded is None:
                unspoken = f"{unspoken} {sentence}".strip() if words.language != "zh" else unspoken + sentence
                continue
            found += [*self._clauses(unspoken, words.language), recorded.clip]
            unspoken = ""
        return found + self._clauses(unspoken, words.language)

    def _clauses(self, text: str, language: str) -> list[Clip | Words]:
        if len(text) > MOST_LETTERS:
            raise PromptMissing(f"a text of {len(text)} letters is too long to be spoken; {MOST_LETTERS} are the most")
        return [self._known(language, text_key(clause)) or Words(clause, language) for clause in clauses(text)]

    def _known(self, language: str, key: str) -> Clip | None:
        """A recording that says it, or what the voice said lately."""
        recorded = self._by_text.get((language, key))
        if recorded is not None:
            return recorded.clip
        rendered = self._rendered.get((language, key))
        if rendered is not None:
            with suppress(KeyError):  # another thread has just dropped it
                self._rendered.move_to_end((language, key))
        return rendered


def _read_directory(
    directory: Path, languages: Sequence[str], known: Mapping[tuple[str, str], Recording]
) -> Iterator[tuple[tuple[str, str], Recording]]:
    """Read what a directory has; `known` lends its texts to recordings that this directory's catalogue does not name."""
    if not directory.is_dir():
        raise ConfigError(f"{directory}: no such prompt directory")
    entries = {(entry.language, entry.name): entry for entry in read_catalog(directory / CATALOG)}
    files = recording_files(directory, languages)
    for key, entry in entries.items():
        if key not in files and key[0] in ("", *languages):
            raise ConfigError(
                f"{directory / CATALOG}: {entry.name!r} has no recording in {entry.language!r}: `ivr prompts render`"
            )
    for key, path in files.items():
        clip = Clip.from_pcm(read_recording(path), name=key[1])
        text = entries[key].text if key in entries else known[key].text if key in known else ""
        yield key, Recording(clip, text, path)


def languages_in(folders: Iterable[Path]) -> list[str]:
    """The languages that prompt folders speak: the names of their folders, `zh`, `en`, `pt-BR`."""
    found = {inner.name for folder in folders if folder.is_dir() for inner in folder.iterdir() if inner.is_dir()}
    return sorted(name for name in found if re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", name))


def recording_files(directory: Path, languages: Sequence[str]) -> dict[tuple[str, str], Path]:
    """Return the audio files of a directory by language and name. Raises ConfigError for two files of one name."""
    found: dict[tuple[str, str], Path] = {}
    for language in ("", *languages):
        folder = directory / language
        for path in sorted(folder.rglob("*") if language else folder.glob("*")):
            if path.suffix.lower() not in SUFFIXES:
                continue
            key = (language, path.relative_to(folder).with_suffix("").as_posix())
            if key in found:
                raise ConfigError(f"{path}: there is also {found[key].name}: keep one of the two")
            found[key] = path
    return found


def _sentences(text: str) -> list[tuple[str, str]]:
    """The sentences of a text, with their stops, and the key of each."""
    found = (sentence.strip() for sentence in _SENTENCE.findall(text))
    return [(sentence, key) for sentence in found if (key := text_key(sentence))]
