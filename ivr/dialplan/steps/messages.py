"""Steps in which the caller leaves words or opinions: `voicemail` and `survey`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ivr.dialplan import hearing, positions
from ivr.dialplan.build_speech import optional_speech
from ivr.dialplan.dialogue import bare
from ivr.dialplan.events import (
    EndTask,
    Event,
    Heard,
    MessageEnded,
    Phrase,
    Pressed,
    PromptEnded,
    RecordMessage,
    SaveSurvey,
    SpeechLost,
    TimerFired,
)
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import KEYS, About, Schema, Site, WaitingStep
from ivr.dialplan.positions import Node
from ivr.dialplan.problems import Place
from ivr.dialplan.schema_parts import DURATION, FLAG, NAME, list_of, record, ref
from ivr.dialplan.speech import Speech
from ivr.dialplan.steps import exchange

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

LATE = "late"
LONGEST_MESSAGE = 600.0
GRACE = 10.0
"""Seconds beyond its longest time after which a message counts as failed: the disk may be slow, a step must end."""
MOST_QUESTIONS = 10
NUMBERS = {
    "zh": ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十"),
    "en": ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
}


@dataclass(frozen=True, slots=True)
class VoicemailStep(WaitingStep):
    """Take a message: after `say` and a beep the caller is recorded until silence, `#`, hang-up or the longest time.

    Leaves by `done`, with `result.seconds`; by `empty` where nobody spoke, or `error` where nothing can be recorded (the
    setting `recording.folder`). A message that is ended by a hang-up is kept; one that is left by a key of its own is not.
    """

    name: ClassVar[str] = "voicemail"
    edge_names: ClassVar[tuple[str, ...]] = ("done", "empty")
    box: str
    place: Place
    speech: Speech = ()
    longest: float = 90.0
    silence: float = 4.0
    """Silence that ends it."""
    beep: bool = True

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "voicemail", ("box", "say", "max", "silence", "beep"))
        fields.need("box", "box: name of the voice box")
        return cls(
            box=_name(fields, "box"),
            place=node.place,
            speech=optional_speech(fields, "say", site.languages),
            longest=_longest(fields, 90.0),
            silence=max(1.0, fields.duration("silence", 4.0)),
            beep=fields.flag("beep", True),
        )

    @classmethod
    def schema(cls) -> Schema:
        keys = {"box": NAME, "say": ref("speech"), "max": DURATION, "silence": DURATION, "beep": FLAG}
        return record(keys, ("box",))

    def outcomes(self) -> tuple[str, ...]:
        return ("done", "empty")

    def edge_keys(self) -> str:
        return KEYS

    def speeches(self) -> Iterator[Speech]:
        yield self.speech

    def opening(self) -> Speech:
        return self.speech

    def check(self, about: About) -> None:
        if about.around.records is False:
            message = "no message can be recorded here: the setting `recording.folder` is empty"
            about.findings.warn(self.place, "not-recorded", message, "name a folder; the step leaves by `error` until then")

    def start(self, run: Run) -> Edge | None:
        run.answer()
        task = run.task()
        run.emit(RecordMessage(task, self.box, self.longest, self.silence, self.beep))
        run.wait(task=task)
        run.set_timer(LATE, self.longest + GRACE)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        task = run.state.step.get("task")
        match event:
            case Pressed("#"):
                run.emit(EndTask(task or 0, keep=True))
            case MessageEnded(number, outcome, seconds, recording) if number == task:
                run.update(step={}, result={"seconds": seconds, "recording": recording} if outcome == "done" else {})
                return run.outcome(outcome) if outcome in self.edge_names else run.edge("error")
            case TimerFired(name) if name == LATE:
                return run.edge("error")
        return None


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a survey."""

    name: str
    """What its answer is kept under."""
    speech: Speech
    scale: int = 5
    """Answered by a number from 1 to this, keyed (0 is 10) or spoken; 0 where the caller is recorded."""
    longest: float = 60.0
    """Of a recorded answer."""


