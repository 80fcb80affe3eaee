"""Everybody hears everybody else: frames in, one frame for each listener out. No I/O, no clock, no codec.

What a listener hears of a speaker is one gain in a matrix, so listening in, whispering and muting are not special cases.
All of a round is one matrix product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from telephony.errors import Misuse
from telephony.media.codec import FRAME_SAMPLES
from telephony.media.spectrum import dbfs

Frame = NDArray[np.int16]
SILENCE: Frame = np.zeros(FRAME_SAMPLES, np.int16)
SILENCE.setflags(write=False)

QUIET = -100.0
"""dBFS of nothing."""
_DECAY = 10 ** (-1.5 / 10)
"""A shown level falls 1.5 dB in 20 ms at most: what the eye can follow."""


class Role(Enum):
    """What a member may hear and be heard by."""

    SPEAKER = "speaker"
    """Hears everybody who speaks to all, and is heard by all; a supervisor who barges in is one."""
    LISTENER = "listener"
    """A supervisor who listens in: hears all, heard by none."""
    COACH = "coach"
    """A supervisor who whispers: hears all, heard by the coached member only."""


@dataclass(slots=True)
class Member:
    role: Role
    coached: str = ""
    """Whom a COACH speaks to."""
    muted: bool = False
    """Heard by nobody, hears as before."""
    deaf: bool = False
    """Hears nobody: a member on hold."""


class Mixer:
    """At most `limit` members, by name. `music` is what a member hears who is alone; it goes on where it stopped."""

    def __init__(self, limit: int = 32, music: Frame | None = None) -> None:
        self.limit = limit
        self._members: dict[str, Member] = {}
        self._own: dict[tuple[str, str], float] = {}
        self._gains: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._spoken: NDArray[np.float32] = np.zeros((0, FRAME_SAMPLES), np.float32)
        self._power: NDArray[np.float32] = np.zeros(0, np.float32)
        """Mean squares, falling slowly, in the order of joining."""
        self._stale = False
        self._music = SILENCE if music is None or not len(music) else music
        self._at = 0
        self._lone = ""

    # --- who is here

    def join(self, name: str, role: Role = Role.SPEAKER, coached: str = "") -> None:
        """Let `name` in. Raises Misuse where the limit is reached, the name is taken, or a coach has nobody to coach."""
        if name in self._members:
            raise Misuse(f"{name} is in this conference already")
        if len(self._members) >= self.limit:
            raise Misuse(f"this conference is full: {self.limit} members")
        self._check(role, coached)
        self._members[name] = Member(role, coached)
        self._stale = True

    def leave(self, name: str) -> None:
        """Let `name` go; who coached it only listens from now on. Without effect on who is not here."""
        if self._members.pop(name, None) is None:
            return
        self._own = {pair: gain for pair, gain in self._own.items() if name not in pair}
        for member in self._members.values():
            if member.coached == name:
                member.role, member.coached = Role.LISTENER, ""
        self._stale = True

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @property
    def members(self) -> Mapping[str, Member]:
        """By name, in order of joining."""
        return self._members

    # --- what they hear

    def role(self, name: str, role: Role, coached: str = "") -> None:
        """Change a role: a supervisor goes from listening to whispering to barging in. Raises Misuse as `join`."""
        self._check(role, coached)
        member = self._member(name)
        member.role, member.coached = role, coached
        self._stale = True

    def mute(self, name: str, muted: bool = True) -> None:
        self._member(name).muted = muted
        self._stale = True

    def deafen(self, name: str, deaf: bool = True) -> None:
        """A deaf member hears silence; with `mute` it is on hold."""
        self._member(name).deaf = deaf
        self._stale = True

    def gain(self, listener: str, speaker: str, gain: float | None) -> None:
        """Let `listener` hear `speaker` times `gain` (0.0 not at all, 1.0 as it is, at most 4.0); None for as the roles say."""
        self._member(listener)
        self._member(speaker)
        if gain is None:
            self._own.pop((listener, speaker), None)
        else:
            self._own[listener, speaker] = min(max(gain, 0.0), 4.0)
        self._stale = True

    def hears(self, listener: str, speaker: str) -> float:
        """The gain by which one hears the other."""
        if listener == speaker:
            return 0.0
        to, of = self._member(listener), self._member(speaker)
        if of.muted or to.deaf:
            return 0.0
        own = self._own.get((listener, speaker))
        if own is not None:
            return own
        match of.role:
            case Role.LISTENER:
                return 0.0
            case Role.COACH:
                return 1.0 if listener == of.coached else 0.0
        return 1.0

    # --- a round

    def mix(self, frames: Mapping[str, Frame]) -> dict[str, Frame]:
        """What each member hears in these 20 ms, given what each said: 160 samples, or none for silence. Too loud clips."""
        if self._stale:
            self._settle()
        names, spoken = self._members, self._spoken
        for row, name in enumerate(names):
            spoken[row] = frames.get(name, 0)
        np.maximum(np.einsum("ij,ij->i", spoken, spoken) / FRAME_SAMPLES, self._power * _DECAY, out=self._power)
        mixed = self._gains @ spoken
        np.clip(np.rint(mixed, out=mixed), -32768, 32767, out=mixed)
        heard = dict(zip(names, mixed.astype(np.int16), strict=True))
        if self._lone:
            heard[self._lone] = self._next_music()
        return heard

    def levels(self) -> dict[str, float]:
        """dBFS of what each member says, falling slowly; -100.0 for silence."""
        if self._stale:
            self._settle()
        return {name: dbfs(float(power)) for name, power in zip(self._members, self._power, strict=True)}

    def _settle(self) -> None:
        """Make gains and places for the members as they are now; levels begin anew."""
        names = list(self._members)
        gains = [[self.hears(listener, speaker) for speaker in names] for listener in names]
        self._gains = np.array(gains, np.float32).reshape(len(names), len(names))
        self._spoken = np.zeros((len(names), FRAME_SAMPLES), np.float32)
        if len(self._power) != len(names):
            self._power = np.zeros(len(names), np.float32)
        audible = [name for name, member in self._members.items() if member.role is Role.SPEAKER]
        self._lone = audible[0] if len(audible) == 1 and not self._members[audible[0]].deaf else ""
        self._stale = False

    def _next_music(self) -> Frame:
        frame = np.take(self._music, range(self._at, self._at + FRAME_SAMPLES), mode="wrap")
        self._at = (self._at + FRAME_SAMPLES) % len(self._music)
        return frame

    def _member(self, name: str) -> Member:
        member = self._members.get(name)
        if member is None:
            raise Misuse(f"{name} is not in this conference")
        return member

    def _check(self, role: Role, coached: str) -> None:
        if role is Role.COACH and coached not in self._members:
            raise Misuse("a coach needs a member to coach")
