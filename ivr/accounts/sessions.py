"""Sessions of browsers in Redis: opened, looked up, listed and ended on every node. A copy of Redis opens none of them."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace

from redis.asyncio import Redis

from ivr.accounts.model import Session, Visitor, session_id
from ivr.errors import StoreUnavailable
from ivr.records.database import redis_errors

log = logging.getLogger(__name__)

SESSION_SECONDS = 12 * 3600
"""A shift and a half; then the agent signs in again."""
MOST_OF_ONE = 200
"""Sessions of one account; one more ends the oldest, so that a program that signs in for each request fills nothing."""
SEEN_SECONDS = 60.0
CHANNEL = "web:sessions:ended"


class Stolen(Exception):
    """A session came from another kind of browser than the one that signed in; it is ended."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.account)
        self.session = session


class SessionStore:
    """Raises StoreUnavailable everywhere. `follow` has to run so that sockets end with their sessions."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._redis, self._clock = redis, clock
        self._held: dict[str, set[Callable[[], None]]] = {}

    async def open(self, account: str, source: str, visitor: Visitor, limited: str = "", proved: float | None = None) -> str:
        """A new session's token. `proved`: when the password was given, None for now."""
        token, now = secrets.token_urlsafe(32), self._clock()
        sid = session_id(token)
        given = now if proved is None else proved
        made = Session(sid, account, source, now, given, now, visitor.address, visitor.browser, limited)
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(_key(sid), _text(made), ex=SESSION_SECONDS)
                pipe.sadd(_index(account), sid)
                pipe.expire(_index(account), SESSION_SECONDS)
                pipe.scard(_index(account))
                *_, count = await pipe.execute()
        if count > MOST_OF_ONE:
            await self.end((await self.of(account))[MOST_OF_ONE:])
        return token

    async def find(self, token: str, visitor: Visitor) -> Session | None:
        """Whose session it is; None where it ended. Raises Stolen."""
        if not 20 <= len(token) <= 100:
            return None
        session = await self.get(session_id(token))
        if session is None:
            return None
        if not visitor.same_kind(session.browser):
            await self.end([session])
            raise Stolen(session)
        now = self._clock()
        if now - session.seen >= SEEN_SECONDS or visitor.address != session.address:
            session = await self.write(replace(session, seen=now, address=visitor.address))
        return session

    async def get(self, sid: str) -> Session | None:
        with redis_errors():
            kept = await self._redis.get(_key(sid))
        return None if kept is None else Session(**{"id": sid, **json.loads(kept)})

    async def write(self, session: Session) -> Session:
        """Keep what changed, as long as before; one that ended meanwhile stays ended."""
        with redis_errors():
            await self._redis.set(_key(session.id), _text(session), keepttl=True, xx=True)
        return session

    async def of(self, account: str) -> Sequence[Session]:
        """Those of an account, the newest first."""
        with redis_errors():
            names = sorted(_str(name) for name in await self._redis.smembers(_index(account)))
            kept = await self._redis.mget([_key(name) for name in names]) if names else []
            gone = [name for name, value in zip(names, kept, strict=True) if value is None]
            if gone:
                await self._redis.srem(_index(account), *gone)
        found = [
            Session(**{"id": name, **json.loads(value)}) for name, value in zip(names, kept, strict=True) if value is not None
        ]
        return sorted(found, key=lambda one: -one.at)

    async def counts(self, accounts: Sequence[str]) -> list[int]:
        """How many each of `accounts` has."""
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for account in accounts:
                    pipe.smembers(_index(account))
                found = await pipe.execute()
            names = sorted({_str(name) for several in found for name in several})
            kept = await self._redis.mget([_key(name) for name in names]) if names else []
        there = {name for name, value in zip(names, kept, strict=True) if value is not None}
        return [sum(_str(name) in there for name in several) for several in found]

    async def end(self, sessions: Sequence[Session]) -> None:
        """End them, and close their sockets on every node."""
        if not sessions:
            return
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                for one in sessions:
                    pipe.delete(_key(one.id))
                    pipe.srem(_index(one.account), one.id)
                    pipe.publish(CHANNEL, one.id)
                await pipe.execute()
        for one in sessions:
            self._close(one.id)

    async def end_all(self, account: str, but: str = "") -> int:
        """End those of an account, except the one with the id `but`; how many they were."""
        ending = [one for one in await self.of(account) if one.id != but]
        await self.end(ending)
        return len(ending)

    # --- sockets

    @contextmanager
    def held(self, sid: str, close: Callable[[], None]) -> Iterator[None]:
        """`close` is called when the session ends."""
        self._held.setdefault(sid, set()).add(close)
        try:
            yield
        finally:
            mine = self._held.get(sid, set())
            mine.discard(close)
            if not mine:
                self._held.pop(sid, None)

    async def follow(self) -> None:
        """Hear of sessions that ended on other nodes, until cancelled; after a gap look whether those held are still there."""
        while True:
            try:
                with redis_errors():
                    async with self._redis.pubsub() as heard:
                        await heard.subscribe(CHANNEL)
                        await self._look()
                        async for message in heard.listen():
                            if message["type"] == "message":
                                self._close(_str(message["data"]))
            except StoreUnavailable as error:
                log.debug("ended sessions are not heard of: %s", error)
            await asyncio.sleep(1.0)

    async def _look(self) -> None:
        for sid in tuple(self._held):
            if await self.get(sid) is None:
                self._close(sid)

    def _close(self, sid: str) -> None:
        for close in tuple(self._held.get(sid, ())):
            with suppress(RuntimeError):  # a socket that closed in this moment
                close()


def _text(session: Session) -> str:
    return json.dumps({name: value for name, value in asdict(session).items() if name != "id"})


def _key(sid: str) -> str:
    return f"web:session:{sid}"


def _index(account: str) -> str:
    return f"web:sessions:of:{session_id(account)}"


def _str(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
