"""A node's part in publishing: adopts what is live, publishes changed files, starts and ends what has its time.

The ledger is asked once a second and at every word of another node: two nodes disagree for that long at most. Where the ledger
is away, calls go on with what is at hand.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.dialplan.loader import FlowStore, Share
from ivr.dialplan.problems import render
from ivr.dialplan.watch import watch
from ivr.errors import StoreUnavailable
from ivr.publishing.files import FlowFile, FlowFiles, Read, git_notes
from ivr.publishing.ledger import Ledger
from ivr.publishing.model import ENVIRONMENT, FILE, House, Standing
from ivr.publishing.moves import take_files
from ivr.publishing.news import News
from ivr.publishing.reading import Reader, first_of
from ivr.publishing.schedule import Clockwork
from ivr.publishing.upkeep import Upkeep

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""Until a node finds a change of which it heard nothing."""
REPORT_SECONDS = 5.0
RETRY_SECONDS = 10.0
"""Between attempts to adopt what was refused: a prompt may have come meanwhile."""


@dataclass(slots=True)
class Condition:
    """What is to be told of this node."""

    serial: int = -1
    """The change that it runs."""
    refused: dict[str, str] = field(default_factory=dict)
    """Flow to why its live version cannot be run here."""
    away: str = ""
    """Why the ledger cannot be read."""


