"""The step `menu`: intents by voice and by keys, in the order that suits the caller. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from ivr.dialplan import confirming, dialogue
from ivr.dialplan.confirming import ACCEPT, AGAIN, NEVER, Confirm
from ivr.dialplan.events import Event, Note, Utterance, Words
from ivr.dialplan.events import Value as Spoken
from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.fields import Fields, words
from ivr.dialplan.kinds import KEYS, About, Schema, Site
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Place
from ivr.dialplan.question import NO_MATCH, Answer, AskingStep, Named, Question, memory
from ivr.dialplan.ranking import Guess, Ranking, guess, rank
from ivr.dialplan.run import Run, hears
from ivr.dialplan.schema_parts import FLAG, NAME, either, list_of, record, ref
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

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge

_READ = {"true": "always", "always": "always", "false": "never", "never": "never", "retry": "retry"}
_KEYS = ("say", "again", "options", "rank_by", "offer_likely", "confirm", "hint", "read", "into")
_MORE = ("timeout", "patience", "barge_in", "language", "open")
_OFFER = {"zh": "{}，请按", "en": "For {}, press"}
_LIKELY = {"zh": "您是要{}吗？", "en": "Are you calling about {}?"}
OFFERED = "offered"
"""What of `call` remembers which wishes were offered, so that none is twice."""


@dataclass(frozen=True, slots=True)
class OfferLikely:
    """Ask first whether the caller wants what the profile predicts (`profile.likely`)."""

    above: float = 0.7
    """Confidence (0..1) that it must have."""
    speech: Speech = ()
    """The question; without it "Are you calling about ...?" with the label of the intent."""


@dataclass(frozen=True, slots=True)
class MenuStep(AskingStep):
    """Offer intents by voice and by keys 1..n, and leave by the chosen one."""

    name: ClassVar[str] = "menu"
    speech: Speech
    options: tuple[str, ...]
    place: Place
    places: tuple[Place, ...] = ()
    """Where each option stands."""
    hint: Speech = ()
    """Spoken in place of the list of options where speech cannot be recognised."""
    read: Literal["always", "never", "retry"] = "retry"
    """When the options are read out with their keys; always so where speech cannot be recognised."""
    into: str = ""
    timeout: float = 6.0
    between_keys: float = 3.0
    patience: float = 0.4
    barge_in: float | None = 0.3
    again: tuple[Speech, ...] = ()
    """The question in other words from the second time on, by attempt; the last of them stays."""
    rank_by: Expression | None = None
    """The caller's wishes, newest first: they order the options, and `profile.open` does; keys follow that order."""
    offer: OfferLikely | None = None
    confirm: Confirm = NEVER
    detect: bool = False
    """The answer may be in any language of the flow that is recognised, and chooses it."""
    open: bool = False
    """Whatever the model of the language knows is heard, not the phrases alone: dearer, and every wording is understood."""

    @classmethod
    def build(cls, node: Node, site: Site) -> Self:
        findings = site.findings
        fields = Fields(node, findings, "menu", _KEYS + _MORE)
        options = fields.need("options", "options: [intent, ...], keys 1..n follow their order")
        names = words(options, findings, "an option") if options is not None else ()
        if len(names) > 9:
            findings.error(names[9][1], "too-many", "a menu has nine keys", "make a second menu; people remember five")
        read = fields.text("read", "retry")
        if read not in _READ:
            findings.unknown(fields.place, "value of read", read, ("true", "false", "retry"))
        return cls(
            speech=speech_of(fields, "say", site),
            options=tuple(name for name, _ in names[:9]),
            place=node.place,
            places=tuple(place for _, place in names[:9]),
            hint=speech_of(fields, "hint", site),
            read=_READ.get(read, "retry"),  # type: ignore[arg-type]
            into=fields.name("into", "a slot"),
            timeout=fields.duration("timeout", 6.0),
            patience=fields.duration("patience", 0.4),
            barge_in=barge_in(fields),
            again=again_of(fields.get("again"), site),
            rank_by=fields.expression("rank_by"),
            offer=_offer_likely(fields.get("offer_likely"), site),
            confirm=confirming.build(fields.get("confirm"), site, NEVER),
            detect=asked.detect(fields),
            open=fields.flag("open", False),
        )

    @classmethod
    def schema(cls) -> Schema:
        read = {"enum": [True, False, "always", "never", "retry"]}
        above = {"type": "number", "minimum": 0, "maximum": 1}
        likely = either(FLAG, record({"above": above, "say": ref("speech")}, (), OfferLikely))
        more = {
            "options": list_of(NAME, maxItems=9),
            "read": read,
            "rank_by": ref("expression"),
            "offer_likely": likely,
            "open": FLAG,
        }
        return record({**ASKING, **asked.DETECT, **more}, ("options",))

    def answers(self) -> tuple[str, ...]:
        return self.options

    def intents(self) -> tuple[str, ...]:
        return self.options

    def detects(self) -> bool:
        return self.detect

    def opens(self) -> bool:
        return self.open

    def edge_keys(self) -> str:
        return KEYS

    def speeches(self) -> Iterator[Speech]:
        yield from (self.speech, *self.again, self.hint, self.confirm.speech)
        if self.offer is not None:
            yield self.offer.speech

    def expressions(self) -> Iterator[Expression | Template]:
        if self.rank_by is not None:
            yield self.rank_by

    def check(self, about: About) -> None:
        known_intents(about, self.options, self.places)
        if self.detect:
            asked.check_detect(about, self.place)

    # --- asking

    def start(self, run: Run) -> Edge | None:
        likely = self._likely(run)
        if self.rank_by is not None:
            ranking = self._ranking(run)
            if ranking.why:
                run.emit(Note(why=ranking.why))
        if likely is not None:
            before = run.state.call.get(OFFERED)
            offered = [*(before if isinstance(before, list) else []), likely.intent]
            run.update(step={"offer": likely.intent}, call={**run.state.call, OFFERED: offered})
            reason = f": {likely.why}" if likely.why else ""
            run.emit(Note(why=(f"offered {likely.intent} ({likely.confidence:.2f}){reason}",)))
        dialogue.ask(run)
        return None

    def react(self, run: Run, event: Event) -> Edge | None:
        return dialogue.react(run, event)

    def _likely(self, run: Run) -> Guess | None:
        """The wish to offer first; None where none is sure enough, or was offered in this call before."""
        if self.offer is None:
            return None
        found = guess(run.state.profile.get("likely"))
        before = run.state.call.get(OFFERED)
        if found is None or found.intent not in self.options or found.confidence <= self.offer.above:
            return None
        return None if isinstance(before, list) and found.intent in before else found

    def _ranking(self, run: Run) -> Ranking:
        """The options in the order in which they are read out, and why."""
        if self.rank_by is None:
            return Ranking(self.options, ())
        scope = run.scope()
        return rank(self.options, self.rank_by.value(scope), scope["profile"].get("open"))

    def question(self, run: Run) -> Question:
        ear = dialogue.ear_of(run)
        keys = ear.keys if self.rank_by is None else dialogue.keys_of(run.here, self._ranking(run).order)
        question = Question(ear.phrases, ear.texts, keys, patience=self.patience)
        heard = run.state.step.get("heard") or run.state.step.get("offer")
        return question if heard is None else read_back_question(run, question, heard)

    def put(self, run: Run) -> None:
        remembered, attempt = run.state.step, run.state.attempt
        if "offer" in remembered:
            self._offer_it(run, remembered["offer"])
            return
        if "heard" in remembered:
            name = remembered["heard"]
            run.pending.extend(
                confirming.read_back(run, self.confirm, None, self.into or run.state.state, name, label_of(run, name))
            )
            tell_keys(run)
            return
        run.speak(self.again[min(attempt, len(self.again)) - 1] if attempt and self.again else self.speech)
        silent = not hears(run.state)
        if silent and self.hint:
            run.speak(self.hint)
        elif silent or self.read == "always" or (self.read == "retry" and attempt > 0):
            run.pending.extend(self._options(run))

    def _offer_it(self, run: Run, name: str) -> None:
        assert self.offer is not None
        language = run.state.language
        if self.offer.speech:
            run.speak(self.offer.speech)
        else:
            found = guess(run.state.profile.get("likely"))
            intent = run.flow.intents.get(name)
            named = intent.label.get(language, "") if intent is not None else ""
            label = named or (found.label if found is not None else "") or label_of(run, name)
            run.pending.append(Words(_LIKELY.get(language, _LIKELY["en"]).format(label), language))
        tell_keys(run)

    def _options(self, run: Run) -> list[Utterance]:
        spoken: list[Utterance] = []
        for key, name in self.question(run).keys.items():
            intent = run.flow.intents.get(name)
            if intent is None or (intent.library and not intent.offer and name not in self.options):
                continue  # a key that works everywhere, such as 0 for a person, is read where a flow has words for it
            if intent.offer:
                spoken.extend(run.rendered(intent.offer))
            else:
                language = run.state.language
                spoken.append(Words(_OFFER.get(language, "{}:").format(label_of(run, name)), language))
            spoken.append(Spoken("number" if key.isdigit() else "digits", key, run.state.language))
        return spoken

    # --- what was answered

    def missed(self, run: Run, name: str) -> Edge | bool:
        """What was offered was not taken up: ask openly, once."""
        if "offer" not in run.state.step:
            return False
        dialogue.ask_anew(run, {})
        return True

    def answered(self, run: Run, answer: Answer) -> Edge | None:
        assert isinstance(answer, Named)
        remembered = memory(run)
        if "offer" in remembered and answer.name in ("yes", "no"):
            if answer.name == "yes":
                return self._leave(run, Named(remembered["offer"], sure=answer.sure, keyed=answer.keyed))
            dialogue.ask_anew(run, {})
            return None
        if "heard" in remembered:
            return self._read_back(run, remembered, answer)
        return self._take(run, answer, 0)

    def _take(self, run: Run, answer: Named, rounds: int) -> Edge | None:
        if answer.name not in self.options:
            return self._leave(run, answer)
        what = self.confirm.decide(answer.sure, answer.keyed)
        if what == ACCEPT:
            return self._leave(run, answer)
        if what == AGAIN:
            return dialogue.missed(run, NO_MATCH)
        dialogue.ask_anew(run, {"heard": answer.name, "sure": answer.sure, "rounds": rounds})
        return None

    def _read_back(self, run: Run, remembered: dict[str, Any], answer: Named) -> Edge | None:
        rounds = remembered["rounds"] + 1
        if answer.name in ("yes", remembered["heard"]):
            return self._leave(run, Named(remembered["heard"], sure=float(remembered["sure"])))
        if answer.name == "no" or rounds > confirming.MOST_ROUNDS:
            return ask_once_more(run)
        return self._take(run, answer, rounds)

    def _leave(self, run: Run, answer: Named) -> Edge:
        dialogue.chosen(run, answer.name, answer.sure, keyed=answer.keyed)
        if self.into and answer.name in self.options:
            run.fill(self.into, answer.name)
        return dialogue.leave(run, answer.name)


def _offer_likely(node: Node | None, site: Site) -> OfferLikely | None:
    if node is None or (isinstance(node, Scalar) and node.value is False):
        return None
    if isinstance(node, Scalar) and node.value is True:
        return OfferLikely()
    fields = Fields(node, site.findings, "offer_likely", ("above", "say"))
    return OfferLikely(confirming.share(fields, "above", 0.7), speech_of(fields, "say", site))
