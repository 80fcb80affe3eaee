"""Sends what waits in the outbox: one notification after the other, tried again ever later, given up with its reason."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ivr.errors import StoreUnavailable
from ivr.notices.channels import AT_ONCE, Channel, NotSent

log = logging.getLogger(__name__)

PAUSES = (5.0, 30.0, 120.0, 600.0, 3600.0)
"""Seconds before the second, third, ... try; after the last one it is given up."""
LEASE = 120.0
"""Seconds for which a notification is ours once we took it."""
LONGEST = 100.0
"""Seconds after which a channel that still does not come to an end has failed: before another node takes it over."""
LOOK_SECONDS = 2.0
LAST_SECONDS = 5.0
"""How long the end of the node waits for what is being sent."""


class Box(Protocol):
    """`ivr.records.outbox.Outbox`."""

    async def claim(self, now: float, lease: float, most: int = 20) -> list[dict[str, Any]]: ...

    async def sent(self, notice_id: str, now: float) -> None: ...

    async def again(self, notice_id: str, at: float, reason: str) -> None: ...

    async def failed(self, notice_id: str, reason: str) -> None: ...


class Sender:
    """The task of a node. `channels` are those that the settings name: `sms`, `email`, `webhook`."""

    def __init__(self, box: Box, channels: Mapping[str, Channel], clock: Callable[[], float]) -> None:
        self._box, self._channels, self._clock = box, channels, clock
        self.counted: Counter[str] = Counter()
        """`sent`, `again` and `failed` so far."""

    async def run(self) -> None:
        """Until cancelled; then what is under way may still come to its end, so that it is not sent again."""
        while True:
            working = asyncio.create_task(self.work())
            try:
                busy = await asyncio.shield(working)
            except asyncio.CancelledError:
                await asyncio.wait([working], timeout=LAST_SECONDS)
                working.cancel()
                raise
            except StoreUnavailable as error:
                log.warning("notifications wait: %s", error)
                busy = 0
            if not busy:
                await asyncio.sleep(LOOK_SECONDS)

    async def work(self) -> int:
        """Send what is due; returns how many were tried. Raises StoreUnavailable."""
        due = await self._box.claim(self._clock(), LEASE, AT_ONCE)
        await asyncio.gather(*(self._one(notice) for notice in due))
        return len(due)

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()

    def metrics(self) -> str:
        """Prometheus text."""
        lines = ["# TYPE hotline_notifications_total counter"]
        lines += [
            f'hotline_notifications_total{{outcome="{name}"}} {self.counted[name]}' for name in ("sent", "again", "failed")
        ]
        return "\n".join(lines) + "\n"

    async def _one(self, notice: Mapping[str, Any]) -> None:
        channel = self._channels.get(notice["by"])
        if channel is None:
            await self._fail(notice, f"the setting `notices.{notice['by']}` is not there")
            return
        try:
            async with asyncio.timeout(LONGEST):
                await channel.send(notice)
        except TimeoutError:
            await self._not_sent(notice, NotSent(f"no end within {LONGEST:g} s", again=True))
        except NotSent as error:
            await self._not_sent(notice, error)
        except Exception:
            log.exception("notification %s: a defect", notice["id"])
            await self._not_sent(notice, NotSent("an error of ours; the cause is in the server's log", again=True))
        else:
            self.counted["sent"] += 1
            await self._box.sent(notice["id"], self._clock())

    async def _not_sent(self, notice: Mapping[str, Any], error: NotSent) -> None:
        tries = int(notice["attempts"])
        if not error.again or tries > len(PAUSES):
            await self._fail(notice, str(error))
            return
        self.counted["again"] += 1
        await self._box.again(notice["id"], self._clock() + PAUSES[tries - 1], str(error))

    async def _fail(self, notice: Mapping[str, Any], reason: str) -> None:
        self.counted["failed"] += 1
        log.error("notification %s by %s of contact %s failed: %s", notice["id"], notice["by"], notice["contact_id"], reason)
        await self._box.failed(notice["id"], reason)
