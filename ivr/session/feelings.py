"""How both sides of a call feel, by what they say, how it sounds and what they do: told to the flow, the desk, the record."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from ivr.call import Medium, Speaker, Turn
from ivr.dialplan.events import Event, Heard
from ivr.dialplan.moods import Situation, matters, situation
from ivr.session.mind import CallMind
from ivr.session.turns import About
from ivr.settings_understanding import MoodOptions
from ivr.understanding.feelings import Feelings

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession
    from ivr.session.services import Services

log = logging.getLogger(__name__)

TOLD = ("mood", "mood_level", "mood_trend", "mood_why")
"""What of a handover is the caller's mood."""


class CallFeelings:
    """One a call: an observer of its turns, and the mind that its flow is told of."""

    def __init__(self, options: MoodOptions) -> None:
        self._options = options
        self._mind: CallMind | None = None
        self._agent: CallMind | None = None

    @property
    def caller(self) -> Feelings:
        """What the caller feels by now."""
        return self._mind.now if self._mind is not None else Feelings()

    # --- turns

    def see(self, turn: Turn, about: About) -> Turn:
        """The turn with the mood of its speaker; the caller's goes into the handover as well."""
        session = about.session
        if not self._options.enabled or turn.speaker is Speaker.BOT:
            return turn
        if turn.speaker is Speaker.AGENT:
            return self._of_agent(turn, about)
        mind = self._of_caller(session)
        if turn.medium is Medium.SPEECH and turn.text:
            voice = about.utterance.voice if about.utterance is not None else None
            heard = Heard(turn.text, turn.confidence or 0.0, turn.intent, language=turn.language)
            if session.talk is None:
                mind.said(heard, self._where(session), voice=voice)
            else:
                mind.heard(turn.text, turn.language, voice)
            self._tell(session, mind.now)
        return replace(turn, mood=mind.now.label)

    def _of_agent(self, turn: Turn, about: About) -> Turn:
        if self._agent is None:
            self._agent = CallMind(about.session.machine.flow, self._options)
        if turn.medium is Medium.SPEECH and turn.text:
            self._agent.heard(turn.text, turn.language, about.utterance.voice if about.utterance is not None else None)
        return replace(turn, mood=self._agent.now.label)

    # --- events of the flow

    def felt(self, session: CallSession, event: Event) -> Event:
        """The event as the flow is to get it; the turn of what was said has been seen before. Never raises."""
        if not self._options.enabled or not matters(event):
            return event
        try:
            return self._felt(session, event)
        except Exception:
            log.exception("%s no mood can be told after %s", session.call.correlation, type(event).__name__)
            return event

    def _felt(self, session: CallSession, event: Event) -> Event:
        mind = self._of_caller(session)
        if not isinstance(event, Heard):
            mind.happened(event, self._where(session))
        elif not event.text:  # nobody understood it, and it is no turn, but it had a sound
            utterance = session.voice.behind(event)
            mind.said(event, self._where(session), voice=None if utterance is None else utterance.voice)
        self._tell(session, mind.now)
        return mind.dressed(event) if isinstance(event, Heard) else event

    def _of_caller(self, session: CallSession) -> CallMind:
        flow = session.machine.flow
        if self._mind is None:
            self._mind = CallMind(flow, self._options)
        self._mind.begin(flow)
        return self._mind

    def _where(self, session: CallSession) -> Situation:
        state = session.flow_state
        if state is None:
            return Situation(session.machine.flow, session.call.language)
        return situation(session.machine.flow, state, session.voice.phrases)

    def _tell(self, session: CallSession, now: Feelings) -> None:
        """Into the handover, the record and the agent's page, where it is another than before."""
        told = now.told()
        handover = session.call.handover
        if now.label and any(handover.get(name) != told[name] for name in TOLD):
            session.change(handover={**handover, **told})
            session.record(handover=dict(session.call.handover))
            session.show()


class _Observing:
    """Hands turns to the feelings of their call."""

    def see(self, turn: Turn, about: About) -> Turn:
        return about.session.feelings.see(turn, about)


def opened(services: Services) -> _Observing:
    return _Observing()
