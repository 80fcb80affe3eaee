"""What an editor asks while somebody writes: problems, outline, even text, picture, schema, names. Nothing is kept."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.dialplan import schema
from ivr.dialplan.diagram_words import EDGES
from ivr.dialplan.expression import ROOTS
from ivr.dialplan.kinds import Step
from ivr.dialplan.positions import MAX_CHARACTERS
from ivr.dialplan.registry import instant, waiting
from ivr.web.admin_door import Door, Who, body_of, flag_in, object_in, text_in
from ivr.web.admin_parts import AdminParts
from ivr.web.admin_work import as_json, checked, drawn, evened

FLOW = re.compile(r"^flow:[ \t]*[\"']?([A-Za-z][\w-]{0,63})", re.ASCII | re.MULTILINE)
PROFILE = ("name", "language", "tier", "vip", "blocked", "area", "products", "history", "open", "likely", "last_agent")
ROOT_WORDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "asr": ("whether speech is recognised in the language spoken now", ("available", "languages")),
    "call": ("the call", ("id", "called", "language", "started_at", "tags", "intent", "attempt", "flow")),
    "caller": ("who calls", ("number", "name", "channel", "authenticated")),
    "env": ("plain values of the environment file", ()),
    "flags": ("feature flags: true or false, the same for one caller every time", ()),
    "hours": ("calendars by name", ("open", "closes_in", "opens_at", "holiday")),
    "mood": ("how the caller feels by now: calm, tense or angry; empty before anything was said", ()),
    "mood_level": ("that as a number, 0 (calm) to 1 (furious)", ()),
    "mood_trend": ("rising, falling or steady", ()),
    "profile": ("what is known of the caller", PROFILE),
    "queue": ("the last wait", ("position", "size", "waited", "outcome", "estimated_wait")),
    "result": ("what the last lookup gave", ()),
    "slots": ("what the caller was asked for", ()),
    "time": ("now, in the zone of the flow", ("hour", "minute", "weekday", "day", "month", "year", "date", "epoch")),
    "vars": ("what the flow remembers", ()),
}  # fmt: skip
TARGETS = {"end": "hang up after what is still to be said", "again": "speak the same state once more"}


class TextApi:
    """The routes."""

    def __init__(self, parts: AdminParts, door: Door) -> None:
        self._parts, self._door = parts, door

    @property
    def routes(self) -> list[Route]:
        return [
            self._door.ask("/check", self.check),
            self._door.ask("/format", self.format),
            self._door.ask("/diagram", self.diagram),
            self._door.read("/schema", self.schema),
            self._door.read("/names", self.names),
        ]

    async def check(self, request: Request, who: Who) -> Response:
        body = await body_of(request)
        text, name = text_in(body, "text", most=MAX_CHARACTERS), text_in(body, "name", "", 200)
        return await self._worked(checked, text, name, self._parts.around(), self._parts.files())

    async def format(self, request: Request, who: Who) -> Response:
        return await self._worked(evened, text_in(await body_of(request), "text", most=MAX_CHARACTERS))

    async def diagram(self, request: Request, who: Who) -> Response:
        body = await body_of(request)
        text = text_in(body, "text", most=MAX_CHARACTERS)
        counts = None
        if flag_in(body, "counts") and self._parts.counts is not None:
            name = FLOW.search(text)
            counts = await self._parts.counts.counts(name[1]) if name is not None else None
        wish = {
            "language": text_in(body, "language", "en", 20),
            "inherited": flag_in(body, "inherited"),
            "right": text_in(body, "direction", "down", 10) == "right",
            "counts": counts,
            "coverage": object_in(body, "coverage"),
        }
        names = await self._door.work(self._parts.names)
        return await self._worked(drawn, text, wish, names.get("texts") or {})

    async def _worked(self, do: Callable[..., Any], *arguments: Any) -> Response:
        """What `do` makes of a text, on the workbench; put into words there too."""
        data = await self._door.work(self._parts.bench, as_json, do, *arguments)
        return Response(data, media_type="application/json")

    async def schema(self, request: Request, who: Who) -> Response:
        text = await self._door.work(schema.text)
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
        headers = {"etag": tag, "cache-control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(text, media_type="application/json", headers=headers)

    async def names(self, request: Request, who: Who) -> Response:
        return JSONResponse(await self._door.work(self._named))

    def _named(self) -> dict[str, Any]:
        found = dict(self._parts.names())
        recorded, texts = found.pop("prompts", {}), found.pop("texts", {})
        prompts = [
            {"name": name, "languages": sorted(recorded.get(name, ())), "texts": dict(texts.get(name) or {})}
            for name in sorted({*recorded, *texts})
            if not name.startswith(("values/", "words/"))
        ]
        return {"queues": [], "skills": [], "flows": [], "sources": [], "hours": [], "flags": [], "values": []} | found | {
            "prompts": prompts,
            "roots": [_root(name) for name in ROOTS],
            "steps": _steps(),
            "edges": [{"name": name, "doc": " / ".join(words)} for name, words in EDGES.items()],
            "targets": [{"name": name, "doc": doc} for name, doc in TARGETS.items()],
            "errors": found.get("errors", {}),
        }  # fmt: skip


def _root(name: str) -> dict[str, Any]:
    doc, members = ROOT_WORDS.get(name, ("", ()))
    return {"name": name, "doc": doc, "members": list(members)}


def _steps() -> list[dict[str, Any]]:
    def told_of(kind: type[Step], edges: tuple[str, ...]) -> dict[str, Any]:
        return {"name": kind.name, "doc": inspect.getdoc(kind) or "", "edges": list(edges)}

    waits = [{**told_of(kind, kind.edge_names), "waits": True} for kind in waiting().values()]
    return waits + [{**told_of(kind, ()), "waits": False} for kind in instant().values()]
