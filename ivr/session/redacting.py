"""Takes what is private out of the turns of one call, before anybody sees them, and out of whatever else is kept of it.

A number may come over several turns: keys one by one, digits in groups. Turns of one speaker in a state are looked at together
for `WINDOW_SECONDS`; where a later one shows that an earlier one was part of a card number, that one is amended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ivr.call import Medium, Speaker, Turn
from ivr.dialplan.events import Heard, Note
from ivr.dialplan.privacy import Privacy as Wish
from ivr.session.turns import About
from ivr.speech.recognizer import UtteranceHeard
from ivr.understanding.digits_said import runs
from ivr.understanding.numbers_of import NONE, hints_of
from ivr.understanding.own_patterns import own_pattern
from ivr.understanding.redaction import JOINT, MOST, Hit, Rules, find, mask_of, redact_data
from ivr.understanding.spans import spoken_at
from telephony.joining import Recording

if TYPE_CHECKING:
    from ivr.dialplan.machine import Machine
    from ivr.dialplan.state import State
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

WINDOW_SECONDS, WINDOW_TURNS, WINDOW_TEXT = 45.0, 40, 2000
MARGIN = 0.1
"""Seconds around private words that are silent in recordings too."""
KEY_SECONDS = (0.3, 0.15)
"""Before and after a key is told: the tone in the voice, where the phone sends one."""
HIDDEN = "•"
"""Stands for one key of a secret; for words of one, four times."""
REST = "…"
"""Stands where a number goes on that an earlier turn shows as masked."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """What a node takes out where a flow says nothing else."""

    rules: Rules = field(default_factory=Rules)
    silence: bool = True
    """Whether recordings are silent where something private was said."""

    def of(self, wish: Wish) -> Rules:
        """The rules of a flow's calls."""
        if not wish.modes and not wish.patterns:
            return self.rules
        more = _patterns(tuple(wish.patterns.items()))
        return Rules({**self.rules.modes, **wish.modes}, (*self.rules.patterns, *more))


@lru_cache(maxsize=100)
def _patterns(written: tuple[tuple[str, str], ...]) -> tuple[Any, ...]:
    return tuple(own_pattern(name, text) for name, text in written)


@dataclass(slots=True)
class _Said:
    """One turn of the window, as it was before anything was taken out."""

    index: int
    turn: Turn
    utterance: UtteranceHeard | None
    heard_at: float
    """On the loop's clock."""
    hits: tuple[Hit, ...] = ()


