"""From settings to reminders of follow-ups: told at the desk before they are due, by e-mail where nobody sat there."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ivr.errors import StoreUnavailable
from ivr.records.outbox import notice
from ivr.records.reminders import Reminders
from ivr.settings import Settings
from ivr.stores import Stores
from ivr.web.desk import DeskHub
from ivr.wiring_followups import FollowUpParts

log = logging.getLogger(__name__)

EVERY = 15.0
CLEAN_SECONDS = 6 * 3600.0

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Reminding:
    """Each node tells the desks that are open at it; any of them sends the e-mails."""

    def __init__(
        self,
        reminders: Reminders,
        online: Callable[[], Sequence[str]],
        push: Callable[[str, str, Mapping[str, Any]], None],
        send: Send | None,
        addresses: Mapping[str, str],
        before: float,
        link: str = "",
    ) -> None:
        """`send` takes rows of notifications, `addresses` are those of agents, `link` is where their page is."""
        self._reminders, self._online, self._push, self._send = reminders, online, push, send
        self._addresses, self._before, self._link = addresses if send is not None else {}, before, link
        self._cleaned = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.step(time.time())
            except StoreUnavailable as error:
                log.warning("agents are not reminded of follow-ups now: %s", error)
            await asyncio.sleep(EVERY)

    async def step(self, now: float) -> None:
        """Remind of what is due at `now`, epoch seconds. Raises StoreUnavailable."""
        for row in await self._reminders.to_show(self._online(), now, self._before):
            if await self._reminders.shown(row, now):
                told = {name: row[name] for name in ("due_at", "subject", "contact_id")}
                self._push(row["assignee"], "told", {"kind": "follow_up_due", "ticket": row["number"], **told})
        for row in await self._reminders.to_mail(list(self._addresses), now):
            if self._send is not None:  # first: whoever sends it too sends the same one, by its id
                await self._send(mail_of(row, self._addresses[row["assignee"]], self._link, now))
                await self._reminders.mailed(row, now)
        if now - self._cleaned >= CLEAN_SECONDS:
            self._cleaned = now
            await self._reminders.clean(now)


def mail_of(row: Mapping[str, Any], address: str, link: str, now: float) -> dict[str, Any]:
    """The notification of one follow-up, in both languages."""
    at = datetime.fromtimestamp(row["due_at"]).astimezone().strftime("%Y-%m-%d %H:%M")
    caller = row["caller_name"] or row["caller_number"]
    lines = [
        f"{row['number']}: {row['subject']}",
        f"跟进时间 / due {at}",
        caller,
        f"{link}#ticket={row['number']}" if link else "",
    ]
    return notice(
        now,
        "email",
        address,
        f"跟进提醒 / Follow-up: {row['subject']}",
        "\n".join(line for line in lines if line),
        id=hashlib.sha256(f"follow_up|{row['id']}|{row['due_at']}".encode()).hexdigest()[:32],
        contact_id=row["contact_id"],
        language=row["language"],
    )


def reminding(settings: Settings, stores: Stores, hub: DeskHub, left: FollowUpParts | None) -> Reminding | None:
    """None where the settings want none."""
    before = settings.workbench.remind
    if not before:
        return None

    async def send(row: Mapping[str, Any]) -> None:
        assert left is not None
        await left.late.add("notifications", row)

    by_mail = left is not None and "email" in left.channels
    addresses = {one.id: one.email for one in settings.agents if one.email}
    link = f"{settings.web.public_url.rstrip('/')}/desk" if settings.web.public_url else ""
    return Reminding(Reminders(stores.engine), lambda: hub.online, hub.push, send if by_mail else None, addresses, before, link)
