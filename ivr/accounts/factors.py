"""Second factors: codes of an authenticator app (TOTP, RFC 6238), each taken once, and recovery codes."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyotp
import segno
from redis.asyncio import Redis
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.accounts.sealing import Seal
from ivr.accounts.tables import factors
from ivr.errors import Conflict
from ivr.records.database import redis_errors, sql_errors

ISSUER = "Hotline"
STEP = 30
"""Seconds that a code lasts; the one before and the one after are taken too, for clocks that differ."""
RECOVERY_CODES = 8
_CODE = re.compile(r"\d{6}", re.ASCII)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app needs once: the secret, its address, and that as rows of a QR code (`1` is dark)."""

    secret: str
    uri: str
    rows: Sequence[str]


def enrolment(account_id: str, secret: str | None = None) -> Enrolment:
    secret = secret or pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=account_id, issuer_name=ISSUER)
    rows = ["".join("1" if dark else "0" for dark in row) for row in segno.make(uri, error="m", micro=False).matrix]
    return Enrolment(secret, uri, rows)


class Factors:
    """Raises StoreUnavailable everywhere."""

    def __init__(
        self, engine: AsyncEngine, redis: Redis, clock: Callable[[], float] = time.time, keys: Sequence[bytes] = ()
    ) -> None:
        """`keys` of 32 octets each: the first seals the secrets, all open them."""
        self._engine, self._redis, self._clock = engine, redis, clock
        self._seal = Seal(keys)

    async def has(self, account_id: str) -> bool:
        return await self._read(account_id) is not None

    async def check(self, account_id: str, code: str) -> bool:
        """Whether `code` is right now or a recovery code not used yet. Every code is right once.

        Raises NotAllowed where the key that sealed the app's secret is gone; recovery codes count even then.
        """
        kept = await self._read(account_id)
        if kept is None:
            return False
        secret, recovery = kept
        code = code.replace(" ", "").lower()
        if _CODE.fullmatch(code):
            return await self._fresh(account_id, self._seal.open(account_id, secret), code)
        return await self._recovered(account_id, recovery, _digest(code))

    async def enrol(self, account_id: str, secret: str, code: str) -> list[str] | None:
        """Take the app into use where it shows the right code: the recovery codes, to be shown once. Raises Conflict."""
        code = code.replace(" ", "")
        if not _CODE.fullmatch(code) or not await self._fresh(account_id, secret, code):
            return None
        codes = ["-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)]
        row = {
            "account_id": account_id,
            "secret": self._seal.close(account_id, secret),
            "recovery": [_digest(one) for one in codes],
            "created_at": self._clock(),
        }
        with sql_errors():
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(factors.insert(), [row])
            except IntegrityError:
                raise Conflict("an app is in use already; take it out first") from None
        return codes

    async def remove(self, account_id: str) -> bool:
        with sql_errors():
            async with self._engine.begin() as connection:
                done = await connection.execute(delete(factors).where(factors.c.account_id == account_id))
        return bool(done.rowcount)

    async def seal_again(self) -> int:
        """Close by the first key what lies there bare or closed by an older one; how many they were."""
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(select(factors.c.account_id, factors.c.secret))).all()
        done = 0
        for account_id, kept in rows:
            if (secret := self._seal.anew(account_id, kept)) is None:
                continue
            same = (factors.c.account_id == account_id) & (factors.c.secret == kept)  # set up anew meanwhile: left alone
            with sql_errors():
                async with self._engine.begin() as connection:
                    done += (await connection.execute(update(factors).where(same).values(secret=secret))).rowcount
        return done

    async def everybody(self) -> frozenset[str]:
        """Ids of those who have one."""
        with sql_errors():
            async with self._engine.connect() as connection:
                return frozenset((await connection.execute(select(factors.c.account_id))).scalars())

    async def left(self, account_id: str) -> int:
        """Recovery codes not used yet."""
        kept = await self._read(account_id)
        return 0 if kept is None else len(kept[1])

    async def _read(self, account_id: str) -> tuple[str, list[str]] | None:
        with sql_errors():
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(factors).where(factors.c.account_id == account_id))).mappings().first()
        return None if row is None else (row["secret"], list(row["recovery"]))

    async def _fresh(self, account_id: str, secret: str, code: str) -> bool:
        """RFC 6238 §5.2: the second use of a code is refused."""
        now = int(self._clock())
        clock = pyotp.TOTP(secret)
        for step in (now // STEP - 1, now // STEP, now // STEP + 1):
            if secrets.compare_digest(clock.generate_otp(step), code):
                with redis_errors():
                    return bool(await self._redis.set(f"web:totp:{_digest(account_id)}:{step}", 1, ex=4 * STEP, nx=True))
        return False

    async def _recovered(self, account_id: str, recovery: list[str], digest: str) -> bool:
        if digest not in recovery:
            return False
        with redis_errors():
            first = await self._redis.set(f"web:recovery:{digest}", 1, ex=3600, nx=True)  # two requests with the same code
        if not first:
            return False
        with sql_errors():
            async with self._engine.begin() as connection:
                now = await connection.execute(select(factors.c.recovery).where(factors.c.account_id == account_id))
                rest = [one for one in now.scalar_one_or_none() or () if one != digest]
                await connection.execute(update(factors).where(factors.c.account_id == account_id).values(recovery=rest))
        return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