class Redacting:
    """One a call; the first observer of its turns."""

    def __init__(self, privacy: Privacy) -> None:
        self._privacy = privacy
        self._rules, self._flow = privacy.rules, ""
        self._windows: dict[Speaker, list[_Said]] = {}
        self._asked = ""
        """What the bot said last."""
        self._known: dict[str, str] = {}
        """Digits that were taken out of what the caller said, and their kind: the bot may read them back."""
        self._reading_back = False

    # --- turns

    def see(self, turn: Turn, about: About) -> Turn:
        """The turn as it may be kept. Where that cannot be told none of its words are, and none are in the log either."""
        try:
            return self._seen(turn, about)
        except Exception as error:
            what = type(error).__name__
            log.error("%s turn %d is kept without its words: %s", about.session.call.correlation, about.index, what)
            return replace(turn, text=HIDDEN * 4)

    def _seen(self, turn: Turn, about: About) -> Turn:
        session = about.session
        rules, secrets = self.rules_of(session), secrets_of(session)
        machine, state = session.machine, session.flow_state
        if len(turn.text) > MOST:  # nobody looks at what is beyond
            turn = replace(turn, text=turn.text[:MOST])
        if turn.speaker is Speaker.BOT:
            return self._of_bot(turn, rules, secrets)
        if turn.speaker is Speaker.CALLER and state is not None and machine.hides(state):
            self._windows.clear()
            return replace(turn, text=_hidden(turn))
        return self._of_person(turn, about, rules, secrets)

    def rules_of(self, session: CallSession) -> Rules:
        """What is taken out of this call: its flow's rules."""
        if self._flow != session.call.flow and session.flow_state is not None:
            self._flow, self._rules = session.call.flow, self._privacy.of(session.machine.flow.privacy)
        return self._rules

    def _of_bot(self, turn: Turn, rules: Rules, secrets: Sequence[str]) -> Turn:
        """Cards and identity numbers, and what the caller told before: telephones that a prompt names are nobody's secret."""
        self._asked = turn.text[-300:]
        hits = find(turn.text, rules, NONE, [*secrets, *self._known])
        private = [replace(hit, kind=self._known.get(hit.value, hit.kind)) for hit in hits]
        private = [hit for hit in private if hit.kind in ("card", "id", "secret") or hit.value in self._known]
        self._reading_back = bool(private)
        return replace(turn, text=_masked(turn.text, private, rules, turn.language)) if private else turn

    def _of_person(self, turn: Turn, about: About, rules: Rules, secrets: Sequence[str]) -> Turn:
        now = asyncio.get_running_loop().time()
        said = _Said(about.index, turn, about.utterance, now)
        window = self._window(said)
        hints = hints_of(self._asked) if turn.speaker is Speaker.CALLER else NONE
        hints |= hints_of(turn.state.replace("_", " "))
        text = JOINT.join(one.turn.text for one in window)
        found = find(text, rules, hints, secrets)
        if turn.medium is Medium.KEYS and "code" in hints and rules.mode("code") != "off":
            found = found or tuple(Hit("code", run.start, run.end, run.value) for run in runs(text) if len(run.items) < 3)
        shown = self._spread(window, found, about.session, rules)
        return shown if shown is not None else turn

    def _window(self, said: _Said) -> list[_Said]:
        """The turns that may be of one number with this one, which is the last of them."""
        window = self._windows.setdefault(said.turn.speaker, [])
        if window and window[-1].turn.state != said.turn.state:
            window.clear()
        window.append(said)
        late = said.heard_at - WINDOW_SECONDS
        room = WINDOW_TEXT - sum(len(one.turn.text) + len(JOINT) for one in window) + len(JOINT)
        while len(window) > WINDOW_TURNS or window[0].heard_at < late or (room < 0 and len(window) > 1):
            room += len(window.pop(0).turn.text) + len(JOINT)
        return window

    def _spread(self, window: list[_Said], found: Sequence[Hit], session: CallSession, rules: Rules) -> Turn | None:
        """Give each turn its part of what was found, amend the earlier ones, and return the last one as it is to be."""
        at, last = 0, None
        for said in window:
            length = len(said.turn.text)
            parts = tuple(_part(hit, at, length) for hit in found if hit.start < at + length and at < hit.end)
            at += length + len(JOINT)
            fresh = _merged(said.hits, parts)
            changed = fresh != said.hits
            if changed:
                known = {(hit.start, hit.end) for hit in said.hits}
                self._silence(said, [hit for hit in fresh if (hit.start, hit.end) not in known], session)
                said.hits = fresh
            if said is window[-1]:
                last = _shown(said, rules) if fresh else None
            elif changed:
                session.amend_turn(said.index, _shown(said, rules, session.call.turns[said.index]))
        for hit in found:
            if len(hit.value) > 2:
                self._known[hit.value] = hit.kind
        return last

    def _silence(self, said: _Said, hits: Sequence[Hit], session: CallSession) -> None:
        if not self._privacy.silence or not hits:
            return
        if said.turn.medium is Medium.KEYS:
            before, after = KEY_SECONDS
            session.recordings.silence(said.heard_at - before, said.heard_at + after, both=False)
        elif said.utterance is not None:
            for hit in hits:
                start, end = spoken_at(said.utterance, said.turn.text, hit.start, hit.end)
                session.recordings.silence(start - MARGIN, end + MARGIN)

    # --- recordings

    def quiet(self, machine: Machine, state: State) -> bool:
        """Whether recordings pause now: a secret is asked for, or something private is read back."""
        return machine.hides(state) or (self._privacy.silence and self._reading_back and state.speaking)

    # --- what else is kept

    def clean(self, session: CallSession, data: Any) -> Any:
        """Plain data as it may be kept: rows of tickets and surveys, what a flow hands over, words of a message."""
        return redact_data(data, self.rules_of(session), session.call.language, NONE, secrets_of(session))

    def hush_words(self, session: CallSession, recording: Recording, utterance: UtteranceHeard) -> None:
        """Silence what is private in an utterance that is no turn: a message for a voice box."""
        if self._privacy.silence:
            for hit in find(utterance.text, self.rules_of(session)):
                start, end = spoken_at(utterance, utterance.text, hit.start, hit.end)
                recording.silence(start - MARGIN, end + MARGIN)

    def clean_note(self, session: CallSession, note: Note) -> Note:
        """What a flow notes, without what is private; slots that were asked for as secrets show nothing at all."""
        if not note.slots and not note.handover and not note.tags:
            return note
        state = session.flow_state
        hidden = {} if state is None else session.machine.hidden(state)
        slots = {**self.clean(session, dict(note.slots)), **{name: HIDDEN * 4 for name in note.slots if name in hidden}}
        tags = tuple(self.clean(session, list(note.tags)))
        return replace(note, slots=slots, tags=tags, handover=self.clean(session, dict(note.handover)))


