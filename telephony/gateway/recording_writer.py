"""The one thread that decodes recordings and puts them on the disk, behind a bounded queue."""

from __future__ import annotations

import errno
import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telephony.gateway.recording_files import SoundFile, create, note
from telephony.joining import RecordingEnded
from telephony.media.codec import Codec
from telephony.media.coding import Decoder, make_decoder
from telephony.media.two_channel import RATE, Timeline

logger = logging.getLogger(__name__)

HOLD = 2400
"""Samples (0.3 s) that wait for packets which are late."""
LOOK_SECONDS = 5.0
"""Between looks at what is free on the disk."""
CLOSE_SECONDS = 20.0
"""How long `close` waits for a slow disk."""

Piece = tuple[int, int, Codec, bytes]
"""Channel, position, codec, payload."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new file needs."""

    path: Path
    name: str
    """Path below the recordings' folder."""
    format: str
    key: bytes | None
    longest: float
    notes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Packets:
    sound: Sound
    pieces: list[Piece]
    now: int
    """Position of the clock, in samples."""
    dropped: int


@dataclass(frozen=True, slots=True)
class Stop:
    sound: Sound
    now: int
    dropped: int


Job = Packets | Stop


@dataclass(slots=True)
class Tally:
    """Counters since the start."""

    files: int = 0
    octets: int = 0
    dropped: int = 0
    """Batches that found no room in the queue."""
    late: int = 0
    """Samples that came too late for their place."""
    failed: int = 0
    """Files that a full disk or another error ended."""


@dataclass(slots=True, eq=False)
class Sound:
    """One file in the making. All but `marks` belongs to the thread."""

    opening: Opening
    tell: Callable[[RecordingEnded], None]
    marks: list[dict[str, Any]] = field(default_factory=list)
    timeline: Timeline = field(default_factory=Timeline)
    decoders: dict[tuple[int, Codec], Decoder] = field(default_factory=dict)
    file: SoundFile | None = None
    noted: int = 0
    """Marks that stand in the notes."""
    over: bool = False

    def decoder(self, channel: int, codec: Codec) -> Decoder:
        found = self.decoders.get((channel, codec))
        if found is None:
            found = self.decoders[channel, codec] = make_decoder(codec)
        return found


class Writer:
    """Takes jobs from the event loop; `put` never waits. A file is made with its first job."""

    def __init__(self, room: int, least_free: int) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._room, self._least_free = room, least_free
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
        self._looked_at = 0.0
        self._enough = True
        self.tally = Tally()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Write what is queued, and end."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join(CLOSE_SECONDS)

    def put(self, job: Job) -> bool:
        """Queue a job. A `Stop` always finds room: there is one for each recording."""
        if isinstance(job, Packets) and self._jobs.qsize() >= self._room:
            self.tally.dropped += 1
            return False
        self._jobs.put(job)
        return True

    # --- in the thread

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.sound.over:
                continue
            try:
                self._do(job)
            except Exception as error:
                self._fail(job, error)

    def _do(self, job: Job) -> None:
        sound = job.sound
        if sound.file is None:
            sound.file = create(sound.opening.path, sound.opening.format, sound.opening.key)
            self.tally.files += 1
            self._note(sound, {})
        if isinstance(job, Stop):
            self._end(sound, job.now, job.dropped, "stopped")
            return
        longest = round(sound.opening.longest * RATE)
        for channel, place, codec, payload in job.pieces:
            sound.timeline.put(channel, place, sound.decoder(channel, codec).decode(payload))
        self._write(sound, min(job.now - HOLD, longest))
        if sound.noted != len(sound.marks):
            self._note(sound, {})
        if job.now >= longest:
            self._end(sound, longest, job.dropped, "limit")
        elif not self._disk_has_room(sound.opening.path):
            self._end(sound, job.now, job.dropped, "disk_full", f"less than {self._least_free // 1_000_000} MB are free")

    def _write(self, sound: Sound, until: int) -> None:
        """Append everything before `until`; hours of silence go through in pieces."""
        assert sound.file is not None
        while until > sound.timeline.given:
            block = sound.timeline.take(until)
            sound.file.write(block)
            self.tally.octets += block.nbytes

    def _end(self, sound: Sound, until: int, dropped: int, reason: str, detail: str = "") -> None:
        assert sound.file is not None
        self._write(sound, until)
        sound.file.close()
        self._over(sound, reason, dropped, detail)

    def _over(self, sound: Sound, reason: str, dropped: int, detail: str) -> None:
        sound.over = True
        self.tally.late += sound.timeline.late
        path = sound.opening.path
        octets = path.stat().st_size if path.exists() else 0
        seconds = round(sound.timeline.given / RATE, 3)
        self._note(sound, {"ended": reason, "seconds": seconds, "octets": octets, "dropped": dropped, "detail": detail})
        sound.tell(RecordingEnded(sound.opening.name, reason, seconds, octets, dropped, detail))

    def _fail(self, job: Job, error: Exception) -> None:
        """One file that cannot be written ends alone; what it has stays."""
        sound, full = job.sound, isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        self.tally.failed += 1
        if not isinstance(error, OSError):
            logger.exception("recording %s failed", sound.opening.path.name)
        try:
            self._over(sound, "disk_full" if full else "failed", job.dropped, str(error))
        except OSError as another:  # not even the notes find room
            sound.over = True
            reason = "disk_full" if full else "failed"
            sound.tell(RecordingEnded(sound.opening.name, reason, sound.timeline.given / RATE, 0, job.dropped, str(another)))

    def _note(self, sound: Sound, last: dict[str, Any]) -> None:
        marks = list(sound.marks)
        note(sound.opening.path, {**sound.opening.notes, "marks": marks, **last})
        sound.noted = len(marks)

    def _disk_has_room(self, path: Path) -> bool:
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._enough = shutil.disk_usage(path.parent).free >= self._least_free
        if not self._enough:
            self.tally.failed += 1
        return self._enough
