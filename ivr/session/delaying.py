"""What a caller hears who cannot be put into a queue yet, because the queues are away: the place is kept, please hold."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivr.call import Speaker
from ivr.dialplan.events import Prompt, Say
from ivr.errors import PromptMissing

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

DELAYED = "queue_delayed"
"""The prompt; who has prompts of one's own may record another of this name."""
_NOBODYS = -1
"""Counts for no flow: its end is nobody's next step."""


def tell_delayed(session: CallSession) -> None:
    """Speak over the music, which comes back afterwards; where there is no such prompt in the call's language, it goes on."""
    utterances = (Prompt(DELAYED, session.call.language),)
    try:
        session.services.prompts.pieces(utterances)
    except PromptMissing as error:
        log.warning("%s queues are away, and the caller hears music only: %s", session.call.correlation, error)
        return
    words = session.voice.say(Say(utterances, number=_NOBODYS))
    session.add_turn(Speaker.BOT, words)
