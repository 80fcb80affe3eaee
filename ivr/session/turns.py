"""The door through which every turn of a call passes: observers see it in their order, then it is kept and shown.

An observer is made once a call by an `Opening` and may keep what it needs between turns. It gets the turn as those before it
left it, and returns the turn as it is to be: the same, or another with `dataclasses.replace`. To change a turn that went
through earlier (a number that was said over several turns) it calls `about.session.amend_turn`. It must not keep the session:
a call that is over is to be freed at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ivr.call import Speaker, Turn
from ivr.session.showing import talking
from ivr.speech.recognizer import UtteranceHeard

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession
    from ivr.session.services import Services

MOST_QUOTED = 300
"""Characters of a turn that a trigger keeps."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a turn besides its words."""

    session: CallSession
    """Its call (`session.call`), flow (`session.machine.flow`) and services. `session.call.turns` are those before this one."""
    index: int
    """Number of the turn in the call; `session.amend_turn` takes it."""
    utterance: UtteranceHeard | None = None
    """What the recogniser gave, with words and their times; None for keys and for what the bot says."""


class Observer(Protocol):
    def see(self, turn: Turn, about: About) -> Turn:
        """The turn as it is to be. Takes well under a millisecond, never waits; what it raises is logged."""


Opening = Callable[["Services"], Observer | None]
"""Makes the observer of one call when that begins; None where calls need none."""


class Turns:
    """The door of one call."""

    def __init__(self, services: Services, openings: Sequence[Opening], first: Sequence[Observer] = ()) -> None:
        """`first` are those that see a turn before all others."""
        made = (*first, *(opening(services) for opening in openings))
        self.observers: list[Observer] = [observer for observer in made if observer is not None]

    def add(
        self, session: CallSession, speaker: Speaker, text: str, utterance: UtteranceHeard | None = None, **more: Any
    ) -> Turn:
        """One more turn, into the call, the log, the agent's screen and the caller's captions; returns it as it was kept."""
        about = About(session, len(session.call.turns), utterance)
        turn = Turn(session.services.clock(), speaker, text, **{"language": session.call.language, **more})
        for observer in self.observers:
            try:
                turn = observer.see(turn, about)
            except Exception:
                log.exception("%s turn %d: %s failed", session.call.correlation, about.index, type(observer).__name__)
        session.call = session.call.with_turn(turn)
        show(session, about.index, turn)
        session.summing.refresh(session)
        return turn


def amend(session: CallSession, index: int, turn: Turn) -> None:
    """Put another turn in the place of one that went through: in the call, the log, on the screen and in the captions."""
    if session.call.turns[index] != turn:
        session.call = session.call.with_turn(turn, index)
        show(session, index, turn)
        _quote_anew(session, index, turn.text[:MOST_QUOTED])


def _quote_anew(session: CallSession, index: int, text: str) -> None:
    """What triggers keep of a turn is the turn as it is now: what was taken out of it later is taken out there too."""
    handover = session.call.handover
    hits = handover.get("triggers", ())
    told = [{**hit, "text": text} if hit.get("turn") == index else hit for hit in hits]
    if told != list(hits):
        session.change(handover={**handover, "triggers": told})
        session.record(handover=session.call.handover)
        session.show()


def show(session: CallSession, index: int, turn: Turn) -> None:
    """Write and tell one turn; the same number again replaces it everywhere."""
    session.record_turn(index, turn)
    for agent_id in talking(session):
        data = {"contact_id": session.call.id, "index": index, "turn": turn.to_dict()}
        session.services.desk.push(agent_id, "turn", data)
    session.tell_page("caption", {**turn.to_dict(), "index": index})
