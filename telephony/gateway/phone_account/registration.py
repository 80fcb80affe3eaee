"""The registration of a phone account at its PBX (RFC 3261 §10.2): one attempt at a time, digest included. Pure.

pyVoIP says when; how is done here, because it knows MD5 alone, without qop, and stands still for 30 s where nobody answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from telephony.errors import AuthenticationFailed, MalformedMessage
from telephony.sip.core import Core
from telephony.sip.digest import Account, credentials
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address
from telephony.sip.message import MAX_HOPS, Headers, Request, Response
from telephony.sip.transactions import Sent

WAIT = 5.0
"""Seconds after which a PBX that does not answer is reported."""
LEAST, MOST = 30, 7200
"""Seconds that a PBX may grant: less or more than this is taken for this."""
TRIES = 2
"""Challenges, or intervals that are too brief, that are answered in one attempt."""

Done = Callable[[int, str, int], None]
"""Takes the status, its reason, and for how many seconds the registration was granted (0: given back)."""


class Registration:
    def __init__(self, core: Core, account: Account, who: str, flow: Flow) -> None:
        """`who` is the address of record in angle brackets; `flow` leads to the PBX."""
        self._core, self._account, self._who, self._flow = core, account, who, flow
        self._uri = f"sip:{Address.parse(who).uri.host}"
        self._call_id, self._tag = f"{core.token()}@{flow.local_host}", core.token()
        self._cseq = 0
        self._sent: Sent | None = None
        self._done: Done | None = None
        self._tries = 0
        self._expires = 0
        self.deadline = math.inf
        """When `handle_timer` wants to be called, in seconds."""

    def begin(self, expires: int, now: float, done: Done) -> None:
        """Register for `expires` seconds, 0 to give it back; `done` is called once, at the latest after `WAIT`."""
        if self._sent is not None:
            self._core.transactions.abandon(self._sent)
        self._done, self._tries = done, 0
        self._expires = min(expires, MOST)
        self.deadline = now + WAIT
        self._send(now)

    def handle_timer(self, now: float) -> None:
        if now >= self.deadline:
            if self._sent is not None:
                self._core.transactions.abandon(self._sent)
            self._end(408, "no answer")

    def _send(self, now: float, name: str = "", authorization: str = "") -> None:
        self._cseq += 1
        headers = Headers(
            {
                "Max-Forwards": (str(MAX_HOPS),),
                "From": (f"{self._who};tag={self._tag}",),
                "To": (self._who,),
                "Call-ID": (self._call_id,),
                "CSeq": (f"{self._cseq} REGISTER",),
                "Contact": (self._core.contact(self._flow, Address.parse(self._who).uri.user),),
                "Expires": (str(self._expires),),
                "User-Agent": (self._core.settings.server,),
            }
        )
        if name:
            headers.set(name, authorization)
        request = Request("REGISTER", self._uri, headers)
        self._sent = self._core.transactions.request(request, self._flow, now, self._answered)

    def _answered(self, status: int, response: Response | None, now: float) -> None:
        if status < 200 or self._done is None:
            return
        if response is None:
            self._end(status, "no answer")
        elif status in (401, 407) and self._tries < TRIES:
            self._tries += 1
            self._authenticate(response, now)
        elif status == 423 and self._tries < TRIES:
            self._tries += 1
            self._expires = min(max(response.number("min-expires") or 0, self._expires), MOST)
            self._send(now)
        else:
            self._end(status, response.reason, self._granted(response) if status < 300 and self._expires else 0)

    def _authenticate(self, response: Response, now: float) -> None:
        proxy = response.status == 407
        challenges = response.headers.all("proxy-authenticate" if proxy else "www-authenticate")
        try:
            value = credentials(challenges, "REGISTER", self._uri, self._account, self._core.token())
        except AuthenticationFailed as error:
            self._end(response.status, str(error))
        else:
            self._send(now, "Proxy-Authorization" if proxy else "Authorization", value)

    def _granted(self, response: Response) -> int:
        """Seconds that our Contact was taken for (§10.2.4)."""
        granted = response.number("expires")
        for item in response.headers.items_of("contact"):
            try:
                contact = Address.parse(item)
            except MalformedMessage:
                continue
            expires = contact.parameters.get("expires") or ""
            ours = (contact.uri.host, contact.uri.port) == (self._flow.local_host, self._flow.local_port)
            if ours and expires.isascii() and expires.isdigit():
                granted = int(expires[:6])
        return min(max(granted or self._expires, LEAST), MOST)

    def _end(self, status: int, detail: str, expires: int = 0) -> None:
        done, self._done, self._sent, self.deadline = self._done, None, None, math.inf
        if done is not None:
            done(status, detail, expires)
