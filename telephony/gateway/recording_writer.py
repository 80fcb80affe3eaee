"""The one thread that decodes recordings and puts them on the disk, behind a bounded queue."""

from __future__ import annotations

import errno
import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telephony.gateway.recording_files import SoundFile, WavFile, create, note
from telephony.gateway.recording_silence import Span, hush_block, hush_file
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


@dataclass(frozen=True, slots=True)
class Silence:
    sound: Sound
    span: Span


Job = Packets | Stop | Silence


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
    hushed: list[Span] = field(default_factory=list)
    """What is to be silent, also of what is still to come."""
    last: dict[str, Any] = field(default_factory=dict)
    """What the notes say of its end."""
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
        self._hushing = ThreadPoolExecutor(1, "recordings-silenced")
        self.tally = Tally()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Write what is queued, and end."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join(CLOSE_SECONDS)
        self._hushing.shutdown(wait=True)

    def put(self, job: Job) -> bool:
        """Queue a job. A `Stop` always finds room, for there is one for each recording, and a `Silence`: few are private."""
        if isinstance(job, Packets) and self._jobs.qsize() >= self._room:
            self.tally.dropped += 1
            return False
        self._jobs.put(job)
        return True

    # --- in the thread

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.sound.over and not isinstance(job, Silence):
                continue
            try:
                self._do(job)
            except Exception as error:
                self._fail(job, error)

    def _do(self, job: Job) -> None:
        sound = job.sound
        if isinstance(job, Silence):
            self._hush(sound, job.span)
            return
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
            at = sound.timeline.given
            block = sound.timeline.take(until)
            hush_block(block, at, sound.hushed)
            sound.file.write(block)
            self.tally.octets += block.nbytes

    def _hush(self, sound: Sound, span: Span) -> None:
        """What is written already is silenced where it stands, or, sealed or compressed, once the file is over."""
        sound.hushed.append(span)
        if sound.over:
            self._hush_later(sound, [span])
        elif isinstance(sound.file, WavFile) and sound.opening.key is None:
            sound.file.silence(span)

    def _hush_later(self, sound: Sound, spans: list[Span]) -> None:
        """In a thread of its own: an hour takes seconds, for which no other recording may wait."""
        try:
            self._hushing.submit(self._hush_file, sound, spans)
        except RuntimeError as error:  # the server ends: the next start does it, by the notes
            logger.warning("recording %s: parts of it are silenced at the next start: %s", sound.opening.name, error)

    def _hush_file(self, sound: Sound, spans: list[Span]) -> None:
        opening = sound.opening
        try:
            hush_file(opening.path, spans, opening.key)
            sound.last["silenced"] = sum(mark["what"] == "silenced" for mark in list(sound.marks))
            sound.last["octets"] = opening.path.stat().st_size
            self._note(sound, {})
        except Exception:
            self.tally.failed += 1
            logger.exception("recording %s: private parts of it could not be silenced", opening.name)

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
        last = {"ended": reason, "seconds": seconds, "octets": octets, "dropped": dropped, "detail": detail}
        in_place = sound.opening.key is None and isinstance(sound.file, WavFile)
        if sound.hushed and in_place:
            last["silenced"] = sum(mark["what"] == "silenced" for mark in list(sound.marks))
        self._note(sound, last)
        if sound.hushed and not in_place and octets:
            self._hush_later(sound, list(sound.hushed))
        sound.tell(RecordingEnded(sound.opening.name, reason, seconds, octets, dropped, detail))

    def _fail(self, job: Job, error: Exception) -> None:
        """One file that cannot be written ends alone; what it has stays."""
        if isinstance(job, Silence):
            logger.exception("recording %s: private parts of it could not be silenced", job.sound.opening.name)
            return
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
        sound.last |= last
        note(sound.opening.path, {**sound.opening.notes, "marks": marks, **sound.last})
        sound.noted = len(marks)

    def _disk_has_room(self, path: Path) -> bool:
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._enough = shutil.disk_usage(path.parent).free >= self._least_free
        if not self._enough:
            self.tally.failed += 1
        return self._enough
