"""Drafts, each inside one `Change`: one a flow, shared; whoever saves must have read what is there."""

from __future__ import annotations

from ivr.errors import Conflict
from ivr.publishing.change import Change
from ivr.publishing.model import Draft, Version, seen_both, stamp_of
from ivr.publishing.moves import Order, latest_of, publish, stale


async def save_draft(change: Change, flow: str, author: str, text: str, stamp: str, fresh: str) -> Draft:
    """Keep an unfinished text under the stamp `fresh`. Raises Stale where `stamp` is not of what is there."""
    draft, live = await change.draft(flow), await _live(change, flow)
    base = live
    if draft is not None and stamp != seen_both(draft, live):
        base = draft.base
        if stamp != draft.stamp:
            began = await change.text(flow, draft.base)
            raise stale(flow, "saved", draft, yours=text, theirs=draft.text, base=began, stamp=draft.stamp)
    if draft is None and stamp != stamp_of(None, live):
        theirs, who = await change.text(flow, live), await latest_of(change, flow, live)
        raise stale(flow, "published", who, yours=text, theirs=theirs, base=None, stamp=stamp_of(None, live))
    made = Draft(flow, text, fresh, base, author, change.at)
    await change.write_draft(made)
    return made


async def drop_draft(change: Change, flow: str, stamp: str) -> tuple[Draft | None, str]:
    """What was discarded, and the live version. Raises Stale where somebody saved meanwhile."""
    draft, live = await change.draft(flow), await _live(change, flow)
    if draft is not None:
        if stamp not in (draft.stamp, seen_both(draft, live)):
            raise stale(flow, "saved", draft, yours="", theirs=draft.text, base=None, stamp=draft.stamp)
        await change.drop_draft(flow)
    return draft, live


async def publish_draft(change: Change, flow: str, stamp: str, order: Order) -> Version:
    """Publish what was drafted. Raises Stale where the draft, or what is live, is not what its author saw."""
    draft, live = await change.draft(flow), await _live(change, flow)
    if draft is None:
        raise Conflict(f"{flow}: there is no draft: somebody published or discarded it; read the flow again")
    if draft.stamp != stamp:
        raise stale(flow, "saved", draft, yours="", theirs=draft.text, base=None, stamp=draft.stamp)
    if draft.base != live:
        theirs, began = await change.text(flow, live), await change.text(flow, draft.base)
        who = await latest_of(change, flow, live)
        raise stale(flow, "published", who, yours=draft.text, theirs=theirs, base=began, stamp=seen_both(draft, live))
    version = await publish(change, flow, draft.text, order)
    await change.drop_draft(flow)
    return version


async def _live(change: Change, flow: str) -> str:
    standing = await change.standing(flow)
    return standing.version if standing is not None else ""
