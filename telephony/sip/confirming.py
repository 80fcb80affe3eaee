"""The 2xx of an INVITE, which its sender repeats until the ACK (RFC 3261 §13.3.1.4). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telephony.sip.message import Request, Response
from telephony.sip.transaction import T1, T2
from telephony.sip.transactions import Served

if TYPE_CHECKING:
    from telephony.sip.usage import Usage


class Confirming:
    """One at a time: while one waits for its ACK, no other INVITE is taken."""

    __slots__ = ("_call", "_give_up", "_interval", "_offered", "_response", "served")

    def __init__(self, call: Usage) -> None:
        self._call = call
        self.served: Served | None = None
        """Whose ACK is awaited; None for nobody's."""
        self._response: Response | None = None
        self._offered = False
        self._interval = T1
        self._give_up = 0.0

    def send(self, served: Served, response: Response, now: float, *, offered: bool) -> None:
        """Send it, and again from T1 doubling to T2; `offered` where it holds our offer, so that the ACK holds the answer."""
        self.served, self._response, self._offered = served, response, offered
        self._interval = T1
        self._give_up = now + 64 * T1
        self._call.core.timers.set((self._call, "2xx"), now + T1)
        self._call.core.transactions.respond(served, response, now)

    def take(self, ack: Request) -> tuple[Served, bytes | None] | None:
        """The INVITE that `ack` ends the waiting for, and the answer to our offer, None where we made none.

        None where the ACK has another number, or comes the second time.
        """
        served = self.served
        if served is None or ack.cseq[0] != served.request.cseq[0]:
            return None
        self.stop()
        return served, ack.body if self._offered else None

    def on_timer(self, now: float) -> bool:
        """Send it again. False where no ACK came in 64*T1."""
        if self.served is None or self._response is None:
            return True
        if now >= self._give_up:
            self.stop()
            return False
        self._call.core.transactions.respond(self.served, self._response, now)
        self._interval = min(2 * self._interval, T2)
        self._call.core.timers.set((self._call, "2xx"), min(now + self._interval, self._give_up))
        return True

    def stop(self) -> None:
        if self.served is not None:
            self.served = self._response = None
            self._call.core.timers.cancel((self._call, "2xx"))
