"""Keys in the voice of a leg whose far end sends no telephone-event, reported as any other key."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from telephony.leg import CallLeg
from telephony.media.dtmf_detector import DtmfDetector
from telephony.media.stream import MediaStream


@runtime_checkable
class KeyedLeg(Protocol):
    """A leg that takes keys from wherever they come, and reports the same press once: `SipLeg`."""

    @property
    def media(self) -> MediaStream: ...

    def key(self, digit: str, way: str) -> None: ...


def listen_for_keys(leg: CallLeg) -> bool:
    """Hear keys in what `leg` says, for as long as it lives; False where it cannot be listened to so.

    About 80 µs for each 20 ms of voice. A key that comes as an event too is reported once.
    """
    if not isinstance(leg, KeyedLeg):
        return False
    detector = DtmfDetector(lambda digit: leg.key(digit, "inband"))
    leg.media.add_listener(detector.hear)
    return True
