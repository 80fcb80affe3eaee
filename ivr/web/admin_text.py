"""What an editor asks while somebody writes: problems, outline, even text, picture, schema, names. Nothing is kept."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.dialplan import schema
from ivr.dialplan.build import build
from ivr.dialplan.diagram import Look
from ivr.dialplan.diagram_svg import draw
from ivr.dialplan.diagram_words import EDGES
from ivr.dialplan.expression import ROOTS
from ivr.dialplan.formatting import formatted
from ivr.dialplan.kinds import Step
from ivr.dialplan.outline import outline
from ivr.dialplan.positions import MAX_CHARACTERS
from ivr.dialplan.problems import Findings, Problem
from ivr.dialplan.registry import instant, waiting
from ivr.web.admin_door import Door, Who, body_of, flag_in, object_in, problem_data, text_in
from ivr.web.admin_parts import AdminParts

MOST_PROBLEMS = 500
PROFILE = ("name", "language", "tier", "vip", "blocked", "area", "products", "history", "open", "likely", "last_agent")
ROOT_WORDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "asr": ("whether speech is recognised in the language spoken now", ("available", "languages")),
    "call": ("the call", ("id", "called", "language", "started_at", "tags", "intent", "attempt", "flow")),
    "caller": ("who calls", ("number", "name", "channel", "authenticated")),
    "env": ("plain values of the environment file", ()),
    "flags": ("feature flags: true or false, the same for one caller every time", ()),
    "hours": ("calendars by name", ("open", "closes_in", "opens_at", "holiday")),
    "mood": ("how the caller sounds: empty or angry", ()),
    "profile": ("what is known of the caller", PROFILE),
    "queue": ("the last wait", ("position", "waited", "outcome")),
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
        return JSONResponse(await self._door.work(self._checked, text, name))

    def _checked(self, text: str, name: str) -> dict[str, Any]:
        _, problems = self._parts.examine(text, name)
        return {"problems": told(problems), "outline": outline(text)}

    async def format(self, request: Request, who: Who) -> Response:
        text = text_in(await body_of(request), "text", most=MAX_CHARACTERS)
        even = await self._door.work(formatted, text)
        findings = Findings("")
        if outline(text) is None:
            await self._door.work(build, text, findings)
        return JSONResponse({"text": even, "changed": even != text, "problems": told(findings.problems)})

    async def diagram(self, request: Request, who: Who) -> Response:
        body = await body_of(request)
        text = text_in(body, "text", most=MAX_CHARACTERS)
        counts = None
        if flag_in(body, "counts") and self._parts.counts is not None:
            found = await self._door.work(outline, text)
            counts = await self._parts.counts.counts(found["flow"]) if found and found["flow"] else None
        look = Look(
            language=text_in(body, "language", "en", 20),
            inherited=flag_in(body, "inherited"),
            right=text_in(body, "direction", "down", 10) == "right",
            counts=counts,
            coverage=object_in(body, "coverage"),
        )
        return JSONResponse(await self._door.work(self._drawn, text, look))

    def _drawn(self, text: str, look: Look) -> dict[str, Any]:
        known = self._parts.names().get("texts") or {}

        def said(name: str, language: str) -> str:
            return str((known.get(name) or {}).get(language, ""))

        return _drawn(text, replace(look, texts=said))

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


def _drawn(text: str, look: Look) -> dict[str, Any]:
    findings = Findings("")
    flow = build(text, findings)
    nothing = {"svg": None, "nodes": [], "edges": [], "width": 0, "height": 0, "problems": told(findings.problems)}
    if flow is None:
        return nothing
    try:
        drawing = draw(flow, look)
    except ValueError as error:
        findings.warn(flow.place, "too-big", str(error), "split the flow")
        return {**nothing, "problems": told(findings.problems)}
    ends = {state["name"]: state["end_line"] for state in (outline(text) or {"states": []})["states"]}
    nodes = [{**node, "end_line": ends.get(node["state"], node["line"])} for node in drawing.nodes]
    drawn = {"svg": drawing.svg, "nodes": nodes, "edges": drawing.edges, "width": drawing.width, "height": drawing.height}
    return {**drawn, "problems": told(findings.problems)}


def told(problems: list[Problem]) -> list[dict[str, Any]]:
    """Problems in the order of the text, the first `MOST_PROBLEMS`."""
    ordered = sorted(problems, key=lambda one: (one.line, one.column, one.code))
    return [problem_data(one) for one in ordered[:MOST_PROBLEMS]]
