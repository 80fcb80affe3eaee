"""Asking and understanding: what every step that asks does with keys, speech and silence. Pure.

Silence counts from the end of the prompt; the first key and confirmed speech stop the count. What is open is the step's
`Question`; what was understood goes to its `answered`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from ivr.dialplan import either, hearing
from ivr.dialplan.confirming import YES_NO_WORDS
from ivr.dialplan.events import (
    Event,
    Heard,
    Note,
    Phrase,
    Pressed,
    PromptEnded,
    SpeechLost,
    SpokenOver,
    TimerFired,
)
from ivr.dialplan.model import AGENT, AGENT_KEY, KEYS, Edge, Flow, FlowState
from ivr.dialplan.moods import edge_of
from ivr.dialplan.question import ANGRY, OUT_OF_SCOPE, Answer, AskingStep, Given, Named, Question, about
from ivr.dialplan.question import NO_INPUT as NO_INPUT
from ivr.dialplan.question import NO_MATCH as NO_MATCH
from ivr.dialplan.question import bare as bare
from ivr.dialplan.run import Run
from ivr.dialplan.slots import accepts, enough, keyed
from ivr.dialplan.state import Phase

BETWEEN_KEYS = "between_keys"
SURE_ELSEWHERE = 0.6
"""How likely a wish must be that the question does not take, to be noted, and to take the edge `out_of_scope`."""
LONGEST_UTTERANCE = 15.0
"""Seconds that speech may last once it was confirmed, before it counts as silence."""
MOST_AHEAD = 32

BUILT_IN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    AGENT: {
        "zh": ("人工", "转人工", "人工服务", "人工客服", "转人工客服"),
        "en": ("agent", "operator", "a person", "customer service"),
    },
    ANGRY: {
        "zh": ("气死我了", "太过分了", "什么破服务", "你们这是什么服务", "我受够了", "你们都是骗子", "我很生气"),
        "en": ("i am very angry", "this is ridiculous", "this is unacceptable", "i am fed up", "this is outrageous"),
    },
    **YES_NO_WORDS,
}
"""What is understood without being written in the flow."""


@dataclass(frozen=True, slots=True)
class Ear:
    """What can be understood in one state in one language by what the flow alone says."""

    phrases: tuple[Phrase, ...]
    texts: Mapping[str, str]
    """Bare text to the name of the answer."""
    keys: Mapping[str, str]
    """Key to the name of the answer or edge."""


def asking(state: FlowState) -> AskingStep:
    """The step of a state that asks."""
    assert state.step is not None and state.step.listens
    return cast("AskingStep", state.step)


def ear_of(run: Run) -> Ear:
    """The ear of the state that the call is in, made once for each language."""
    key = (run.flow.name, run.state.state, run.state.language)
    found = run.memo.get(key)
    if found is None:
        found = run.memo[key] = ear(run.flow, run.here, run.state.language)
    return cast("Ear", found)


def ear(flow: Flow, state: FlowState, language: str) -> Ear:
    """The answers of `state` and the edges that may be taken everywhere, as phrases and as keys."""
    step = asking(state)
    numeric = step.edge_keys() != KEYS
    own = [] if numeric else list(step.answers())
    phrases = phrases_of(flow, [*own, *(name for name in spoken_edges(flow, state) if name not in own)], language)
    return Ear(phrases, texts_of(phrases), keys_of(state, own, numeric=numeric))


def keys_of(state: FlowState, names: Sequence[str], *, numeric: bool = False) -> dict[str, str]:
    """Key to answer: written keys win, then 1..n for `names`, then 0 for a person. A value takes its digits itself."""
    found = {} if numeric else {str(index): name for index, name in enumerate(names[:9], 1)}
    if AGENT in state.edges and not numeric:
        found.setdefault(AGENT_KEY, AGENT)
    found.update({key: key for key in state.edges if len(key) == 1 and key in ("*#" if numeric else KEYS)})
    return found


def phrases_of(flow: Flow, names: Iterable[str], language: str) -> tuple[Phrase, ...]:
    """How these names are said, the same words only once."""
    phrases: dict[str, Phrase] = {}
    for name in names:
        intent = flow.intents.get(name)
        written = () if intent is None else tuple(text for text, _ in intent.examples.get(language, ()))
        known = () if intent is None else intent.commonest.get(language, ())
        for text in (*written, *BUILT_IN.get(name, {}).get(language, ()), *known):
            phrases.setdefault(bare(text), Phrase(text, name))
    return tuple(phrases.values())


def texts_of(phrases: Iterable[Phrase]) -> dict[str, str]:
    """Bare text to the name that it stands for, the first one said winning."""
    found: dict[str, str] = {}
    for phrase in phrases:
        found.setdefault(bare(phrase.text), phrase.intent)
    return found


def spoken_edges(flow: Flow, state: FlowState) -> list[str]:
    """Names of edges, own and inherited, that a caller can take by saying so."""
    return [name for name in state.edges if name in flow.intents or name in (AGENT, ANGRY)]


# --- asking


def ask(run: Run) -> None:
    """Put the question of the state, after whatever is pending, and listen."""
    if not either.put(run):
        asking(run.here).put(run)
    listening(run)


def ask_anew(run: Run, memory: Mapping[str, Any]) -> None:
    """End what sounds and listens, remember `memory` for this state, and ask what is open then."""
    run.settle()
    run.update(step=dict(memory))
    ask(run)


def listening(run: Run) -> None:
    """Speak what is pending, if anything, and wait for the answer."""
    step = asking(run.here)
    run.answer()
    if not run.pending:
        _listen(run, step)
        _count_silence(run, step)
        return
    if step.barge_in is not None:
        _listen(run, step)
    run.say(step.barge_in)
    run.update(phase=Phase.PROMPT)


def _listen(run: Run, step: AskingStep) -> None:
    wanted = hearing.listen(run, step)
    if wanted is not None:
        run.emit(wanted)
        run.update(hearing=True)


def _count_silence(run: Run, step: AskingStep) -> None:
    run.update(phase=Phase.LISTEN)
    run.set_timer(NO_INPUT, step.timeout)


# --- understanding


def react(run: Run, event: Event) -> Edge | None:
    """What an event means while a question is open: the edge to take, or None to stay."""
    step = asking(run.here)
    match event:
        case PromptEnded() if run.state.phase is Phase.PROMPT:
            return _prompt_ended(run, step)
        case SpokenOver():
            _spoken_over(run, step)
        case Pressed(digit) if len(digit) == 1 and digit in KEYS:
            return _pressed(run, step, digit)
        case Heard() if run.state.hearing:
            return _heard(run, step, event)
        case SpeechLost() if run.state.hearing:
            _speech_lost(run, event)
        case TimerFired(name) if name == NO_INPUT:
            return missed(run, NO_INPUT)
        case TimerFired(name) if name == BETWEEN_KEYS:
            return _value_keyed(run, step)
    return None


def _prompt_ended(run: Run, step: AskingStep) -> Edge | None:
    if not run.state.hearing:
        _listen(run, step)
    _count_silence(run, step)
    ahead = run.state.ahead
    run.update(ahead="")
    for index, digit in enumerate(ahead):
        edge = _pressed(run, step, digit)
        if edge is not None or run.state.phase is not Phase.LISTEN:
            run.update(ahead=ahead[index + 1 :] if edge is None else "")
            return edge
    return None


def _spoken_over(run: Run, step: AskingStep) -> None:
    if not run.state.hearing or run.state.keys:
        return
    if run.state.phase is Phase.PROMPT:
        run.hush()
        run.update(phase=Phase.LISTEN)
    run.set_timer(NO_INPUT, max(step.timeout, LONGEST_UTTERANCE))


def _pressed(run: Run, step: AskingStep, digit: str) -> Edge | None:
    question = either.question_of(run, step)
    if digit == "#" and not question.takes_keys and digit not in question.keys:
        return None  # callers end a number or a choice with it, also after the last digit was enough
    if run.state.phase is Phase.PROMPT:
        if step.barge_in is None:
            run.update(ahead=(run.state.ahead + digit)[:MOST_AHEAD])
            return None
        run.hush()
        run.update(phase=Phase.LISTEN)
    if question.takes_keys:
        return _digit(run, step, question, digit)
    name = question.keys.get(digit)
    return missed(run, NO_MATCH) if name is None else _answered(run, step, Named(name, keyed=True))


def _digit(run: Run, step: AskingStep, question: Question, digit: str) -> Edge | None:
    slot = question.slot
    assert slot is not None
    run.cancel_timer(NO_INPUT)
    if digit == question.terminator:
        return _value_keyed(run, step)
    if digit in question.keys:
        return step.answered(run, Named(question.keys[digit], keyed=True))
    if not accepts(slot, digit):
        return missed(run, NO_MATCH)
    run.stop_listening()
    run.update(keys=run.state.keys + digit)
    if enough(slot, run.state.keys, about(run, slot)):
        return _value_keyed(run, step)
    run.set_timer(BETWEEN_KEYS, step.between_keys)
    return None


def _value_keyed(run: Run, step: AskingStep) -> Edge | None:
    slot, keys = step.question(run).slot, run.state.keys
    value = None if slot is None else keyed(slot, keys, about(run, slot))
    return missed(run, NO_MATCH) if value is None else step.answered(run, Given(value, keys, keyed=True))


def _heard(run: Run, step: AskingStep, event: Heard) -> Edge | None:
    run.hush()
    run.update(phase=Phase.LISTEN)
    hearing.switch(run, step, event)
    question = either.question_of(run, step)
    written = question.texts.get(bare(event.text), ANGRY) != ANGRY  # who says what the flow wrote ("垃圾短信") answers
    _feel(run, "" if written and event.mood_fresh else event.mood, event)
    by_mood = None if written else edge_of(event, run.root.mood, run.here.edges)
    if by_mood is not None:
        return by_mood
    doubt = either.doubtful(run, question, event)
    if doubt is not None:
        ask_anew(run, {**run.state.step, either.EITHER: list(doubt)})
        return None
    answer = step.understood(run, question, event)
    if isinstance(answer, Named) and answer.name == ANGRY:  # by a phrase of the closed list
        _feel(run, ANGRY, event)
        return run.edge(ANGRY) if event.mood_turns >= run.root.mood.angry.after else missed(run, NO_MATCH)
    return _elsewhere(run, event) if answer is None else _answered(run, step, answer)


def _answered(run: Run, step: AskingStep, answer: Answer) -> Edge | None:
    """What an answer to the question means, or to which of two wishes was meant."""
    if not either.settled(run, answer):
        return step.answered(run, answer)
    edge = denied(run, {})
    if edge is None:
        ask(run)
    return edge


def _elsewhere(run: Run, event: Heard) -> Edge | None:
    """What was said is no answer here: the edge for that where there is one, else `no_match`. A wish is noted all the same."""
    if event.intent in run.flow.intents and event.confidence >= SURE_ELSEWHERE:
        run.emit(Note(intent=event.intent, confidence=event.confidence))
    outside = event.intent in (*run.flow.intents, OUT_OF_SCOPE) and event.confidence >= SURE_ELSEWHERE
    edge = run.here.edges.get(OUT_OF_SCOPE) if outside else None
    return missed(run, NO_MATCH) if edge is None else edge


def _feel(run: Run, mood: str, event: Heard) -> None:
    """Keep the caller's mood, and note one that changed."""
    if mood != run.state.mood:
        run.emit(Note(mood=mood))
    run.update(mood=mood, mood_level=event.mood_level, mood_trend=event.mood_trend)


