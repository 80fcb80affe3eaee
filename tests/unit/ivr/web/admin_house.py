"""An admin API whose desks are lists in memory, for the tests of its routes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from ivr.dialplan.linking import link
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.errors import ConfigError, Conflict, DialplanError, NotFound, SpeechUnavailable, Stale, Unreadable
from ivr.rehearsing import understand
from ivr.web.admin_door import Door
from ivr.web.admin_flows import FlowsApi
from ivr.web.admin_forms import FormsApi
from ivr.web.admin_parts import AdminParts, Upload
from ivr.web.admin_prompts import PromptsApi
from ivr.web.admin_text import TextApi
from ivr.web.admin_trials import TrialsApi
from ivr.web.auth import Gate
from tests.unit.ivr.web.signed_in import SignedIn

TEXT = """\
flow: telecom
languages: [zh, en]
time_zone: Asia/Shanghai
defaults:
  no_input: { retry: 1, then: human }
  no_match: human
  error: human
intents:
  bill: { zh: [查账单], en: [my bill], label: { zh: 账单, en: Bill } }
states:
  main:
    menu: { say: { zh: 您好, en: Hello }, options: [bill] }
    on: { bill: human }
  human:
    enqueue: { queue: support }
    on: { no_agents: bye, closed: bye, full: bye }
  bye:
    hangup: normal
