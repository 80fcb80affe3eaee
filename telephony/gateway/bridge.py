"""Two legs that hear each other: packets pass from one stream to the other, not decoded and not delayed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from telephony.errors import Misuse
from telephony.leg import CallLeg
from telephony.media.clip import Clip
from telephony.media.stream import MediaStream


@runtime_checkable
class MediaLeg(Protocol):
    """A leg whose voice is a `MediaStream`: what can be bridged here."""

    @property
    def media(self) -> MediaStream: ...


_SILENCE = Clip.silence(1.0)


def bridge(a: CallLeg, b: CallLeg) -> MediaBridge:
    """Join two legs that are UP, at once.

    Raises:
        Misuse: a leg has no media of its own, or both are the same.
    """
    if not isinstance(a, MediaLeg) or not isinstance(b, MediaLeg):
        raise Misuse(f"{a.id} and {b.id} cannot be bridged here: no MediaStream")
    return MediaBridge(a.media, b.media)


class MediaBridge:
    """`telephony.leg.Bridge` for legs with a `MediaStream`."""

    def __init__(self, a: MediaStream, b: MediaStream) -> None:
        if a is b:
            raise Misuse("a leg cannot be bridged with itself")
        self._a, self._b = a, b
        self._held: MediaStream | None = None
        self._playing: dict[MediaStream, int] = {}
        self._closed = False
        self._join()

    def hold(self, leg: CallLeg, music: Sequence[Clip]) -> None:
        """`leg` hears `music`, repeated, and is not heard; the other leg gets silence, as packets, so that it stays alive.

        The end of these playbacks is reported to their legs like that of any other.
        """
        media = self._media(leg)
        if self._closed:
            return
        self._quiet()
        self._part()
        self._held = media
        self._playing[media] = media.play(music, repeat=True)
        other = self._b if media is self._a else self._a
        self._playing[other] = other.play([_SILENCE], repeat=True)

    def resume(self, leg: CallLeg) -> None:
        """Both hear each other again. Without effect where `leg` is not held."""
        if self._media(leg) is self._held and not self._closed:
            self._quiet()
            self._join()

    def close(self) -> None:
        """Part the legs; both stay up and silent. Without effect the second time."""
        if not self._closed:
            self._closed = True
            self._quiet()
            self._part()

    def _media(self, leg: CallLeg) -> MediaStream:
        if isinstance(leg, MediaLeg) and (leg.media is self._a or leg.media is self._b):
            return leg.media
        raise Misuse(f"{leg.id} is not in this bridge")

    def _quiet(self) -> None:
        """End music and silence of a hold, but nothing that somebody else began to play since."""
        playing, self._playing, self._held = self._playing, {}, None
        for media, number in playing.items():
            if media.playback == number:
                media.stop()

    def _join(self) -> None:
        self._a.forward_to, self._b.forward_to = self._b, self._a

    def _part(self) -> None:
        """Stop forwarding, unless a later bridge has taken a leg over."""
        if self._a.forward_to is self._b:
            self._a.forward_to = None
        if self._b.forward_to is self._a:
            self._b.forward_to = None
