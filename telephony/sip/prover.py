"""Answers challenges to our requests on behalf of one account (RFC 3261 §22.2, RFC 7616 §3.4). Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from telephony.errors import AuthenticationFailed, MalformedMessage
from telephony.sip.digest import Account, credentials, parse
from telephony.sip.message import Request, Response

MAX_NONCES = 16
"""Nonces whose use is counted; a far end that gives more of them starts the count anew."""
_HEADERS = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}


class Prover:
    """Keeps what a far end and its proxies asked for, so that later requests carry credentials unasked."""

    def __init__(self, account: Account, token: Callable[[], str]) -> None:
        self._account = account
        self._token = token
        self._asked: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def prove(self, request: Request) -> None:
        """Put credentials into a request, each nonce with its next count. Without effect before the first challenge."""
        if len(self._counts) > MAX_NONCES:
            self._counts.clear()
        for name, challenges in self._asked.items():
            with contextlib.suppress(AuthenticationFailed):
                value = credentials(challenges, request.method, request.target, self._account, self._token(), self._counts)
                request.headers.set(name, value)

    def learn(self, response: Response, request: Request) -> bool:
        """Take the challenge of a 401 or 407 to `request`. False where there is no use in trying again.

        Credentials that were refused are worth a second try only with a nonce that was too old, or for another realm.
        """
        source, name = _HEADERS[response.status]
        challenges = response.headers.all(source)[:MAX_NONCES]
        known = [one for text in challenges if (one := _parsed(text))]
        given = _parsed(request.headers.get(name))
        stale = any(one.get("stale", "").lower() == "true" for one in known)
        if not known or (given and not stale and given.get("realm") in [one.get("realm") for one in known]):
            return False
        self._asked[name] = challenges
        return True


def _parsed(text: str) -> dict[str, str]:
    try:
        return parse(text)
    except MalformedMessage:
        return {}
