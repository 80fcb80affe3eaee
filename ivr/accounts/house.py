"""Everything about who comes in: by password and code, by a provider, by a token; and what a session may do."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from redis.asyncio import Redis

from ivr.accounts.factors import Factors
from ivr.accounts.farewell import Arrival, Farewells
from ivr.accounts.lockout import Lockout
from ivr.accounts.model import Account, Person, Session, Visitor, session_id
from ivr.accounts.openid import Ended, OpenId, Vouched
from ivr.accounts.people import People, person_id
from ivr.accounts.roles import covers
from ivr.accounts.sessions import SESSION_SECONDS, SessionStore, Stolen
from ivr.accounts.tokens import Tokens
from ivr.accounts.trail import Trail
from ivr.errors import Conflict, IvrError, NotAllowed

log = logging.getLogger(__name__)

SIGNED_IN = "signed in"
"""How the audit calls it; by it people of the settings are found who were here."""
PROVED_SECONDS = 15 * 60.0
"""How long after the password was given rights may be changed without giving it again."""


class Accounts(Protocol):
    """Accounts of the settings."""

    async def verify(self, username: str, password: str) -> Account | None:
        """The account where the password is right, else None; takes as long for a name that does not exist."""

    def find(self, account_id: str) -> Account | None:
        """The account as it is now, or None where it was removed: its sessions end with it."""


class CodeNeeded(NotAllowed):
    """The password is right; the code of the authenticator app is missing."""


@dataclass(frozen=True, slots=True)
class Books:
    """What SQL keeps, and the rules of the settings."""

    people: People
    factors: Factors
    tokens: Tokens
    trail: Trail
    listed: Sequence[Account] = ()
    """Accounts of the settings."""
    totp_required: frozenset[str] = frozenset()
    providers: Mapping[str, OpenId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in browser and who sits there."""

    session: Session
    account: Account


