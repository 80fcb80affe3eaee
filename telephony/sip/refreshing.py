"""The session timer of one call: what was agreed, and the deadlines that follow (RFC 4028). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telephony.sip import session_timer
from telephony.sip.message import Headers, Response
from telephony.sip.session_timer import Terms, TooShort

if TYPE_CHECKING:
    from telephony.sip.usage import Usage

LONGEST_MIN_SE = 86_400
"""Seconds: who asks for rarer refreshes means no refreshes at all."""

__all__ = ("Refreshing", "TooShort")


class Refreshing:
    __slots__ = ("_call", "_min_se", "terms")

    def __init__(self, call: Usage) -> None:
        self._call = call
        self._min_se = call.core.settings.min_se
        self.terms: Terms | None = None
        """None while no session timer runs."""

    def wish(self, headers: Headers) -> None:
        """Say in an INVITE or UPDATE of ours what we want: at first what the settings say, then what was agreed."""
        wanted = self._call.core.settings.session_expires
        if self.terms is not None:
            headers.set("Session-Expires", self.terms.header(as_client=True))
        elif wanted and not self._call.up:
            headers.set("Session-Expires", str(max(wanted, self._min_se)))
        if self._min_se > session_timer.LEAST and "session-expires" in headers:
            headers.set("Min-SE", str(self._min_se))

    def lengthen(self, response: Response) -> bool:
        """Take the Min-SE of a 422. False where that is no reason to try again."""
        wanted = session_timer.least(response.headers)
        if not self._min_se < wanted <= LONGEST_MIN_SE:
            return False
        self._min_se = wanted
        if self.terms is not None:
            self.terms = Terms(max(wanted, self.terms.interval), self.terms.ours)
        return True

    def check(self, headers: Headers) -> Terms | None:
        """The terms that our 2xx would state. Raises TooShort and MalformedMessage."""
        settings = self._call.core.settings
        return session_timer.as_server(headers, settings.session_expires, settings.min_se, self.terms)

    def agree(self, headers: Headers, response: Response, now: float) -> None:
        """State the terms in our 2xx to an INVITE or UPDATE with `headers`, which `check` has let pass."""
        before, self.terms = self.terms, self.check(headers)
        if self.terms is None and before is None:
            return
        if self.terms is not None:
            response.headers.set("Session-Expires", self.terms.header(as_client=False))
            if not self.terms.ours:
                response.headers.set("Require", "timer")
        self._arm(now)

    def take(self, response: Response, now: float) -> None:
        """Take the terms of a 2xx to our INVITE or UPDATE."""
        before, self.terms = self.terms, session_timer.as_client(response.headers)
        if before is not None or self.terms is not None:
            self._arm(now)

    def due(self, now: float) -> None:
        """Our refresh goes out: unless it is answered, the session ends in time."""
        if self.terms is not None:
            left = self.terms.expires_after - self.terms.refresh_after
            self._call.core.timers.set((self._call, "expire"), now + max(1.0, left))

    def stop(self) -> None:
        if self.terms is not None:
            self.terms = None
            self._cancel()

    def _arm(self, now: float) -> None:
        timers = self._call.core.timers
        if self.terms is None:
            self._cancel()
        elif self.terms.ours:
            timers.cancel((self._call, "expire"))
            timers.set((self._call, "refresh"), now + self.terms.refresh_after)
        else:
            timers.cancel((self._call, "refresh"))
            timers.set((self._call, "expire"), now + self.terms.expires_after)

    def _cancel(self) -> None:
        self._call.core.timers.cancel((self._call, "refresh"))
        self._call.core.timers.cancel((self._call, "expire"))
