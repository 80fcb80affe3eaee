"""From settings to what keeps private things private: redaction, summaries by a model, the sweep of what is too old."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.accounts.trail import noted
from ivr.records.retention import Retention
from ivr.records.sweeping import Sweeper, remove_files
from ivr.session.redacting import privacy_of
from ivr.session.services import Services
from ivr.settings import Settings
from ivr.understanding.llm import Summaries

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PrivacyParts:
    """Started; `services` and `metrics` hand it to who needs it."""

    settings: Settings
    summaries: Summaries | None

    def services(self, services: Services) -> Services:
        options = self.settings.privacy
        privacy = privacy_of(options.modes(), options.patterns, options.silence)
        return replace(services, privacy=privacy, summaries=self.summaries)

    def metrics(self) -> str:
        """Prometheus text."""
        return "" if self.summaries is None else self.summaries.metrics()


def privacy_parts(settings: Settings, stack: AsyncExitStack, redis: Redis, engine: AsyncEngine) -> PrivacyParts:
    """Start the sweep and the client of the language model, where they are wished; `stack` ends both."""
    llm = settings.understanding.llm
    summaries = None
    if llm.url and "summary" in llm.tasks:
        summaries = Summaries(llm.url, llm.model, llm.key, llm.within)
        stack.push_async_callback(summaries.close)
    kept = settings.retention.seconds()
    if kept:
        folder = recordings_folder(settings)
        note = partial(noted, "retention", settings.node)
        sweeper = Sweeper(retention_of(settings, engine), redis, kept, settings.retention.at, folder, note)
        task = asyncio.create_task(sweeper.run())
        stack.push_async_callback(_end, task)
    return PrivacyParts(settings, summaries)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def recordings_folder(settings: Settings) -> Path | None:
    """Where this node's sound lies; None where nothing is recorded."""
    return Path(settings.recording.folder) if settings.recording.folder else None


def retention_of(settings: Settings, engine: AsyncEngine) -> Retention:
    """What removes rows, and the files that they name, of this node's folder."""
    folder = recordings_folder(settings)
    if folder is None:
        return Retention(engine)

    async def remove(names: Sequence[str]) -> int:
        return await asyncio.to_thread(remove_files, folder, list(names))

    return Retention(engine, remove)
