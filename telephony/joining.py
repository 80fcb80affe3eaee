"""What legs can be made into besides bridges: conferences and recordings, as `ivr` sees them. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from telephony.leg import CallLeg
from telephony.media.clip import Clip
from telephony.media.mixer import Role

__all__ = ["Confer", "Conference", "Record", "Recording", "RecordingEnded", "Role"]


class Conference(Protocol):
    """Legs that all hear each other, each through its own gains."""

    def join(self, leg: CallLeg, role: Role = Role.SPEAKER, coached: CallLeg | None = None) -> None:
        """Let an UP leg in. Raises Misuse where it is in already, the conference is full, or a coach has nobody."""

    def leave(self, leg: CallLeg) -> None:
        """Let it go; it stays up and silent. Without effect on a leg that is not here."""

    def role(self, leg: CallLeg, role: Role, coached: CallLeg | None = None) -> None:
        """A supervisor goes from listening to whispering to barging in, without a gap. Raises Misuse as `join`."""

    def mute(self, leg: CallLeg, muted: bool = True) -> None:
        """Nobody hears it; it hears as before."""

    def hold(self, leg: CallLeg, music: Sequence[Clip]) -> None:
        """It hears `music`, repeated, and is not heard; the others go on."""

    def resume(self, leg: CallLeg) -> None: ...

    def levels(self) -> Mapping[str, float]:
        """Leg id to dBFS of what it says now, -100.0 for silence: who is speaking."""

    def close(self) -> None:
        """Part the legs; all stay up and silent. Without effect the second time."""


Confer = Callable[[Sequence[Clip]], Conference]
"""Makes an empty conference; the clips are what a lone member hears."""


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """The last word about a recording. It comes exactly once, in the event loop."""

    file: str
    """Path below the recordings' folder."""
    reason: str
    """`stopped`, `limit` (its longest time), `disk_full`, or `failed`."""
    seconds: float
    octets: int
    dropped: int
    """Packets that found no room on the way to the disk; their place is silent."""
    detail: str = ""


class Recording(Protocol):
    """A two-channel recording that goes on: left what the leg says, right what it hears."""

    @property
    def file(self) -> str:
        """Path below the recordings' folder."""

    @property
    def paused(self) -> bool: ...

    def pause(self, why: str = "") -> None:
        """Silence from now on, with a mark in the file's notes. Without effect where it is paused or over."""

    def resume(self) -> None: ...

    def silence(self, start: float, end: float, both: bool = True) -> None:
        """Take out what sounded between two times on the event loop's clock, also where it is on the disk already.

        Without `both` only what the leg said. A recording that is over, or that began later, is silenced as far as it has
        anything of that time. Never blocks, never raises.
        """

    def stop(self) -> None:
        """End it; `RecordingEnded` follows when all is on the disk. Without effect the second time."""


Record = Callable[[CallLeg, str, Mapping[str, Any], Callable[[RecordingEnded], None]], Recording]
"""(leg, name, what stands in its notes, who hears of its end): begins at once. Raises Misuse and TransportError."""
