"""Which session came by which sign-in at a provider, so that one ends with the other (OpenID Connect logout). In Redis."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from redis.asyncio import Redis

from ivr.accounts.model import Session
from ivr.accounts.sessions import SESSION_SECONDS
from ivr.records.database import redis_errors

LONGEST_HINT = 6000
"""Octets of an ID token that still fits into an address."""
HEARD_SECONDS = 600
"""A logout token is good for two minutes or so; its name is remembered longer than that."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A sign-in at a provider, as it named it."""

    provider: str
    hint: str = ""
    """Its ID token, which names the session to the provider."""
    sid: str = ""
    """The provider's own name of its session, "" where it tells none."""


class Farewells:
    """Raises StoreUnavailable everywhere."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def keep(self, session_id: str, arrival: Arrival) -> None:
        """Remember as long as the session may last."""
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(_left(session_id), json.dumps(asdict(arrival)), ex=SESSION_SECONDS)
                if arrival.sid:
                    pipe.sadd(_there(arrival.provider, arrival.sid), session_id)
                    pipe.expire(_there(arrival.provider, arrival.sid), SESSION_SECONDS)
                await pipe.execute()

    async def take(self, session: Session) -> Arrival | None:
        """How the session came about, told once; None where no provider vouched for it."""
        with redis_errors():
            kept = await self._redis.getdel(_left(session.id))
        return None if kept is None else Arrival(**json.loads(kept))

    async def sessions(self, provider: str, sid: str) -> list[str]:
        """Ids of ours that came by the provider's session `sid`."""
        with redis_errors():
            found = await self._redis.smembers(_there(provider, sid))
        return sorted(one.decode() if isinstance(one, bytes) else one for one in found)

    async def was_heard(self, provider: str, token_id: str) -> bool:
        """Whether this logout token was obeyed before."""
        with redis_errors():
            return bool(await self._redis.exists(_heard(provider, token_id)))

    async def heard(self, provider: str, token_id: str) -> None:
        """It is obeyed."""
        with redis_errors():
            await self._redis.set(_heard(provider, token_id), 1, ex=HEARD_SECONDS)


def _heard(provider: str, token_id: str) -> str:
    return f"web:oidc:heard:{_digest(provider, token_id)}"


def _left(session_id: str) -> str:
    return f"web:oidc:came:{session_id}"


def _there(provider: str, sid: str) -> str:
    return f"web:oidc:sid:{_digest(provider, sid)}"


def _digest(provider: str, text: str) -> str:
    return hashlib.sha256(f"{provider} {text}".encode(errors="replace")).hexdigest()
