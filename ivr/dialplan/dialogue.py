"""Asking and understanding: what `ask` and `menu` do with keys, speech and silence. Pure.

Silence counts from the end of the prompt; the first key and confirmed speech stop the count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, cast

from ivr.dialplan.events import (
    Event,
    Heard,
    Listen,
    Note,
    Phrase,
    Pressed,
    PromptEnded,
    SpeechLost,
    SpokenOver,
    TimerFired,
    Utterance,
    Value,
    Words,
)
from ivr.dialplan.expect import YES_NO, Digits
from ivr.dialplan.model import AGENT, AGENT_KEY, KEYS, Edge, Flow, FlowState
from ivr.dialplan.run import Run, hears
from ivr.dialplan.state import Phase

if TYPE_CHECKING:
    from ivr.dialplan.steps.asking import AskStep, MenuStep

    Asking: TypeAlias = AskStep | MenuStep

NO_INPUT = "no_input"
NO_MATCH = "no_match"
BETWEEN_KEYS = "between_keys"
LONGEST_UTTERANCE = 15.0
"""Seconds that speech may last once it was confirmed, before it counts as silence."""
MOST_AHEAD = 32

BUILT_IN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    AGENT: {
        "zh": ("人工", "转人工", "人工服务", "人工客服", "转人工客服"),
        "en": ("agent", "operator", "a person", "customer service"),
    },
    "yes": {
        "zh": ("是", "是的", "对", "对的", "好", "好的", "没错"),
        "en": ("yes", "yeah", "yes please", "correct", "that is right"),
    },
    "no": {
        "zh": ("不", "不是", "不对", "不用", "不用了", "没有", "没有了"),
        "en": ("no", "nope", "no thanks", "no thank you", "wrong"),
    },
}
"""What is understood without being written in the flow."""

_KEYS_OF_YES_NO = {"zh": "是请按1，不是请按2。", "en": "For yes press 1, for no press 2."}
_OFFER = {"zh": "{}，请按", "en": "For {}, press"}
DEFAULT_CONFIRM = 0.3
"""Seconds, where the prompt cannot be spoken over."""
_NOISE = re.compile(r"[\s\W_]+")


@dataclass(frozen=True, slots=True)
class Ear:
    """What can be understood in one state in one language."""

    phrases: tuple[Phrase, ...]
    texts: Mapping[str, str]
    """Bare text to the name of the answer."""
    keys: Mapping[str, str]
    """Key to the name of the answer or edge."""


def bare(text: str) -> str:
    return _NOISE.sub("", text).casefold()


def asking(state: FlowState) -> Asking:
    """The step of a state that asks."""
    assert state.step is not None and state.step.listens
    return cast("Asking", state.step)


def ear_of(run: Run) -> Ear:
    """The ear of the state that the call is in, made once for each language."""
    key = (run.flow.name, run.state.state, run.state.language)
    found = run.memo.get(key)
    if found is None:
        found = run.memo[key] = ear(run.flow, run.here, run.state.language)
    return cast("Ear", found)


def ear(flow: Flow, state: FlowState, language: str) -> Ear:
    """The answers of `state` and the edges that may be taken everywhere, as phrases and as keys."""
    phrases: dict[str, Phrase] = {}
    for name in spoken_names(flow, state):
        intent = flow.intents.get(name)
        written = () if intent is None else tuple(text for text, _ in intent.examples.get(language, ()))
        for text in (*written, *BUILT_IN.get(name, {}).get(language, ())):
            phrases.setdefault(bare(text), Phrase(text, name))
    texts = {key: phrase.intent for key, phrase in phrases.items()}
    return Ear(tuple(phrases.values()), texts, keys(state))


def spoken_names(flow: Flow, state: FlowState) -> list[str]:
    """Names of answers and edges that can be spoken in `state`, its own answers first."""
    step = asking(state)
    own = [] if isinstance(step.expect, Digits) else list(step.answers())
    more = [name for name in state.edges if (name in flow.intents or name == AGENT) and name not in own]
    return own + more


def keys(state: FlowState) -> dict[str, str]:
    """Key to answer: written keys win, then 1..n for the answers, then 0 for a person. A number takes its digits itself."""
    step = asking(state)
    found: dict[str, str] = {}
    numeric = isinstance(step.expect, Digits)
    if not numeric:
        found.update({str(index): name for index, name in enumerate(step.answers()[:9], 1)})
        if AGENT in state.edges:
            found.setdefault(AGENT_KEY, AGENT)
    found.update({key: key for key in state.edges if len(key) == 1 and key in KEYS and (key in "*#" or not numeric)})
    return found


# --- asking


def ask(run: Run) -> None:
    """Put the question of the state, after whatever is pending, and listen."""
    step, ear = asking(run.here), ear_of(run)
    run.speak(step.speech)
    run.pending.extend(_hints(run, ear, step))
    listening(run, step, ear)


def listening(run: Run, step: Asking, ear: Ear) -> None:
    """Speak what is pending, if anything, and wait for the answer."""
    run.answer()
    if not run.pending:
        _listen(run, step, ear)
        _count_silence(run, step)
        return
    if step.barge_in is not None:
        _listen(run, step, ear)
    run.say(step.barge_in)
    run.update(phase=Phase.PROMPT)


def _hints(run: Run, ear: Ear, step: Asking) -> list[Utterance]:
    """The keys to press: always where nothing can recognise speech, on a retry where the step asks for it."""
    silent = not hears(run.state)
    if silent and step.hint:
        return _rendered(run, step.hint)
    if step.options:
        wanted = silent or step.read == "always" or (step.read == "retry" and run.state.attempt > 0)
        return _options(run, ear) if wanted else []
    if silent and step.expect == YES_NO:
        text = _KEYS_OF_YES_NO.get(run.state.language)
        return [Words(text, run.state.language)] if text else []
    return []


def _options(run: Run, ear: Ear) -> list[Utterance]:
    spoken: list[Utterance] = []
    for key, name in ear.keys.items():
        intent = run.flow.intents.get(name)
        if intent is None:
            continue
        if intent.offer:
            spoken.extend(_rendered(run, intent.offer))
        else:
            spoken.append(_plain_offer(run, name))
        spoken.append(Value("number" if key.isdigit() else "digits", key, run.state.language))
    return spoken


def _plain_offer(run: Run, name: str) -> Utterance:
    """An offer for an intent that has none of its own: its label, else its first example."""
    language, intent = run.state.language, run.flow.intents[name]
    first = next((text for text, _ in intent.examples.get(language, ())), name)
    return Words(_OFFER.get(language, "{}:").format(intent.label.get(language, first)), language)


def _rendered(run: Run, speech: tuple[object, ...]) -> list[Utterance]:
    before, run.pending = run.pending, []
    run.speak(speech)  # type: ignore[arg-type]
    found, run.pending = run.pending, before
    return found


def _listen(run: Run, step: Asking, ear: Ear) -> None:
    if hears(run.state) and ear.phrases:
        confirm = step.barge_in or DEFAULT_CONFIRM
        run.emit(Listen(run.state.language, ear.phrases, step.patience, confirm))
        run.update(hearing=True)


def _count_silence(run: Run, step: Asking) -> None:
    run.update(phase=Phase.LISTEN)
    run.set_timer(NO_INPUT, step.timeout)


# --- understanding


def react(run: Run, event: Event) -> Edge | None:
    """What an event means while a question is open: the edge to take, or None to stay."""
    step, ear = asking(run.here), ear_of(run)
    match event:
        case PromptEnded() if run.state.phase is Phase.PROMPT:
            return _prompt_ended(run, step, ear)
        case SpokenOver():
            _spoken_over(run, step)
        case Pressed(digit) if len(digit) == 1 and digit in KEYS:
            return _pressed(run, step, ear, digit)
        case Heard() if run.state.hearing:
            return _heard(run, step, ear, event)
        case SpeechLost() if run.state.hearing:
            _speech_lost(run)
        case TimerFired(name) if name == NO_INPUT:
            return _missed(run, ear, NO_INPUT)
        case TimerFired(name) if name == BETWEEN_KEYS:
            return _number(run, step, ear)
    return None


def _prompt_ended(run: Run, step: Asking, ear: Ear) -> Edge | None:
    if not run.state.hearing:
        _listen(run, step, ear)
    _count_silence(run, step)
    ahead = run.state.ahead
    run.update(ahead="")
    for index, digit in enumerate(ahead):
        edge = _pressed(run, step, ear, digit)
        if edge is not None or run.state.phase is not Phase.LISTEN:
            run.update(ahead=ahead[index + 1 :] if edge is None else "")
            return edge
    return None


def _spoken_over(run: Run, step: Asking) -> None:
    if not run.state.hearing or run.state.keys:
        return
    if run.state.phase is Phase.PROMPT:
        run.hush()
        run.update(phase=Phase.LISTEN)
    run.set_timer(NO_INPUT, max(step.timeout, LONGEST_UTTERANCE))


def _pressed(run: Run, step: Asking, ear: Ear, digit: str) -> Edge | None:
    number = isinstance(step.expect, Digits)
    if digit == "#" and not number and digit not in ear.keys:
        return None  # callers end a number or a choice with it, also after the last digit was enough
    if run.state.phase is Phase.PROMPT:
        if step.barge_in is None:
            run.update(ahead=(run.state.ahead + digit)[:MOST_AHEAD])
            return None
        run.hush()
        run.update(phase=Phase.LISTEN)
    if isinstance(step.expect, Digits):
        return _digit(run, step, step.expect, ear, digit)
    name = ear.keys.get(digit)
    if name is None:
        return _missed(run, ear, NO_MATCH)
    if name in run.flow.intents:
        run.update(intent=name)
        run.emit(Note(intent=name))
    return _chosen(run, step, name)


def _digit(run: Run, step: Asking, digits: Digits, ear: Ear, digit: str) -> Edge | None:
    run.cancel_timer(NO_INPUT)
    if digit == digits.terminator:
        return _number(run, step, ear)
    if digit in ear.keys:
        return run.here.edges[digit]
    if digit not in "0123456789":
        return _missed(run, ear, NO_MATCH)
    run.stop_listening()
    run.update(keys=run.state.keys + digit)
    if len(run.state.keys) >= digits.most:
        return _number(run, step, ear)
    run.set_timer(BETWEEN_KEYS, step.between_keys)
    return None


def _number(run: Run, step: Asking, ear: Ear) -> Edge | None:
    assert isinstance(step.expect, Digits)
    number = run.state.keys
    if len(number) < step.expect.least:
        return _missed(run, ear, NO_MATCH)
    run.fill(step.into or run.state.state, number)
    return run.edge("done")


def _heard(run: Run, step: Asking, ear: Ear, event: Heard) -> Edge | None:
    run.hush()
    run.update(phase=Phase.LISTEN)
    known = set(ear.texts.values())
    name = event.intent if event.intent in known else ear.texts.get(bare(event.text), "")
    if not name:
        return _missed(run, ear, NO_MATCH)
    if name in run.flow.intents:
        run.update(intent=name)
    run.emit(Note(intent=name, confidence=event.confidence))
    return _chosen(run, step, name)


def _chosen(run: Run, step: Asking, name: str) -> Edge:
    if step.into and name in step.answers():
        run.fill(step.into, name)
    found = run.here.edges.get(name)
    return found if found is not None else run.edge("done")


def _missed(run: Run, ear: Ear, name: str) -> Edge | None:
    """Ask once more where a retry is left, else give the edge to take."""
    edge = run.edge(name)
    attempt = run.state.attempt
    if attempt >= len(edge.retries):
        return replace(edge, retries=())
    run.settle()
    run.update(attempt=attempt + 1)
    run.count(f"{name}:{attempt + 1}")
    run.speak(edge.retries[attempt])
    step = asking(run.here)
    if edge.repeat:
        ask(run)
    else:
        listening(run, step, ear)
    return None


def _speech_lost(run: Run) -> None:
    """Ask again; after the second loss in a call by keys alone."""
    run.update(hearing=False, losses=run.state.losses + 1)
    run.settle()
    ask(run)
