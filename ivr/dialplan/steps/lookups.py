"""Steps that ask elsewhere while the caller waits: `lookup` and `http`. Pure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import quote

from ivr.dialplan import positions
from ivr.dialplan.build_speech import optional_speech
from ivr.dialplan.build_values import assignments, value
from ivr.dialplan.events import Command, Event, HttpRequest, Lookup, LookupEnded, PromptEnded, TimerFired
from ivr.dialplan.expression import EvaluationError, Expression, Template, plain
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import KEYS, About, Schema, Site, WaitingStep
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import DURATION, LITERAL, NAME, TEXT, map_of, record, ref
from ivr.dialplan.speech import Speech

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

WITHIN = 3.0
MEANWHILE, LATE = "meanwhile", "late"
PATIENCE = 0.8
"""Seconds of silence before the caller hears words or music: most answers come sooner."""
GRACE = 1.0
"""Seconds beyond its own limit after which an answer is not waited for any more."""
PROFILE = "profile"
METHODS = ("get", "post", "put", "patch", "delete")
_SOUNDS: Schema = {"within": DURATION, "say": ref("speech"), "music": NAME}


class Asking(WaitingStep):
    """What `lookup` and `http` have in common; the answer is in `result` and stays there until the next one."""

    __slots__ = ()
    edge_names: ClassVar[tuple[str, ...]] = ("found", "not_found", "timeout")
    overlaps: ClassVar[bool] = True
    source: str
    within: float
    speech: Speech
    music: str

    def outcomes(self) -> tuple[str, ...]:
        return ("found", "not_found")

    def optional(self) -> tuple[str, ...]:
        return ("timeout", f"{self.source}_down")

    def edge_keys(self) -> str:
        return KEYS

    def speeches(self) -> Iterator[Speech]:
        yield self.speech

    def recordings(self) -> Iterator[str]:
        if self.music:
            yield self.music

    @abstractmethod
    def command(self, run: Run, task: int) -> Command:
        """What asks. Raises EvaluationError."""

    def start(self, run: Run) -> Edge | None:
        task = run.task()
        run.emit(self.command(run, task))
        run.wait(task=task, words=bool(run.pending))
        run.set_timer(LATE, self.within + GRACE)
        if run.pending:
            run.say(None)
        elif self.speech or self.music:
            run.set_timer(MEANWHILE, PATIENCE)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        memory = run.state.step
        match event:
            case LookupEnded(task, outcome, result) if task == memory.get("task"):
                return self._ended(run, outcome, result)
            case TimerFired(name) if name == LATE:
                run.update(result={})
                return self._edge(run, "timeout")
            case TimerFired(name) if name == MEANWHILE:
                self._meanwhile(run)
            case PromptEnded() if "outcome" in memory:
                return self._edge(run, memory["outcome"])
            case PromptEnded() if not memory.get("told") and self.speech:
                run.set_timer(MEANWHILE, PATIENCE)
            case PromptEnded() if self.music:
                run.play(self.music, True)
                run.wait(task=memory["task"], told=True)
        return None

    def _meanwhile(self, run: Run) -> None:
        words = bool(self.speech)
        if words:
            run.speak(self.speech)
            words = bool(run.pending)
        if words:
            run.say(None)
        elif self.music:
            run.play(self.music, True)
        run.wait(task=run.state.step["task"], words=words, told=True)

    def _ended(self, run: Run, outcome: str, result: Mapping[str, Any]) -> Edge | None:
        """Keep the answer, and go on once the words that began are heard; music stops at once."""
        run.update(result=plain(result) if outcome == "found" else {})
        if run.state.speaking and run.state.step.get("words"):
            run.cancel_timer(LATE)
            run.update(step={"outcome": outcome})
            return None
        run.update(step={})
        return self._edge(run, outcome)

    def _edge(self, run: Run, outcome: str) -> Edge:
        """The edge of an outcome; what nobody wrote an edge for goes where errors go."""
        name = f"{self.source}_down" if outcome == "down" else outcome
        found = run.here.edges.get(name)
        return run.edge("error") if found is None and outcome not in ("found", "not_found") else run.outcome(name)


@dataclass(frozen=True, slots=True)
class LookupStep(Asking):
    """Ask a source of the settings (`sources`) for data, and leave by what came of it.

    Edges: `found`, `not_found`, `timeout`, `error` and, where the source is known to be away, `NAME_down`; the last three
    lead where `error` leads if they are not written. What was found is in `result`. From 0.8 s on the caller hears `say`, then
    `music`; a key that has an edge is taken meanwhile, and then nobody waits for the answer any more.

    `into: profile` makes what was found the caller's profile, in place of the one before: for who types an account.
    """

    name: ClassVar[str] = "lookup"
    source: str
    get: str
    """Operation of the source."""
    place: Place
    arguments: Mapping[str, Template]
    within: float = WITHIN
    """Seconds after which the answer is given up."""
    speech: Speech = ()
    music: str = ""
    get_place: Place = field(default_factory=Place)
    into: str = ""
    """`profile`, or nothing."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "lookup", ("source", "get", "with", "into", "within", "say", "music"))
        fields.need("source", "source: name, as in `sources` of the settings")
        fields.need("get", "get: operation of the source")
        given, source, get = fields.get("with"), fields.get("source"), fields.get("get")
        return cls(
            source=fields.text("source"),
            get=fields.text("get"),
            place=node.place if source is None else source.place,
            arguments={} if given is None else assignments(given, site.findings),
            within=fields.duration("within", WITHIN),
            speech=optional_speech(fields, "say", site.languages),
            music=fields.text("music"),
            get_place=node.place if get is None else get.place,
            into=_into(fields),
        )

    @classmethod
    def schema(cls) -> Schema:
        asked: Schema = {"source": NAME, "get": NAME, "with": map_of(LITERAL), "into": {"const": PROFILE}}
        return record({**asked, **_SOUNDS}, ("source", "get"))

    def expressions(self) -> Iterator[Expression | Template]:
        yield from self.arguments.values()

    def check(self, about: About) -> None:
        known = about.around.sources
        if known is None:
            return
        if self.source not in known:
            about.findings.unknown(self.place, "source", self.source, known)
        elif self.get not in known[self.source]:
            about.findings.unknown(self.get_place, "operation", self.get, known[self.source])

    def command(self, run: Run, task: int) -> Command:
        scope = run.scope()
        given = {name: plain(one.value(scope), 4) for name, one in self.arguments.items()}
        return Lookup(task, self.source, self.get, given, self.within, self.into)

    def _ended(self, run: Run, outcome: str, result: Mapping[str, Any]) -> Edge | None:
        if self.into and outcome == "found":
            run.update(profile=plain(result))
        return Asking._ended(self, run, outcome, result)


