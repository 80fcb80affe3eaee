"""Who somebody is, as the pages and the API know it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

BROWSER_LENGTH = 200
LIMITS = ("password", "totp")
"""What may stand in the way of a session: a password of one's own, a second factor that the house asks for."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: str
    """Of the agent, where it is one."""
    name: str = ""
    roles: tuple[str, ...] = ("agent",)
    """Of `ivr.accounts.roles.ROLES`."""
    source: str = "settings"
    """`settings`, `local`, or `oidc:NAME`."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from."""

    address: str = ""
    browser: str = ""
    """Its User-Agent, at most 200 characters."""

    def same_kind(self, browser: str) -> bool:
        """False where a session that a browser opened is used by something else; a newer version of it is the same."""
        return not browser.startswith("Mozilla/") or _kind(browser) == _kind(self.browser)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `id` is the hash of its token, which nobody can turn round."""

    id: str
    account: str
    source: str
    at: float
    proved: float
    """When the password was last given."""
    seen: float
    address: str
    browser: str
    limited: str = ""
    """Of `LIMITS`: nothing else may be done before it is."""


@dataclass(frozen=True, slots=True)
class Person:
    """A local account, or one that a provider vouches for."""

    id: str
    name: str
    roles: tuple[str, ...]
    password: str
    """argon2 hash, "" for none."""
    must_change: bool
    disabled: bool
    provider: str
    subject: str
    created_at: float
    created_by: str
    updated_at: float
    password_at: float
    signed_in_at: float

    @property
    def account(self) -> Account:
        return Account(self.id, self.name, self.roles, f"oidc:{self.provider}" if self.provider else "local")


def session_id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _kind(browser: str) -> str:
    return re.sub(r"[\d._]+", "", browser)
