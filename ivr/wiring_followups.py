"""From settings to what calls leave to be done: tickets, callbacks, surveys, messages, notifications."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.notices.channels import Channel, Smtp, Webhook
from ivr.notices.sender import Sender
from ivr.records.followups import FollowUps
from ivr.records.late import LateRows
from ivr.records.outbox import Outbox
from ivr.records.shelf import Shelves
from ivr.session.services import Services
from ivr.settings_notices import NoticeOptions
from ivr.web.parts import WebParts
from telephony.gateway.recording_files import sidecar

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FollowUpParts:
    """Started; `services`, `web` and `metrics` hand it to who needs it."""

    followups: FollowUps
    late: LateRows
    shelves: Shelves
    sender: Sender
    discard: Callable[[str], None]
    channels: frozenset[str] = frozenset()
    """Ways in which notifications leave the house."""

    def services(self, services: Services) -> Services:
        return replace(services, followups=self.followups, late=self.late, discard=self.discard, channels=self.channels)

    def web(self, parts: WebParts) -> WebParts:
        return replace(parts, shelves=self.shelves, discard=self.discard)

    def metrics(self) -> str:
        """Prometheus text."""
        return self.sender.metrics()


def followup_parts(
    options: NoticeOptions, folder: Path | None, stack: AsyncExitStack, redis: Redis, engine: AsyncEngine
) -> FollowUpParts:
    """Start what brings rows over and what sends; `stack` ends it. `folder` is that of the recordings, None for none."""
    late = LateRows(redis, engine)
    channels = channels_of(options)
    sender = Sender(Outbox(engine), channels, time.time)
    stack.push_async_callback(sender.close)
    tasks = [asyncio.create_task(work) for work in (late.run(), sender.run())]
    for task in tasks:
        task.add_done_callback(_ended)
    stack.push_async_callback(_end, tasks)
    shelves, followups = Shelves.of(engine, time.time), FollowUps(engine, time.time)
    return FollowUpParts(followups, late, shelves, sender, _remover(folder), frozenset(channels))


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancelled, and over before the stores that they use."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def channels_of(options: NoticeOptions) -> dict[str, Channel]:
    """The channels that the settings name."""
    found: dict[str, Channel] = {}
    for name, hook in (("sms", options.sms), ("webhook", options.webhook)):
        if hook.url:
            found[name] = Webhook(hook.url, hook.token, hook.timeout)
    email = options.email
    if email.host:
        found["email"] = Smtp(email.host, email.port, email.sender, email.user, email.password, email.tls, email.timeout)
    return found


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("a part of the node failed: notifications and late rows", exc_info=error)


def _remover(folder: Path | None) -> Callable[[str], None]:
    def remove(name: str) -> None:
        """Remove a recording with its notes, in a thread; a name that leads out of the folder is not followed."""
        if folder is None or not name:
            return
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()):
            asyncio.get_running_loop().run_in_executor(None, _unlink, path)

    return remove


def _unlink(path: Path) -> None:
    for one in (path, sidecar(path)):
        try:
            one.unlink(missing_ok=True)
        except OSError as error:
            log.warning("a recording cannot be removed: %s", error)
