"""A leg without a wire, for tests: keeps the commands it was given, and tells the events it is told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from telephony.leg import (
    Answered,
    CallInfo,
    CallLeg,
    DtmfReceived,
    EndCause,
    Ended,
    Frame,
    LegEvent,
    LegKind,
    LegState,
    Party,
    PlaybackFinished,
)
from telephony.media.clip import Clip
from telephony.media.codec import Codec


class FakeLeg:
    """A `CallLeg` that does nothing. `commands` are name and argument, in order; `at` is the time of every event."""

    def __init__(
        self,
        id: str = "leg-1",
        *,
        caller: Party | None = None,
        callee: Party | None = None,
        kind: LegKind = LegKind.SIP,
        state: LegState = LegState.OFFERED,
    ) -> None:
        self.id = self.correlation = id
        self.caller = caller or Party("1001", "Alice")
        self.callee = callee or Party("hotline")
        self.kind = kind
        self.languages: tuple[str, ...] = ()
        self.info = CallInfo()
        self.state = state
        self.at = 0.0
        self.commands: list[tuple[str, Any]] = []
        self.playing: tuple[Clip, ...] = ()
        self.listener: Callable[[Frame], None] | None = None
        self.sound: Frame | None = None
        """Every 20 ms of whatever plays."""
        self._playback = 0
        self._handler: Callable[[LegEvent], None] | None = None

    # --- what tests do

    def happen(self, event: LegEvent) -> None:
        """Tell an event as if the far end had caused it."""
        if isinstance(event, Ended):
            self.state = LegState.ENDED
        if self._handler is not None:
            self._handler(event)

    def pick_up(self) -> None:
        """Let the far end of a dialled leg answer."""
        self.state = LegState.UP
        self.happen(Answered(self.at))

    def press(self, digit: str) -> None:
        self.happen(DtmfReceived(self.at, digit))

    def play_out(self) -> None:
        """Let the running playback come to its end."""
        if self.playing:
            self.playing = ()
            self.happen(PlaybackFinished(self.at, self._playback, True, 1000))

    def vanish(self, cause: EndCause = EndCause.HUNG_UP) -> None:
        """Let the far end hang up, or be lost. Without effect the second time."""
        if self.state is not LegState.ENDED:
            self.happen(Ended(self.at, cause, True))

    def names(self) -> list[str]:
        """The commands without their arguments."""
        return [name for name, _ in self.commands]

    # --- CallLeg

    def subscribe(self, handler: Callable[[LegEvent], None]) -> None:
        self._handler = handler

    def ring(self) -> None:
        self.commands.append(("ring", None))

    def progress(self) -> None:
        self.commands.append(("progress", None))

    def answer(self) -> None:
        self.commands.append(("answer", None))
        if self.state is LegState.OFFERED:
            self.state = LegState.UP
            self.happen(Answered(self.at))

    def play(self, clips: Sequence[Clip], *, repeat: bool = False) -> int:
        self.stop()
        self.commands.append(("play", [clip.name for clip in clips]))
        self._playback += 1
        self.playing = tuple(clips)
        return self._playback

    def stop(self) -> None:
        if self.playing:
            self.playing = ()
            self.commands.append(("stop", None))
            self.happen(PlaybackFinished(self.at, self._playback, False, 0))

    def hear(self, listener: Callable[[Frame], None] | None) -> None:
        self.listener = listener

    def sounded(self) -> Frame | None:
        return self.sound if self.playing else None

    def send_digits(self, digits: str) -> None:
        self.commands.append(("send_digits", digits))

    def set_hold(self, on: bool) -> None:
        self.commands.append(("set_hold", on))

    def renegotiate(self, codecs: Sequence[Codec]) -> None:
        self.commands.append(("renegotiate", list(codecs)))

    def transfer(self, target: str) -> None:
        self.commands.append(("transfer", target))

    def transfer_to(self, other: CallLeg) -> None:
        self.commands.append(("transfer_to", other.id))

    def report_transfer(self, status: int) -> None:
        self.commands.append(("report_transfer", status))

    def hang_up(self, cause: EndCause = EndCause.RELEASED, status: int | None = None) -> None:
        if self.state is not LegState.ENDED:
            self.commands.append(("hang_up", cause))
            self.happen(Ended(self.at, cause, False))

    def quality(self) -> dict[str, Any]:
        return {"packets_sent": 0}


def _is_a_leg(leg: FakeLeg) -> CallLeg:
    """mypy proves here that the fake keeps to the contract."""
    return leg