@dataclass(frozen=True, slots=True)
class SurveyStep(WaitingStep):
    """Ask some questions after each other, keep the answers, and leave by `done`.

    A question that is not answered is put once more and then passed over. Whoever hangs up in between has answered what came
    before. The score is the answer of the first question with a scale.
    """

    name: ClassVar[str] = "survey"
    survey: str
    place: Place
    questions: tuple[Question, ...]
    thanks: Speech = ()
    timeout: float = 6.0
    """Silence after a question."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "survey", ("name", "questions", "thanks", "timeout"))
        fields.need("name", "name: csat")
        questions = fields.need("questions", "questions: [{ name: score, ask: prompt, scale: 5 }]")
        return cls(
            survey=_name(fields, "name"),
            place=node.place,
            questions=() if questions is None else _questions(questions, site),
            thanks=optional_speech(fields, "thanks", site.languages),
            timeout=fields.duration("timeout", 6.0),
        )

    @classmethod
    def schema(cls) -> Schema:
        scale = {"type": "integer", "minimum": 2, "maximum": 10}
        question = record(
            {"name": NAME, "ask": ref("speech"), "scale": scale, "record": FLAG, "max": DURATION}, ("name", "ask")
        )
        several = list_of(question, minItems=1, maxItems=MOST_QUESTIONS)
        keys = {"name": NAME, "questions": several, "thanks": ref("speech"), "timeout": DURATION}
        return record(keys, ("name", "questions"))

    def speeches(self) -> Iterator[Speech]:
        yield from (question.speech for question in self.questions)
        yield self.thanks

    def check(self, about: About) -> None:
        if about.around.records is False and any(not question.scale for question in self.questions):
            message = "no answer can be recorded here: the setting `recording.folder` is empty"
            about.findings.warn(self.place, "not-recorded", message, "name a folder; the question is passed over until then")

    def start(self, run: Run) -> Edge | None:
        return self._put(run, 0, {}, 0)

    def react(self, run: Run, event: Event) -> Edge | None:
        memory = run.state.step
        if not memory:
            return None
        question = self.questions[memory["question"]]
        if "task" in memory:
            return self._recorded(run, question, event, memory["task"])
        if not question.scale and isinstance(event, PromptEnded | Pressed):
            return self._record(run, question)
        if exchange.spoken(run, event, self.timeout):
            return None
        match event:
            case Pressed(digit):
                return self._given(run, question, dict(_keys(question)).get(digit))
            case Heard(text, intent=intent):
                return self._given(run, question, _value(run, question, intent or text))
            case SpeechLost():
                hearing.lost(run, event)
                return self._put(run, memory["question"], memory["answers"], memory["tries"])
            case TimerFired(name) if name == exchange.SILENCE:
                return self._given(run, question, None)
        return None

    def hung_up(self, run: Run) -> None:
        if run.state.step.get("answers"):
            self._save(run, run.state.step["answers"])

    def _put(self, run: Run, index: int, answers: dict[str, Any], tries: int) -> Edge | None:
        """Put a question; after the last one keep everything and go."""
        if index >= len(self.questions):
            exchange.hush(run)
            self._save(run, answers)
            run.update(step={})
            run.speak(self.thanks)
            return run.outcome("done")
        question = self.questions[index]
        run.speak(question.speech)
        exchange.put(run, _phrases(run, question), self.timeout, question=index, answers=answers, tries=tries)
        if not question.scale and not run.state.speaking:
            return self._record(run, question)
        return None

    def _given(self, run: Run, question: Question, value: int | None) -> Edge | None:
        memory = run.state.step
        if value is None and memory["tries"] == 0:
            return self._put(run, memory["question"], memory["answers"], 1)
        answers = memory["answers"] if value is None else {**memory["answers"], question.name: value}
        return self._put(run, memory["question"] + 1, answers, 0)

    # --- recorded answers

    def _record(self, run: Run, question: Question) -> Edge | None:
        exchange.hush(run)
        task = run.task()
        run.emit(RecordMessage(task, f"survey-{self.survey}", question.longest, 4.0, True))
        run.wait(**{**run.state.step, "task": task})
        run.set_timer(LATE, question.longest + GRACE)
        return None

    def _recorded(self, run: Run, question: Question, event: Event, task: int) -> Edge | None:
        memory = run.state.step
        match event:
            case Pressed("#"):
                run.emit(EndTask(task, keep=True))
            case MessageEnded(number, outcome, _, recording) if number == task:
                answers = {**memory["answers"], question.name: recording} if outcome == "done" else memory["answers"]
                return self._put(run, memory["question"] + 1, answers, 0)
            case TimerFired(name) if name == LATE:
                run.emit(EndTask(task))
                return self._put(run, memory["question"] + 1, memory["answers"], 0)
        return None

    def _save(self, run: Run, answers: dict[str, Any]) -> None:
        run.emit(SaveSurvey(self.survey, {name: answers[name] for name in self._names() if name in answers}))

    def _names(self) -> list[str]:
        """Those with a scale first: the first number is the score."""
        return [one.name for one in sorted(self.questions, key=lambda one: not one.scale)]


def _keys(question: Question) -> Iterator[tuple[str, int]]:
    for number in range(1, question.scale + 1):
        yield ("0" if number == 10 else str(number)), number


def _phrases(run: Run, question: Question) -> tuple[Phrase, ...]:
    spoken = NUMBERS.get(run.state.language, ())[: question.scale]
    return tuple(Phrase(text, str(number)) for number, text in enumerate(spoken, 1))


def _value(run: Run, question: Question, said: str) -> int | None:
    known = {bare(phrase.text): phrase.intent for phrase in _phrases(run, question)}
    text = known.get(bare(said), said)
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else 0
    return number if 1 <= number <= question.scale else None


def _questions(node: Node, site: Site) -> tuple[Question, ...]:
    items = node.items if isinstance(node, positions.Sequence) else [node]
    if not 1 <= len(items) <= MOST_QUESTIONS:
        site.findings.error(node.place, "too-many", f"a survey has 1 to {MOST_QUESTIONS} questions", "people answer three")
    found: dict[str, Question] = {}
    for item in items[:MOST_QUESTIONS]:
        fields = Fields(item, site.findings, "a question", ("name", "ask", "scale", "record", "max"))
        fields.need("name", "name: score")
        fields.need("ask", "ask: what is asked")
        name, recorded = _name(fields, "name"), fields.flag("record", False)
        if recorded and fields.get("scale") is not None:
            site.findings.error(item.place, "too-many", "a question has a scale or is recorded, not both", "make it two")
        if name in found:
            site.findings.error(item.place, "bad-name", f"two questions are called `{name}`", "choose another name")
        scale = 0 if recorded else fields.whole("scale", 5, 2, 10)
        found[name] = Question(name, optional_speech(fields, "ask", site.languages), scale, _longest(fields, 60.0))
    return tuple(found.values())


def _name(fields: Fields, key: str) -> str:
    """A name that may stand in a path and in an expression."""
    name = fields.text(key)
    if name and not (name.isascii() and name.replace("-", "_").isidentifier() and len(name) <= 48):
        node = fields.get(key)
        place = fields.place if node is None else node.place
        fields.findings.error(place, "bad-name", f"`{name}` is no name", "letters, digits, _ and -, a letter first")
    return name


def _longest(fields: Fields, default: float) -> float:
    found = fields.duration("max", default)
    if not 1.0 <= found <= LONGEST_MESSAGE:
        node = fields.get("max")
        place = fields.place if node is None else node.place
        fields.findings.error(place, "out-of-range", f"`max` is {found:g} s", "from 1s to 10m")
    return min(max(found, 1.0), LONGEST_MESSAGE)
