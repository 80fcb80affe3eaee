"""Whether an answer is taken, read back, or asked for again, and the words it is read back with. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ivr.dialplan.build_speech import speech
from ivr.dialplan.events import Phrase, Utterance, Value, Words
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import Schema, Site
from ivr.dialplan.positions import Mapping, Node, Scalar
from ivr.dialplan.reading import spoken_value
from ivr.dialplan.schema_parts import FLAG, TEXT, either, record, ref
from ivr.dialplan.slots import SlotType
from ivr.dialplan.speech import Speech

if TYPE_CHECKING:
    from ivr.dialplan.run import Run

ACCEPT, CONFIRM, AGAIN = "accept", "confirm", "again"
MOST_ROUNDS = 3
"""Corrections of one value before the question is put anew."""

YOU_SAID = {"zh": "您说的是", "en": "You said"}
RIGHT = {"zh": "对吗？", "en": "Is that right?"}
SAY_AGAIN = {"zh": "好的，请您再说一遍。", "en": "All right, please say it again."}
KEYS_OF_YES_NO = {"zh": "是，请按一。不是，请按二。", "en": "For yes, press one. For no, press two."}
"""As recorded in `prompts/`, so that no voice has to speak them."""

YES_NO_WORDS = {
    "yes": {
        "zh": ("是", "是的", "对", "对的", "好", "好的", "没错"),
        "en": ("yes", "yeah", "yes please", "correct", "that is right"),
    },
    "no": {
        "zh": ("不", "不是", "不对", "不用", "不用了", "没有", "没有了"),
        "en": ("no", "nope", "no thanks", "no thank you", "wrong"),
    },
}

_WHEN = re.compile(r"\s*confidence\s*<=?\s*(0(?:\.\d+)?|1(?:\.0+)?)\s*\Z")


@dataclass(frozen=True, slots=True)
class Confirm:
    """What is done with an answer, by how sure it was understood (0..1)."""

    accept: float = 0.8
    """From here on it is taken as it is."""
    reprompt: float = 0.4
    """Below this it is asked for again; between the two it is read back."""
    always: bool = False
    """Read back whatever its confidence, what was keyed too."""
    speech: Speech = ()
    """The words of the read-back; the value stands in its slot. Without them: "You said ... Is that right?"."""

    def decide(self, sure: float, keyed: bool) -> str:
        """`accept`, `confirm` or `again`."""
        if self.always:
            return AGAIN if not keyed and sure < self.reprompt else CONFIRM
        if keyed or sure >= self.accept:
            return ACCEPT
        return CONFIRM if sure >= self.reprompt else AGAIN


NEVER = Confirm(0.0, 0.0)


def build(node: Node | None, site: Site, default: Confirm) -> Confirm:
    """`true` (always), `false` (never), or `{ accept, reprompt, always, say, when }`; mistakes go to `site.findings`."""
    if node is None:
        return default
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return Confirm(always=True) if node.value else NEVER
    if not isinstance(node, Mapping):
        site.findings.error(node.place, "wrong-type", "`confirm` is true, false or a mapping", "{ accept: 0.8, reprompt: 0.4 }")
        return default
    fields = Fields(node, site.findings, "confirm", ("accept", "reprompt", "always", "say", "when"))
    said = fields.get("say")
    accept = share(fields, "accept", _when(fields, 0.8))
    reprompt = share(fields, "reprompt", min(0.4, accept))
    if reprompt > accept:
        site.findings.error(fields.place, "out-of-range", f"reprompt {reprompt:g} is above accept {accept:g}", "swap them")
    words = () if said is None else speech(said, site.findings, site.languages)
    return Confirm(accept, min(reprompt, accept), fields.flag("always", False), words)


def _when(fields: Fields, default: float) -> float:
    """`when: confidence < 0.8` is another way to write `accept: 0.8`."""
    node = fields.get("when")
    if node is None:
        return default
    found = _WHEN.match(node.text) if isinstance(node, Scalar) else None
    if found is None:
        fields.findings.error(node.place, "bad-expression", "`when` compares the confidence alone", 'when: "confidence < 0.8"')
        return default
    return float(found[1])


def share(fields: Fields, name: str, default: float) -> float:
    """A number of 0..1."""
    node = fields.get(name)
    if node is None:
        return default
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        fields.findings.error(node.place, "out-of-range", f"`{name}` must be a number from 0 to 1", f"{name}: {default:g}")
        return default
    return float(value)


def schema() -> Schema:
    """JSON Schema of `confirm`."""
    number = {"type": "number", "minimum": 0, "maximum": 1}
    fields = {"accept": number, "reprompt": number, "always": FLAG, "say": ref("speech"), "when": TEXT}
    return either(FLAG, record(fields, (), Confirm))


def value_words(run: Run, slot: SlotType | None, value: Any, label: str = "") -> list[Utterance]:
    """A value as it is read back: as its kind, else `label` or its own text as words."""
    language = run.state.language
    kind = "" if slot is None or label else slot.kind.reads_as
    if not kind:
        return [Words(label or str(value), language)]
    year = int(run.scope()["time"]["year"])
    return [Value(kind, spoken_value(kind, value, "the answer", year), language)]


def read_back(run: Run, confirm: Confirm, slot: SlotType | None, into: str, value: Any, label: str = "") -> list[Utterance]:
    """The question whether `value` is right; the flow's own words see it in the slot `into`."""
    language = run.state.language
    if not confirm.speech:
        said = Words(YOU_SAID.get(language, YOU_SAID["en"]), language)
        return [said, *value_words(run, slot, value, label), Words(RIGHT.get(language, RIGHT["en"]), language)]
    slots = run.state.slots
    run.update(slots={**slots, into: value})
    try:
        return run.rendered(confirm.speech)
    finally:
        run.update(slots=slots)


def yes_no_phrases(language: str) -> Iterable[Phrase]:
    """The words for yes and no, as what a question listens for."""
    for name, words in YES_NO_WORDS.items():
        for text in words.get(language, ()):
            yield Phrase(text, name)
