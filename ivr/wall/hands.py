"""Alerts in Redis: what the watching node saw, and what people did about it. Any node shows them and takes orders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any, cast

from redis.asyncio import Redis

from ivr.acd.scripts import redis_errors, text
from ivr.errors import NotFound
from ivr.wall.alerts import Alert, Hand, shown
from ivr.wall.telling import KEPT_EVENTS, PREFIX

LONGEST_NOTE = 500
LONGEST_NAME = 128


class AlertShelf:
    """Keys `{wall}:alerts` and `{wall}:hands`. Every method raises StoreUnavailable where Redis is away."""

    def __init__(self, redis: Redis, prefix: str = PREFIX) -> None:
        self._redis, self._prefix = redis, prefix

    async def alerts(self) -> list[Alert]:
        """Those that are open, and those that closed lately."""
        with redis_errors():
            raw = await cast("Any", self._redis.hgetall(f"{self._prefix}:alerts"))
        return [Alert.of(json.loads(value)) for value in raw.values()]

    async def hands(self) -> dict[str, Hand]:
        """Alert to what people did about it."""
        with redis_errors():
            raw = await cast("Any", self._redis.hgetall(f"{self._prefix}:hands"))
        return {text(name): Hand(**json.loads(value)) for name, value in raw.items()}

    async def rows(self) -> list[dict[str, Any]]:
        """Alerts as pages take them, the newest first."""
        hands = await self.hands()
        found = sorted(await self.alerts(), key=lambda alert: (-alert.opened_at, alert.id))
        return [shown(alert, hands.get(alert.id)) for alert in found]

    async def put(self, changed: Iterable[Alert], gone: Sequence[str] = ()) -> None:
        """Keep these, forget those, and let all boards know."""
        rows: dict[Any, Any] = {alert.id: json.dumps(alert.row(), ensure_ascii=False) for alert in changed}
        if not rows and not gone:
            return
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                if rows:
                    pipe.hset(f"{self._prefix}:alerts", mapping=rows)
                if gone:
                    pipe.hdel(f"{self._prefix}:alerts", *gone)
                    pipe.hdel(f"{self._prefix}:hands", *gone)
                pipe.xadd(f"{self._prefix}:events", {"kind": "alerts"}, maxlen=KEPT_EVENTS, approximate=True)
                await pipe.execute()

    async def acknowledge(self, alert_id: str, by: str, note: str, now: float) -> dict[str, Any]:
        """Somebody has seen it: no more messages go out about it. Returns it as pages take it. Raises NotFound."""
        alert, hand = await self._open(alert_id)
        fresh = replace(hand, acknowledged_at=now, acknowledged_by=by[:LONGEST_NAME], note=note[:LONGEST_NOTE] or hand.note)
        return await self._lay(alert, fresh)

    async def own(self, alert_id: str, owner: str) -> dict[str, Any]:
        """`owner` takes care of it, "" for nobody. Raises NotFound."""
        alert, hand = await self._open(alert_id)
        return await self._lay(alert, replace(hand, owner=owner[:LONGEST_NAME]))

    async def _open(self, alert_id: str) -> tuple[Alert, Hand]:
        alert = next((one for one in await self.alerts() if one.id == alert_id), None)
        if alert is None:
            raise NotFound("this alert is gone; it closed by itself")
        hand = (await self.hands()).get(alert_id)
        return alert, hand if hand is not None and hand.opened_at == alert.opened_at else Hand(alert.opened_at)

    async def _lay(self, alert: Alert, hand: Hand) -> dict[str, Any]:
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(f"{self._prefix}:hands", alert.id, json.dumps(asdict(hand), ensure_ascii=False))
                pipe.xadd(f"{self._prefix}:events", {"kind": "alerts"}, maxlen=KEPT_EVENTS, approximate=True)
                await pipe.execute()
        return shown(alert, hand)
