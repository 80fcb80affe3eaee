"""Who may call or register: digest against the accounts (RFC 3261 §22). Pure."""

from __future__ import annotations

from collections.abc import Callable

from telephony.errors import AuthenticationFailed, MalformedMessage
from telephony.sip.core import AgentSettings
from telephony.sip.digest import Account, Authenticator, Stale
from telephony.sip.message import Request

MAX_TRIES = 4
"""Authorization headers of one request that are looked at; a request carries one for each realm on its way."""


class Access:
    def __init__(self, settings: AgentSettings, secret: bytes, token: Callable[[], str]) -> None:
        self._find = settings.credentials
        self._authenticator = Authenticator(settings.realm, secret, token, settings.algorithms)

    def check(self, request: Request, now: float) -> Account | list[str]:
        """The account that `request` proves, or the challenges to answer it with (401)."""
        stale = False
        for header in request.headers.all("authorization")[:MAX_TRIES]:
            try:
                return self._authenticator.verify(header, request.method, self._find, now)
            except Stale:
                stale = True
            except (AuthenticationFailed, MalformedMessage):
                continue
        return self._authenticator.challenges(now, stale=stale)
