"""What `ask`, `menu` and `collect` share: fields of their YAML, words, what follows a denial. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ivr.dialplan import confirming, dialogue
from ivr.dialplan.build_speech import speech
from ivr.dialplan.confirming import KEYS_OF_YES_NO, SAY_AGAIN
from ivr.dialplan.events import Words
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import About, Schema, Site
from ivr.dialplan.positions import Node, Scalar, Sequence
from ivr.dialplan.problems import Place
from ivr.dialplan.question import Question
from ivr.dialplan.run import Run, hears
from ivr.dialplan.schema_parts import DURATION, FLAG, TEXT, either, list_of, record, ref
from ivr.dialplan.speech import Speech

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge

ASKING: Schema = {"say": ref("speech"), "hint": ref("speech"), "into": TEXT, "timeout": DURATION, "patience": DURATION}
ASKING |= {"barge_in": either(FLAG, record({"after": DURATION})), "confirm": confirming.schema()}
ASKING |= {"again": either(ref("speech"), list_of(ref("speech")))}


DETECT: Schema = {"language": {"enum": ["detect"], "description": "The answer may be in any language, and chooses it."}}


def read_back_question(run: Run, question: Question, heard: Any) -> Question:
    """Yes, no, what else may be said here, and a corrected value; by key 1 and 2 alone."""
    phrases = (*confirming.yes_no_phrases(run.state.language), *question.phrases)
    keys = {key: name for key, name in question.keys.items() if key in "0*#"} | {"1": "yes", "2": "no"}
    texts = dialogue.texts_of(phrases)
    return Question(phrases, texts, keys, question.slot, keyed=False, old=heard, yes_no=True, patience=question.patience)


def ask_once_more(run: Run) -> Edge | None:
    """What was read back is wrong: put the question anew, as long as retries are left."""
    edge = dialogue.denied(run, {})
    if edge is not None:
        return edge
    language = run.state.language
    run.pending.append(Words(SAY_AGAIN.get(language, SAY_AGAIN["en"]), language))
    dialogue.ask(run)
    return None


def tell_keys(run: Run) -> None:
    """The keys for yes and no, where nothing can recognise speech."""
    text = KEYS_OF_YES_NO.get(run.state.language)
    if text and not hears(run.state):
        run.pending.append(Words(text, run.state.language))


def label_of(run: Run, name: str) -> str:
    """What an answer is called when it is read back: the label of its intent, else its first example, else its name."""
    intent, language = run.flow.intents.get(name), run.state.language
    if intent is None:
        return name
    return intent.label.get(language) or next((text for text, _ in intent.examples.get(language, ())), name)


def known_intents(about: About, names: tuple[str, ...], places: tuple[Place, ...]) -> None:
    for name, place in zip(names, places, strict=True):
        if name not in about.flow.intents:
            cure = f"a list stands in brackets: [{name}]" if "," in name else ""
            about.findings.unknown(place, "intent", name, about.flow.intents, cure=cure)


def speech_of(fields: Fields, name: str, site: Site) -> Speech:
    node = fields.get(name)
    return () if node is None else speech(node, site.findings, site.languages)


def detect(fields: Fields) -> bool:
    """Whether the key `language` says `detect`."""
    node = fields.get("language")
    if node is None:
        return False
    if isinstance(node, Scalar) and node.value == "detect":
        return True
    message = "a question is asked in the language of the call; only its answer may choose another"
    fields.findings.error(node.place, "wrong-type", message, "language: detect")
    return False


def check_detect(about: About, place: Place) -> None:
    """Warn where there is nothing to detect."""
    if len(about.flow.languages) < 2:
        message = f"`{about.state.name}` detects the language, but the flow speaks one alone"
        about.findings.warn(place, "dead-option", message, "remove `language: detect`, or add to `languages`")


def barge_in(fields: Fields) -> float | None:
    node = fields.get("barge_in")
    if node is None or (isinstance(node, Scalar) and node.value is True):
        return 0.3
    if isinstance(node, Scalar) and node.value is False:
        return None
    return Fields(node, fields.findings, "barge_in", ("after",)).duration("after", 0.3)


def again_of(node: Node | None, site: Site) -> tuple[Speech, ...]:
    """One item for each attempt."""
    if node is None:
        return ()
    items = node.items if isinstance(node, Sequence) else [node]
    return tuple(speech(item, site.findings, site.languages) for item in items)