"""
ROLES = {"boss": ("supervisor",), "root": ("admin",), "wang": ("agent",)}
ADMIN = "/api/v1/admin"
NOWHERE = Surroundings()


def stamp(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass
class Flows:
    """A flow desk without a database."""

    live: dict[str, str] = field(default_factory=lambda: {"telecom": TEXT})
    drafts: dict[str, str] = field(default_factory=dict)
    done: list[tuple[Any, ...]] = field(default_factory=list)

    async def flows(self) -> Sequence[Mapping[str, Any]]:
        live = {"version": "1", "number": 1, "by": "file", "at": 1.0, "note": ""}
        return [
            {"name": name, "file": f"dialplans/{name}.yaml", "live": live if name in self.live else None, "draft": None}
            for name in sorted({*self.live, *self.drafts})
        ]

    async def text(self, flow: str, side: str = "live") -> str:
        if side == "draft":
            return str((await self.draft(flow))["text"])
        if flow not in self.live:
            raise NotFound(f"there is no flow {flow}")
        return self.live[flow]

    async def draft(self, flow: str) -> Mapping[str, Any]:
        text = self.drafts.get(flow, self.live.get(flow))
        if text is None:
            raise NotFound(f"there is no flow {flow}")
        return {"text": text, "stamp": stamp(text), "by": "", "at": None, "base": "1"}

    async def save_draft(self, flow: str, author: str, text: str, read: str) -> Mapping[str, Any]:
        now = self.drafts.get(flow, self.live.get(flow, ""))
        if read != (stamp(now) if now else ""):
            raise Stale("somebody was first", yours=text, theirs=now, base=None, stamp=stamp(now), by="li", at=5.0)
        self.drafts[flow] = text
        return {"stamp": stamp(text), "by": author, "at": 7.0}

    async def drop_draft(self, flow: str, author: str, read: str) -> Mapping[str, Any]:
        dropped = self.drafts.pop(flow, "")
        return {"text": self.live[flow], "stamp": stamp(self.live[flow]), "discarded": dropped}

    async def versions(self, flow: str, before: int | None = None, limit: int = 50) -> Mapping[str, Any]:
        self.done.append(("versions", flow, before, limit))
        return {"versions": [{"number": 1}], "live": 1}

    async def version(self, flow: str, number: int) -> Mapping[str, Any]:
        if number != 1:
            raise NotFound(f"there is no version {number}")
        return {"number": 1, "text": TEXT}

    async def diff(self, flow: str, before: str, after: str) -> Mapping[str, Any]:
        return {"from": before, "to": after, "unified": "", "lines": [], "added": 0, "removed": 0}

    async def publish(self, author: str, note: str, stamps: Mapping[str, str], **how: Any) -> Sequence[Mapping[str, Any]]:
        ((flow, read),) = stamps.items()
        text = self.drafts.get(flow, "")
        if read != stamp(text):
            raise Stale("somebody was first", yours="", theirs=text, base=None, stamp=stamp(text))
        found, problems = examine(text, flow)
        if found is None:
            raise DialplanError("the draft has errors", tuple(problems))
        self.done.append(("publish", author, note, how))
        self.live[flow] = self.drafts.pop(flow)
        return [{"flow": flow, "number": 2, "version": "2", "percent": how["percent"]}]

    async def roll_out(self, author: str, flow: str, number: int, percent: float) -> Mapping[str, Any]:
        self.done.append(("roll_out", flow, number, percent))
        return {"number": number, "version": "2", "percent": percent}

    async def roll_back(self, author: str, flow: str, number: int | None = None, note: str = "") -> Mapping[str, Any]:
        self.done.append(("roll_back", flow, number, note))
        return {"number": 3, "version": "1", "percent": 100.0}

    async def cancel(self, author: str, flow: str, number: int) -> None:
        self.done.append(("cancel", flow, number))


@dataclass
class Prompts:
    """A shelf without files."""

    done: list[tuple[Any, ...]] = field(default_factory=list)

    def prompts(self, values: bool = False) -> Sequence[Mapping[str, Any]]:
        return [{"name": "welcome", "recordings": {"zh": {"writable": True}}}] + [
            {"name": "values/1", "recordings": {}}
        ] * values

    def prompt(self, name: str) -> Mapping[str, Any]:
        if name not in ("welcome", "values/zh/0"):
            raise NotFound(f"there is no prompt {name}")
        return {"name": name, "used_by": [{"flow": "telecom", "state": "main"}] if name == "welcome" else []}

    def languages(self) -> Sequence[str]:
        return ["zh", "en"]

    def voices(self) -> Sequence[Mapping[str, Any]]:
        return []

    def sound(self, name: str, language: str, version: str = "", rate: int = 0) -> bytes:
        self.done.append(("sound", name, language, version, rate))
        return bytes(range(100))

    def put(self, name: str, language: str, upload: Upload, stamp: str | None, by: str) -> Mapping[str, Any]:
        if upload.data == b"no audio":
            raise Unreadable("not audio")
        if stamp == "old":
            raise Stale("another recording is there", yours="", theirs="", base=None, stamp="new")
        self.done.append(("put", name, language, upload, stamp, by))
        return {"name": name}

    def write(self, name: str, language: str, text: str, stamp: str, by: str) -> Mapping[str, Any]:
        self.done.append(("write", name, language, text, stamp, by))
        return {"name": name}

    def render(self, name: str, language: str, text: str, voice: str, stamp: str | None, by: str) -> Mapping[str, Any]:
        raise SpeechUnavailable("no voice speaks here")

    def remove(self, name: str, language: str, stamp: str | None, by: str) -> Mapping[str, Any]:
        self.done.append(("remove", name, language, stamp, by))
        return {"name": name}

    def undo(self, name: str, language: str, version: str, stamp: str | None, by: str) -> Mapping[str, Any]:
        self.done.append(("undo", name, language, version, stamp, by))
        return {"name": name}

    def preview(self, text: str, language: str) -> bytes:
        return b"RIFF"


class Invalid(ConfigError):
    problems = ({"message": "unknown key", "path": ["a"], "line": 4},)


class Forms:
    def parts(self) -> Sequence[Mapping[str, Any]]:
        return [{"part": "queues"}]

    def read(self, part: str) -> Mapping[str, Any]:
        if part != "queues":
            raise NotFound(f"there is no form for {part}")
        return {"part": part, "stamp": "1", "value": {}}

    def write(self, part: str, value: Any, stamp: str, by: str) -> Mapping[str, Any]:
        if value == "bad":
            raise Invalid("hotline.yaml: queues.a: unknown key")
        if stamp != "1":
            raise Stale("changed", yours='{"a": 1}', theirs='{"b": 2}', base=None, stamp="1")
        return {"part": part, "stamp": "2", "value": value, "restart": [part]}


class Cases:
    def __init__(self) -> None:
        self.kept = {"telecom": "flow: telecom\n"}

    def read(self, flow: str) -> Mapping[str, Any] | None:
        text = self.kept.get(flow)
        return None if text is None else {"file": f"{flow}.test.yaml", "text": text, "stamp": stamp(text)}

    def write(self, flow: str, text: str, read: str) -> Mapping[str, Any]:
        if read != stamp(self.kept.get(flow, "")):
            raise Conflict("changed")
        self.kept[flow] = text
        return {"stamp": stamp(text), "problems": []}

    def run(self, flow: str, text: str, test: str) -> Mapping[str, Any]:
        return {"passed": 1, "failed": 0, "text": text, "test": test}


class Counting:
    async def counts(self, flow: str, day: str = "") -> Mapping[str, Any]:
        return {"flow": flow, "day": day or "today", "now": {"main": 3}, "edges": {"main bill": 41}}


@dataclass
class Audit:
    kept: list[dict[str, Any]] = field(default_factory=list)

    async def note(self, by: str, address: str, what: str, subject: str, note: str = "") -> None:
        self.kept.insert(0, {"by": by, "what": what, "subject": subject, "note": note})

    async def lines(self, limit: int) -> Sequence[Mapping[str, Any]]:
        return self.kept[:limit]


def looked_at(text: str, file: str) -> tuple[Flow | None, list[Problem]]:
    flow, problems = examine(text, file)
    return (None if flow is None else link(flow, {flow.name: flow})), problems


@dataclass
class House:
    """The API and everything behind it."""

    flows: Flows = field(default_factory=Flows)
    prompts: Prompts = field(default_factory=Prompts)
    audit: Audit = field(default_factory=Audit)
    told: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    now: float = 1_790_000_000.0
    bare: bool = False
    """Without everything that a server may lack."""

    def parts(self) -> AdminParts:
        names = {
            "queues": ["support"],
            "texts": {"welcome": {"zh": "您好"}},
            "prompts": {"welcome": {"zh"}, "values/1": {"zh"}},
        }
        common: dict[str, Any] = {
            "examine": looked_at,
            "names": lambda: names,
            "around": lambda: NOWHERE,
            "files": dict,
            "prompts": self.prompts,
            "audit": self.audit,
        }
        if self.bare:
            return AdminParts(**common)
        whole: dict[str, Any] = {
            "flows": self.flows,
            "forms": Forms(),
            "counts": Counting(),
            "understand": understand,
            "tests": Cases(),
        }
        return AdminParts(**common, **whole, languages=["zh"], changed=lambda kind, data: self.told.append((kind, data)))

    def client(self, who: str = "root", **headers: str) -> httpx.AsyncClient:
        door = Door(cast(Gate, SignedIn(ROLES)), lambda: self.now)
        parts = self.parts()
        apis = (TextApi(parts, door), FlowsApi(parts, door), PromptsApi(parts, door), FormsApi(parts, door))
        routes: list[BaseRoute] = [route for api in apis for route in api.routes]
        routes += TrialsApi(parts, door, lambda: self.now).routes
        transport = httpx.ASGITransport(Starlette(routes=routes))
        return httpx.AsyncClient(transport=transport, base_url="http://here" + ADMIN, headers={"who": who, **headers})