def chosen(run: Run, name: str, sure: float, *, keyed: bool = False) -> None:
    """Note the intent that was understood."""
    if name in run.flow.intents:
        run.update(intent=name)
    if keyed and name in run.flow.intents:
        run.emit(Note(intent=name))
    elif not keyed:
        run.emit(Note(intent=name, confidence=sure))


def leave(run: Run, name: str) -> Edge:
    """The edge of that name, else `done`."""
    found = run.here.edges.get(name)
    return found if found is not None else run.edge("done")


def missed(run: Run, name: str) -> Edge | None:
    """Ask once more where a retry is left, else give the edge to take."""
    handled = asking(run.here).missed(run, name)
    if handled is not False:
        return None if handled is True else handled
    edge = run.edge(name)
    attempt = run.state.attempt
    if attempt >= len(edge.retries):
        return replace(edge, retries=())
    retry(run, name, either.closed(run))
    run.speak(edge.retries[attempt])
    if edge.repeat:
        ask(run)
    else:
        listening(run)
    return None


def denied(run: Run, memory: Mapping[str, Any]) -> Edge | None:
    """The caller says that what was read back is wrong: to be asked anew with `memory`. None where retries are left."""
    edge = run.edge(NO_MATCH)
    if run.state.attempt >= len(edge.retries):
        return replace(edge, retries=())
    retry(run, NO_MATCH, memory)
    return None


def retry(run: Run, name: str, memory: Mapping[str, Any]) -> None:
    """Count an attempt, and be ready to ask again."""
    run.settle()
    run.update(attempt=run.state.attempt + 1, step=dict(memory))
    run.count(f"{name}:{run.state.attempt}")


def _speech_lost(run: Run, event: SpeechLost) -> None:
    """Ask again, by voice where that is possible, else for keys."""
    hearing.lost(run, event)
    ask_anew(run, run.state.step)
