"""What administrators do with versions: the `ivr.web.flow_desk.FlowDesk`."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ivr.dialplan.model import Flow
from ivr.errors import Conflict, DialplanError, IvrError, NotFound, StoreUnavailable
from ivr.publishing import drafting, moves
from ivr.publishing.change import Change
from ivr.publishing.model import (
    ENVIRONMENT,
    Draft,
    House,
    Standing,
    Version,
    difference,
    moment,
    new_stamp,
    stamp_of,
    unified,
    version_of,
)
from ivr.publishing.moves import ALL, Order
from ivr.publishing.publisher import Publisher
from ivr.publishing.reading import first_of

log = logging.getLogger(__name__)

UP_SECONDS = 15.0
"""A node that has said nothing for so long counts as down."""
LONGEST_TEXT = 1 << 20
MOST_TOGETHER = 50
"""Flows in one publish."""


class FlowDesk:
    """Works through the ledger: what it does on one node holds on all of them."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._ledger = publisher.ledger

    # --- reading

    async def flows(self) -> list[dict[str, Any]]:
        house, drafts = await self._ledger.house(), await self._ledger.drafts()
        numbers = {one.flow: one.number for one in house.standings.values()}
        entries = await self._ledger.numbered(numbers) if numbers else {}
        candidates = {one.flow: one.candidate_number for one in house.standings.values() if one.candidate}
        rolled = await self._ledger.numbered(candidates) if candidates else {}
        waiting = await self._ledger.scheduled()
        names = {*house.standings, *drafts, *(one.flow for one in waiting)} - {ENVIRONMENT}
        return [
            {
                "name": name,
                **self._filed(name),
                "live": _live(house.standings.get(name), entries.get(name)),
                "roll_out": _rolled(house.standings.get(name), rolled.get(name)),
                "scheduled": [one.view(house.standings.get(name)) for one in waiting if one.flow == name],
                "draft": _drafted(drafts.get(name)),
            }
            for name in sorted(names)
        ]

    def _filed(self, flow: str) -> dict[str, Any]:
        publisher = self._publisher
        found = publisher.read.files.get(flow)
        path = found.path if found is not None else publisher.files.path_for(flow)
        return {
            "file": str(found.path) if found is not None else "",
            "writable": path is not None and publisher.files.writable(path),
            "drift": publisher.upkeep.drift.get(flow, ""),
        }

    async def text(self, flow: str, side: str = "live") -> str:
        standing = (await self._ledger.house()).standings.get(flow)
        draft = await self._ledger.draft(flow) if side == "draft" else None
        if draft is not None:
            return draft.text
        if side == "file":
            found = self._publisher.read.files.get(flow)
            text = await asyncio.to_thread(self._publisher.files.text, found.path) if found is not None else None
            if text is None:
                raise NotFound(f"this node has no file of `{flow}` without errors")
            return text
        if side in ("live", "draft"):
            if standing is None or not standing.version:
                raise NotFound(f"there is no flow `{flow}`")
            return await self._ledger.text(flow, standing.version)
        return await self._ledger.text(flow, (await self._ledger.version(flow, _number(side))).version)

    async def versions(self, flow: str, before: int | None = None, limit: int = 50) -> dict[str, Any]:
        standing = (await self._ledger.house()).standings.get(flow)
        found = await self._ledger.versions(flow, before, limit)
        if not found and standing is None:
            raise NotFound(f"there is no flow `{flow}`")
        calls = await self._calls()
        live = standing.number if standing is not None and standing.version else None
        return {"versions": [_seen(one, standing, calls) for one in found], "live": live}

    async def version(self, flow: str, number: int) -> dict[str, Any]:
        found = await self._ledger.version(flow, number)
        standing = (await self._ledger.house()).standings.get(flow)
        return {**_seen(found, standing, await self._calls()), "text": await self._ledger.text(flow, found.version)}

    async def diff(self, flow: str, before: str, after: str) -> dict[str, Any]:
        old, new = await self.text(flow, before), await self.text(flow, after)
        found = await asyncio.to_thread(difference, old, new)
        return {
            "from": before,
            "to": after,
            "unified": await asyncio.to_thread(unified, found, f"{flow} {before}", f"{flow} {after}"),
            "lines": [{"kind": kind, "old": left, "new": right, "text": text} for kind, left, right, text in found.lines],
            "added": found.added,
            "removed": found.removed,
        }

    # --- drafts

    async def draft(self, flow: str) -> dict[str, Any]:
        draft = await self._ledger.draft(flow)
        if draft is not None:
            return {"text": draft.text, "stamp": draft.stamp, "by": draft.author, "at": draft.at, "base": draft.base}
        standing = (await self._ledger.house()).standings.get(flow)
        live = standing.version if standing is not None else ""
        text = await self.text(flow)
        return {"text": text, "stamp": stamp_of(None, live), "by": "", "at": None, "base": live}

    async def save_draft(self, flow: str, author: str, text: str, stamp: str) -> dict[str, Any]:
        _acceptable(flow, text)
        now = self._publisher.wall()
        async with self._ledger.change(now) as change:
            made = await drafting.save_draft(change, flow, author, text, stamp, new_stamp(author, now, text))
            await change.kept()
        return {"stamp": made.stamp, "by": made.author, "at": made.at}

    async def drop_draft(self, flow: str, author: str, stamp: str) -> dict[str, Any]:
        async with self._ledger.change(self._publisher.wall()) as change:
            draft, live = await drafting.drop_draft(change, flow, stamp)
            text = await change.text(flow, live) if live else ""
            await change.kept()
        log.info("%s discarded the draft of %s", author, flow)
        return {"text": text, "stamp": stamp_of(None, live), "discarded": draft.stamp if draft is not None else ""}

    # --- publishing

    async def publish(
        self,
        author: str,
        note: str,
        stamps: Mapping[str, str],
        *,
        percent: float = ALL,
        at: float | str | None = None,
        until: float | str | None = None,
    ) -> list[dict[str, Any]]:
        _counted(stamps)
        texts = {flow: (await self.draft(flow))["text"] for flow in stamps}

        async def put(change: Change, flow: str, order: Order) -> Version:
            return await drafting.publish_draft(change, flow, stamps[flow], order)

        return await self._publish(texts, Order(author, note, percent=percent), at, until, put)

    async def publish_texts(
        self,
        author: str,
        note: str,
        texts: Mapping[str, str],
        base: Mapping[str, str] | None = None,
        *,
        percent: float = ALL,
        at: float | str | None = None,
        until: float | str | None = None,
    ) -> list[dict[str, Any]]:
        _counted(texts)

        async def put(change: Change, flow: str, order: Order) -> Version:
            began = base.get(flow, "") if base is not None else None
            return await moves.publish_text(change, flow, texts[flow], began, order)

        return await self._publish(texts, Order(author, note, percent=percent), at, until, put)

    async def _publish(
        self, texts: Mapping[str, str], order: Order, at: float | str | None, until: float | str | None, put: Any
    ) -> list[dict[str, Any]]:
        """Check all, then put all into one change. `put` publishes one flow."""
        for flow, text in texts.items():
            _acceptable(flow, text)
        if not 0 < order.percent <= ALL:
            raise Conflict("percent is above 0 and at most 100")
        if order.percent < ALL and ENVIRONMENT in texts:
            raise Conflict("the environment is for all callers: its flags have percentages of their own")
        if order.percent < ALL and until is not None:
            raise Conflict("what is given to some callers ends by hand: publish it to all, or leave `until` out")
        flows = await self._checked(texts)
        await self._unedited(texts)
        made: list[Version] = []
        async with self._ledger.change(self._publisher.wall()) as change:
            for flow in texts:
                made.append(await put(change, flow, _timed(order, at, until, _zone(flows.get(flow)), change.at)))
            action = "schedule" if at is not None else "publish" if order.percent >= ALL else "roll_out"
            await change.done(order.author, order.note, action, percent=order.percent)
        await self._spread(change.serial, [] if at is not None or order.percent < ALL else list(texts))
        return await self._views(made)

    async def _checked(self, texts: Mapping[str, str]) -> dict[str, Flow]:
        flows, problems = await self._publisher.reader.check(texts)
        if any(one.severity == "error" for one in problems):
            raise DialplanError(first_of(problems), tuple(problems))
        return flows

    async def _unedited(self, flows: Mapping[str, str]) -> None:
        """Raises Conflict where somebody works on a file by hand: publishing would write over it."""
        seen = await self._ledger.seen()
        for flow in flows:
            path = Path(self._publisher.label(flow))
            text = await asyncio.to_thread(self._publisher.files.text, path)
            known = seen.get(self._publisher.files.place(path))
            if text is not None and self._publisher.files.writes and (known is None or known[1] != version_of(text)):
                raise Conflict(f"{path} was changed by hand and is not published: mend it, or bring it back")

    async def roll_out(self, author: str, flow: str, number: int, percent: float) -> dict[str, Any]:
        if not 0 <= percent <= ALL:
            raise Conflict("percent is from 0 to 100")
        async with self._ledger.change(self._publisher.wall()) as change:
            version = await moves.roll_out(change, flow, number, percent)
            await change.done(author, "", "roll_out", percent=percent)
        await self._spread(change.serial, [])
        return (await self._views([version]))[0]

    async def roll_back(self, author: str, flow: str, number: int | None = None, note: str = "") -> dict[str, Any]:
        async with self._ledger.change(self._publisher.wall()) as change:
            version = await moves.roll_back(change, flow, author, number, note)
            await change.done(author, version.note, "roll_back")
        await self._spread(change.serial, [])
        return (await self._views([version]))[0]

    async def cancel(self, author: str, flow: str, number: int) -> None:
        async with self._ledger.change(self._publisher.wall()) as change:
            await moves.cancel(change, flow, number)
            await change.done(author, "", "cancel", {flow: number})
        await self._spread(change.serial, [])

    async def retire(self, author: str, flow: str, note: str = "") -> None:
        if flow in self._publisher.read.files:
            raise Conflict(f"{self._publisher.read.files[flow].path} is there: remove the file first")
        async with self._ledger.change(self._publisher.wall()) as change:
            await moves.retire(change, flow)
            await change.done(author, note, "retire", {flow: 0})
        await self._spread(change.serial, [])

    async def _spread(self, serial: int, created: Sequence[str]) -> None:
        """Adopt it here, tell the others. It is published already: what fails here is made up for within a second."""
        try:
            await self._publisher.news.tell(serial)
            for flow in created:
                path = self._publisher.files.path_for(flow)
                if flow not in self._publisher.read.files and path is not None:
                    await self._publisher.upkeep.create(flow, path)
                    self._publisher.files_changed()
            await self._publisher.step()
        except IvrError as error:
            log.warning("change %d of the flows is adopted later: %s", serial, error)

    # --- the house

    async def status(self) -> dict[str, Any]:
        now = self._publisher.wall()
        told = await self._publisher.news.reports(now)
        nodes = [{"node": node, **about, "up": now - about["at"] < UP_SECONDS} for node, about in told.items()]
        return {"serial": await self._ledger.serial(), "nodes": nodes}

    async def changes(self, limit: int = 100) -> list[dict[str, Any]]:
        return await self._ledger.changes(limit)

    async def _calls(self) -> Counter[tuple[str, str]] | None:
        """(flow, version) to the calls on it, on all nodes; None where they cannot be asked."""
        now, found = self._publisher.wall(), Counter[tuple[str, str]]()
        try:
            told = await self._publisher.news.reports(now)
        except StoreUnavailable:
            return None
        for about in told.values():
            if now - about["at"] < UP_SECONDS:
                for flow, versions in about.get("calls", {}).items():
                    found.update({(flow, version): count for version, count in versions.items()})
        return found

    async def _views(self, made: Sequence[Version]) -> list[dict[str, Any]]:
        house: House = await self._ledger.house()
        calls = await self._calls()
        fresh = [await self._ledger.version(one.flow, one.number) for one in made]
        return [_seen(one, house.standings.get(one.flow), calls) for one in fresh]