class House:
    """Raises StoreUnavailable everywhere. Without `books` only accounts of the settings are known."""

    def __init__(
        self, redis: Redis, accounts: Accounts, books: Books | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._accounts, self._clock = accounts, clock
        self.books = books
        self.sessions = SessionStore(redis, clock)
        self.lockout = Lockout(redis)
        self.farewells = Farewells(redis)

    async def sign_in(self, name: str, password: str, visitor: Visitor, code: str = "") -> tuple[Visit, str] | None:
        """The visit and its token; None where name, password or code is wrong. Raises TooManyFailures, CodeNeeded."""
        account = await self._tried(name, password, code, visitor)
        if account is None:
            return None
        if self.books is not None and account.source != "settings":
            await self.books.people.signed_in(account.id)
        return await self.enter(account, visitor)

    async def verify(self, name: str, password: str) -> Account | None:
        """The account whose password it is. Each name costs one check of one hash."""
        if self.books is None or self._accounts.find(name) is not None:
            return await self._accounts.verify(name, password)
        person = await self.books.people.verify(name, password)
        return None if person is None else person.account

    async def enter(self, account: Account, visitor: Visitor, proved: float | None = None) -> tuple[Visit, str]:
        """Open a session for somebody who has proved who it is, now or at `proved`."""
        limited = await self._limited(account)
        token = await self.sessions.open(account.id, account.source, visitor, limited, proved)
        await self.note(account.id, visitor, SIGNED_IN, account.source)
        session = await self.sessions.get(session_id(token))
        if session is None:
            raise NotAllowed("this session ended as it began; sign in again")
        return Visit(session, account), token

    async def vouched(self, provider: OpenId, who: Vouched, visitor: Visitor) -> tuple[Visit, str]:
        """Let in whom a provider vouches for, made or renewed as its groups say. Raises NotAllowed, Conflict."""
        if self.books is None:
            raise NotAllowed("nobody is kept here")
        person = await self._known(provider, who)
        if person.disabled:
            raise NotAllowed("this account is disabled here; ask an administrator")
        if provider.provider.roles_claim and (set(who.roles) != set(person.roles) or who.name != person.name):
            if set(who.roles) != set(person.roles):
                await self.sessions.end_all(person.id)
                told = f"{', '.join(person.roles)} → {', '.join(who.roles)}"
                await self.note(provider.provider.name, visitor, "roles changed", person.id, told)
            person = await self.books.people.change(person.id, {"roles": list(who.roles), "name": who.name or person.name})
        if not person.roles:  # and with the roles went what sessions and tokens could do
            raise NotAllowed("the provider gives this account no role here; ask an administrator")
        await self.books.people.signed_in(person.id)
        visit, token = await self.enter(person.account, visitor, who.proved)
        await self.farewells.keep(visit.session.id, who.arrival)
        return visit, token

    async def visit(self, token: str, visitor: Visitor) -> Visit | None:
        """Who sits there; None where the session ended, was used by another browser, or its account is gone."""
        try:
            session = await self.sessions.find(token, visitor)
        except Stolen as stolen:
            browser = f"{visitor.browser or 'no name'}, not {stolen.session.browser}"
            await self.note(
                stolen.session.account, visitor, "session ended: used by another browser", stolen.session.id[:12], browser
            )
            return None
        if session is None:
            return None
        account = await self.account(session.account)
        return None if account is None or account.source != session.source else Visit(session, account)

    async def leave(self, visit: Visit, visitor: Visitor) -> Arrival | None:
        """End the session of a browser; how it came about, where a provider vouched for it."""
        await self.sessions.end([visit.session])
        await self.note(visit.account.id, visitor, "signed out", visit.account.source)
        return await self.farewells.take(visit.session) if visit.account.source.startswith("oidc:") else None

    async def gone(self, provider: OpenId, who: Ended, visitor: Visitor) -> int:
        """End what a provider ended: one session of its own or all of its person; how many they were.

        Told twice, done once; what failed halfway is done when it is told again.
        """
        name = provider.provider.name
        if self.books is None or await self.farewells.was_heard(name, who.id):
            return 0
        if who.sid:
            found = [await self.sessions.get(one) for one in await self.farewells.sessions(name, who.sid)]
            ending = [one for one in found if one is not None and one.source == f"oidc:{name}"]
        else:
            person = await self.books.people.of_subject(name, who.subject)
            ending = list(await self.sessions.of(person.id)) if person is not None else []
        await self.sessions.end(ending)
        await self.farewells.heard(name, who.id)
        for account in sorted({one.account for one in ending}):
            await self.note(f"oidc:{name}", visitor, "signed out by the provider", account)
        return len(ending)

    async def account(self, name: str) -> Account | None:
        """The account as it is now; None where it was removed or disabled."""
        found = self._accounts.find(name)
        return await self.books.people.find(name) if found is None and self.books is not None else found

    async def of_token(self, text: str, wanted: str, address: str) -> Account | None:
        """Whose API token it is; None where it is none. Raises NotAllowed where it lacks the scope `wanted`."""
        token = await self.books.tokens.find(text, address) if self.books is not None else None
        account = await self.account(token.owner) if token is not None else None
        if token is None or account is None:
            return None
        if not covers(token.scopes, wanted):
            raise NotAllowed(f"this token lacks the scope {wanted}")
        return account

    async def prove(self, visit: Visit, password: str, code: str, visitor: Visitor) -> bool:
        """Give the password again, and the code where there is an app. Raises TooManyFailures, CodeNeeded."""
        if await self._tried(visit.account.id, password, code, visitor) is None:
            return False
        await self.sessions.write(replace(visit.session, proved=self._clock()))
        return True

    def is_proved(self, session: Session) -> bool:
        return 0 <= self._clock() - session.proved <= PROVED_SECONDS

    def left(self, session: Session) -> float:
        """Seconds until a session is over by itself."""
        return max(0.0, session.at + SESSION_SECONDS - self._clock())

    async def freed(self, visit: Visit) -> str:
        """What still stands in the way of a session, after something was done about it."""
        limited = await self._limited(await self.account(visit.account.id) or visit.account)
        await self.sessions.write(replace(visit.session, limited=limited))
        return limited

    async def note(self, by: str, visitor: Visitor, what: str, subject: str, note: str = "") -> None:
        if self.books is not None:
            await self.books.trail.note(by, visitor.address, what, subject, note)

    async def _tried(self, name: str, password: str, code: str, visitor: Visitor) -> Account | None:
        """The account where password and code are right. Raises TooManyFailures, CodeNeeded."""
        last = await self.lockout.attempt(name, visitor.address)
        try:
            account = await self.verify(name, password)
            right = account is not None and await self._second(account, code)
        except IvrError:
            await self.lockout.forgive(name, visitor.address)
            raise
        if right:
            await self.lockout.succeeded(name, visitor.address)
            return account
        if last:
            await self.note("", visitor, "sign-in locked", name[:128], "too many failures")
        return None

    async def _second(self, account: Account, code: str) -> bool:
        """Whether the second factor is right, or there is none. Raises CodeNeeded."""
        if self.books is None or not await self.books.factors.has(account.id):
            return True
        if not code:
            raise CodeNeeded("the code of the authenticator app is needed")
        return await self.books.factors.check(account.id, code)

    async def _limited(self, account: Account) -> str:
        if self.books is None:
            return ""
        person = await self.books.people.get(account.id) if account.source == "local" else None
        if person is not None and person.must_change:
            return "password"
        needed = account.source in ("settings", "local") and set(account.roles) & self.books.totp_required
        return "totp" if needed and not await self.books.factors.has(account.id) else ""

    async def _known(self, provider: OpenId, who: Vouched) -> Person:
        """The person of the provider's subject. An account of the same name that is not the provider's is never taken over."""
        assert self.books is not None
        people, name = self.books.people, provider.provider.name
        person = await people.of_subject(name, who.subject)
        if person is not None:
            return person
        wanted = person_id(who.id)
        if not wanted:
            raise NotAllowed(f"the provider names nobody by a proven `{provider.provider.id_claim}`; ask an administrator")
        kept = await people.get(wanted)
        if kept is not None and kept.provider == name and not kept.subject:  # made by an administrator, and never here before
            return await people.change(wanted, {"subject": who.subject})
        if kept is not None or any(one.id.casefold() == wanted.casefold() for one in self.books.listed):
            raise Conflict(f"'{wanted}' is an account of its own here; an administrator may give it to the provider")
        if not provider.provider.create:
            raise NotAllowed("this account is not known here; ask an administrator")
        if not who.roles:
            raise NotAllowed("the provider gives this account no role here; ask an administrator")
        made = Account(wanted, who.name, who.roles)
        person = await people.add(made, f"oidc:{name}", provider=name, subject=who.subject)
        await self.note(f"oidc:{name}", Visitor(), "account made", wanted, ", ".join(who.roles))
        return person
