"""From the settings of recordings to what plays and finds contacts that are over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import NotFound
from ivr.playing.spans import seconds
from ivr.playing.timeline import Sound
from ivr.playing.voices import STEP
from ivr.records.search import TranscriptSearch
from ivr.web.playing_api import PlayParts, Readable
from telephony.errors import PeerFault
from telephony.gateway.recording import RecordingSettings
from telephony.gateway.recording_files import read_sidecar
from telephony.gateway.recording_levels import levels_of
from telephony.gateway.recording_reading import RecordingReader

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Recordings whose levels are made at the same time."""


def play_parts(engine: AsyncEngine, settings: RecordingSettings | None) -> PlayParts:
    """`settings` is None where this node records nothing: then there is no sound, but words."""
    shelf = SoundShelf(settings)
    return PlayParts(TranscriptSearch(engine), shelf.sounds, shelf.open)


class SoundShelf:
    """The recordings in the folder of this node."""

    def __init__(self, settings: RecordingSettings | None) -> None:
        self._settings = settings
        self._looking = asyncio.Semaphore(AT_ONCE)

    async def sounds(self, contact: Mapping[str, Any]) -> list[Sound]:
        """Every recording of a contact, in order; never raises for one that cannot be read."""
        began = seconds(contact.get("started_at")) or 0.0
        found = []
        for number, entry in enumerate(_entries(contact), 1):
            async with self._looking:
                found.append(await asyncio.to_thread(self._sound, str(contact["id"]), began, number, entry))
        return sorted((one for one in found if one is not None), key=lambda one: one.offset)

    async def open(self, contact: Mapping[str, Any], number: int) -> Readable:
        """Raises NotFound."""
        entries = _entries(contact)
        if not 1 <= number <= len(entries) or not entries[number - 1].get("file"):
            raise NotFound(f"there is no recording {number} of {contact['id']}")
        file = str(entries[number - 1]["file"])
        try:
            return await asyncio.to_thread(self._open, file)
        except (OSError, PeerFault) as error:
            log.warning("recording %s cannot be played: %s", file, error)
            raise NotFound(f"the recording {file} cannot be read on this node: {_why(error)}") from error

    def _open(self, file: str) -> RecordingReader:
        settings, path = self._found(file)
        return RecordingReader(path, settings.key)

    def _sound(self, contact_id: str, began: float, number: int, entry: Mapping[str, Any]) -> Sound | None:
        started, told = seconds(entry.get("started_at")), seconds(entry.get("seconds"))
        if not entry.get("file") or started is None:
            return None
        offset = max(0.0, started - began)
        try:
            settings, path = self._found(str(entry["file"]))
            notes = read_sidecar(path)
            over = bool(notes.get("ended") or entry.get("reason"))
            levels = levels_of(path, settings.key, keep=over)
        except (OSError, ValueError, PeerFault) as error:
            return Sound(number, offset, told or 0.0, "", _why(error))
        url = f"/api/v1/contacts/{contact_id}/playback/{number}"
        marks = [one for one in notes.get("marks") or () if isinstance(one, Mapping)]
        return Sound(number, offset, told or len(levels) * STEP, url, "", levels, marks)

    def _found(self, file: str) -> tuple[RecordingSettings, Path]:
        """Raises FileNotFoundError."""
        if self._settings is None:
            raise FileNotFoundError
        path, root = (self._settings.folder / file).resolve(), self._settings.folder.resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise FileNotFoundError
        return self._settings, path


def _entries(contact: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [one for one in contact.get("recordings") or () if isinstance(one, Mapping)]


def _why(error: Exception) -> str:
    """`missing` (removed, or on another node), `sealed` (another key, or none), `broken`."""
    if isinstance(error, FileNotFoundError):
        return "missing"
    return "sealed" if isinstance(error, PeerFault) or "no key" in str(error) else "broken"
