"""Two legs that hear each other: packets pass from one stream to the other, not decoded and not delayed where codecs agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from telephony.errors import Misuse
from telephony.leg import CallLeg
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.stream import MediaStream
from telephony.media.transcoding import TRANSLATE


@runtime_checkable
class Negotiable(Protocol):
    """A leg whose far end can be asked for another codec."""

    @property
    def spoken(self) -> tuple[Codec, ...]:
        """What both sides are known to speak, in our order."""

    def renegotiate(self, codecs: Sequence[Codec]) -> None: ...


@runtime_checkable
class MediaLeg(Protocol):
    """A leg whose voice is a `MediaStream`: what can be bridged here."""

    @property
    def media(self) -> MediaStream: ...


_SILENCE = Clip.silence(1.0)


def bridge(a: CallLeg, b: CallLeg) -> MediaBridge:
    """Join two legs that are UP, at once.

    Where they speak different codecs and share one, the far ends are asked to turn to it; what is said until then, and where
    they share none, is transcoded.

    Raises:
        Misuse: a leg has no media of its own, or both are the same.
    """
    if not isinstance(a, MediaLeg) or not isinstance(b, MediaLeg):
        raise Misuse(f"{a.id} and {b.id} cannot be bridged here: no MediaStream")
    joined = MediaBridge(a.media, b.media)
    agree(a, b)
    return joined


def agree(a: MediaLeg, b: MediaLeg) -> Codec | None:
    """Ask for the codec that both legs share, of the leg that does not speak it yet; None where nothing was asked.

    µ-law beside A-law stays as it is: to exchange an octet for another costs less than an offer.
    """
    now = a.media.codec, b.media.codec
    if now[0] is now[1] or now in TRANSLATE:
        return None
    spoken = [leg.spoken if isinstance(leg, Negotiable) else () for leg in (a, b)]
    able = [(codec, *theirs) for codec, theirs in zip(now, spoken, strict=True)]
    shared = [codec for codec in (*spoken[0], *able[0], *able[1]) if codec in able[0] and codec in able[1]]
    if not shared:
        return None
    best = min(shared, key=lambda codec: sum(codec is not one for one in now))
    for leg, codec in zip((a, b), now, strict=True):
        if codec is not best and isinstance(leg, Negotiable):
            leg.renegotiate((best,))
    return best


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