@dataclass(frozen=True, slots=True)
class Shown:
    """An event or a command as a log may have it, without what a caller said or keyed; text only where the line is written."""

    thing: object

    def __str__(self) -> str:
        names = () if isinstance(self.thing, Heard) else getattr(self.thing, "__dataclass_fields__", ())
        values = ((name, getattr(self.thing, name)) for name in names)
        plain = (f"{name}={value!r}" for name, value in values if name in _HARMLESS or isinstance(value, int | float))
        return f"{type(self.thing).__name__}({', '.join(plain)})"


_HARMLESS = frozenset(
    ("name", "queue", "language", "action", "cause", "source", "operation", "service", "method", "by", "how", "box", "intent")
)


def secrets_of(session: CallSession) -> list[str]:
    """What was asked for as a secret, where it is long enough to be known again."""
    state = session.flow_state
    return [] if state is None else [str(value) for value in session.machine.hidden(state).values() if len(str(value)) > 2]


def _hidden(turn: Turn) -> str:
    """Keys by their count. Words that the flow itself wrote ("operator") are no secret; any other are."""
    if turn.medium is Medium.KEYS:
        return HIDDEN * len(turn.text)
    harmless = turn.intent and not any(len(run.items) > 1 for run in runs(turn.text))
    return turn.text if harmless else HIDDEN * 4


def _part(hit: Hit, at: int, length: int) -> Hit:
    """What of a hit lies in the turn that begins at `at`; where it only goes on there, it has no value."""
    begins = hit.start >= at
    return replace(hit, start=max(0, hit.start - at), end=min(length, hit.end - at), value=hit.value if begins else "")


def _merged(before: Sequence[Hit], more: Sequence[Hit]) -> tuple[Hit, ...]:
    """What was taken out stays out; of two that overlap the new one, which knows more, and at least as far as the old one."""
    kept: list[Hit] = list(more)
    for old in before:
        over = [one for one in kept if one.start < old.end and old.start < one.end]
        if not over:
            kept.append(old)
        for one in over:
            kept[kept.index(one)] = replace(one, start=min(one.start, old.start), end=max(one.end, old.end))
    return tuple(sorted(kept, key=lambda one: one.start))


def _shown(said: _Said, rules: Rules, kept: Turn | None = None) -> Turn:
    """The turn with its hits masked; `kept` is how observers after this one left it."""
    return replace(kept or said.turn, text=_masked(said.turn.text, said.hits, rules, said.turn.language, said.turn.medium))


def _masked(text: str, hits: Sequence[Hit], rules: Rules, language: str, medium: Medium = Medium.SPEECH) -> str:
    pieces, at = list[str](), 0
    rest = HIDDEN if medium is Medium.KEYS else REST
    for hit in hits:
        pieces += (text[at : hit.start], mask_of(hit, rules, language) if hit.value else rest)
        at = max(at, hit.end)
    return "".join((*pieces, text[at:]))


def privacy_of(modes: Mapping[str, str], patterns: Mapping[str, str], silence: bool) -> Privacy:
    """From settings. Raises ConfigError for a pattern that cannot be used."""
    return Privacy(Rules(dict(modes), _patterns(tuple(patterns.items()))), silence)
