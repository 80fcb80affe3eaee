"""Recordings of calls: packets are tapped in the event loop and written by a thread, so a slow disk never delays a voice."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from telephony.errors import Misuse, TransportError
from telephony.gateway.recording_files import FORMATS, SEALED, SUFFIX
from telephony.gateway.recording_silence import Span
from telephony.gateway.recording_writer import Job, Opening, Packets, Piece, Silence, Sound, Stop, Tally, Writer
from telephony.joining import RecordingEnded
from telephony.leg import CallLeg
from telephony.media.codec import Codec
from telephony.media.two_channel import LEFT, RATE, RIGHT, FarClock, OwnClock

logger = logging.getLogger(__name__)

BATCH_SECONDS = 0.2
"""Packets of one recording that travel to the thread together."""


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    folder: Path
    format: str = "wav"
    """`wav` (16 bit), `wav_pcmu` (half of it), or `opus` (in Ogg, a thirtieth)."""
    key: bytes | None = None
    """32 octets seal every file (AES-256-GCM); None leaves them plain."""
    longest: float = 4 * 3600.0
    """Seconds after which a recording ends by itself."""
    least_free: int = 200_000_000
    """Octets that must stay free on the disk: below it recordings end, calls go on."""
    queue: int = 2000
    """Batches on their way to the disk, of all recordings together; beyond it they are dropped and counted."""

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if self.format not in FORMATS:
            raise ValueError(f"a recording's format is {', '.join(FORMATS)}; not {self.format}")
        if self.key is not None and len(self.key) != 32:
            raise ValueError("the key of recordings must be 32 octets")


@runtime_checkable
class TappedLeg(Protocol):
    """A leg whose packets can be tapped."""

    @property
    def media(self) -> Tapped: ...


class Tapped(Protocol):
    def add_tap(self, tap: Any, /) -> None: ...

    def remove_tap(self, tap: Any, /) -> None: ...


class Recorder:
    """Records legs of this node into `settings.folder`; `telephony.joining.Record` is its `record`."""

    def __init__(self, settings: RecordingSettings, *, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self._clock = clock
        self._writer = Writer(settings.queue, settings.least_free)
        self._running: set[CallRecording] = set()

    def start(self) -> None:
        """Begin to write, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._writer.start()

    async def close(self) -> None:
        """End every recording and wait until all is on the disk."""
        for recording in tuple(self._running):
            recording.stop()
        await asyncio.to_thread(self._writer.close)
        await asyncio.sleep(0)

    def __len__(self) -> int:
        return len(self._running)

    @property
    def tally(self) -> Tally:
        """Counters of the writer: files, octets, dropped batches, failures."""
        return self._writer.tally

    def record(
        self, leg: CallLeg, name: str, about: Mapping[str, Any], ended: Callable[[RecordingEnded], None]
    ) -> CallRecording:
        """Begin to record `leg` in a new file `name`, a path below the folder without its ending; `about` goes beside it.

        Raises Misuse for a leg without packets of its own, TransportError where the disk is as good as full.
        """
        if not isinstance(leg, TappedLeg):
            raise Misuse(f"{leg.id} cannot be recorded here: no MediaStream")
        try:
            self.settings.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            free = shutil.disk_usage(self.settings.folder).free
        except OSError as error:
            raise TransportError(f"recordings: {error}") from error
        if free < self.settings.least_free:
            raise TransportError(f"recordings: only {free // 1_000_000} MB are free on the disk")
        form = self.settings.format
        file = f"{name}{SUFFIX[form]}{SEALED if self.settings.key else ''}"
        notes = {
            **about,
            "file": Path(file).name,
            "format": form,
            "sealed": self.settings.key is not None,
            "channels": ["far end", "what it hears"],
            "started_at": self._clock(),
        }
        opening = Opening(self.settings.folder / file, file, form, self.settings.key, self.settings.longest, notes)
        recording = CallRecording(self, leg.media, file, opening, ended)
        self._running.add(recording)
        return recording

    def hand(self, job: Job) -> bool:
        """Pass a job to the thread; False where there is no room for it."""
        return self._writer.put(job)

    def now(self) -> float:
        return self._loop.time()

    def wall(self) -> float:
        return self._clock()

    def told(self, recording: CallRecording, ended: RecordingEnded) -> None:
        """Hear from the thread that a file is closed."""
        self._loop.call_soon_threadsafe(self._over, recording, ended)

    def _over(self, recording: CallRecording, ended: RecordingEnded) -> None:
        self._running.discard(recording)
        recording.over(ended)


