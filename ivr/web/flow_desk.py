"""What an administrator does about versions of flows: the seam between the web room and `ivr.publishing.desk.FlowDesk`.

Answers are plain data, ready for JSON. Times are seconds since the Unix epoch. A `number` counts the versions of one flow
from 1; a `version` is the hash of a text, as calls and records carry it; a `stamp` is opaque and names what was read.

Raised everywhere: NotFound for a flow or number that is none, Conflict with words for a person, StoreUnavailable where SQL is
away (then nothing was changed). Writing raises `ivr.errors.Stale`, a Conflict, where somebody else was first: it has both
texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

ENVIRONMENT = "@environment"
"""Stands in the place of a flow's name for the environment file, in every method but `flows`."""


class FlowDesk(Protocol):
    """Flows, their versions, drafts and roll-outs, the same on every node."""

    async def flows(self) -> Sequence[Mapping[str, Any]]:
        """Every flow that is live or has a draft or versions, by name.

        `{name, file, writable, drift, live, roll_out, scheduled, draft}`: `file` as this node knows it ("" where it has none),
        `drift` "" or what is not the same between file and live, as words; `live` `{version, number, by, at, note}` or None;
        `roll_out` `{version, number, percent, by, at}` or None; `scheduled` versions as in `versions`; `draft`
        `{by, at, stamp}` or None.
        """

    async def text(self, flow: str, side: str = "live") -> str:
        """The text of one side: `live`, `draft` (the live one where there is none), `file`, or a number."""

    async def versions(self, flow: str, before: int | None = None, limit: int = 50) -> Mapping[str, Any]:
        """`{versions, live}`, the newest first, those below the number `before`; at most 500 at a time.

        version: `{number, version, author, note, at, action, state, percent, from, until, calls, added, removed,
        reason}`. `action` is
        `publish file roll_back back`, `state` `live rollout scheduled old cancelled refused`; `calls` run on it on all nodes;
        `added` and `removed` are lines against what was live before it; `reason` is why a scheduled one was refused.
        """

    async def version(self, flow: str, number: int) -> Mapping[str, Any]:
        """One of them with its `text`."""

    async def diff(self, flow: str, before: str, after: str) -> Mapping[str, Any]:
        """`{from, to, unified, lines: [{kind, old, new, text}], added, removed}` of two sides as in `text`."""

    # --- drafts: one a flow, shared; whoever saves must have read what is there

    async def draft(self, flow: str) -> Mapping[str, Any]:
        """`{text, stamp, by, at, base}`: the draft, or what is live with `by` "" and `at` None.

        `base` is the live version that the draft began with.
        NotFound only where the flow has neither.
        """

    async def save_draft(self, flow: str, author: str, text: str, stamp: str) -> Mapping[str, Any]:
        """Keep an unfinished text; `{stamp, by, at}`. A text may have errors.

        `stamp` is that of `draft`, or of the Stale that came before; "" for a new flow. Raises Stale.
        """

    async def drop_draft(self, flow: str, author: str, stamp: str) -> Mapping[str, Any]:
        """Back to what is live: `{text, stamp, discarded}`. Raises Stale."""

    # --- publishing

    async def publish(
        self,
        author: str,
        note: str,
        stamps: Mapping[str, str],
        *,
        percent: float = 100.0,
        at: float | str | None = None,
        until: float | str | None = None,
    ) -> Sequence[Mapping[str, Any]]:
        """Publish the drafts with these stamps, flow to stamp, together or not at all; the versions made, in that order.

        `percent` below 100 begins a roll-out to so many callers. `at` publishes later, `until` brings back what was live: epoch
        seconds, or text such as `2027-01-01 00:00` in the flow's own time zone.
        Raises DialplanError with every problem where one has an error, Stale where a draft or what is live is another.
        """

    async def publish_texts(
        self,
        author: str,
        note: str,
        texts: Mapping[str, str],
        base: Mapping[str, str] | None = None,
        *,
        percent: float = 100.0,
        at: float | str | None = None,
        until: float | str | None = None,
    ) -> Sequence[Mapping[str, Any]]:
        """The same without drafts: flow to text.

        `base` is the live version that each text began with, "" for a new flow; None: whatever is live now.
        """

    async def roll_out(self, author: str, flow: str, number: int, percent: float) -> Mapping[str, Any]:
        """Widen or narrow what `publish` began; 100 makes it live, 0 ends the roll-out. The version."""

    async def roll_back(self, author: str, flow: str, number: int | None = None, note: str = "") -> Mapping[str, Any]:
        """An older version is live again, at once and on every node; the one before the live one without `number`."""

    async def cancel(self, author: str, flow: str, number: int) -> None:
        """Take back what is scheduled; of what is live until a time, take back that end."""

    async def retire(self, author: str, flow: str, note: str = "") -> None:
        """No new call begins with the flow; its versions stay. Conflict while its file is there."""

    # --- the house

    async def status(self) -> Mapping[str, Any]:
        """`{serial, nodes: [{node, serial, at, up, refused: {flow: reason}, flows: {flow: version}}]}`: who runs what."""

    async def changes(self, limit: int = 100) -> Sequence[Mapping[str, Any]]:
        """What was done, the newest first: `{serial, at, author, action, note, flows: {flow: number}, percent}`."""