class Publisher:
    """Call `begin` before the first call, then keep `run` running."""

    def __init__(
        self, ledger: Ledger, news: News, store: FlowStore, files: FlowFiles, *, wall: Callable[[], float] = time.time
    ) -> None:
        self.ledger, self.news, self.store, self.files = ledger, news, store, files
        self.wall = wall
        self.condition = Condition()
        self.read = Read()
        """What the files held when they were last read."""
        self.upkeep = Upkeep(ledger, files)
        self.reader = Reader(ledger, store, self.label)
        self._clockwork = Clockwork(ledger, self.reader.check)
        self._house = House(-1)
        self._files_changed = True
        self._told = ""
        """The problems of the files as they were last written to the log."""
        self._retry_at = 0.0
        self._report_at = 0.0
        self._failing = False
        """The last step failed: what is due waits for the next look."""
        self._busy = asyncio.Lock()
        self._wake = asyncio.Event()

    # --- life

    async def begin(self) -> None:
        """Publish what files changed while nobody looked, and adopt what is live. Raises StoreUnavailable."""
        await self.step()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.news.hear(self._wake.set))
            group.create_task(watch(self.files.paths, self.files_changed))
            group.create_task(self._follow())

    def files_changed(self) -> None:
        """A file did; it is read at once."""
        self._files_changed = True
        self._wake.set()

    async def _follow(self) -> None:
        while True:
            await self._pause()
            self._failing = True
            try:
                await self.step()
                self._failing = False
                if self.condition.away:
                    log.warning("the versions of flows can be read again")
                self.condition.away = ""
            except StoreUnavailable as error:
                if not self.condition.away:
                    log.error("versions of flows cannot be read; calls go on with those at hand: %s", error)
                self.condition.away = str(error)
            except Exception:
                log.exception("versions of flows cannot be adopted; calls go on with those at hand")

    async def _pause(self) -> None:
        seconds = POLL_SECONDS
        if self._house.due is not None and not self._failing:
            seconds = min(seconds, max(0.01, self._house.due - self.wall()))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    async def step(self) -> None:
        """Bring this node up to date. Raises StoreUnavailable; then everything is as before."""
        async with self._busy:
            if self._files_changed:
                await self._take_files()
            await self._adopt_news()
            if self._house.due is not None and self._house.due <= self.wall():
                for serial in await self._clockwork.strike(self.wall()):
                    await self.news.tell(serial)
                await self._adopt_news()
            await self.reader.remember(self.wall())
        await self._report()

    # --- files

    async def _take_files(self) -> None:
        self._files_changed = False
        try:
            self.read = await asyncio.to_thread(self.files.read)
            self.store.problems = list(self.read.problems)
            told, self._told = self._told, render(self.read.problems)
            if self._told and self._told != told:
                wrong = any(one.severity == "error" for one in self.read.problems)
                log.log(logging.ERROR if wrong else logging.WARNING, "flows have problems:\n%s", self._told)
            await self._publish_files()
        except StoreUnavailable:
            self._files_changed = True
            raise
        if await self.ledger.serial() == self.condition.serial:  # else this comes when what was published is adopted
            await self.upkeep.look(self._house.standings.values(), self.read)

    async def _publish_files(self) -> None:
        seen = await self.ledger.seen()
        changed = {one.place: one for one in self.read.files.values() if seen.get(one.place) != (one.flow, one.version)}
        changed = await self._fitting(changed)
        if not changed:
            return
        notes = await asyncio.to_thread(git_notes, [one.path for one in changed.values()])
        texts = {place: (one.flow, one.text) for place, one in changed.items()}
        async with self.ledger.change(self.wall()) as change:
            made = await take_files(change, texts, {place: notes.get(one.path, "") for place, one in changed.items()})
            if made:
                await change.done(FILE, "; ".join(sorted(set(notes.values()))), "file")
            else:
                await change.kept()
        if made:
            await self.news.tell(change.serial)
            self._files_changed = ENVIRONMENT in self.read.files  # flows and environment may have waited for each other

    async def _fitting(self, changed: Mapping[str, FlowFile]) -> dict[str, FlowFile]:
        """Without the environment, where flows would miss something in it."""
        fitting = {place: one for place, one in changed.items() if one.flow != ENVIRONMENT}
        if len(fitting) == len(changed):
            return fitting
        _, problems = await self.reader.check({one.flow: one.text for one in changed.values()})
        if not first_of(problems):
            return dict(changed)
        log.error("the environment stays as it was; its file has problems:\n%s", render(problems))
        return fitting

    # --- what is live

    async def _adopt_news(self) -> None:
        serial = await self.ledger.serial()
        retry = self.condition.refused and self.wall() >= self._retry_at
        if serial == self.condition.serial and not retry:
            return
        house = await self.ledger.house()
        await self._adopt(house)
        self._house, self.condition.serial = house, house.serial
        self._retry_at = self.wall() + RETRY_SECONDS
        self._report_at = 0.0
        await self.upkeep.look(house.standings.values(), self.read)

    async def _adopt(self, house: House) -> None:
        """Let new calls begin with what is live; where one flow of a change cannot be run here, none of that change."""
        wrong = await self.reader.prepare(house.standings.values())
        spoilt = {house.standings[flow].serial: flow for flow in wrong}
        refused: dict[str, str] = {}
        for one in sorted(house.standings.values(), key=lambda one: one.flow):  # the environment first
            if one.serial not in spoilt:
                self._stand(one)
            elif not self._stands(one):
                because = wrong.get(one.flow) or f"`{spoilt[one.serial]}`, published together with it, was refused"
                refused[one.flow] = because
                if self.condition.refused.get(one.flow) != because:
                    log.error("flow %s: version %s is refused here, the one before stays: %s", one.flow, one.version, because)
        self.condition.refused = refused
        for name in list(self.store.shares):
            self.store.machine(name)  # joins what calls others, so that it is remembered before the first call

    def _stand(self, one: Standing) -> None:
        if one.flow == ENVIRONMENT:
            if one.version and self.reader.use(one.version):
                log.info("the environment is now version %s, number %d", one.version, one.number)
            return
        before = self.store.shares.get(one.flow)
        if not one.version:
            self.store.retire(one.flow)
            if before is not None:
                log.info("flow %s is retired", one.flow)
            return
        share = _share(one)
        self.store.stand(one.flow, share)
        if before is None or before.version != share.version:
            log.info("flow %s is now version %s, number %d", one.flow, one.version, one.number)
        if share.candidate and share != before:
            log.info("flow %s: version %s is for %g %% of the callers", one.flow, share.candidate, share.percent)

    def _stands(self, one: Standing) -> bool:
        if one.flow == ENVIRONMENT:
            return one.version in ("", self.store.environment.version)
        return self.store.shares.get(one.flow) == (_share(one) if one.version else None)

    def label(self, flow: str) -> str:
        """The file that problems of a flow name."""
        found = self.read.files.get(flow)
        return str(found.path if found is not None else self.files.path_for(flow) or Path(f"{flow}.yaml"))

    # --- what is told of this node

    async def _report(self) -> None:
        now = self.wall()
        if now < self._report_at:
            return
        self._report_at = now + REPORT_SECONDS
        with suppress(StoreUnavailable):
            await self.news.report({"at": now, **self.health(), "calls": self._calls()})

    def _calls(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for (flow, version), count in self.store.calls.items():
            found.setdefault(flow, {})[version] = count
        return found

    def health(self) -> dict[str, Any]:
        """`{serial, flows: {flow: version}, environment, refused: {flow: why}, drift: {flow: words}, away}`."""
        return {
            "serial": self.condition.serial,
            "flows": {name: share.version for name, share in sorted(self.store.shares.items())},
            "environment": self.store.environment.version,
            "refused": dict(self.condition.refused),
            "drift": dict(self.upkeep.drift),
            "away": self.condition.away,
        }

    def metrics(self) -> str:
        """Prometheus text."""
        found = {
            "flow_changes_adopted": self.condition.serial,
            "flows_refused": len(self.condition.refused),
            "flows_drifting": len(self.upkeep.drift),
            "flow_versions_away": int(bool(self.condition.away)),
        }
        return "".join(f"# TYPE hotline_{name} gauge\nhotline_{name} {value}\n" for name, value in found.items())


def _share(one: Standing) -> Share:
    return Share(one.version, one.candidate, one.percent if one.candidate else 0.0, one.salt)
