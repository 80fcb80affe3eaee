"""Signing out where a provider of OpenID Connect vouched: the way there, and back to a page of ours."""

from __future__ import annotations

import asyncio
import logging

from starlette.requests import Request

from ivr.accounts.farewell import Arrival
from ivr.accounts.house import Books
from ivr.accounts.openid import ProviderAway
from ivr.web.pages import PAGES

log = logging.getLogger(__name__)

OIDC = "/api/v1/oidc"
PATIENCE = 3.0
"""Seconds for a provider that has to be asked first where one signs out there; who signs out does not wait longer."""


def page_of(path: object) -> str:
    """One of our own pages: nobody is sent elsewhere from here."""
    return path if isinstance(path, str) and path in PAGES else "/desk"


def address_of(request: Request, public: str) -> str:
    """What browsers call this server: `public`, or what they asked."""
    return public.rstrip("/") or str(request.base_url).rstrip("/")


async def further(books: Books | None, arrival: Arrival, address: str, back: str) -> str:
    """Where the browser goes on to, so that it is signed out at the provider as well; "" where it stays here."""
    provider = books.providers.get(arrival.provider) if books is not None else None
    if provider is None:
        return ""
    try:
        async with asyncio.timeout(PATIENCE):
            return await provider.farewell(arrival.hint, f"{address}{OIDC}/{arrival.provider}/signed-out", back)
    except (ProviderAway, TimeoutError) as error:
        log.warning("signed out here, not at %s: %s", arrival.provider, error or "no answer")
        return ""
