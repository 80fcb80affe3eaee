"""A caller in a queue and the flow: what it is told, and music again where it has nothing to say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivr.call import Disposition, Speaker
from ivr.dialplan import events as flow
from ivr.dialplan.events import Prompt, Say
from ivr.dialplan.state import Phase
from ivr.session.queue_rules import QueueRules
from ivr.session.voice_io import NOBODYS

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession
    from ivr.session.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Told:
    """An event whose effects are waited for: `done` is set once the flow has answered it."""

    event: flow.Event
    done: asyncio.Event = field(default_factory=asyncio.Event, compare=False)


def queued(session: CallSession, event: flow.Queued) -> bool:
    """Whether the flow is to be told the place: not while an agent is rung or talks, so that nothing is said into either."""
    if session.placement is None or session.placement.phase not in ("waiting", "offered"):
        return False
    session.tell_page("phase", {"phase": "queue", "position": event.position})
    return session.placement.phase == "waiting"


def music_after(session: CallSession, waiting: Waiting | None, before: Phase) -> None:
    """Play music and listen again, where the flow did something else with a caller who waits, and came back."""
    state = session.flow_state
    if waiting is None or state is None or state.phase is not Phase.QUEUE or before is Phase.QUEUE or session.talking:
        return
    if not state.speaking:
        waiting.play_music()
    waiting.keep_listening()


async def comforting(session: CallSession, rules: QueueRules) -> None:
    """Tell the messages of the queue in turn, over the music, while nothing else is said and nobody is rung; for ever."""
    number = 0
    while rules.comfort:
        await asyncio.sleep(rules.comfort_every)
        state, placement = session.flow_state, session.placement
        waits = placement is not None and placement.phase == "waiting"
        if not waits or state is None or state.phase is not Phase.QUEUE or state.speaking or session.voice.speaking:
            continue  # its turn is over: the one before may be longer than the time between two
        prompt = Prompt(rules.comfort[number % len(rules.comfort)], session.call.language)
        number += 1
        if words := session.voice.say(Say((prompt,), number=NOBODYS)):
            session.add_turn(Speaker.BOT, words)


def out_of_queue(session: CallSession) -> None:
    """The flow goes on without a queue: no more music, and a caller who goes now did not leave while waiting."""
    session.leg.stop()
    if session.disposition is Disposition.ABANDONED:
        session.disposition = Disposition.OVERFLOWED
