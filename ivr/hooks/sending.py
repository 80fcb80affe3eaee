"""Brings events to their hooks: signed, one hook's slowness not another's, tried again ever later, dead at last."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from ivr.errors import StoreUnavailable
from ivr.hooks.catalogue import PING, envelope
from ivr.hooks.outbox import HookOutbox
from ivr.messages.signing import signed

log = logging.getLogger(__name__)

PAUSES = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 3 * 3600.0, 6 * 3600.0)
"""Seconds before the second, third, ... try; after the last one it is dead. Eleven hours in all."""
AGAIN = frozenset({408, 425, 429})
"""Refusals by HTTP that another try may turn."""
AT_ONCE = 8
"""Under way to one hook."""
LEASE = 60.0
"""Seconds beyond the longest try, after which another node may take what this one took and did not mark."""
LOOK_SECONDS = 1.0
LAST_SECONDS = 5.0
EVENT, DELIVERY = "hotline-event", "hotline-delivery"


@dataclass(frozen=True, slots=True)
class Target:
    """Where one hook leads."""

    name: str
    url: str
    secret: str
    seconds: float = 5.0

    @property
    def longest(self) -> float:
        """Seconds of one try, whatever the far end does: it may send an octet a second."""
        return 4 * self.seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one try."""

    status: int | None
    """Of HTTP; None where nobody answered."""
    reason: str = ""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """Another try would be answered alike."""
        return self.status is not None and not self.taken and self.status < 500 and self.status not in AGAIN


class HookSender:
    """`run` is the node's own task; `close` ends the connections."""

    def __init__(
        self,
        outbox: HookOutbox,
        targets: Mapping[str, Target],
        clock: Callable[[], float],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._outbox, self.targets, self._clock = outbox, targets, clock
        self._client = httpx.AsyncClient(follow_redirects=False, transport=transport)
        self.counted: Counter[tuple[str, str]] = Counter()
        """Hook and `sent`, `again` or `dead`, so far."""

    async def run(self) -> None:
        """Until cancelled: a task for each hook."""
        async with asyncio.TaskGroup() as group:
            for name in self.targets:
                group.create_task(self._serve(name))

    async def close(self) -> None:
        await self._client.aclose()

    async def _serve(self, hook: str) -> None:
        while True:
            working, failed = asyncio.create_task(self.work(hook)), self.counted[hook, "again"]
            try:
                busy = await asyncio.shield(working)
            except asyncio.CancelledError:
                await asyncio.wait([working], timeout=LAST_SECONDS)  # so that what just arrives is not sent again
                working.cancel()
                raise
            except StoreUnavailable as error:
                log.warning("webhook %s waits: %s", hook, error)
                busy = 0
            except Exception:
                log.exception("webhook %s waits", hook)
                busy = 0
            if self.counted[hook, "again"] - failed >= busy:  # nothing is due, or nobody there takes anything
                await asyncio.sleep(LOOK_SECONDS)

    async def work(self, hook: str) -> int:
        """Send what is due to one hook; how many were tried. Raises StoreUnavailable."""
        target = self.targets[hook]
        due = await self._outbox.claim(hook, LEASE + target.longest, AT_ONCE)
        done = await asyncio.gather(*(self._one(target, row) for row in due), return_exceptions=True)
        for one in done:
            if one is not None:
                raise one
        return len(due)

    async def _one(self, target: Target, row: Mapping[str, Any]) -> None:
        body = envelope(row["event_id"], row["kind"], row["at"], row["data"])
        answer = await self.post(target, body, str(row["id"]))
        number, tries = row["id"], int(row["attempts"])
        if answer.taken:
            await self._outbox.sent(number, answer.status or 0)
            self.counted[target.name, "sent"] += 1
        elif answer.final or tries > len(PAUSES):
            log.error("webhook %s: event %s is dead: %s", target.name, row["event_id"], answer.reason)
            await self._outbox.dead(number, answer.status, answer.reason)
            self.counted[target.name, "dead"] += 1
        else:
            await self._outbox.again(number, self._clock() + PAUSES[tries - 1], answer.status, answer.reason)
            self.counted[target.name, "again"] += 1

    async def ping(self, hook: str) -> Answer:
        """Send an event that says nothing, at once and once."""
        at = self._clock()
        return await self.post(self.targets[hook], envelope(f"ping:{at:.3f}", PING, at, {"hook": hook}), "ping")

    async def post(self, target: Target, body: Mapping[str, Any], delivery: str) -> Answer:
        """Send one event once; never raises. The signature is made anew for each try: it holds for some minutes."""
        octets = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        headers = {
            "content-type": "application/json",
            "idempotency-key": str(body["id"]),
            EVENT: str(body["type"]),
            DELIVERY: delivery,
            **signed(target.secret, octets, self._clock()),
        }
        try:
            async with (
                asyncio.timeout(target.longest),
                self._client.stream("POST", target.url, content=octets, headers=headers, timeout=target.seconds) as answer,
            ):
                status = answer.status_code
        except TimeoutError:
            return Answer(None, f"no answer within {target.longest:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OSError) as error:
            return Answer(None, f"no answer: {type(error).__name__}")
        return Answer(status, "" if 200 <= status < 300 else f"the far end answered {status}")

    def metrics(self) -> str:
        """Prometheus text."""
        lines = ["# TYPE hotline_webhook_deliveries_total counter"]
        for hook in self.targets:
            for how in ("sent", "again", "dead"):
                lines.append(f'hotline_webhook_deliveries_total{{hook="{hook}",outcome="{how}"}} {self.counted[hook, how]}')
        return "\n".join(lines) + "\n"
