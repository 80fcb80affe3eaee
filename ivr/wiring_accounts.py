"""From settings to who signs in: people, second factors, tokens, providers, and the record of who did what."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ivr.accounts.factors import Factors
from ivr.accounts.house import Books
from ivr.accounts.keyfile import key_of_file
from ivr.accounts.model import Account
from ivr.accounts.openid import OpenId, Provider
from ivr.accounts.passwords import Hasher
from ivr.accounts.people import People
from ivr.accounts.tokens import Tokens
from ivr.accounts.trail import Trail
from ivr.errors import ConfigError, StoreUnavailable
from ivr.settings import Settings
from ivr.settings_accounts import OpenIdOptions
from ivr.stores import Stores
from ivr.web.parts import WebParts
from ivr.wiring_recording import seal_key
from telephony.gateway.sealing import key_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AccountParts:
    books: Books

    def web(self, web: WebParts) -> WebParts:
        """The pages with people, and changes made on them kept in the one record."""
        admin = web.admin and replace(web.admin, audit=self.books.trail)
        return replace(web, books=self.books, admin=admin)


def account_parts(settings: Settings, stores: Stores, stack: AsyncExitStack) -> AccountParts:
    """The record listens from now on; `stack` ends it, and writes what it still has."""
    options = settings.accounts
    providers = {name: OpenId(_provider(name, one), stores.redis) for name, one in options.oidc.items()}
    for one in providers.values():
        stack.push_async_callback(one.close)
    trail = Trail(stores.engine, options.audit_days)
    stack.enter_context(trail.listening())
    writing = asyncio.create_task(trail.run())
    stack.push_async_callback(_end, writing)
    keys = _keys(settings)
    factors = Factors(stores.engine, stores.redis, keys=keys)
    sealing = asyncio.create_task(_seal(factors, len(keys)))
    stack.push_async_callback(_end, sealing)
    books = Books(
        people=People(stores.engine, Hasher()),
        factors=factors,
        tokens=Tokens(stores.engine),
        trail=trail,
        listed=tuple(Account(one.id, one.name, one.roles) for one in settings.agents if one.password),
        totp_required=frozenset(options.totp_required),
        providers=providers,
    )
    return AccountParts(books)


def _provider(name: str, one: OpenIdOptions) -> Provider:
    return Provider(
        name=name,
        issuer=one.issuer,
        client_id=one.client_id,
        client_secret=one.client_secret,
        labels={"zh": one.zh or name, "en": one.en or name},
        scopes=one.scopes,
        id_claim=one.id_claim,
        roles_claim=one.roles_claim,
        roles=one.roles,
        everybody=one.everybody,
        create=one.create,
        leave=one.sign_out == "provider",
    )


def _keys(settings: Settings) -> list[bytes]:
    """What seals the secrets of apps: of the settings, of recordings, of the data folder, in this order.

    The file is made where the tables lie beside it: of several nodes with one database
    each would make another. Raises ConfigError.
    """
    try:
        given = [key_of(settings.accounts.encrypt_key)] if settings.accounts.encrypt_key else []
    except ValueError as error:
        raise ConfigError(f"accounts.encrypt_key: {error}") from error
    if (recordings := seal_key(settings.recording)) is not None:
        given.append(recordings)
    kept = key_of_file(Path(settings.data), make=not given and not settings.database)
    return given if kept is None else [*given, kept]


async def _seal(factors: Factors, keys: int) -> None:
    try:
        if not keys and (bare := len(await factors.everybody())):
            log.warning("secrets of %d authenticator apps lie open in the database: set accounts.encrypt_key", bare)
        elif count := await factors.seal_again():
            log.info("secrets of %d authenticator apps are sealed by the key of this server", count)
    except StoreUnavailable as error:
        log.warning("secrets of authenticator apps were not looked at: %s", error)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