def _into(fields: Fields) -> str:
    node, text = fields.get("into"), fields.text("into")
    if node is not None and text != PROFILE:
        cure = "into: profile; what was found is in `result` too"
        fields.findings.error(node.place, "wrong-type", f"`into` is `{text}`", cure)
    return text


Body = Template | Mapping[str, "Body"] | tuple["Body", ...]
"""What is sent as JSON, its texts computed."""


@dataclass(frozen=True, slots=True)
class HttpStep(Asking):
    """Ask a service of the settings (`sources`) by a path of its own: `get`, `post`, `put`, `patch` or `delete`.

    The address stands in the settings alone. What stands in braces in the path is percent-encoded and may not be empty. A
    2xx is `found`, with the JSON answer in `result`, a 404 is `not_found`; the other edges are as of `lookup`.
    """

    name: ClassVar[str] = "http"
    source: str
    method: str
    path: Template
    place: Place
    json: Body | None = None
    """Mapping or list, text in it with `{expressions}`."""
    within: float = WITHIN
    speech: Speech = ()
    music: str = ""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "http", ("service", *METHODS, "json", "within", "say", "music"))
        fields.need("service", "service: name, as in `sources` of the settings")
        given = [name for name in METHODS if fields.get(name) is not None]
        if len(given) != 1 and isinstance(node, positions.Mapping):
            cure = 'get: "/orders/{slots.order}", or post, put, patch, delete'
            site.findings.error(node.place, "missing-key", "http needs one method with its path", cure)
        method = given[0] if given else "get"
        path, service, body = fields.template(method), fields.get("service"), fields.get("json")
        if path is not None and not (path.source.startswith("/") and not path.source.startswith("//")):
            cure = "the address stands in the settings; write the path after it: /orders/{slots.order}"
            site.findings.error(path.place, "bad-path", f"`{path.source}` is no path", cure)
        return cls(
            source=fields.text("service"),
            method=method.upper(),
            path=path or Template("/", node.place, ("/",)),
            place=node.place if service is None else service.place,
            json=None if body is None else _body(body, site),
            within=fields.duration("within", WITHIN),
            speech=optional_speech(fields, "say", site.languages),
            music=fields.text("music"),
        )

    @classmethod
    def schema(cls) -> Schema:
        body = {"type": ["object", "array"]}
        paths = {method: {**TEXT, "pattern": "^/"} for method in METHODS}
        return record({"service": NAME, **paths, "json": body, **_SOUNDS}, ("service",))

    def expressions(self) -> Iterator[Expression | Template]:
        yield self.path
        if self.json is not None:
            yield from _templates(self.json)

    def check(self, about: About) -> None:
        known = about.around.sources
        if known is not None and self.source not in known:
            about.findings.unknown(self.place, "source", self.source, known)

    def command(self, run: Run, task: int) -> Command:
        scope = run.scope()
        body = None if self.json is None else _filled(self.json, scope)
        return HttpRequest(task, self.source, self.method, _path(self.path, scope), body, self.within)


def _path(path: Template, scope: Mapping[str, Any]) -> str:
    """The path with every value percent-encoded, so that none of them adds a part to it. Raises EvaluationError."""
    text = ""
    for part in path.parts:
        if isinstance(part, str):
            text += part
            continue
        filled = Template(part.source, part.place, (part,)).text(scope)
        if not filled or filled in (".", ".."):
            raise EvaluationError(f"`{part.source}` is `{filled}`, which is no part of a path")
        text += quote(filled, safe="")
    return text


def _body(node: Node, site: Site) -> Body:
    match node:
        case Scalar():
            return value(node, site.findings) or Template("", node.place, ())
        case positions.Mapping():
            return {name: _body(inner, site) for name, _, inner in node.items()}
        case _:
            return tuple(_body(item, site) for item in node.items)


def _templates(body: Body) -> Iterator[Template]:
    if isinstance(body, Template):
        yield body
        return
    for inner in body.values() if isinstance(body, Mapping) else body:
        yield from _templates(inner)


def _filled(body: Body, scope: Mapping[str, Any]) -> Any:
    if isinstance(body, Template):
        return plain(body.value(scope), 6)
    if isinstance(body, Mapping):
        return {name: _filled(inner, scope) for name, inner in body.items()}
    return [_filled(inner, scope) for inner in body]