def _timed(order: Order, at: float | str | None, until: float | str | None, zone: str, now: float) -> Order:
    start, end = moment(at, zone, now, "from"), moment(until, zone, now, "until")
    if start is not None and end is not None and end <= start:
        raise Conflict("until: the end must be after the beginning")
    return replace(order, start=start, until=end)


def _zone(flow: Flow | None) -> str:
    return flow.time_zone if flow is not None else "UTC"


def _acceptable(flow: str, text: str) -> None:
    if not flow or len(flow) > 64:
        raise Conflict("a flow has a name of 1 to 64 characters")
    if len(text) > LONGEST_TEXT:
        raise Conflict(f"{flow}: the text is longer than {LONGEST_TEXT} characters: split the flow")
    if "\0" in text or (not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        raise Conflict(f"{flow}: the text holds characters that are none")


def _counted(flows: Mapping[str, str]) -> None:
    if not 1 <= len(flows) <= MOST_TOGETHER:
        raise Conflict(f"publish 1 to {MOST_TOGETHER} flows at a time")


def _number(side: str) -> int:
    if not side.isdecimal() or len(side) > 9:
        raise NotFound(f"'{side[:20]}' is not live, draft, file or the number of a version")
    return int(side)


def _live(standing: Standing | None, entry: Version | None) -> dict[str, Any] | None:
    if standing is None or not standing.version or entry is None:
        return None
    until = standing.until
    told = {"version": standing.version, "number": entry.number, "by": entry.author, "at": entry.at, "note": entry.note}
    return {**told, "until": until}


def _rolled(standing: Standing | None, entry: Version | None) -> dict[str, Any] | None:
    if standing is None or entry is None:
        return None
    told = {"version": entry.version, "number": entry.number, "by": entry.author, "at": entry.at}
    return {**told, "percent": standing.percent}


def _drafted(draft: Draft | None) -> dict[str, Any] | None:
    return {"by": draft.author, "at": draft.at, "stamp": draft.stamp} if draft is not None else None


def _seen(version: Version, standing: Standing | None, calls: Counter[tuple[str, str]] | None) -> dict[str, Any]:
    return version.view(standing, calls[version.flow, version.version] if calls is not None else None)
