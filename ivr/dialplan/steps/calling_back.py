"""The step that promises a call: `callback`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self
from zoneinfo import ZoneInfo

from ivr.dialplan import hearing, positions
from ivr.dialplan.build_speech import optional_speech
from ivr.dialplan.dialogue import BUILT_IN, bare
from ivr.dialplan.durations import seconds
from ivr.dialplan.events import Event, Heard, Phrase, Pressed, ScheduleCallback, SpeechLost, TimerFired, Value
from ivr.dialplan.expression import EvaluationError, Expression, Template, compile_template
from ivr.dialplan.fields import Fields, word
from ivr.dialplan.kinds import About as Around
from ivr.dialplan.kinds import Schema, Site
from ivr.dialplan.needing import plain_needs
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import FLAG, TEXT, either, map_of, record, ref
from ivr.dialplan.slots import About, SlotType, read
from ivr.dialplan.speech import Speech
from ivr.dialplan.steps import exchange
from ivr.dialplan.steps.tasks import MOST_SUBJECT, Leaving

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

TIMEOUT = 8.0
BETWEEN_KEYS = 4.0
FEWEST, MOST = 3, 20
"""Digits of a number that can be called."""
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]|24):([0-5][0-9])\Z")
_WE_CALL = {"zh": "我们会拨打这个号码：", "en": "We will call this number:"}
_RIGHT = {"zh": "正确请按1，换一个号码请按2。", "en": "If that is right, press 1. For another number, press 2."}
_ANOTHER = {"zh": "请说出或输入要拨打的号码，以井号键结束。", "en": "Say or enter the number to call, then press the hash key."}


@dataclass(frozen=True, slots=True)
class CallbackStep(Leaving):
    """Promise to call back and leave by `done`, with `result.number` ("C-000012") and `result.phone`; or by `error`.

    Without a `queue` it is the one in which the caller waited, with the same needs.

    With `confirm` the number is read out first and the caller may say or key another; who does not answer leaves by `no_input`.
    A number that cannot be called (withheld, a name) is asked for then, and is an `error` without it. The call is due in the
    window: so long from now, or those hours of the day, today or else tomorrow, in the flow's time zone.
    """

    name: ClassVar[str] = "callback"
    edge_names: ClassVar[tuple[str, ...]] = ("done", "no_input")
    number: Template
    place: Place
    queue: Template
    reason: Template
    window: float | tuple[int, int] = 4 * 3600.0
    """Within so long from now (4h), or between two times of the day (09:00-18:00)."""
    needs: Mapping[str, int] = field(default_factory=dict)
    priority: Expression | None = None
    confirm: Speech | bool = False
    """What is said before the number is read out; True for built-in words."""
    another: Speech = ()
    """What asks for another number; built-in words without it."""
    region: str = "CN"
    """Country of numbers that are said without its code."""
    keep_place: bool = True
    """Whoever waited in the queue before keeps that place; false: the place of the promise."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        allowed = ("number", "window", "queue", "need", "priority", "reason", "confirm", "another", "region", "keep_place")
        if isinstance(node, Scalar) and node.value is None:
            node = positions.Mapping(node.place)
        fields = Fields(node, site.findings, "callback", allowed)
        empty, mine = Template("", node.place, ()), compile_template("{caller.number}", node.place)
        confirm = fields.get("confirm")
        given = isinstance(confirm, Scalar) and isinstance(confirm.value, bool)
        return cls(
            number=fields.template("number") or mine,
            place=node.place,
            queue=fields.template("queue") or empty,
            reason=fields.template("reason") or empty,
            window=_window(fields),
            needs=plain_needs(fields),
            priority=fields.priority(),
            confirm=fields.flag("confirm", False) if given else optional_speech(fields, "confirm", site.languages) or False,
            another=optional_speech(fields, "another", site.languages),
            region=fields.text("region", "CN"),
            keep_place=fields.flag("keep_place", True),
        )

    @classmethod
    def schema(cls) -> Schema:
        level = {"type": "integer", "minimum": 1, "maximum": 10}
        window = {**TEXT, "description": "4h, or hours of the day: 09:00-18:00"}
        keys = {"number": TEXT, "window": window, "queue": TEXT, "need": map_of(level), "priority": ref("expression")}
        said = {"confirm": either(FLAG, ref("speech")), "another": ref("speech"), "region": TEXT, "keep_place": FLAG}
        return either({"type": "null"}, record({**keys, "reason": TEXT, **said}))

    def outcomes(self) -> tuple[str, ...]:
        return ("done", "no_input") if self.confirm else ("done",)

    def speeches(self) -> Iterator[Speech]:
        if not isinstance(self.confirm, bool):
            yield self.confirm
        yield self.another

    def expressions(self) -> Iterator[Expression | Template]:
        yield from (self.number, self.queue, self.reason)
        if self.priority is not None:
            yield self.priority

    def check(self, about: Around) -> None:
        known, findings = about.around, about.findings
        if known.queues is not None and self.queue.fixed and self.queue.fixed not in known.queues:
            findings.unknown(self.queue.place, "queue", self.queue.fixed, known.queues)
        for skill in self.needs if known.skills is not None else ():
            if skill not in (known.skills or ()):
                findings.unknown(self.place, "skill", skill, known.skills or ())

    # --- what it does

    def start(self, run: Run) -> Edge | None:
        number = callable_number(self.number.text(run.scope()))
        if self.confirm:
            return self._ask(run, number, 0)
        if not number:
            run.update(result={})
            return run.edge("error")
        return self._save(run, number)

    def react(self, run: Run, event: Event) -> Edge | None:
        memory = run.state.step
        if "task" in memory:
            return self.ended(run, event)
        if "number" not in memory or exchange.spoken(run, event, TIMEOUT):
            return None
        match event:
            case Pressed(digit) if memory["number"]:
                return self._confirmed(run, {"1": "yes", "2": "no"}.get(digit, ""))
            case Pressed(digit):
                return self._key(run, digit)
            case Heard(text, intent=intent):
                return self._heard(run, text, intent)
            case SpeechLost():
                hearing.lost(run, event)
                return self._ask(run, memory["number"], memory["tries"])
            case TimerFired(name) if name == exchange.SILENCE:
                keys = callable_number(memory["keys"])
                return self._ask(run, keys, memory["tries"]) if keys else self._missed(run)
        return None

    def _ask(self, run: Run, number: str, tries: int) -> Edge | None:
        """Read the number out, or ask for one where there is none."""
        if number:
            if isinstance(self.confirm, bool):
                exchange.words(run, _WE_CALL)
            else:
                run.speak(self.confirm)
            run.pending.append(Value("digits", re.sub(r"\D", "", number), run.state.language))
            exchange.words(run, _RIGHT)
        elif self.another:
            run.speak(self.another)
        else:
            exchange.words(run, _ANOTHER)
        phrases, expects = (_phrases(run), "") if number else ((), "phone")
        exchange.put(run, phrases, TIMEOUT, expects, number=number, keys="", tries=tries)
        return None

    def _heard(self, run: Run, text: str, intent: str) -> Edge | None:
        """Yes, no, or a number, which is read out in its turn."""
        memory = run.state.step
        if memory["number"] and (answer := intent or _meant(run, text)):
            return self._confirmed(run, answer)
        about = About(run.state.language, datetime.fromtimestamp(run.now, ZoneInfo(run.flow.time_zone)), region=self.region)
        found = read(SlotType("phone", region=self.region), text, about)
        number = "" if found is None else callable_number(str(found.value))
        return self._ask(run, number, memory["tries"]) if number else self._missed(run)

    def _confirmed(self, run: Run, answer: str) -> Edge | None:
        memory = run.state.step
        if answer == "yes":
            exchange.hush(run)
            return self._save(run, memory["number"])
        return self._ask(run, "", memory["tries"]) if answer == "no" else self._missed(run)

    def _key(self, run: Run, digit: str) -> Edge | None:
        memory = run.state.step
        run.hush()
        if digit == "#" or len(memory["keys"]) >= MOST:
            keys = callable_number(memory["keys"])
            return self._ask(run, keys, memory["tries"]) if keys else self._missed(run)
        if digit in "0123456789":
            run.update(step={**memory, "keys": memory["keys"] + digit})
        run.set_timer(exchange.SILENCE, BETWEEN_KEYS)
        return None

    def _missed(self, run: Run) -> Edge | None:
        """Ask once more, then leave."""
        memory = run.state.step
        if memory["tries"] < 1:
            return self._ask(run, memory["number"], memory["tries"] + 1)
        exchange.hush(run)
        return run.edge("no_input")

    def _save(self, run: Run, number: str) -> Edge | None:
        scope, task = run.scope(), run.task()
        priority = 5 if self.priority is None else self.priority.value(scope)
        if isinstance(priority, bool) or not isinstance(priority, int | float | None):
            raise EvaluationError("the priority of a callback must be a number")
        begin, end = span(self.window, run.now, run.flow.time_zone)
        fields: dict[str, Any] = {
            "number": number,
            "queue": self.queue.text(scope),
            "needs": dict(self.needs),
            "priority": 5 if priority is None else min(10, max(0, int(priority))),
            "reason": self.reason.text(scope)[:MOST_SUBJECT],
            "from_at": begin,
            "until_at": end,
            "keep_place": self.keep_place,
        }
        run.emit(ScheduleCallback(task, fields))
        self.waits(run, task)
        return None


