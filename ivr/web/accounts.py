"""Accounts from the settings file: argon2 hashes in memory, checked in a thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError

from ivr.accounts.passwords import Hasher
from ivr.errors import ConfigError
from ivr.web.parts import Account


@dataclass(frozen=True, slots=True)
class Credential:
    account: Account
    password: str
    """`argon2:HASH`, or clear text, which is hashed at once and forgotten."""


class SettingsAccounts:
    """Who may sign in. A name that does not exist takes as long as a wrong password."""

    def __init__(self, credentials: Iterable[Credential], hasher: PasswordHasher | None = None) -> None:
        """Raises ConfigError for a hash that is none."""
        hasher = hasher or PasswordHasher()
        self._hasher = Hasher(hasher)
        self._accounts: dict[str, Account] = {}
        self._hashes: dict[str, str] = {}
        for credential in credentials:
            name = credential.account.id
            self._accounts[name] = credential.account
            given = credential.password
            self._hashes[name] = _hash_of(name, given) if given.startswith("argon2:") else hasher.hash(given)

    async def verify(self, username: str, password: str) -> Account | None:
        right = await self._hasher.matches(self._hashes.get(username, ""), password)
        return self._accounts[username] if right else None

    def find(self, account_id: str) -> Account | None:
        return self._accounts.get(account_id)


def _hash_of(name: str, given: str) -> str:
    """Raises ConfigError for what nobody could ever sign in with."""
    hashed = given.removeprefix("argon2:")
    try:
        extract_parameters(hashed)
    except InvalidHashError:
        raise ConfigError(f"agents: {name}: password is no argon2 hash; write it as argon2:$argon2id$v=19$...") from None
    return hashed
