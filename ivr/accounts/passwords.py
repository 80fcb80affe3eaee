"""Passwords: what is too weak, and argon2 in a thread, few at a time."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 200
"""Characters; a longer password costs nothing and is wrong."""
_EASY = (
    "password",
    "passwort",
    "qwertyuiop",
    "1234567890",
    "0123456789",
    "abcdefghij",
    "hotline",
    "letmein",
    "iloveyou",
    "mima",
)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def weakness(password: str, *names: str) -> str:
    """Why a password may not be chosen, in words; "" where it may. `names` are those of the person."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"a password has {SHORTEST} to {LONGEST} characters; a sentence is a good one"
    bare = password.casefold()
    if len(set(bare)) < 5:
        return "this repeats the same few characters; take more different ones"
    for name in names:
        bare = bare.replace(name.casefold(), "") if len(name) > 2 else bare
    for easy in _EASY:
        bare = bare.replace(easy, "")
    if len(bare.strip("0123456789!.-_ ")) < 4 and len(bare) < SHORTEST:
        return "this is a name or one of the first that anybody tries; take another"
    return ""


def made_password() -> str:
    """A password to be handed over once and changed: 15 characters that nobody mixes up, 74 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))


class Hasher:
    """argon2 beside the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = asyncio.Semaphore(2)  # a check takes 64 MiB and tens of milliseconds of a core
        self._nobody = ""

    async def hash(self, password: str) -> str:
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, known: str, password: str) -> bool:
        """Whether `password` is the one of the hash `known`; "" takes as long and is always wrong."""
        if len(password) > LONGEST:
            return False
        async with self._room:
            return await asyncio.to_thread(self._matches, known, password)

    def _matches(self, known: str, password: str) -> bool:
        if not self._nobody:
            self._nobody = self._hasher.hash(secrets.token_urlsafe(9))
        try:
            return self._hasher.verify(known or self._nobody, password) and known != ""
        except (VerificationError, InvalidHashError):
            return False
