"""One INVITE session (RFC 3261 §13-§15) from our side: what both ways in share. Pure.

Commands take `now` in seconds. A command that the state does not allow raises Misuse; what the far end did comes as an event.
"""

from __future__ import annotations

from collections.abc import Callable

from telephony.errors import MalformedMessage, Misuse
from telephony.sip.core import ACCEPT, ALLOW, SUPPORTED, Core
from telephony.sip.events import ByeReceived, CallEstablished, CallLost, InfoDigit, ReOfferAnswered, ReOffered
from telephony.sip.flow import Flow
from telephony.sip.info import digit_of
from telephony.sip.message import Request, Response
from telephony.sip.multipart import unwrap
from telephony.sip.offering import Compose, Offering
from telephony.sip.referral import Transfers
from telephony.sip.refreshing import TooShort
from telephony.sip.replaces import ReferTo
from telephony.sip.transactions import Served
from telephony.sip.usage import SDP, CallState, Usage

__all__ = ("Call", "CallState")


class Call(Usage):
    """What calls in both directions share: everything within the dialog."""

    def __init__(self, core: Core, invite: Request, flow: Flow, tag: str, state: CallState) -> None:
        super().__init__(core, invite, flow, tag, state)
        self.trunk = ""
        """Name of the trunk that it goes over, "" for none."""
        self.owed: Callable[[bytes, float], None] | None = None
        """Takes our answer to an offer that came in a response; empty for a refusal."""
        self._offering: Offering | None = None
        self._transfers: Transfers | None = None
        self._reoffer: Served | None = None
        self._probing = False
        core.calls[self.call_id, tag] = self

    # Commands

    def accept_reoffer(self, body: bytes, now: float) -> None:
        """Answer an offer with `body`: the answer, or our offer where theirs was empty."""
        if self.owed is not None:
            owed, self.owed = self.owed, None
            owed(body, now)
            return
        served = self._take_reoffer()
        response = self.response(served, 200, body)
        self.refreshing.agree(served.request.headers, response, now)
        if served.request.method == "INVITE":
            self.confirming.send(served, response, now, offered=not served.request.body)
        else:
            self.core.transactions.respond(served, response, now)
            self._proceed(now)

    def refuse_reoffer(self, status: int, now: float) -> None:
        """Turn an offer down: the session stays as it was (§14.2)."""
        if self.owed is not None:
            owed, self.owed = self.owed, None
            owed(b"", now)
            return
        self.core.transactions.reply(self._take_reoffer(), status, now)
        self._proceed(now)

    def reoffer(self, compose: Compose, now: float) -> None:
        """Make an offer of our own, by re-INVITE, before the answer by UPDATE; `ReOfferAnswered` follows.

        `compose` is asked for the SDP when its turn has come: after an offer that is under way, and again after glare (491).
        An empty one leaves the offer to the far end. Of several that wait only the last is made.
        """
        if self.state is CallState.ENDED:
            raise Misuse("an offer in state ENDED")
        if self._offering is None:
            self._offering = Offering(self)
        self._offering.want(compose, now)

    def refer(self, target: ReferTo, now: float) -> bool:
        """Ask the far end to call `target` (REFER); `ReferProgress` follows. False while an earlier order is open."""
        if self.state is not CallState.UP:
            raise Misuse(f"REFER in state {self.state.name}")
        return self.transfers.refer(target, now)

    def report(self, status: int, now: float) -> None:
        """Answer a `ReferReceived`, and tell by NOTIFY how it goes on: 100 takes it, 200 and above is the end.

        A first status of 300 or above refuses it. Without effect where nothing is open.
        """
        if self._transfers is not None and self._transfers.referred is not None and self.state is not CallState.ENDED:
            self._transfers.referred.report(status, now)

    def probe(self, now: float) -> None:
        """Ask a far end that sends no voice whether the call still stands; CallLost follows where it does not (§12.2.1.2)."""
        if self.state is CallState.UP and self.confirming.served is None and not self._probing:
            self._probing = True
            self.ask(self.request("OPTIONS"), now, self._probed)

    # For the parts of a call

    @property
    def may_offer(self) -> bool:
        """No offer is open in either direction (RFC 3261 §14.1, RFC 3311 §5.1)."""
        free = self.confirming.served is None and self._reoffer is None and self.owed is None
        return free and self.dialog is not None and not self.over and (self.up or self.settled)

    @property
    def transfers(self) -> Transfers:
        if self._transfers is None:
            self._transfers = Transfers(self)
        return self._transfers

    @property
    def transferred(self) -> bool:
        """The far end took our REFER and has not said that it failed: its BYE means that it is served."""
        return self._transfers is not None and self._transfers.asked

    def glare_pause(self) -> float:
        """Seconds until an offer that met with 491 is made again (§14.1): whoever made the Call-ID waits longer."""
        return round(self.core.fraction() * 2.0, 2)

    def lose(self, detail: str, now: float, reason: str = "") -> None:
        """End a call whose far end has gone."""
        if self.state is CallState.UP:
            self._say_bye(reason, now)
            self._end(now)
            self.core.events.append(CallLost(self, detail))

    # What the far end does

    def handle(self, served: Served, now: float) -> None:
        """Take a request within the dialog; its transaction is `served`."""
        request = served.request
        if self.dialog is None or request.sender.tag != self.dialog.remote_tag:
            self.core.transactions.reply(served, 481, now)
        elif not self.dialog.in_order(request):
            self.core.transactions.reply(served, 500, now)
        elif self.state is CallState.ENDED:
            self._handle_late(served, now)
        else:
            self._handle(served, now)

    def _handle(self, served: Served, now: float) -> None:
        match served.request.method:
            case "BYE":
                self._take_bye(served, now)
            case "INVITE" | "UPDATE":
                self._take_offer(served, now)
            case "INFO":
                self._take_info(served, now)
            case "PRACK":
                self._take_prack(served, now)
            case "REFER" if self.state is CallState.UP:
                self.transfers.take_refer(served, now)
            case "NOTIFY":
                self.transfers.take_notify(served, now)
            case "SUBSCRIBE":
                self.transfers.take_subscribe(served, now)
            case "OPTIONS":
                self.core.transactions.reply(served, 200, now, {"Allow": ALLOW, "Accept": ACCEPT, "Supported": SUPPORTED})
            case _:
                self.core.transactions.reply(served, 481, now)

    def _handle_late(self, served: Served, now: float) -> None:
        if served.request.method == "BYE" and self._farewell is not None:
            self._leave(None, now)  # both hung up
        self.core.transactions.reply(served, 200 if served.request.method == "BYE" else 481, now)

    def acknowledged(self, request: Request, now: float) -> None:
        """Take the ACK for a 2xx of ours. One with another number, or the second, changes nothing."""
        found = self.confirming.take(request)
        if found is None:
            return
        if self._farewell is not None:
            self._leave(self._farewell, now)
            return
        served, answer = found
        self.settled = True
        if served.request is self.invite:
            self.core.events.append(CallEstablished(self, answer or b""))
        elif answer is not None:
            self.core.events.append(ReOfferAnswered(self, 200, answer))
        self._proceed(now)

    def on_timer(self, name: object, now: float) -> None:
        """Take one of our own deadlines."""
        if name == "forget":
            self.core.calls.pop((self.call_id, self.tag), None)
        elif name == "2xx":
            if not self.confirming.on_timer(now):
                self._unacknowledged(now)
        elif name == "glare":
            self._proceed(now)
        elif name == "offer":
            if self._offering is not None:
                self._offering.expired(now)
        elif name == "refresh":
            self._refresh(now)
        elif name == "expire":
            self.lose("nobody refreshed the session", now, 'SIP;cause=408;text="session timer"')
        elif self._transfers is not None and not self.over:
            self._transfers.on_timer(name, now)

    def _unacknowledged(self, now: float) -> None:
        """No ACK came in 64*T1: the call is given up (§13.3.1.4)."""
        if self._farewell is not None:
            self._leave(self._farewell, now)
        else:
            self.lose("no ACK", now, 'SIP;cause=408;text="no ACK"')

    def _probed(self, status: int, response: Response | None, now: float) -> None:
        """Any answer but these two shows that somebody is there, even that OPTIONS is unknown."""
        if status < 200:
            return
        self._probing = False
        if response is None or status in (408, 481):
            self.lose("the far end no longer knows this call", now)

    def _take_bye(self, served: Served, now: float) -> None:
        self.core.transactions.reply(served, 200, now)
        self._end(now)
        self.core.events.append(ByeReceived(self, served.request.headers.get("reason")))

    def _take_offer(self, served: Served, now: float) -> None:
        """RFC 3261 §14.2 and RFC 3311 §5.2: one offer at a time."""
        request = served.request
        if self._reoffer is not None or self.owed is not None:
            self.core.transactions.reply(served, 500, now, {"Retry-After": "1"})
            return
        if (request.method == "INVITE" or request.body) and (refusal := self._busy(request)):
            self.core.transactions.reply(served, refusal, now, {"Retry-After": "1"} if refusal == 500 else {})
            return
        unwrap(request)
        if request.body and request.content_type != SDP:
            self.core.transactions.reply(served, 415, now, {"Accept": SDP})
            return
        try:
            self.refreshing.check(request.headers)
        except TooShort:
            self.core.transactions.reply(served, 422, now, {"Min-SE": str(self.core.settings.min_se)})
            return
        except MalformedMessage:
            self.core.transactions.reply(served, 400, now)
            return
        if self.dialog is not None:
            self.dialog.refresh(request)
        self.flow = served.flow
        if request.method == "UPDATE" and not request.body:
            response = self.response(served, 200)
            self.refreshing.agree(request.headers, response, now)
            self.core.transactions.respond(served, response, now)
            return
        self._reoffer = served
        if request.method == "INVITE":
            self.core.transactions.reply(served, 100, now)
        self.core.events.append(ReOffered(self, request.body))

    def _busy(self, request: Request) -> int:
        """Status that refuses an offer which crosses another; 0 where none is open."""
        if self.confirming.served is not None or (self._offering is not None and self._offering.busy):
            return 491
        if self.state is CallState.UP or (self.settled and request.method == "UPDATE"):
            return 0
        return 491 if self.state is CallState.DIALING or request.method == "INVITE" else 500

    def _take_info(self, served: Served, now: float) -> None:
        request = served.request
        if request.body and request.content_type not in ("application/dtmf-relay", "application/dtmf"):
            self.core.transactions.reply(served, 415, now, {"Accept": "application/dtmf-relay, application/dtmf"})
            return
        digit = digit_of(request.content_type, request.body)
        self.core.transactions.reply(served, 400 if digit is None and request.body else 200, now)
        if digit is not None and self.state is CallState.UP:
            self.core.events.append(InfoDigit(self, digit))

    def _take_prack(self, served: Served, now: float) -> None:
        """Nothing of ours waits to be acknowledged (RFC 3262 §3)."""
        self.core.transactions.reply(served, 481, now)

    # Parts

    def _take_reoffer(self) -> Served:
        served, self._reoffer = self._reoffer, None
        if served is None:
            raise Misuse("there is no offer to answer")
        return served

    def _proceed(self, now: float) -> None:
        if self._offering is not None:
            self._offering.proceed(now)

    def _refresh(self, now: float) -> None:
        self.refreshing.due(now)
        if self._offering is None:
            self._offering = Offering(self)
        self._offering.refresh(now)

    def _close(self, now: float) -> None:
        super()._close(now)
        self.owed = None
        if self._offering is not None:
            self.core.timers.cancel((self, "glare"))
        if self._transfers is not None:
            self._transfers.stop(now)
        if self._reoffer is not None:
            self.core.transactions.reply(self._take_reoffer(), 487, now)
