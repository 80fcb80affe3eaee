"""One call from its first event to its report: what is said, which keys are pressed, what is heard and kept."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.errors import ConfigError
from ivr.phone.keys import Press
from ivr.phone.measure import RATE, Ear
from ivr.phone.report import Report
from telephony.gateway.sip_leg import SipLeg
from telephony.leg import (
    Answered,
    DtmfReceived,
    EarlyMedia,
    EndCause,
    Ended,
    HeldByPeer,
    LegEvent,
    LegState,
    PlaybackFinished,
    ResumedByPeer,
    Ringing,
)
from telephony.media.clip import Clip
from telephony.media.codec import Codec

TICK = 0.2
"""Seconds between updates of the progress line."""
NOTHING = "no call was made"
STILL = (Clip.silence(1.0),)
"""Sent where nothing is said: a phone that sends no packets is soon taken for dead (`media_timeout`)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What we do in a call."""

    play: Sequence[Clip] = ()
    repeat: bool = False
    keys: Sequence[Press] = ()
    record: Path | None = None
    """WAV of what is heard: mono, 8 kHz, 16 bit."""
    seconds: float = 30.0
    """After the answer we hang up; 0 for when the far end does."""
    wait: float = 60.0
    """Seconds that we wait for an answer."""
    after: float = 0.0
    """Seconds of ringing before we answer a call that comes in."""


class Calling:
    """One leg, from now on to its end: `await run()`."""

    def __init__(self, leg: SipLeg, plan: Plan, say: Callable[[str], None]) -> None:
        self._leg, self._plan, self._say = leg, plan, say
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._rang: float | None = None
        self._answered: float | None = None
        self._ended: Ended | None = None
        self._over = asyncio.Event()
        self._ear = Ear()
        self._digits: list[str] = []
        self._sent: list[str] = []
        self._timers: list[asyncio.TimerHandle] = []
        self._file: wave.Wave_write | None = None
        self._who = leg.caller.user if leg.state is LegState.OFFERED else leg.callee.user
        self._outgoing = leg.state is LegState.DIALING
        leg.subscribe(self._hear)

    async def run(self) -> Report:
        """Until the call is over. Cancelling it hangs up, and gives the report all the same. Raises ConfigError."""
        leg, plan = self._leg, self._plan
        self._open_recording()
        if leg.state is LegState.OFFERED:
            leg.ring()
            self._rang = self._began
            self._later(plan.after, leg.answer)
        else:
            self._later(plan.wait, self._give_up)
        try:
            while not self._over.is_set():
                self._tell()
                try:
                    async with asyncio.timeout(TICK):
                        await self._over.wait()
                except TimeoutError:
                    continue
        except asyncio.CancelledError:
            leg.hang_up()
            await asyncio.wait_for(self._over.wait(), 1.0)
        finally:
            for timer in self._timers:
                timer.cancel()
            if self._file is not None:
                self._file.close()
        return self._report()

    # What the leg tells

    def _hear(self, event: LegEvent) -> None:
        match event:
            case Ringing(at=at) if self._rang is None:
                self._rang = at
            case EarlyMedia() if self._plan.record is not None:
                self._leg.hear(self._frame)
            case Answered(at=at):
                self._up(at)
            case DtmfReceived(digit=digit):
                self._digits.append(digit)
            case PlaybackFinished(completed=True):
                self._leg.play(STILL, repeat=True)
            case HeldByPeer() | ResumedByPeer():
                self._tell()
            case Ended():
                self._ended = event
                self._over.set()
            case _:
                return

    def _up(self, at: float) -> None:
        leg, plan = self._leg, self._plan
        self._answered = at
        for timer in self._timers:
            timer.cancel()
        leg.hear(self._frame)
        leg.media.add_tap(self)
        leg.play(plan.play or STILL, repeat=plan.repeat or not plan.play)
        for seconds, keys in plan.keys:
            self._later(seconds, partial(self._press, keys))
        if plan.seconds > 0:
            self._later(plan.seconds, leg.hang_up)

    def _press(self, keys: str) -> None:
        self._leg.send_digits(keys)
        self._sent.append(keys)

    def _give_up(self) -> None:
        if self._leg.state is LegState.DIALING:
            self._leg.hang_up(EndCause.NO_ANSWER)

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, what))

    # What is heard

    def _frame(self, samples: NDArray[np.int16]) -> None:
        if self._answered is not None:
            self._ear.frame(samples)
        if self._file is not None:
            self._file.writeframesraw(samples.astype("<i2").tobytes())

    def heard(self, codec: Codec, payload: bytes, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        """Hear of a packet, as `telephony.media.hearing.Tap`."""
        self._ear.packet(now)

    def sent(self, codec: Codec, payload: bytes, now: float) -> None:
        """What we send is counted by the leg."""

    def _open_recording(self) -> None:
        path = self._plan.record
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = wave.open(str(path), "wb")  # noqa: SIM115 - closed when the call is over
        except OSError as error:
            self._leg.hang_up(EndCause.FAILED, 486)
            raise ConfigError(f"--record: {path}: {error.strerror}") from None
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE)

    # What is told

    def _tell(self) -> None:
        now = self._loop.time()
        if self._answered is not None:
            held = ", on hold" if self._leg.held else ""
            received = self._leg.quality().get("packets_received", 0)
            self._say(f"{self._who}: talking {now - self._answered:.0f} s{held}, {received} packets heard")
        elif self._rang is not None:
            self._say(f"{self._who}: ringing {now - self._rang:.0f} s")
        else:
            self._say(f"{self._who}: calling {now - self._began:.0f} s")

    def _report(self) -> Report:
        ended, answered = self._ended, self._answered
        assert ended is not None
        quality = self._leg.quality()
        seconds = ended.at - answered if answered is not None else 0.0
        status = ended.detail or (NOTHING if answered is None else "")
        if answered is not None:
            state = "media_lost" if ended.cause is EndCause.MEDIA_LOST else "answered"
            status = "200 OK"
        else:
            state = "failed" if ended.cause in (EndCause.RELEASED, EndCause.HUNG_UP) else ended.cause.value
        return Report(
            target=self._who,
            state=state,
            status=status,
            alerting_ms=_since(self._began, self._rang) if self._outgoing else None,
            ring_ms=_since(self._rang, answered),
            set_up_ms=_since(self._began, answered),
            seconds=round(seconds, 2),
            ended_by="far end" if ended.by_peer else "us",
            cause=ended.cause.value,
            codec=str(quality.get("codec", "")) if answered is not None else "",
            media={name: value for name, value in quality.items() if name != "codec"} if answered is not None else {},
            heard=self._ear.result(seconds) if answered is not None else None,
            digits="".join(self._digits),
            sent="".join(self._sent),
            recording=str(self._plan.record) if self._plan.record is not None else "",
        )


def _since(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round((after - before) * 1000, 1)
