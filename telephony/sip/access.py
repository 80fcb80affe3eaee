"""Who may call or register: digest against the accounts (RFC 3261 §22). Pure."""

from __future__ import annotations

from collections.abc import Callable

from telephony.errors import AuthenticationFailed, MalformedMessage
from telephony.sip.core import AgentSettings
from telephony.sip.digest import Account, Authenticator, Stale, WrongCredentials
from telephony.sip.flow import Flow
from telephony.sip.message import Request
from telephony.sip.suspicion import Sign, source_of

MAX_TRIES = 4
"""Authorization headers of one request that are looked at; a request carries one for each realm on its way."""


class Access:
    def __init__(self, settings: AgentSettings, secret: bytes, token: Callable[[], str]) -> None:
        self._find = settings.credentials
        self._noticed = settings.noticed
        self._authenticator = Authenticator(settings.realm, secret, token, settings.algorithms)

    def check(self, request: Request, now: float, flow: Flow) -> Account | list[str]:
        """The account that `request`, which came along `flow`, proves, or the challenges to answer it with (401)."""
        stale = False
        source = source_of(flow.host)
        tries = request.headers.all("authorization")[:MAX_TRIES]
        if not tries:
            self._noticed(flow, Sign.UNAUTHENTICATED)
        for header in tries:
            try:
                account = self._authenticator.verify(header, request.method, self._find, now, source)
            except Stale:
                stale = True
                self._noticed(flow, Sign.UNAUTHENTICATED)
            except WrongCredentials as error:
                # A sign only because the question went to that very source: else its address may be made up.
                self._noticed(flow, Sign.WRONG_DIGEST if error.known else Sign.UNKNOWN_USER)
            except (AuthenticationFailed, MalformedMessage):
                self._noticed(flow, Sign.UNAUTHENTICATED)
            else:
                self._noticed(flow, Sign.AUTHENTICATED)
                return account
        return self._authenticator.challenges(now, stale=stale, source=source)
