"""REFER within a dialog, both ways, with the subscription that it makes (RFC 3515, RFC 3892, RFC 4488, RFC 6665). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from telephony.errors import MalformedMessage
from telephony.sip.events import ReferProgress, ReferReceived
from telephony.sip.message import REASONS, Request, Response
from telephony.sip.replaces import ReferTo, Replaces
from telephony.sip.transactions import Served

if TYPE_CHECKING:
    from telephony.sip.call import Call

DECISION = 4.0
"""Seconds that our owner may take to say whether a REFER is taken; then it is refused."""
SUBSCRIBED = 180
"""Seconds that a transfer may take."""
SIPFRAG = "message/sipfrag"
_STATUS = re.compile(rb"\A\s*SIP/2\.0[ \t]+([1-6]\d\d)(?:[ \t\r\n]|\Z)", re.IGNORECASE)


class Referred:
    """The far end asks us: 202 when our owner takes it, and NOTIFY for each step after."""

    def __init__(self, call: Call, served: Served, number: int) -> None:
        self._call = call
        self._served: Served | None = served
        self._quiet = served.request.headers.get("refer-sub").strip().lower() == "false"
        # The first subscription of a dialog needs no name (RFC 3515 §2.4.6), and old phones know none.
        self._event = "refer" if number == 1 else f"refer;id={served.request.cseq[0]}"
        self.over = False

    def report(self, status: int, now: float) -> None:
        """Take it, refuse it, or tell how it goes on: see `Call.report`."""
        if self.over:
            return
        self.over = status >= 200
        if self._served is not None:
            served, self._served = self._served, None
            if status >= 300:
                self._call.core.transactions.reply(served, status, now)
                self._call.core.timers.cancel((self._call, "referred"))
                return
            response = self._call.response(served, 202)
            if self._quiet:
                response.headers.set("Refer-Sub", "false")
            self._call.core.transactions.respond(served, response, now)
            self._call.core.timers.set((self._call, "referred"), now + SUBSCRIBED)
            if status > 100:
                self._notify(100, now, over=False)
        self._notify(status, now, over=self.over)

    def expired(self, now: float) -> None:
        """Our owner said nothing in time."""
        if self._served is not None:
            self.report(603, now)
        elif not self.over:
            self.over = True
            self._notify(408, now, over=True)

    def stop(self, now: float) -> None:
        """The call is over."""
        self.over = True
        if self._served is not None:
            served, self._served = self._served, None
            self._call.core.transactions.reply(served, 487, now)

    def take_subscribe(self, served: Served, now: float) -> None:
        """The far end prolongs its subscription, or ends it with Expires: 0 (RFC 6665 §4.1.2)."""
        expires = min(served.request.number("expires") or 0, SUBSCRIBED)
        response = self._call.response(served, 200)
        response.headers.set("Expires", str(expires))
        self._call.core.transactions.respond(served, response, now)
        if expires == 0:
            self.over = True
            self._notify(100, now, over=True)

    def _notify(self, status: int, now: float, *, over: bool) -> None:
        if over:
            self._call.core.timers.cancel((self._call, "referred"))
        if self._quiet or self._call.dialog is None:
            return
        request = self._call.request("NOTIFY")
        request.headers.set("Event", self._event)
        request.headers.set("Subscription-State", "terminated;reason=noresource" if over else f"active;expires={SUBSCRIBED}")
        request.headers.set("Content-Type", f"{SIPFRAG};version=2.0")
        request.body = f"SIP/2.0 {status} {REASONS.get(status, 'Status')}\r\n".encode()
        self._call.ask(request, now, self._notified)

    def _notified(self, status: int, response: Response | None, now: float) -> None:
        """A far end that does not want to hear more is told no more (RFC 6665 §4.2.2)."""
        if status >= 400:
            self.over = True
            self._call.core.timers.cancel((self._call, "referred"))


class Referring:
    """We ask the far end: its answer and its NOTIFY become events."""

    def __init__(self, call: Call, target: ReferTo, now: float) -> None:
        self._call = call
        self.accepted = False
        self.over = False
        request = call.request("REFER")
        request.headers.set("Refer-To", str(target))
        request.headers.set("Referred-By", f"<{call.core.contact_uri(call.flow, call.user)}>")
        call.core.timers.set((call, "referring"), now + SUBSCRIBED)
        call.ask(request, now, self._answered)

    def take_notify(self, request: Request, now: float) -> None:
        """Hear how it goes on. Raises MalformedMessage for a body that is no status line."""
        found = _STATUS.match(request.body)
        state = request.headers.get("subscription-state").partition(";")[0].strip().lower()
        if found is None and (request.body or state != "terminated"):
            raise MalformedMessage("not a status line")
        status = int(found[1]) if found is not None else 408
        # A subscription that ends before its outcome is told leaves us with none.
        self._progress(408 if state == "terminated" and status < 200 else status, now)

    def expired(self, now: float) -> None:
        self._progress(408, now)

    def _answered(self, status: int, response: Response | None, now: float) -> None:
        if 200 <= status < 300:
            self.accepted = True
            silent = response is not None and response.headers.get("refer-sub").strip().lower() == "false"
            self._progress(200 if silent else 100, now)
        elif status >= 300:
            self._progress(status, now)

    def _progress(self, status: int, now: float) -> None:
        if self.over:
            return
        self.over = status >= 200
        if self.over:
            self._call.core.timers.cancel((self._call, "referring"))
        self._call.core.events.append(ReferProgress(self._call, status))


class Transfers:
    """Every transfer of one call: one at a time in either direction."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._taken = 0
        self.referred: Referred | None = None
        self.referring: Referring | None = None

    @property
    def asked(self) -> bool:
        """We asked for a transfer, the far end took it and has not said that it failed."""
        return self.referring is not None and self.referring.accepted and not self.referring.over

    def refer(self, target: ReferTo, now: float) -> bool:
        """Ask the far end. False while an earlier order is open."""
        if self.referring is not None and not self.referring.over:
            return False
        self.referring = Referring(self._call, target, now)
        return True

    def take_refer(self, served: Served, now: float) -> None:
        request, core = served.request, self._call.core
        if self.referred is not None and not self.referred.over:
            core.transactions.reply(served, 491, now)
            return
        values = request.headers.all("refer-to")
        if len(values) != 1:
            core.transactions.reply(served, 400, now)
            return
        try:
            target = ReferTo.parse(values[0])
        except MalformedMessage:
            core.transactions.reply(served, 400, now)
            return
        if target.method != "INVITE" or target.uri.scheme not in ("sip", "sips", "tel"):
            core.transactions.reply(served, 603 if target.method != "INVITE" else 416, now)
            return
        self._taken += 1
        self.referred = Referred(self._call, served, self._taken)
        core.timers.set((self._call, "referred"), now + DECISION)
        other = core.call_of(Replaces.parse(target.replaces)) if target.replaces else None
        core.events.append(ReferReceived(self._call, target, other, request.headers.get("referred-by")))

    def take_notify(self, served: Served, now: float) -> None:
        request, core = served.request, self._call.core
        if self.referring is None or not _of_refer(request):
            core.transactions.reply(served, 481 if _of_refer(request) else 489, now, {"Allow-Events": "refer"})
            return
        try:
            self.referring.take_notify(request, now)
        except MalformedMessage:
            core.transactions.reply(served, 400, now)
            return
        core.transactions.reply(served, 200, now)

    def take_subscribe(self, served: Served, now: float) -> None:
        if self.referred is None or self.referred.over or not _of_refer(served.request):
            self._call.core.transactions.reply(served, 489, now, {"Allow-Events": "refer"})
        else:
            self.referred.take_subscribe(served, now)

    def stop(self, now: float) -> None:
        """The call is over: an order that nobody decided about is refused, and nobody is told more."""
        if self.referred is not None:
            self.referred.stop(now)
        for name in ("referred", "referring"):
            self._call.core.timers.cancel((self._call, name))

    def on_timer(self, name: object, now: float) -> None:
        if name == "referred" and self.referred is not None:
            self.referred.expired(now)
        elif name == "referring" and self.referring is not None:
            self.referring.expired(now)


def _of_refer(request: Request) -> bool:
    return request.headers.get("event").partition(";")[0].strip().lower() == "refer"
