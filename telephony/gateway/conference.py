"""Conferences of legs: each member's voice is decoded, mixed for each listener, and encoded in the listener's codec.

There is no clock here either: every stream asks for its frame at its own tick, and the first one that comes for a second
frame begins the next round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from telephony.errors import Misuse
from telephony.gateway.bridge import MediaLeg
from telephony.joining import Conference
from telephony.leg import CallLeg
from telephony.media.clip import Clip
from telephony.media.inlet import Inlet
from telephony.media.mixer import Frame, Mixer, Role
from telephony.media.stream import MediaStream

MOST_MEMBERS = 32


def confer(music: Sequence[Clip] = (), *, limit: int = MOST_MEMBERS) -> MediaConference:
    """An empty conference; who is alone in it hears `music`."""
    return MediaConference(music, limit=limit)


class MediaConference:
    """`telephony.joining.Conference` for legs with a `MediaStream`."""

    def __init__(self, music: Sequence[Clip] = (), *, limit: int = MOST_MEMBERS) -> None:
        tune = np.concatenate([clip.samples for clip in music]) if music else None
        self._mixer = Mixer(limit, tune)
        self._seats: dict[str, Seat] = {}
        self._round = 0
        self._heard: dict[str, Frame] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def join(self, leg: CallLeg, role: Role = Role.SPEAKER, coached: CallLeg | None = None) -> None:
        if not isinstance(leg, MediaLeg):
            raise Misuse(f"{leg.id} cannot join a conference here: no MediaStream")
        self._mixer.join(leg.id, role, coached.id if coached is not None else "")
        self._seats[leg.id] = Seat(leg.id, leg.media, self.next)

    def leave(self, leg: CallLeg) -> None:
        seat = self._seats.pop(leg.id, None)
        if seat is not None:
            seat.vacate()
            self._mixer.leave(leg.id)
            self._heard.pop(leg.id, None)

    def role(self, leg: CallLeg, role: Role, coached: CallLeg | None = None) -> None:
        self._mixer.role(leg.id, role, coached.id if coached is not None else "")

    def mute(self, leg: CallLeg, muted: bool = True) -> None:
        self._mixer.mute(leg.id, muted)

    def hold(self, leg: CallLeg, music: Sequence[Clip]) -> None:
        self._mixer.mute(leg.id)
        self._seats[leg.id].play(music)

    def resume(self, leg: CallLeg) -> None:
        self._mixer.mute(leg.id, False)
        self._seats[leg.id].hush()

    def levels(self) -> Mapping[str, float]:
        return {name: round(level, 1) for name, level in self._mixer.levels().items()}

    def close(self) -> None:
        for seat in self._seats.values():
            seat.vacate()
            self._mixer.leave(seat.name)
        self._seats.clear()

    def next(self, seat: Seat) -> Frame | None:
        """The frame that a seat sends now. The first one to ask for a second time begins the next round."""
        if seat.round == self._round:
            self._round += 1
            said = {name: frame for name, one in self._seats.items() if (frame := one.inlet.get()) is not None}
            self._heard = self._mixer.mix(said)
        seat.round = self._round
        return self._heard.get(seat.name)


class Seat:
    """One leg in a conference: the ear and the mouth of its stream. A `telephony.media.hearing.FrameSource`."""

    __slots__ = ("_media", "_next", "_playing", "inlet", "name", "round")

    def __init__(self, name: str, media: MediaStream, following: Callable[[Seat], Frame | None]) -> None:
        self.name, self.round, self.inlet = name, -1, Inlet()
        self._media, self._next, self._playing = media, following, 0
        media.add_listener(self.inlet.put)
        media.source = self

    def frame(self, now: float) -> Frame | None:
        return self._next(self)

    def play(self, music: Sequence[Clip]) -> None:
        self._playing = self._media.play(music, repeat=True)

    def hush(self) -> None:
        """End music of ours, but nothing that somebody else began to play since."""
        if self._playing and self._media.playback == self._playing:
            self._media.stop()
        self._playing = 0

    def vacate(self) -> None:
        """Leave the stream as it was found, unless another conference has taken it over."""
        self.hush()
        self._media.remove_listener(self.inlet.put)
        if self._media.source is self:
            self._media.source = None


def _is_a_conference(conference: MediaConference) -> Conference:
    """mypy proves here that the contract is kept."""
    return conference
