"""The prompts library as people see it: what exists in which language, what is missing, and everything they do about it.

A recording that is replaced or removed is kept and can be brought back. Every method blocks: call it in a thread.
"""

from __future__ import annotations

import threading
import time
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ivr.dialplan.events import Words
from ivr.errors import Conflict, NotFound, PromptMissing, SpeechUnavailable, Stale
from ivr.speech.catalog import Entry
from ivr.speech.prompts import PromptLibrary
from ivr.speech.recording import TELEPHONE_RATE, finish, level, read_recording, resample, write_recording
from ivr.speech.rendering import TEXTS, Wanted, file_hash, said_text
from ivr.speech.shelf_files import Change, Folders, Journal, checked_language, checked_name, enter, writable
from ivr.speech.uploading import taken, wav_of
from ivr.speech.voice import RATE, Voice

LONGEST_TEXT = 500
"""Characters that a voice is given, and that a prompt may say."""
SPOKEN = ("values/", "words/")
"""Names of recordings that no person writes into a flow."""

Uses = Callable[[], Mapping[str, Sequence[Mapping[str, Any]]]]
"""Prompt to the places in flows that name it: `{flow, file, state, line, column}`."""
Edit = Callable[[str, Any], str]
"""(YAML text, what it shall say) to the text with as few changes as possible. Raises ValueError."""


class Brought(Protocol):
    """A recording as somebody brought it."""

    @property
    def data(self) -> bytes: ...
    @property
    def trim(self) -> bool: ...
    @property
    def level(self) -> bool: ...
    @property
    def rate(self) -> int: ...
    @property
    def source(self) -> str: ...


