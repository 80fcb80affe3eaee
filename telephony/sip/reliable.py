"""Provisional responses that arrive for certain: the side that gives them (RFC 3262 §3). Pure."""

from __future__ import annotations

import zlib
from collections import deque
from typing import TYPE_CHECKING

from telephony.sip.message import Request, Response
from telephony.sip.transaction import T1

if TYPE_CHECKING:
    from telephony.sip.incoming import IncomingCall

MAX_WAITING = 4
"""Responses that wait for the PRACK of the one before; what is more is not sent."""


class Reliable:
    """One response at a time: the next goes out when PRACK came for the one before."""

    def __init__(self, call: IncomingCall) -> None:
        self._call = call
        # The first number is to be one that nobody guesses (§3); the tag of our side is such a one already.
        self._number = zlib.crc32(call.tag.encode()) % 2**30
        self._current: Response | None = None
        self._waiting: deque[Response] = deque(maxlen=MAX_WAITING)
        self._interval = T1
        self._give_up = 0.0

    @property
    def holds_session(self) -> bool:
        """One that holds SDP has no PRACK yet: the 200 has to wait for it."""
        return any(one.body for one in (self._current, *self._waiting) if one is not None)

    def send(self, response: Response, now: float) -> None:
        if self._current is not None:
            self._waiting.append(response)
            return
        self._number += 1
        response.headers.set("Require", "100rel")
        response.headers.set("RSeq", str(self._number))
        self._current = response
        self._interval = T1
        self._give_up = now + 64 * T1
        self._call.core.transactions.respond(self._call.served, response, now)
        self._call.core.timers.set((self._call, "rel1xx"), now + T1)

    def take(self, prack: Request, now: float) -> Response | None:
        """The response that `prack` acknowledges, None where it is another or none."""
        words = prack.headers.get("rack").split()
        found = self._current
        if found is None or words != [str(self._number), str(self._call.invite.cseq[0]), "INVITE"]:
            return None
        self._current = None
        self._call.core.timers.cancel((self._call, "rel1xx"))
        if self._waiting:
            self.send(self._waiting.popleft(), now)
        return found

    def on_timer(self, now: float) -> bool:
        """Send it again, the pause doubled. False where no PRACK came in 64*T1."""
        if self._current is None:
            return True
        if now >= self._give_up:
            self.stop()
            return False
        self._call.core.transactions.respond(self._call.served, self._current, now)
        self._interval *= 2
        self._call.core.timers.set((self._call, "rel1xx"), min(now + self._interval, self._give_up))
        return True

    def stop(self) -> None:
        """Send nothing any more; a PRACK on its way is still known."""
        self._waiting.clear()
        self._call.core.timers.cancel((self._call, "rel1xx"))
