"""What a caller hears who cannot be put into a queue yet, because the queues are away: the place is kept, please hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.call import Speaker
from ivr.dialplan.events import Prompt, Say
from ivr.session.voice_io import NOBODYS

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

DELAYED = "queue_delayed"
"""The prompt; who has prompts of one's own may record another of this name."""


def tell_delayed(session: CallSession) -> None:
    """Speak over the music, which comes back afterwards; where there is no such prompt in the call's language, it goes on."""
    if words := session.voice.say(Say((Prompt(DELAYED, session.call.language),), number=NOBODYS)):
        session.add_turn(Speaker.BOT, words)
