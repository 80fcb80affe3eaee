"""What may be done with versions, each inside one `Change`: publish, roll out, roll back, schedule, bring back, retire.

Every move raises Conflict, in words for a person, where the house does not allow it; then the change is left undone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ivr.errors import Conflict, NotFound, Stale
from ivr.publishing import tables
from ivr.publishing.change import Change
from ivr.publishing.model import CLOCK, ENVIRONMENT, FILE, Draft, Standing, Version, difference, stamp_of, version_of

ALL = 100.0


@dataclass(frozen=True, slots=True)
class Order:
    """How a text is to be published."""

    author: str
    note: str = ""
    action: str = "publish"
    percent: float = ALL
    start: float | None = None
    """Epoch seconds; None: at once."""
    until: float | None = None


async def publish(change: Change, flow: str, text: str, order: Order) -> Version:
    """Keep the text as a version and make it live, roll it out, or keep it for its time."""
    before = await change.standing(flow)
    if before is None or not before.version:
        before = None
        if order.percent < ALL:
            raise Conflict(f"{flow}: nothing is live that the others could get: publish it to all")
    old = await change.text(flow, before.version) if before is not None else ""
    found = await asyncio.to_thread(difference, old, text)
    version = await change.keep(
        Version(
            flow=flow,
            number=0,
            version=version_of(text),
            serial=change.serial,
            author=order.author,
            note=order.note,
            at=change.at,
            action=order.action,
            added=found.added,
            removed=found.removed,
            percent=order.percent,
            start=order.start,
            until=order.until,
            fate="" if order.start is None else "scheduled",
        ),
        text,
    )
    if order.start is None:
        await _stand(change, before, version)
    return version


async def _stand(change: Change, before: Standing | None, version: Version) -> None:
    """Let new calls begin with the version, those of its percentage where that is below 100."""
    if version.percent >= ALL or before is None or not before.version:
        back = before.version if before is not None and version.until is not None else ""
        await change.stand(
            Standing(version.flow, version.version, version.number, change.serial, until=version.until, back=back)
        )
        return
    await change.stand(
        replace(
            before,
            candidate=version.version,
            candidate_number=version.number,
            percent=version.percent,
            salt=str(change.serial),
        )
    )


async def publish_text(change: Change, flow: str, text: str, base: str | None, order: Order) -> Version:
    """Publish a text that began with the live version `base`. Raises Stale where another is live."""
    standing = await change.standing(flow)
    live = standing.version if standing is not None else ""
    if base is not None and base != live:
        theirs, began = await change.text(flow, live), await change.text(flow, base)
        who = await latest_of(change, flow, live)
        raise stale(flow, "published", who, yours=text, theirs=theirs, base=began, stamp=stamp_of(None, live))
    return await publish(change, flow, text, order)


def stale(flow: str, did: str, who: Draft | Version | None, *, yours: str, theirs: str, base: str | None, stamp: str) -> Stale:
    """Somebody else was first."""
    by, at = (who.author, who.at) if who is not None else ("", None)
    message = f"{flow}: {by or 'somebody'} {did} meanwhile; see both texts and save again"
    return Stale(message, yours=yours, theirs=theirs, base=base, stamp=stamp, by=by, at=at)


async def latest_of(change: Change, flow: str, version: str) -> Version | None:
    """The last publish of a text."""
    table = tables.versions
    found = await change.versions(table.c.flow == flow, table.c.version == version, table.c.fate == "", limit=1)
    return found[0] if found else None


# --- later changes of what is published


async def roll_out(change: Change, flow: str, number: int, percent: float) -> Version:
    """Give a version to so many callers, to all at 100, to none at 0. Flows that were rolled out together go together."""
    standing, version = await _live(change, flow), await _numbered(change, flow, number)
    if flow == ENVIRONMENT:
        raise Conflict("the environment is for all callers: its flags have percentages of their own")
    if number == standing.number:
        raise Conflict(f"{flow}: version {number} is live already")
    if version.fate == "scheduled":
        raise Conflict(f"{flow}: version {number} is scheduled: cancel that first")
    if number != standing.candidate_number:
        if percent <= 0:
            raise Conflict(f"{flow}: version {number} is not rolled out")
        await change.settle(version, "")
        await _stand(change, standing, replace(version, percent=percent, until=None))
        return version
    together = [one for one in (await change.standings()).values() if one.candidate and one.salt == standing.salt]
    for one in together:
        of_it = await _numbered(change, one.flow, one.candidate_number)
        if percent <= 0:
            await change.settle(of_it, "withdrawn")
            await change.stand(replace(one, candidate="", candidate_number=0, percent=0.0, salt=""))
        elif percent >= ALL:
            await change.settle(of_it, "")
            await change.stand(Standing(one.flow, one.candidate, one.candidate_number, change.serial))
        else:
            await change.settle(of_it, "")
            await change.stand(replace(one, percent=percent))
    return version


async def roll_back(change: Change, flow: str, author: str, number: int | None, note: str) -> Version:
    """Make an older version live. Without a number: end the roll-out that goes on, else go to the one before."""
    table = tables.versions
    standing = await change.standing(flow)
    if standing is None:
        raise NotFound(f"there is no flow `{flow}`")
    if number is None and standing.candidate:
        return await roll_out(change, flow, standing.candidate_number, 0.0)
    if number is None:
        target = _before(standing, await change.versions(table.c.flow == flow))
    else:
        target = await _numbered(change, flow, number)
    if target.version == standing.version and not standing.candidate:
        raise Conflict(f"{flow}: the text of version {target.number} is live already")
    order = Order(author, note or f"back to version {target.number}", "roll_back")
    return await publish(change, flow, await change.text(flow, target.version), order)


def _before(standing: Standing, versions: Sequence[Version]) -> Version:
    """The version that was live before; going back again goes further back."""
    at = standing.number
    known = {one.number: one for one in versions}
    while at in known and known[at].action in ("roll_back", "back"):
        at = max((one.number for one in versions if one.number < at and one.version == standing.version), default=0)
    earlier = [one for one in versions if one.number < at and one.version != standing.version and not one.fate]
    if not earlier:
        raise Conflict(f"{standing.flow}: there is no version before this one")
    return earlier[0]


async def cancel(change: Change, flow: str, number: int) -> None:
    """Take back what is to begin or to end by itself, of all flows that were ordered together."""
    table = tables.versions
    version, standing = await _numbered(change, flow, number), await change.standing(flow)
    if version.fate == "scheduled":
        for one in await change.versions(table.c.serial == version.serial, table.c.fate == "scheduled"):
            await change.settle(one, "cancelled")
        return
    if standing is None or standing.number != number or standing.until is None:
        raise Conflict(f"{flow}: version {number} neither begins nor ends by itself")
    for other in (await change.standings()).values():
        if other.serial == standing.serial and other.until == standing.until:
            await change.stand(replace(other, until=None, back=""))


async def retire(change: Change, flow: str) -> None:
    """Let no new call begin with the flow."""
    standing = await _live(change, flow)
    await change.stand(Standing(flow, "", standing.number, change.serial))


# --- what happens by itself


async def start_due(change: Change, versions: Sequence[Version]) -> None:
    """What was scheduled begins now."""
    for version in versions:
        await change.settle(version, "")
        await _stand(change, await change.standing(version.flow), version)


async def bring_back(change: Change, standing: Standing) -> None:
    """The time of a version is over: what was live before is live again."""
    if not standing.back:
        await retire(change, standing.flow)
        return
    order = Order(CLOCK, f"the time of version {standing.number} is over", "back")
    candidate = standing if standing.candidate else None
    version = await publish(change, standing.flow, await change.text(standing.flow, standing.back), order)
    if candidate is not None:
        await change.stand(
            replace(candidate, version=version.version, number=version.number, until=None, back="", serial=change.serial)
        )


async def take_files(change: Change, found: Mapping[str, tuple[str, str]], notes: Mapping[str, str]) -> list[Version]:
    """Publish what changed in files: place to (flow, text), and what to note of each.

    A file that only follows what was published elsewhere, or was left behind, publishes nothing.
    """
    made: list[Version] = []
    for place, (flow, text) in found.items():
        version, seen, standing = version_of(text), await change.seen(place), await change.standing(flow)
        if seen is not None and seen[0] == version:
            continue
        at = await _follows(change, flow, version, seen, standing)
        if at is None:
            made.append(await publish(change, flow, text, Order(FILE, notes.get(place, ""), "file")))
            at = change.serial
        await change.saw(place, flow, version, at)
    return made


async def _follows(
    change: Change, flow: str, version: str, seen: tuple[str, int] | None, standing: Standing | None
) -> int | None:
    """The change that a file's text stands for, None where it is news."""
    if standing is not None and standing.version == version:
        return change.serial - 1
    if seen is not None:
        return await change.published_after(flow, version, seen[1])
    latest = await latest_of(change, flow, version) if standing is not None else None
    return latest.serial if latest is not None else None


async def _live(change: Change, flow: str) -> Standing:
    standing = await change.standing(flow)
    if standing is None or not standing.version:
        raise NotFound(f"there is no flow `{flow}`")
    return standing


async def _numbered(change: Change, flow: str, number: int) -> Version:
    table = tables.versions
    found = await change.versions(table.c.flow == flow, table.c.number == number)
    if not found:
        raise NotFound(f"the flow `{flow}` has no version {number}")
    return found[0]