class CallRecording:
    """One recording, and the tap that feeds it. Made by `Recorder.record`."""

    def __init__(
        self,
        recorder: Recorder,
        media: Tapped,
        file: str,
        opening: Opening,
        ended: Callable[[RecordingEnded], None],
    ) -> None:
        self.file = file
        self.paused = False
        self._recorder, self._media, self._ended = recorder, media, ended
        self._began = recorder.now()
        self._far, self._own = FarClock(), OwnClock()
        self._pieces: list[Piece] = []
        self._batch_at = self._began
        self._dropped = 0
        self._stopping = False
        self._sound = Sound(opening, lambda done: recorder.told(self, done))
        media.add_tap(self)

    # --- telephony.media.hearing.Tap

    def heard(self, codec: Codec, payload: bytes, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        position = round((now - self._began) * RATE)
        samples = 160 if codec.clock_rate == 48000 else len(payload)
        place = self._far.place(timestamp, codec.clock_rate, ssrc, position, samples)
        self._keep(LEFT, place, codec, payload, now)

    def sent(self, codec: Codec, payload: bytes, now: float) -> None:
        samples = 160 if codec.clock_rate == 48000 else len(payload)
        self._keep(RIGHT, self._own.place(round((now - self._began) * RATE), samples), codec, payload, now)

    def _keep(self, channel: int, place: int, codec: Codec, payload: bytes, now: float) -> None:
        if self.paused:
            return
        self._pieces.append((channel, place, codec, payload))
        if now - self._batch_at >= BATCH_SECONDS:
            self._pass_on(now)

    def _pass_on(self, now: float) -> None:
        pieces, self._pieces, self._batch_at = self._pieces, [], now
        job = Packets(self._sound, pieces, round((now - self._began) * RATE), self._dropped)
        if pieces and not self._recorder.hand(job):
            self._dropped += len(pieces)

    # --- telephony.joining.Recording

    def pause(self, why: str = "") -> None:
        if not self.paused and not self._stopping:
            self.paused = True
            self._mark("paused", why)

    def resume(self) -> None:
        if self.paused and not self._stopping:
            self.paused = False
            self._mark("resumed", "")

    def silence(self, start: float, end: float, both: bool = True) -> None:
        first, last = max(0.0, start - self._began), end - self._began
        if last <= first:
            return
        if not self._stopping:
            self._pass_on(self._recorder.now())
        mark = {
            "at": self._recorder.wall(),
            "second": round(first, 3),
            "what": "silenced",
            "until": round(last, 3),
            "both": both,
        }
        self._sound.marks.append(mark)
        self._recorder.hand(Silence(self._sound, Span(round(first * RATE), round(last * RATE), both)))

    def stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        self._media.remove_tap(self)
        now = self._recorder.now()
        self._pass_on(now)
        self._recorder.hand(Stop(self._sound, round((now - self._began) * RATE), self._dropped))

    def _mark(self, what: str, why: str) -> None:
        now = self._recorder.now()
        self._pass_on(now)
        mark = {"at": self._recorder.wall(), "second": round(now - self._began, 3), "what": what}
        self._sound.marks.append({**mark, "why": why} if why else mark)

    def over(self, ended: RecordingEnded) -> None:
        """Hear the end: asked for, or because of the disk or the longest time."""
        if not self._stopping:
            self._stopping = True
            self._media.remove_tap(self)
        level = logging.INFO if ended.reason in ("stopped", "limit") else logging.ERROR
        logger.log(level, "recording %s ended: %s %s", ended.file, ended.reason, ended.detail)
        self._ended(ended)
