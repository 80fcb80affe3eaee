"""Our registration with a carrier (RFC 3261 §10.2): a state machine without I/O, clock or dice.

    due(now)            the registrar to ask now, None for nobody; `deadline` tells when to look again
    request(contact)    the REGISTER to send there
    answered(...)       what came of it: None for our own 408 or 503
    stop(now)           take the binding back; STOPPED follows

A refresh comes well before the binding runs out, at a moment that is drawn, so that a thousand trunks do not refresh at once.
Failures wait longer each time (RFC 5626 §4.5); a wrong password waits longest: whoever hammers is banned.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum

from telephony.errors import AuthenticationFailed, MalformedMessage
from telephony.sip.digest import Account, credentials
from telephony.sip.grammar import Address, Uri
from telephony.sip.message import MAX_HOPS, Headers, Request, Response
from telephony.sip.trunk import RegistrationOptions, retry_after

BASE_WAIT = 2.0
"""Seconds after the first failure of all registrars; doubled with each."""
MAX_WAIT = 300.0
REFUSED_WAIT = 300.0
"""Seconds after 401 to our credentials, 403 or 404: only a person can mend that."""
MAX_EXPIRES = 86_400
MIN_EXPIRES = 15
"""Seconds: a registrar that grants less is refreshed as if it had granted this."""


class RegistrationState(Enum):
    IDLE = "idle"
    REGISTERING = "registering"
    REGISTERED = "registered"
    REFRESHING = "refreshing"
    """Registered, and asking anew."""
    FAILED = "failed"
    """Not registered; waits to try again."""
    REMOVING = "removing"
    STOPPED = "stopped"


_ASKING = {
    RegistrationState.IDLE: RegistrationState.REGISTERING,
    RegistrationState.FAILED: RegistrationState.REGISTERING,
    RegistrationState.REGISTERING: RegistrationState.REGISTERING,
    RegistrationState.REGISTERED: RegistrationState.REFRESHING,
    RegistrationState.REFRESHING: RegistrationState.REFRESHING,
    RegistrationState.REMOVING: RegistrationState.REMOVING,
}
"""What sending a REGISTER leads to."""


class Registration:
    """`token` gives unguessable tokens, `draw` numbers in [0, 1).

    Raises MalformedMessage for a registrar that is no SIP URI.
    """

    def __init__(
        self, options: RegistrationOptions, account: Account | None, token: Callable[[], str], draw: Callable[[], float]
    ) -> None:
        self._options = options
        self._account = account
        self._token = token
        self._draw = draw
        self._registrars = [Uri.parse(one) for one in options.registrars]
        self._call_id = token()
        self._tag = token()
        self._cseq = 0
        self._expires = min(max(options.expires, MIN_EXPIRES), MAX_EXPIRES)
        self._at = 0
        """Which registrar is asked."""
        self._failures = 0
        """In a row, over all registrars."""
        self._tries = 0
        """Times that this one question was asked again: challenged, or 423."""
        self._challenge: tuple[str, list[str]] | None = None
        self._counts: dict[str, int] = {}
        self._contact = ""
        self._waiting = False
        self.state = RegistrationState.IDLE
        self.deadline = 0.0
        """When `due` has something to say; infinity for never."""
        self.until = 0.0
        """When the binding runs out."""
        self.detail = ""
        """Why it failed last."""

    @property
    def registered(self) -> bool:
        """True while a binding stands: also while it is refreshed."""
        return self.state in (RegistrationState.REGISTERED, RegistrationState.REFRESHING)

    @property
    def registrar(self) -> Uri:
        return self._registrars[self._at]

    def due(self, now: float) -> Uri | None:
        """The registrar to ask now, None for nobody. A binding that has run out meanwhile counts as lost."""
        if self.registered and now >= self.until:
            self.state = RegistrationState.FAILED
            self.detail = self.detail or "the registration ran out"
        if self._waiting or now < self.deadline or self.state is RegistrationState.STOPPED:
            return None
        return self.registrar

    def request(self, contact: str) -> Request:
        """The REGISTER to send to `registrar`; `contact` is our Contact value. It is answered by `answered`."""
        self._waiting = True
        self.deadline = math.inf
        self.state = _ASKING[self.state]
        self._cseq += 1
        self._contact = contact
        registrar = self.registrar
        own = f"<{Uri('sip', self._options.user, registrar.host)}>"
        target = str(Uri(registrar.scheme, "", registrar.host, registrar.port, registrar.parameters))
        expires = 0 if self.state is RegistrationState.REMOVING else self._expires
        headers = Headers(
            {
                "Max-Forwards": (str(MAX_HOPS),),
                "From": (f"{own};tag={self._tag}",),
                "To": (own,),
                "Call-ID": (self._call_id,),
                "CSeq": (f"{self._cseq} REGISTER",),
                "Contact": (f"{contact};expires={expires}",),
                "Expires": (str(expires),),
            }
        )
        self._authorize(headers, target)
        return Request("REGISTER", target, headers)

    def answered(self, status: int, response: Response | None, now: float) -> bool:
        """Take a final response, or 408 or 503 of our own without one. Returns whether `registered` changed."""
        before = self.registered
        stray = response is not None and response.cseq[0] != self._cseq
        if status >= 200 and self._waiting and not stray:
            self._waiting = False
            if self.state is RegistrationState.REMOVING:
                self._removed(status, response, now)
            elif status < 300:
                self._granted(response, now)
            elif not self._asks_again(status, response, now):
                self._failed(status, response, now)
        return before is not self.registered

    def lost(self, now: float) -> None:
        """The connection along which we registered is gone: register anew at once (RFC 5626 §4.4.1)."""
        if self.registered and not self._waiting:
            self.deadline = now

    def stop(self, now: float) -> None:
        """Take the binding back, where there is one."""
        if self.registered or self.state is RegistrationState.REGISTERING:
            self.state = RegistrationState.REMOVING
            self._tries = 0
            self._waiting = False
            self.deadline = now
        else:
            self.state = RegistrationState.STOPPED
            self.deadline = math.inf

    # Parts

    def _authorize(self, headers: Headers, target: str) -> None:
        """Answer the challenge that the registrar gave last; a nonce that it takes again saves a round trip."""
        if self._challenge is None or self._account is None:
            return
        name, challenges = self._challenge
        try:
            value = credentials(challenges, "REGISTER", target, self._account, self._token(), self._counts)
        except AuthenticationFailed:
            self._challenge = None
            return
        headers.set(name, value)

    def _asks_again(self, status: int, response: Response | None, now: float) -> bool:
        """Whether the same question is asked at once with what it lacked."""
        if response is None or self._tries >= 2:
            return False
        if status in (401, 407) and self._account is not None:
            name = ("proxy-authenticate", "Proxy-Authorization") if status == 407 else ("www-authenticate", "Authorization")
            self._challenge = name[1], response.headers.all(name[0])[:8]
            self._counts.clear()
        elif status == 423 and (wanted := _number(response, "min-expires")) is not None:
            if not self._expires < wanted <= MAX_EXPIRES:
                return False
            self._expires = wanted
        else:
            return False
        self._tries += 1
        self.deadline = now
        return True

    def _granted(self, response: Response | None, now: float) -> None:
        granted = self._expires if response is None else _granted(response, self._contact, self._expires)
        self.state = RegistrationState.REGISTERED
        self.until = now + granted
        self.deadline = now + max(granted, MIN_EXPIRES) * (0.7 + 0.15 * self._draw())
        self.detail = ""
        self._failures = self._tries = 0

    def _failed(self, status: int, response: Response | None, now: float) -> None:
        self.detail = (
            f"{status} {response.reason}" if response is not None else "no answer" if status == 408 else "no way there"
        )
        self._tries = 0
        self._failures += 1
        self._challenge = None
        self._at = (self._at + 1) % len(self._registrars)
        wait = self._wait(status, response)
        if not self.registered or now + wait >= self.until:
            self.state = RegistrationState.FAILED
        else:
            self.state = RegistrationState.REGISTERED
        self.deadline = now + wait

    def _wait(self, status: int, response: Response | None) -> float:
        """Seconds: none while another registrar is left to try."""
        if self._failures % len(self._registrars):
            return 0.0
        rounds = min(self._failures // len(self._registrars) - 1, 16)
        wait = min(MAX_WAIT, BASE_WAIT * (1 << rounds)) * (0.5 + 0.5 * self._draw())
        if status in (401, 403, 404, 407):
            wait = max(wait, REFUSED_WAIT)
        return max(wait, min(retry_after(response), MAX_WAIT))

    def _removed(self, status: int, response: Response | None, now: float) -> None:
        if self._asks_again(status, response, now):
            return
        self.state = RegistrationState.STOPPED
        self.deadline = math.inf


def _granted(response: Response, contact: str, asked: int) -> int:
    """Seconds for which the binding stands: those of our Contact, else of Expires, else what was asked for (§10.2.4)."""
    found: list[int] = []
    try:
        own = Address.parse(contact).uri.user
        for item in response.headers.items_of("contact")[:64]:
            one = Address.parse(item)
            text = one.parameters.get("expires") or ""
            if one.uri.user == own and text.isascii() and text.isdigit() and len(text) <= 10:
                found.append(int(text))
    except MalformedMessage:
        found = found[:1]
    granted = found[0] if found else _number(response, "expires") or asked
    return min(granted, MAX_EXPIRES)


def _number(response: Response, name: str) -> int | None:
    try:
        return response.number(name)
    except MalformedMessage:
        return None