class PromptShelf:
    """The prompts of the folders in the settings."""

    def __init__(
        self,
        folders: Sequence[Path],
        history: Path,
        voice: Voice | None,
        library: Callable[[], PromptLibrary],
        uses: Uses,
        read_yaml: Callable[[str], Any],
        edit_yaml: Edit,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folders, self._journal, self._voice = Folders(folders), Journal(history), voice
        self._library, self._uses, self._clock = library, uses, clock
        self._read_yaml, self._edit_yaml = read_yaml, edit_yaml
        self._lock = threading.Lock()
        self._measured: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = {}

    # --- what there is

    def languages(self) -> list[str]:
        return self._folders.languages

    def voices(self) -> list[dict[str, Any]]:
        if self._voice is None:
            return []
        about = {"model": self._voice.model, "licence": self._voice.licence}
        return [{"language": one, "name": name, **about} for one in self.languages() if (name := self._voice.speaker(one))]

    def prompts(self, values: bool = False) -> list[dict[str, Any]]:
        recordings, entries, texts, uses = self._everything()
        names = {name for _, name in recordings} | set(texts)
        wanted = sorted(name for name in names if values or not name.startswith(SPOKEN))
        return [self._prompt(name, recordings, entries, texts, uses) for name in wanted]

    def prompt(self, name: str) -> dict[str, Any]:
        name = checked_name(name)
        recordings, entries, texts, uses = self._everything()
        history = [
            {
                "language": language,
                **{field: getattr(one, field) for field in ("version", "at", "by", "what", "source", "seconds")},
            }
            for language in (*self.languages(), "")
            for one in self._journal.changes(language, name)
        ]
        if not history and name not in texts and name not in {one for _, one in recordings}:
            raise NotFound(f"there is no prompt {name}")
        found = self._prompt(name, recordings, entries, texts, uses)
        return {**found, "history": sorted(history, key=lambda one: -float(one["at"]))}

    def _everything(self) -> tuple[Any, Any, Any, Any]:
        return self._folders.recordings(), self._folders.entries(), self._folders.texts(), self._uses()

    def _prompt(
        self,
        name: str,
        recordings: Mapping[tuple[str, str], tuple[Path, Path]],
        entries: Mapping[tuple[str, str], Entry],
        texts: Mapping[str, Mapping[str, str]],
        uses: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> dict[str, Any]:
        said = dict(texts.get(name) or {})
        found = {}
        for language in (*self.languages(), ""):
            if (language, name) in recordings:
                folder, path = recordings[language, name]
                entry = entries.get((language, name))
                if entry is not None and entry.text and language not in said:
                    said[language] = entry.text
                found[language or "-"] = self._recording(folder, path, language, name, entry, said.get(language, ""))
        missing = [] if "-" in found else [language for language in self.languages() if language not in found]
        return {"name": name, "texts": said, "missing": missing, "used_by": list(uses.get(name, ())), "recordings": found}

    def _recording(self, folder: Path, path: Path, language: str, name: str, entry: Entry | None, text: str) -> dict[str, Any]:
        measured = self._measure(path)
        ours = entry is not None and entry.audio == measured["stamp"]
        change = next((one for one in self._journal.changes(language, name) if one.made == measured["stamp"]), None)
        source = change.source if change is not None else "rendered" if ours else "file"
        voice = {"voice": entry.voice, "model": entry.model, "licence": entry.licence} if entry is not None and ours else {}
        outdated = bool(entry is not None and entry.text and text and entry.text != text)
        return {
            "voice": "",
            "model": "",
            "licence": "",
            **measured,
            **voice,
            "source": source,
            "by": change.by if change is not None else "",
            "outdated": outdated,
            "folder": str(folder),
            "writable": writable(path.parent),
            "versions": self._journal.count(language, name),
        }

    def _measure(self, path: Path) -> dict[str, Any]:
        """Level and length of a file, once for each version of it. Raises ConfigError."""
        seen = path.stat()
        key = (seen.st_mtime_ns, seen.st_size)
        known = self._measured.get(path)
        if known is None or known[0] != key:
            rate = _rate_of(path)
            samples = read_recording(path, rate)
            loud, peak = level(samples) if len(samples) else (-100.0, -100.0)
            seconds = round(len(samples) / rate, 2)
            levels = {"level": round(max(loud, -100.0), 1), "peak": round(max(peak, -100.0), 1)}
            facts = {"stamp": file_hash(path), "seconds": seconds, "rate": rate, **levels, "at": seen.st_mtime}
            known = self._measured[path] = (key, facts)
        return known[1]

    def sound(self, name: str, language: str, version: str = "", rate: int = 0) -> bytes:
        """A WAV of the recording, or of an older one; at 8 kHz as a telephone hears it. Raises NotFound."""
        name, language = checked_name(name), checked_language(language)
        if version:
            path = self._journal.recording(language, name, version)
        else:
            found = self._folders.of(language, name)
            if found is None:
                raise NotFound(f"{name} has no recording in {language or 'any language'}")
            path = found[1]
        wanted = rate or _rate_of(path)
        return wav_of(read_recording(path, wanted), wanted)

    def preview(self, text: str, language: str) -> bytes:
        """A WAV that says the text: what is recorded of it, else the voice. Raises PromptMissing, SpeechUnavailable."""
        if len(text) > LONGEST_TEXT:
            raise Conflict(f"a text to speak has at most {LONGEST_TEXT} characters")
        clips = self._library().clips([Words(text, checked_language(language))])
        if not clips:
            raise PromptMissing("there is no word in this text")
        return wav_of(np.concatenate([clip.samples for clip in clips]), TELEPHONE_RATE)

    # --- what people do

    def put(self, name: str, language: str, upload: Brought, stamp: str | None, by: str) -> dict[str, Any]:
        """Take a recording of any format. Raises Stale, Conflict, `uploading.Unreadable`."""
        name, language = checked_name(name), checked_language(language)
        samples = taken(upload.data, upload.rate, upload.trim, upload.level)
        with self._lock:
            folder, path = self._target(language, name, stamp)
            self._replace(folder, path, language, name, samples, upload.rate, by, "replaced", upload.source)
        return self.prompt(name)

    def render(self, name: str, language: str, text: str, voice: str, stamp: str | None, by: str) -> dict[str, Any]:
        """Speak it by the voice. Raises SpeechUnavailable where there is none for the language."""
        name, language = checked_name(name), checked_language(language)
        text = (text or self._folders.texts().get(name, {}).get(language, "")).strip()
        if not text or len(text) > LONGEST_TEXT:
            raise Conflict(f"give it a text of 1 to {LONGEST_TEXT} characters first")
        speaker = self._voice.speaker(language) if self._voice is not None else ""
        if self._voice is None or not speaker or (voice and voice != speaker):
            raise SpeechUnavailable(f"no voice {voice} speaks {language} here; install one: docs/prompts.md")
        spoken = resample(self._voice.render(said_text(Wanted(name, language, text)), language), RATE, 16_000)
        samples = finish(spoken, 16_000, lead=20)
        if not len(samples):
            raise SpeechUnavailable(f"the voice says nothing for {text!r}")
        with self._lock:
            folder, path = self._target(language, name, stamp)
            credits = {"voice": speaker, "model": self._voice.model, "licence": self._voice.licence}
            self._replace(folder, path, language, name, samples, 16_000, by, "rendered", "rendered", text=text, **credits)
        return self.prompt(name)

    def remove(self, name: str, language: str, stamp: str | None, by: str) -> dict[str, Any]:
        """Take a recording away; it can be brought back. Raises NotFound, Stale."""
        name, language = checked_name(name), checked_language(language)
        with self._lock:
            found = self._folders.of(language, name)
            if found is None:
                raise NotFound(f"{name} has no recording in {language or 'any language'}")
            folder, path = found
            self._fresh(path, stamp)
            _may_write(path.parent)
            self._journal.keep(language, name, path, self._change(path, by, "removed"))
            enter(folder, None, language, name)
            path.unlink()
        return self.prompt(name)

    def undo(self, name: str, language: str, version: str, stamp: str | None, by: str) -> dict[str, Any]:
        """An older recording again, the last one without a version. Raises NotFound, Stale."""
        name, language = checked_name(name), checked_language(language)
        with self._lock:
            changes = self._journal.changes(language, name)
            version = version or next((one.version for one in changes if one.version), "")
            older = self._journal.recording(language, name, version)
            rate = _rate_of(older)
            samples = read_recording(older, rate)
            folder, path = self._target(language, name, stamp)
            self._replace(folder, path, language, name, samples, rate, by, "restored", "file")
        return self.prompt(name)

    def write(self, name: str, language: str, text: str, stamp: str, by: str) -> dict[str, Any]:
        """Change what a prompt shall say; what is recorded stays. `stamp` is the text that was read. Raises Stale."""
        name, language, text = checked_name(name), checked_language(language), " ".join(text.split())
        if not language or not text or len(text) > LONGEST_TEXT:
            raise Conflict(f"a text has a language and 1 to {LONGEST_TEXT} characters")
        with self._lock:
            now = self._folders.texts().get(name, {}).get(language, "")
            if stamp != now:
                raise Stale(f"the text of {name} was changed meanwhile", yours=text, theirs=now, base=None, stamp=now)
            self._write_text(name, language, text)
            self._journal.keep(language, name, None, Change("", self._clock(), by, "text"))
        return self.prompt(name)

    def _write_text(self, name: str, language: str, text: str) -> None:
        path = self._folders.newest / TEXTS
        before = path.read_text("utf-8") if path.is_file() else ""
        try:
            data = self._read_yaml(before) or {}
            changed = self._edit_yaml(before, {**data, name: {**(data.get(name) or {}), language: text}})
            part = path.with_name(f".{path.name}.part")
            part.write_text(changed, "utf-8")
            part.replace(path)
        except (ValueError, AttributeError, TypeError) as error:
            raise Conflict(f"{path}: {error}") from None
        except OSError as error:
            raise Conflict(f"{path}: {error.strerror}; the server may not write there") from None

    # --- how a recording is replaced

    def _target(self, language: str, name: str, stamp: str | None) -> tuple[Path, Path | None]:
        """The folder that the new recording goes to, and the file that it replaces. Raises Stale, Conflict."""
        if not language and "/" in name:  # it would be a recording of the language of that name, unseen
            raise Conflict("what has no language lies beside the languages: its name has no /")
        found = self._folders.of(language, name)
        self._fresh(found[1] if found is not None else None, stamp)
        folder = found[0] if found is not None and writable(found[0]) else self._folders.newest
        _may_write(folder)
        return folder, found[1] if found is not None else None

    def _fresh(self, path: Path | None, stamp: str | None) -> None:
        """Raises Stale where the recording is another than the one that was heard; None is whichever there is."""
        now = file_hash(path) if path is not None else ""
        if stamp is not None and stamp != now:
            raise Stale("another recording was put there meanwhile: listen to it", yours="", theirs="", base=None, stamp=now)

    def _change(self, path: Path | None, by: str, what: str) -> Change:
        now = self._clock()
        version = ""
        seconds = 0.0
        if path is not None:
            version = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + "-" + file_hash(path)[:6]
            seconds = self._measure(path)["seconds"]
        return Change(version, now, by, what, seconds=seconds)

    def _replace(
        self,
        folder: Path,
        before: Path | None,
        language: str,
        name: str,
        samples: Any,
        rate: int,
        by: str,
        what: str,
        source: str,
        text: str = "",
        **credits: str,
    ) -> None:
        new = folder / language / f"{name}.wav"
        trial = new.with_name(f".{new.name}.trial")
        try:
            write_recording(trial, samples, rate)
            made = file_hash(trial)
            self._journal.keep(language, name, before, replace(self._change(before, by, what), source=source, made=made))
            if before is not None and before.parent == new.parent and before != new:
                before.unlink()  # another format: two files of one name are refused
            trial.replace(new)
        except OSError as error:
            trial.unlink(missing_ok=True)
            raise Conflict(f"{new}: {error.strerror}; the server may not write there") from None
        said = text or self._folders.texts().get(name, {}).get(language, "")
        seconds = round(len(samples) / rate, 2)
        entry = Entry(name, language, said, seconds=seconds, audio=made if credits else "", **credits)
        enter(folder, entry, language, name)


def _may_write(folder: Path) -> None:
    if not writable(folder):
        raise Conflict(f"{folder}: the server may not write there; add a folder of your own under `prompts`")


def _rate_of(path: Path) -> int:
    """The rate of a WAV, 16 kHz for everything else; none above 16 kHz."""
    try:
        with wave.open(str(path)) as file:
            return 8_000 if file.getframerate() <= 8_000 else 16_000
    except (OSError, EOFError, wave.Error):
        return 16_000
