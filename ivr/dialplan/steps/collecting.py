"""The step `collect`: several slots in one conversation, in whatever order the caller tells them. Pure.

What it remembers (`State.step`): `at` (the slot that is asked for, `*` while everything is read back, `?` while it asks which
one is wrong), `sure` (slot to 0..1, -1 where it was left out), `rounds`. Values are in `slots` as soon as they are understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ivr.dialplan import build_collect, confirming, dialogue, secrecy
from ivr.dialplan.collecting import CORRECTING, SAID, WHICH, CollectSlot, left_out, mentioned, open_values, question_at
from ivr.dialplan.confirming import ACCEPT, Confirm
from ivr.dialplan.events import Event, Heard, Note, Utterance, Value, Words
from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.kinds import About, Schema, Site
from ivr.dialplan.positions import Node
from ivr.dialplan.problems import Place
from ivr.dialplan.question import (
    NO_INPUT,
    NO_MATCH,
    Answer,
    AskingStep,
    Given,
    Named,
    Question,
    bare,
    memory,
    understood,
    yes_or_no,
)
from ivr.dialplan.run import Run, hears
from ivr.dialplan.slots import corrected, fits, plain, read
from ivr.dialplan.slots.corrections import is_denial
from ivr.dialplan.slots.moments import is_iso
from ivr.dialplan.speech import Speech
from ivr.dialplan.steps.asked import known_intents, tell_keys

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge

ALL, WHICH_ONE = "*", "?"
LEFT_OUT = -1.0


@dataclass(frozen=True, slots=True)
class CollectStep(AskingStep):
    """Fill several slots: ask for what is missing, take more than was asked, read everything back, correct one."""

    name: ClassVar[str] = "collect"
    slots: tuple[CollectSlot, ...]
    place: Place
    confirm: Confirm = field(default_factory=Confirm)
    timeout: float = 6.0
    between_keys: float = 3.0
    barge_in: float | None = 0.3

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        return cls(place=node.place, **build_collect.collect(node, site))

    @classmethod
    def schema(cls) -> Schema:
        return build_collect.schema()

    def answers(self) -> tuple[str, ...]:
        return ("done",)

    def intents(self) -> tuple[str, ...]:
        return tuple(name for slot in self.slots for name in slot.choices)

    def edge_keys(self) -> str:
        return "*#"

    def fills(self, state: str) -> Iterable[str]:
        return tuple(slot.name for slot in self.slots)

    def hides(self, memory: Mapping[str, Any]) -> bool:
        """Also while everything is read back: an answer may correct what is secret."""
        slot = self._slot(str(memory.get("at", "")))
        return slot.secret if slot is not None else any(one.secret for one in self.slots)

    def hidden_slots(self, state: str) -> Iterable[str]:
        return tuple(slot.name for slot in self.slots if slot.secret)

    def speeches(self) -> Iterator[Speech]:
        for slot in self.slots:
            yield from (slot.speech, *slot.again, slot.hint)
        yield self.confirm.speech

    def expressions(self) -> Iterator[Expression | Template]:
        for slot in self.slots:
            if slot.known is not None:
                yield slot.known
            if slot.phrases is not None and slot.phrases.computed is not None:
                yield slot.phrases.computed

    def check(self, about: About) -> None:
        for slot in self.slots:
            known_intents(about, slot.choices, slot.choice_places)
            secrecy.check(about, slot.name, slot.type, slot.secret, self.place)
        if any(slot.secret for slot in self.slots) and self.confirm != confirming.NEVER:
            message = "`collect` reads everything back aloud, what is secret too"
            about.findings.warn(self.place, "secret-aloud", message, "confirm: false, or ask for it in an `ask` of its own")

    # --- the order of things

    def start(self, run: Run) -> Edge | None:
        sure: dict[str, float] = {}
        for slot in self.slots:
            value = self._known(run, slot)
            if value is not None:
                run.fill(slot.name, value)
                sure[slot.name] = 1.0
        return self._next(run, {"sure": sure, "rounds": 0})

    def react(self, run: Run, event: Event) -> Edge | None:
        return dialogue.react(run, event)

    def _known(self, run: Run, slot: CollectSlot) -> Any:
        """What the profile, or an earlier question of this call, knows already; None where it is to be asked."""
        if slot.known is None and not slot.keeps:
            return None
        value = run.state.slots.get(slot.name) if slot.known is None else slot.known.value(run.scope())
        if value is None or isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            return None
        about, kind = slot.about(run), slot.type_in(run)
        if kind.name == "choice":
            return value if value in kind.names.get(about.language, {}).values() else None
        if kind.name == "text" or (kind.name in ("number", "amount") and not isinstance(value, str)):
            return value if fits(kind, value, about) else None
        if isinstance(value, str) and is_iso(kind.name, value):
            return value if fits(kind, value, about) else None
        found = None if isinstance(value, float) else read(kind, str(value), about)
        return None if found is None else found.value

    def _next(self, run: Run, remembered: dict[str, Any]) -> Edge | None:
        """Ask for the first slot that is open, read everything back, or be done."""
        sure = remembered["sure"]
        missing = next((slot.name for slot in self.slots if slot.name not in sure), None)
        if missing is not None:
            if missing != remembered.get("at"):
                run.update(attempt=0)
            return self._ask(run, {**remembered, "at": missing})
        said = [value for value in sure.values() if value != LEFT_OUT]
        if said and not remembered.get("agreed") and self.confirm.decide(min(said), False) != ACCEPT:
            run.update(attempt=0)
            return self._ask(run, {**remembered, "at": ALL})
        if said:
            run.emit(Note(confidence=min(said)))
        return run.edge("done")

    def _ask(self, run: Run, remembered: dict[str, Any]) -> Edge | None:
        dialogue.ask_anew(run, remembered)
        return None

    def _slot(self, name: str) -> CollectSlot | None:
        return next((slot for slot in self.slots if slot.name == name), None)

    def _filled(self, run: Run) -> list[CollectSlot]:
        sure = run.state.step["sure"]
        return [slot for slot in self.slots if sure.get(slot.name, LEFT_OUT) != LEFT_OUT]

    # --- what is asked

    def question(self, run: Run) -> Question:
        ear = dialogue.ear_of(run)
        slot = self._slot(run.state.step["at"])
        if slot is not None:
            return question_at(run, slot, ear)
        filled = self._filled(run)
        phrases = (*confirming.yes_no_phrases(run.state.language), *ear.phrases)
        keys = {"1": "yes", "2": "no"}
        if run.state.step["at"] == WHICH_ONE:
            keys = {str(number): f"{CORRECTING}{one.name}" for number, one in enumerate(filled[:9], 1)}
        texts = dialogue.texts_of(phrases)
        free = replace(filled[0].type, name="text") if filled else None
        return Question(phrases, texts, {**ear.keys, **keys}, free, keyed=False, patience=0.8)

    def put(self, run: Run) -> None:
        at, language = run.state.step["at"], run.state.language
        slot = self._slot(at)
        if slot is not None:
            slot.put(run)
        elif at == WHICH_ONE:
            run.pending.append(Words(WHICH.get(language, WHICH["en"]), language))
            if not hears(run.state):
                for number, one in enumerate(self._filled(run)[:9], 1):
                    run.pending += [Words(one.offer(language), language), Value("number", str(number), language)]
        elif self.confirm.speech:
            run.speak(self.confirm.speech)
            tell_keys(run)
        else:
            for one in self._filled(run):
                run.pending += self._read_back(run, one)
            run.pending.append(Words(confirming.RIGHT.get(language, confirming.RIGHT["en"]), language))
            tell_keys(run)

    def _read_back(self, run: Run, slot: CollectSlot) -> list[Utterance]:
        """The label and the value of one slot; nothing for free text, which no recording can repeat."""
        if slot.type.name == "text":
            return []
        value, language = run.state.slots.get(slot.name), run.state.language
        named = slot.value_label(run, value)
        label = slot.label.get(language, "")
        read = confirming.value_words(run, slot.type, value, named)
        return [*([Words(label, language)] if label else []), *read]

    # --- what was said

    def understood(self, run: Run, question: Question, event: Heard) -> Answer | None:
        if self._slot(run.state.step["at"]) is None:
            near = event.intent if event.intent in run.here.edges and event.intent in question.texts.values() else ""
            name = question.texts.get(bare(event.text), near)
            if name:
                return Named(name, event.text, event.confidence)
            return Named(SAID, event.text, event.confidence) if event.text else None
        answer = understood(run, question, event)
        if answer is None and open_values(run, self._open(run), event.text):
            return Named(SAID, event.text, event.confidence)
        return answer

    def _open(self, run: Run, besides: str = "") -> list[CollectSlot]:
        sure = run.state.step["sure"]
        return [slot for slot in self.slots if slot.name not in sure and slot.name != besides]

    def answered(self, run: Run, answer: Answer) -> Edge | None:
        slot = self._slot(run.state.step["at"])
        if slot is not None:
            return self._for_slot(run, slot, answer)
        assert isinstance(answer, Named)
        if answer.name.startswith(CORRECTING):
            return self._ask_anew_for(run, answer.name.removeprefix(CORRECTING))
        if answer.name == "yes":
            return self._next(run, {**memory(run), "agreed": True})
        if answer.name == "no":
            return self._denied(run)
        if answer.name == SAID:
            return self._correct(run, answer.text, answer.sure)
        return self._leave(run, answer)

    def _for_slot(self, run: Run, slot: CollectSlot, answer: Answer) -> Edge | None:
        remembered = memory(run)
        sure = dict(remembered["sure"])
        rest = plain(answer.text)
        if isinstance(answer, Named) and left_out(slot, answer.name):
            sure[slot.name] = LEFT_OUT
        elif isinstance(answer, Named) and answer.name != SAID and slot.value_of(answer.name) is None:
            return self._leave(run, answer)
        elif isinstance(answer, Given) or answer.name != SAID:
            if not answer.keyed and answer.sure < self.confirm.reprompt:
                return dialogue.missed(run, NO_MATCH)
            value = answer.value if isinstance(answer, Given) else slot.value_of(answer.name)
            run.fill(slot.name, value)
            sure[slot.name] = 1.0 if answer.keyed else round(answer.sure, 3)
            rest = "" if answer.keyed else slot.rest(run, rest)
        if not answer.keyed:
            for other, found, where in open_values(run, [one for one in self.slots if one.name not in sure], rest):
                run.fill(other.name, found)
                sure[other.name] = round(min(answer.sure, where), 3)
        return self._next(run, {**remembered, "sure": sure})

    def _leave(self, run: Run, answer: Named) -> Edge:
        dialogue.chosen(run, answer.name, answer.sure, keyed=answer.keyed)
        return run.edge(answer.name)

    def _correct(self, run: Run, text: str, heard: float) -> Edge | None:
        """ "日期不对", "the date is Friday", "不是八八六一是八八六二", or yes and no in a longer sentence."""
        language, said = run.state.language, plain(text)
        named = mentioned(self._filled(run), said, language)
        for slot in [named] if named is not None else self._filled(run):
            if slot.type.name in ("text", "yes_no") and named is None:
                continue
            old = run.state.slots.get(slot.name)
            found = (
                corrected(slot.type_in(run), old, slot.after_label(said, language), slot.about(run))
                if old is not None
                else None
            )
            if found is not None and found.value != old:
                return self._corrected(run, slot, found.value, min(heard, found.sure))
        if named is not None and (is_denial(said, language) or run.state.step["at"] == WHICH_ONE or _wrong(said)):
            return self._ask_anew_for(run, named.name)
        agreed = yes_or_no(run, text)
        if agreed == "yes" and run.state.step["at"] == ALL:
            return self._next(run, {**memory(run), "agreed": True})
        if agreed == "no" and run.state.step["at"] == ALL:
            return self._denied(run)
        return dialogue.missed(run, NO_MATCH)

    def _corrected(self, run: Run, slot: CollectSlot, value: Any, sure: float) -> Edge | None:
        remembered = memory(run)
        rounds = remembered["rounds"] + 1
        if rounds > confirming.MOST_ROUNDS * len(self.slots):
            return dialogue.missed(run, NO_MATCH)
        run.fill(slot.name, value)
        again = {**remembered, "sure": {**remembered["sure"], slot.name: round(sure, 3)}, "rounds": rounds, "at": ALL}
        return self._ask(run, again)

    def _denied(self, run: Run) -> Edge | None:
        """Something is wrong: the only slot is asked again, of several the caller is asked which one."""
        filled = self._filled(run)
        if len(filled) == 1:
            return self._ask_anew_for(run, filled[0].name)
        edge = dialogue.denied(run, {**memory(run), "at": WHICH_ONE})
        if edge is None:
            dialogue.ask(run)
        return edge

    def _ask_anew_for(self, run: Run, name: str) -> Edge | None:
        remembered = memory(run)
        sure = {slot: value for slot, value in remembered["sure"].items() if slot != name}
        edge = dialogue.denied(run, {**remembered, "sure": sure, "at": name, "agreed": False})
        if edge is None:
            dialogue.ask(run)
        return edge

    def missed(self, run: Run, name: str) -> Edge | bool:
        """What may be left out is not asked for a second time where the caller says nothing, nor a third."""
        slot = self._slot(run.state.step["at"])
        if slot is None or not slot.optional or (name != NO_INPUT and run.state.attempt == 0):
            return False
        remembered = memory(run)
        edge = self._next(run, {**remembered, "sure": {**remembered["sure"], slot.name: LEFT_OUT}})
        return True if edge is None else edge


def _wrong(said: str) -> bool:
    return any(word in said for word in ("不对", "错", "有误", "改", "wrong", "not right", "incorrect", "change"))
