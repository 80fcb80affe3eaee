"""Session timers: both ends say again, in time, that the call still stands (RFC 4028). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from telephony.errors import MalformedMessage, PeerFault
from telephony.sip.grammar import parameters
from telephony.sip.message import Headers

LEAST = 90
"""Seconds below which nobody may ask (§4)."""
LONGEST = 2**31 - 1


class TooShort(PeerFault):
    """The far end wants refreshes more often than we allow; 422 tells it our Min-SE."""

    status = 422


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed about refreshes."""

    interval: int
    """Seconds after a refresh at which the session is over."""
    ours: bool
    """We refresh; else the far end does."""

    @property
    def refresh_after(self) -> float:
        return self.interval / 2

    @property
    def expires_after(self) -> float:
        """When to send BYE: a little before the end, so that both ends agree about it (§10)."""
        return self.interval - min(32.0, self.interval / 3)

    def header(self, *, as_client: bool) -> str:
        """Session-Expires of a message; the refresher is named by its part in this very transaction."""
        return f"{self.interval};refresher={'uac' if self.ours is as_client else 'uas'}"


def asked(headers: Headers) -> tuple[int, str] | None:
    """Seconds and refresher ("uac", "uas" or "") of Session-Expires; None without one. Raises MalformedMessage."""
    text = headers.get("session-expires")
    if not text:
        return None
    number, semicolon, tail = text.partition(";")
    number = number.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 10):
        raise MalformedMessage("Session-Expires is not a number")
    refresher = (parameters(semicolon + tail).get("refresher") or "").lower()
    return min(int(number), LONGEST), refresher if refresher in ("uac", "uas") else ""


def least(headers: Headers) -> int:
    """Seconds of Min-SE, at least 90; what cannot be read counts as absent."""
    number = headers.get("min-se").partition(";")[0].strip()
    return max(LEAST, int(number)) if number.isascii() and number.isdigit() and len(number) <= 10 else LEAST


def as_server(headers: Headers, wish: int, min_se: int, current: Terms | None = None) -> Terms | None:
    """Settle on terms for a request that came (§9); None for no timer. `wish` is ours in seconds, 0 for none.

    A far end that does not know timers gets none: that it has gone is seen by its silence. Within a session whose refresher
    the request leaves open, who refreshed so far goes on. Raises TooShort and MalformedMessage.
    """
    found = asked(headers)
    knows = "timer" in headers.tokens("supported") or "timer" in headers.tokens("require")
    if found is not None and found[0] < min_se and knows:
        raise TooShort(f"Session-Expires of {found[0]} s")
    usual = current.interval if current is not None else wish
    if not knows or (found is None and not usual):
        return None
    floor = max(min_se, least(headers))
    interval = max(floor, usual if found is None else min(found[0], wish or found[0]))
    refresher = found[1] if found is not None else ""
    if not refresher:
        refresher = "uas" if current is not None and current.ours else "uac"
    return Terms(interval, refresher == "uas")


def as_client(headers: Headers) -> Terms | None:
    """What a 2xx to our request says (§7.2); None for no timer. What cannot be read counts as none."""
    try:
        found = asked(headers)
    except MalformedMessage:
        return None
    if found is None:
        return None
    return Terms(max(LEAST, found[0]), found[1] != "uas")