def callable_number(text: str) -> str:
    """The number as it is dialled, `+` and digits; "" where nobody can be called by it."""
    bare_text = re.sub(r"[\s()./-]", "", text)
    found = re.fullmatch(rf"\+?[0-9]{{{FEWEST},{MOST}}}", bare_text)
    return bare_text if found else ""


def span(window: float | tuple[int, int], now: float, zone: str) -> tuple[float, float]:
    """From when until when, in epoch seconds; hours that are over today are those of tomorrow."""
    if not isinstance(window, tuple):
        return now, now + window
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in (midnight, midnight + timedelta(days=1)):
        begin, end = ((day + timedelta(minutes=minutes)).timestamp() for minutes in window)
        if end > now:
            return max(begin, now), end
    return now, now + 86400.0


def _window(fields: Fields) -> float | tuple[int, int]:
    node = fields.get("window")
    if node is None:
        return 4 * 3600.0
    text = word(node, fields.findings, "`window`")
    if found := _HOURS.match(text):
        begin, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
        if begin < end <= 24 * 60:
            return begin, end
    try:
        return max(60.0, seconds(text))
    except ValueError:
        cure = "so long from now: 4h; or hours of the day: 09:00-18:00"
        fields.findings.error(node.place, "bad-duration", f"`window` is no window: `{text}`", cure)
        return 4 * 3600.0


def _phrases(run: Run) -> tuple[Phrase, ...]:
    return tuple(Phrase(text, name) for name in ("yes", "no") for text in BUILT_IN[name].get(run.state.language, ()))


def _meant(run: Run, text: str) -> str:
    return {bare(phrase.text): phrase.intent for phrase in _phrases(run)}.get(bare(text), "")
