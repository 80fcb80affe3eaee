"""The daily sweep: at start and once a day what is older than the settings allow is removed, by one node for all.

Sound is on the disk of the node that recorded it: each node removes its own old days.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis.asyncio import Redis

from ivr.errors import StoreUnavailable
from ivr.records.database import redis_errors
from ivr.records.retention import Removed, Retention

log = logging.getLogger(__name__)
audit = logging.getLogger("ivr.audit")

KEY = "retention:rows"
LEASE_SECONDS = 3600
"""For which one node has the rows to itself: others that start meanwhile leave them alone."""
AGAIN_SECONDS = 600.0
"""Until the next try where a store was away."""
DAY = 86400.0
BESIDE = (".json", ".levels")
"""What stands beside a recording: its notes, and how loud it is."""
_DAY_FOLDER = re.compile(r"(\d{4})/(\d{2})/(\d{2})\Z")

Note = Callable[[str, str], Awaitable[None]]
"""Writes a line into the list of changes: what, and of what."""


class Sweeper:
    """`run` is the node's own task."""

    def __init__(
        self,
        retention: Retention,
        redis: Redis,
        kept: Mapping[str, float],
        at: str,
        folder: Path | None,
        note: Note,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        """`kept` is kind to seconds; `at` the time of day, `HH:MM`; `folder` that of recordings, None for none."""
        self._retention, self._redis, self._kept, self._folder = retention, redis, dict(kept), folder
        self._hour, self._minute = (int(part) for part in at.split(":"))
        self._note, self._now = note, now

    async def run(self) -> None:
        """At once and then every day, for ever."""
        while True:
            try:
                await self.sweep()
                pause = self._until_next()
            except StoreUnavailable as error:
                log.warning("old records stay for now: %s", error)
                pause = AGAIN_SECONDS
            except OSError as error:
                log.error("old recordings cannot be removed: %s", error)
                pause = AGAIN_SECONDS
            await asyncio.sleep(pause)

    async def sweep(self) -> Removed:
        """Remove what is too old: rows where no other node does, the sound of this node. Raises StoreUnavailable, OSError."""
        now = self._now().timestamp()
        removed = Removed()
        with redis_errors():
            mine = await self._redis.set(KEY, "1", nx=True, ex=LEASE_SECONDS)
        if mine:
            removed = await self._purge(now)
        if self._folder is not None:
            days = {"": self._sound_days(), "voicemail": self._kept.get("voicemail", 0.0)}
            removed.files += await asyncio.to_thread(remove_days, self._folder, days, now)
        if removed.rows or removed.files:
            audit.warning("retention: removed %s", removed)
            await self._note("retention: removed", str(removed))
        return removed

    async def _purge(self, now: float) -> Removed:
        """Remove rows; where that breaks off the next try begins again, here or elsewhere. Raises StoreUnavailable, OSError."""
        try:
            return await self._retention.purge({kind: now - seconds for kind, seconds in self._kept.items()})
        except BaseException:
            with suppress(StoreUnavailable), redis_errors():
                await self._redis.delete(KEY)
            raise

    def _sound_days(self) -> float:
        """Seconds that sound of calls is kept on the disk: no longer than its contact."""
        return min((self._kept[kind] for kind in ("recordings", "contacts") if kind in self._kept), default=0.0)

    def _until_next(self) -> float:
        now = self._now()
        due = now.replace(hour=self._hour, minute=self._minute, second=0, microsecond=0)
        return ((due if due > now else due + timedelta(days=1)) - now).total_seconds()


def remove_days(folder: Path, kept: Mapping[str, float], now: float) -> int:
    """Remove the sound and notes of days that are over for longer than `kept` seconds; how many files. Raises OSError.

    `kept` has "" for calls and "voicemail" for messages; 0 keeps for ever. Whatever else lies in the folder stays.
    """
    count = 0
    for day in sorted(folder.glob("**/[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]")):
        inside = day.relative_to(folder).as_posix()
        found = _DAY_FOLDER.search(inside)
        seconds = kept.get("voicemail" if inside.startswith("voicemail/") else "", 0.0)
        if found is None or not seconds or not day.is_dir():
            continue
        try:
            over = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC).timestamp() + DAY
        except ValueError:
            continue
        if over + DAY < now - seconds:  # a call may end, and clocks may differ, by some hours
            count += _emptied(day)
    return count


def _emptied(day: Path) -> int:
    count = 0
    for one in day.iterdir():
        if one.is_file():
            one.unlink(missing_ok=True)
            count += one.suffix not in BESIDE
    for empty in (day, day.parent, day.parent.parent):
        try:
            empty.rmdir()
        except OSError:  # something else lies there, or is being written
            break
    return count


def remove_files(folder: Path, names: list[str]) -> int:
    """Remove recordings with what stands beside them, by their names below the folder; how many were there.

    A name that leads out of the folder is not followed. Raises OSError.
    """
    count, root = 0, folder.resolve()
    for name in names:
        path = (folder / name).resolve()
        if path.is_relative_to(root):
            count += path.exists()
            path.unlink(missing_ok=True)
            for suffix in BESIDE:
                path.with_name(path.name.split(".")[0] + suffix).unlink(missing_ok=True)
    return count
