"""A message that the caller leaves: a beep, the recording, the end by silence, `#` or hang-up, and its row."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from ivr.dialplan.events import MessageEnded, RecordMessage
from ivr.errors import SpeechUnavailable
from ivr.session.about_call import who
from ivr.session.loudness import Loudness
from ivr.speech.recognizer import RecognitionEvent, RecognitionStream, UtteranceHeard
from telephony.errors import TelephonyError
from telephony.joining import Recording, RecordingEnded
from telephony.leg import FRAME_SAMPLES, Frame
from telephony.media.clip import Clip

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

BEEP = Clip.tone(1000, 0.25)
AFTER_BEEP = 0.1
SHORTEST = 0.4
"""Seconds of speech under which nobody left a message."""
FIRST_WORD = 3.0
"""Seconds that the caller may take, beyond the silence that ends a message, before the first word."""
DISK_SECONDS = 5.0
WORDS_SECONDS = 1.5
"""How long the last words may take to be recognised once the message is over."""


def rescued(file: str, about: Mapping[str, Any], now: float) -> dict[str, Any] | None:
    """The row of a message in the midst of which the server died, from the notes beside its sound.

    None for a recording that is no message, or too short for one.
    """
    if not about.get("message") or about.get("seconds", 0.0) < SHORTEST:
        return None
    names = {"id": "message", "box": "box", "contact_id": "contact", "caller_number": "caller"}
    names |= {"caller_name": "name", "language": "language", "flow": "flow"}
    return {
        **{column: str(about.get(name, "")) for column, name in names.items()},
        "file": file,
        "seconds": round(float(about["seconds"]), 1),
        "transcript": "",
        "heard": False,
        "note": "cut off by a crash of the server",
        "created_at": float(about.get("started_at", now)),
        "updated_at": now,
    }


class Message:
    """One message. `run` it once; `finish` ends it and keeps it, cancelling `run` keeps it as well unless `drop` was called."""

    def __init__(self, session: CallSession, command: RecordMessage) -> None:
        self._session, self._command = session, command
        self._loudness = Loudness()
        self._over = False
        self._changed, self._written = asyncio.Event(), asyncio.Event()
        """Set where it is over, and where the first word was heard."""
        self._dropped = False
        self._last_word = 0.0
        self._ended: RecordingEnded | None = None
        self._stream: RecognitionStream | None = None
        self._texts: list[str] = []
        self._recording: Recording | None = None
        self._words = asyncio.Event()

    def finish(self) -> None:
        """End it now and keep what was said."""
        self._over = True
        self._changed.set()

    def drop(self) -> None:
        """End it now and throw it away."""
        self._dropped = True
        self.finish()

    async def run(self) -> MessageEnded:
        """How it went. A disk that is full, or a server that records nothing, is an `error`, and the log says so."""
        session, task = self._session, self._command.task
        session.answer()
        if self._command.beep:
            session.leg.play([BEEP])
            await self._until(BEEP.seconds + AFTER_BEEP)
        recording = self._recording = self._begin()
        if recording is None:
            return MessageEnded(task, "error")
        try:
            session.leg.hear(self._hear)
            self._listen()
            await self._listened()
        finally:
            session.leg.hear(None)
            recording.stop()
        await self._settled()
        return self._kept(task, recording.file)

    # --- recording

    def _begin(self) -> Recording | None:
        session, services = self._session, self._session.services
        if services.record is None:
            log.error("%s message: the setting `recording.folder` is empty", session.call.correlation)
            return None
        self.id = uuid4().hex
        day = time.strftime("%Y/%m/%d", time.gmtime(services.clock()))
        about = {"contact": session.call.id, "node": services.node, "caller": session.call.caller.number}
        about |= {"flow": session.call.flow, "box": self._command.box}
        about |= {"message": self.id, "name": session.call.caller.name, "language": session.call.language}
        try:
            return services.record(session.leg, f"voicemail/{self._command.box}/{day}/{self.id}", about, self._closed)
        except TelephonyError as error:
            log.error("%s message: %s", session.call.correlation, error)
            return None

    def _closed(self, ended: RecordingEnded) -> None:
        self._ended = ended
        self._written.set()
        self.finish()

    def _hear(self, frame: Frame) -> None:
        if self._loudness.hear(frame):
            if not self._last_word:
                self._changed.set()
            self._last_word = asyncio.get_running_loop().time()
        if self._stream is not None:
            self._stream.feed(frame)

    async def _listened(self) -> None:
        """Until silence, the longest time, or somebody ends it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self._over:
            quiet = self._last_word or began + FIRST_WORD
            left = min(quiet + self._command.silence, began + self._command.seconds) - loop.time()
            if left <= 0:
                return
            await self._until(left)

    async def _until(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
                self._changed.clear()

    async def _settled(self) -> None:
        """Wait, for a moment, for the disk and for the last words."""
        await self._recognised()
        with suppress(TimeoutError):
            async with asyncio.timeout(DISK_SECONDS):
                await self._written.wait()

    # --- words

    def _listen(self) -> None:
        recognizer, language = self._session.services.recognizer, self._session.call.language
        if recognizer is None or language not in recognizer.languages:
            return
        stream = recognizer.open(self._recognised_event)
        try:
            stream.listen(language, [], patience=0.8)
        except SpeechUnavailable as error:
            log.info("%s message: not transcribed: %s", self._session.call.correlation, error)
            stream.close()
            return
        self._stream = stream

    def _recognised_event(self, event: RecognitionEvent) -> None:
        if isinstance(event, UtteranceHeard):
            if event.text and sum(map(len, self._texts)) < 4000:
                self._texts.append(event.text)
                if self._recording is not None:
                    self._session.private.hush_words(self._session, self._recording, event)
            self._words.set()

    async def _recognised(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        self._words.clear()
        for _ in range(60):
            stream.feed(np.zeros(FRAME_SAMPLES, np.int16))
        with suppress(TimeoutError):
            async with asyncio.timeout(WORDS_SECONDS if self._loudness.voiced >= SHORTEST else 0.0):
                await self._words.wait()
        stream.close()

    # --- the end

    def _kept(self, task: int, file: str) -> MessageEnded:
        session, ended = self._session, self._ended
        if ended is not None and ended.reason not in ("stopped", "limit"):
            log.error("%s message: the recording ended: %s %s", session.call.correlation, ended.reason, ended.detail)
            if not ended.octets:
                return MessageEnded(task, "error")
        if self._dropped or self._loudness.voiced < SHORTEST:
            session.services.discard(file)
            return MessageEnded(task, "empty")
        seconds = round(ended.seconds, 1) if ended is not None else 0.0
        session.keep("voicemails", self._row(file, seconds))
        return MessageEnded(task, "done", seconds, self.id)

    def _row(self, file: str, seconds: float) -> dict[str, Any]:
        now, joint = self._session.services.clock(), "" if self._session.call.language == "zh" else " "
        return {
            **who(self._session.call),
            "id": self.id,
            "box": self._command.box,
            "file": file,
            "seconds": seconds,
            "transcript": self._session.private.clean(self._session, joint.join(self._texts)),
            "heard": False,
            "note": "",
            "created_at": now,
            "updated_at": now,
        }
