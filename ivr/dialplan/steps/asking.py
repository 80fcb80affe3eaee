"""The step `ask`: one question, and what is made of its answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ivr.dialplan import build_expect, confirming, dialogue, secrecy
from ivr.dialplan.confirming import ACCEPT, AGAIN, NEVER, Confirm
from ivr.dialplan.events import Event, Note
from ivr.dialplan.expect import VALUE, YES_NO, Choice, Expect, PhraseList, Typed
from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import KEYS, About, Schema, Site
from ivr.dialplan.positions import Node
from ivr.dialplan.problems import Place
from ivr.dialplan.question import NO_MATCH, Answer, AskingStep, Given, Named, Question, memory
from ivr.dialplan.run import Run, hears
from ivr.dialplan.schema_parts import DURATION, FLAG, record
from ivr.dialplan.slots import SlotType
from ivr.dialplan.speech import Speech
from ivr.dialplan.steps import asked
from ivr.dialplan.steps.asked import (
    ASKING,
    again_of,
    ask_once_more,
    barge_in,
    known_intents,
    label_of,
    read_back_question,
    speech_of,
    tell_keys,
)
from ivr.dialplan.steps.menu import MenuStep

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge

__all__ = ["AskStep", "MenuStep"]

_KEYS = (
    *("say", "again", "expect", "phrases", "confirm", "hint", "into", "timeout", "between_keys", "patience", "barge_in"),
    "secret",
    "language",
    "open",
)


@dataclass(frozen=True, slots=True)
class AskStep(AskingStep):
    """Ask, listen, and leave by what was said or keyed."""

    name: ClassVar[str] = "ask"
    speech: Speech
    expect: Expect
    place: Place
    hint: Speech = ()
    """Spoken after the question where speech cannot be recognised, to tell the keys."""
    into: str = ""
    """Slot that takes the answer."""
    timeout: float = 6.0
    """Silence after the prompt that makes `no_input`."""
    between_keys: float = 3.0
    """Silence after a key that ends a number."""
    patience: float = 0.4
    """Silence that ends an utterance."""
    barge_in: float | None = 0.3
    """Seconds of speech that stop the prompt; written `false`, it is heard to its end."""
    again: tuple[Speech, ...] = ()
    """The question in other words from the second time on, by attempt; the last of them stays."""
    phrases: PhraseList | None = None
    """Answers by themselves; each fills the slot with its value."""
    confirm: Confirm = NEVER
    secret: bool = False
    """What is said and keyed is in no transcript, log or trace, and no recording has it: for PINs, cards, one-time codes."""
    detect: bool = False
    """The answer may be in any language of the flow that is recognised, and chooses it."""
    open: bool = False
    """Whatever the model of the language knows is heard, not the phrases alone: dearer, and every wording is understood."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        fields = Fields(node, site.findings, "ask", _KEYS)
        fields.need("say", "say what is asked")
        expect = build_expect.expect(fields.get("expect"), site)
        secret = fields.flag("secret", False)
        usual = Confirm() if isinstance(expect, Typed) and expect.slot.name != "text" and not secret else NEVER
        return cls(
            speech=speech_of(fields, "say", site),
            expect=expect,
            place=node.place,
            hint=speech_of(fields, "hint", site),
            into=fields.name("into", "a slot"),
            timeout=fields.duration("timeout", 6.0),
            between_keys=fields.duration("between_keys", 3.0),
            patience=fields.duration("patience", expect.slot.kind.patience if isinstance(expect, Typed) else 0.4),
            barge_in=barge_in(fields),
            again=again_of(fields.get("again"), site),
            phrases=build_expect.phrase_list(fields.get("phrases"), site),
            confirm=confirming.build(fields.get("confirm"), site, usual),
            secret=secret,
            detect=asked.detect(fields),
            open=fields.flag("open", False),
        )

    @classmethod
    def schema(cls) -> Schema:
        more = {"expect": build_expect.expect_schema(), "phrases": build_expect.phrases_schema()}
        more |= {"between_keys": DURATION, "secret": FLAG, "open": FLAG}
        return record({**ASKING, **asked.DETECT, **more}, ("say",))

    @property
    def slot(self) -> SlotType | None:
        return self.expect.slot if isinstance(self.expect, Typed) else None

    def answers(self) -> tuple[str, ...]:
        match self.expect:
            case Choice(intents=intents):
                return intents
            case Typed():
                return ("done",)
            case "yes_no":
                return ("yes", "no")
            case _:
                return () if self.phrases is None else ("done",)

    def intents(self) -> tuple[str, ...]:
        return self.expect.intents if isinstance(self.expect, Choice) else ()

    def detects(self) -> bool:
        return self.detect

    def opens(self) -> bool:
        return self.open

    def edge_keys(self) -> str:
        return "*#" if self.slot is not None else KEYS

    def fills(self, state: str) -> Iterable[str]:
        if self.into or self.slot is not None or self.phrases is not None:
            yield self.into or state

    def hides(self, memory: Mapping[str, Any]) -> bool:
        return self.secret

    def hidden_slots(self, state: str) -> Iterable[str]:
        return (self._name_in(state),) if self.secret else ()

    def speeches(self) -> Iterator[Speech]:
        yield from (self.speech, *self.again, self.hint, self.confirm.speech)

    def expressions(self) -> Iterator[Expression | Template]:
        if self.phrases is not None and self.phrases.computed is not None:
            yield self.phrases.computed

    def check(self, about: About) -> None:
        flow, state, findings = about.flow, about.state, about.findings
        if self.detect:
            asked.check_detect(about, self.place)
        if isinstance(self.expect, Choice):
            known_intents(about, self.expect.intents, self.expect.places)
        understands = self.expect is not None or self.phrases is not None
        if not understands and not any(name in flow.intents or name in KEYS for name in state.own):
            message = f"`{state.name}` asks, but understands no answer"
            findings.error(self.place, "missing-key", message, "add `expect`, or an intent or a key to `on`")
        secrecy.check(about, self._name_in(state.name), self.slot, self.secret, self.place)
        if self.secret and self.confirm != NEVER:
            message = "what is secret would be read back aloud"
            findings.warn(self.place, "secret-aloud", message, "leave out `confirm`; ask twice where it matters")

    def start(self, run: Run) -> Edge | None:
        dialogue.ask(run)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return dialogue.react(run, event)

    # --- what is open

    def question(self, run: Run) -> Question:
        ear = dialogue.ear_of(run)
        phrases, keys = ear.phrases, ear.keys
        if self.phrases is not None:
            phrases = (*self.phrases.phrases(run.state.language, run.scope()), *phrases)
        texts = dialogue.texts_of(phrases) if self.phrases is not None else ear.texts
        heard = run.state.step.get("heard")
        if heard is not None:
            return read_back_question(run, Question(phrases, texts, keys, self.slot, patience=self.patience), heard)
        terminator = self.expect.terminator if isinstance(self.expect, Typed) else "#"
        return Question(
            phrases, texts, keys, self.slot, terminator=terminator, yes_no=self.expect == YES_NO, patience=self.patience
        )

    def put(self, run: Run) -> None:
        heard = run.state.step.get("heard")
        if heard is not None:
            label = label_of(run, heard) if run.state.step.get("named") else ""
            run.pending.extend(confirming.read_back(run, self.confirm, self.slot, self._slot_name(run), heard, label))
            tell_keys(run)
            return
        attempt = run.state.attempt
        run.speak(self.again[min(attempt, len(self.again)) - 1] if attempt and self.again else self.speech)
        if not hears(run.state):
            if self.hint:
                run.speak(self.hint)
            elif self.expect == YES_NO:
                tell_keys(run)

    # --- what was answered

    def answered(self, run: Run, answer: Answer) -> Edge | None:
        if "heard" in run.state.step:
            return self._read_back(run, answer)
        return self._take(run, answer)

    def _take(self, run: Run, answer: Answer) -> Edge | None:
        """Accept an answer, read it back, or ask again."""
        named = isinstance(answer, Named) and not answer.name.startswith(VALUE)
        if isinstance(answer, Named) and named and answer.name not in self.answers():
            return self._leave(run, answer)
        what = self.confirm.decide(answer.sure, answer.keyed)
        if what == ACCEPT:
            return self._leave(run, answer)
        if what == AGAIN:
            return dialogue.missed(run, NO_MATCH)
        remembered = {"heard": _value(answer), "named": named, "sure": answer.sure}
        dialogue.ask_anew(run, {**remembered, "rounds": run.state.step.get("rounds", 0)})
        return None

    def _leave(self, run: Run, answer: Answer) -> Edge:
        value = _value(answer)
        if isinstance(answer, Named) and not answer.name.startswith(VALUE):
            dialogue.chosen(run, answer.name, answer.sure, keyed=answer.keyed)
            if self.into and answer.name in self.answers():
                run.fill(self.into, answer.name)
            return dialogue.leave(run, answer.name)
        run.fill(self._slot_name(run), value)
        if not answer.keyed:
            run.emit(Note(confidence=answer.sure))
        return dialogue.leave(run, str(value)) if isinstance(answer, Named) else run.edge("done")

    def _read_back(self, run: Run, answer: Answer) -> Edge | None:
        """What is said to "You said ..., is that right?": yes, no, another value, or something else altogether."""
        remembered = memory(run)
        same = _value(answer) == remembered["heard"] and not answer.keyed
        if (isinstance(answer, Named) and answer.name == "yes") or same:
            return self._confirmed(run, remembered)
        if isinstance(answer, Named) and answer.name == "no":
            return ask_once_more(run)
        if isinstance(answer, Named) and not answer.name.startswith(VALUE) and answer.name not in self.answers():
            return self._leave(run, answer)
        rounds = remembered.get("rounds", 0) + 1
        if rounds > confirming.MOST_ROUNDS:
            return ask_once_more(run)
        named = isinstance(answer, Named) and not answer.name.startswith(VALUE)
        if named and self.confirm.decide(answer.sure, answer.keyed) == ACCEPT:
            return self._leave(run, answer)
        dialogue.ask_anew(run, {"heard": _value(answer), "named": named, "sure": answer.sure, "rounds": rounds})
        return None

    def _confirmed(self, run: Run, remembered: dict[str, Any]) -> Edge:
        value, sure = remembered["heard"], float(remembered["sure"])
        return self._leave(run, Named(str(value), sure=sure) if remembered["named"] else Given(value, sure=sure))

    def _slot_name(self, run: Run) -> str:
        return self._name_in(run.state.state)

    def _name_in(self, state: str) -> str:
        return self.into or state


def _value(answer: Answer) -> Any:
    return answer.value if isinstance(answer, Given) else answer.name.removeprefix(VALUE)
