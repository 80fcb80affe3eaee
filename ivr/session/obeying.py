"""What a flow orders, done to its call: words, listening, timers, queues, bridges."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ivr.call import Speaker
from ivr.dialplan import events as flow
from ivr.session.bridging import bridge_out
from ivr.session.endings import CAUSES, STATUS, ended_for
from ivr.session.knowing import noted
from ivr.session.leaving import transfer_out
from ivr.session.onward import park_step
from ivr.session.redacting import Shown
from ivr.session.waiting import Waiting
from telephony.leg import EndCause

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)


def obey_all(session: CallSession, commands: Iterable[flow.Command]) -> None:
    for command in commands:
        log.debug("%s %s: %s", session.call.correlation, session._state.state, Shown(command))
        session.services.tally.saw(session.call.id, command, session.talking)
        session.summing.asked(command)
        _obey(session, command)
    session.recordings.hush(session.private.quiet(session.machine, session._state))


def _obey(session: CallSession, command: flow.Command) -> None:
    match command:
        case flow.Answer():
            session.answer()
            session.tell_page("phase", {"phase": "bot"})
        case flow.Say():
            if words := session.voice.say(command):
                session.add_turn(Speaker.BOT, words, state=session._state.state)
        case flow.Play():
            session.voice.play(command, session.call.language)
        case flow.StopSpeaking():
            session.voice.stop()
        case flow.Listen():
            session.voice.listen(command)
        case flow.StopListening():
            session.voice.pause()
        case flow.SetTimer(name=name, seconds=seconds):
            session._timers.set(name, seconds)
        case flow.CancelTimer(name=name):
            session._timers.cancel(name)
        case _:
            _obey_rare(session, command)


def _obey_rare(session: CallSession, command: flow.Command) -> None:
    match command:
        case flow.Enqueue():
            session._waiting = Waiting(session, session.promise.stays(command, session.services.clock()))
            session._side.start(session._waiting.run, flow.QueueLeft("error"))
        case flow.LeaveQueue():
            if session._waiting is not None and session._ended is None:
                session._waiting.overflowing = True
            session._side.leave()
            session._out_of_queue()
        case flow.BridgeTo():
            session._side.start(lambda: bridge_out(session, command), flow.BridgeEnded("failed"))
        case flow.TransferTo():
            session._side.start(lambda: transfer_out(session, command), flow.TransferEnded("failed"))
        case flow.ParkCaller():
            session._side.start(lambda: park_step(session, command), flow.ParkEnded("timeout"))
        case flow.Progress():
            session.leg.progress()
        case flow.RecordCall(action=action):
            session.recordings.do(action)
        case flow.SetLanguage(language=language):
            session.change(language=language)
            session.record(language=language)
        case flow.Note():
            take_note(session, command)
        case flow.Hangup(cause=cause):
            session.disposition = ended_for(cause, session.disposition)
            session.leg.hang_up(CAUSES.get(cause, EndCause.RELEASED), STATUS.get(cause))
        case _:
            session._errands.obey(command)


def take_note(session: CallSession, note: flow.Note) -> None:
    session.call, fields = noted(session.call, session.private.clean_note(session, note))
    session.record(**fields)
    session.show()
