"""Keeps what happened on a call besides its words, and writes the summary: before an agent is rung, while the caller waits, at
the end for the record. A summary that the flow wrote itself stays as it is.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ivr.call import Speaker
from ivr.dialplan import events as flow
from ivr.dialplan.model import Flow
from ivr.dialplan.steps.collecting import CollectStep
from ivr.session.view import label_of
from ivr.understanding.summary import PERSON, Story, Tried, summary
from telephony.leg import LegState

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

MOST = 50
"""Things tried that are remembered; a flow in a circle must not fill the memory."""


class Summing:
    """One a call; holds nothing of the session."""

    def __init__(self) -> None:
        self._tried: list[Tried] = []
        self._tasks: dict[int, Tried] = {}
        self._misunderstood = self._silent = 0
        self._queue = ""
        self._person = False
        self._own = ""
        """What we wrote; anything else is the flow's."""
        self._said = -1
        """What people had said when a model wrote it, in turns; -1 where none did."""

    # --- what happens

    def asked(self, command: flow.Command) -> None:
        """Hear what the flow wants done."""
        match command:
            case flow.Lookup():
                self._tasks[command.task] = Tried("lookup", command.operation)
            case flow.HttpRequest():
                self._tasks[command.task] = Tried("lookup", command.service)
            case flow.OpenTicket():
                self._tasks[command.task] = Tried("ticket")
            case flow.ScheduleCallback():
                self._tasks[command.task] = Tried("callback")
            case flow.RecordMessage():
                self._tasks[command.task] = Tried("message")
            case flow.Note(intent=intent):
                self._person |= intent in PERSON
            case flow.Enqueue():
                self._queue = command.queue
            case flow.CountEdge(edge=edge):
                self._misunderstood += edge.startswith("no_match")
                self._silent += edge.startswith("no_input")

    def saw(self, event: flow.Event) -> None:
        """Hear how something came out."""
        match event:
            case flow.LookupEnded():
                self._done(event.task, event.outcome)
            case flow.TaskEnded():
                self._done(event.task, event.outcome, str(event.result.get("number", "")))
            case flow.MessageEnded():
                self._done(event.task, event.outcome)
            case flow.QueueLeft(outcome=outcome):
                self._keep(Tried("queue", self._queue, outcome))
            case flow.BridgeEnded(outcome=outcome):
                self._keep(Tried("bridge", "", outcome))
            case flow.TransferEnded(outcome=outcome):
                self._keep(Tried("transfer", "", outcome))

    def _done(self, task: int, outcome: str, number: str = "") -> None:
        if (begun := self._tasks.pop(task, None)) is not None:
            self._keep(Tried(begun.what, number or begun.name, outcome))

    def _keep(self, tried: Tried) -> None:
        self._tried = [*self._tried[-MOST + 1 :], tried]

    # --- what is written

    def story(self, session: CallSession, ended: bool = False) -> Story:
        here = session.machine.flow if session.flow_state is not None else None
        return Story(
            tuple(self._tried),
            self._misunderstood,
            self._silent,
            "" if here is None else label_of(session.call, here),
            {} if here is None else labels_of(here, session.call.language),
            ended,
            session.disposition.value,
            session.served_by,
            person=self._person,
        )

    def write(self, session: CallSession, ended: bool = False) -> bool:
        """Bring the summary up to date; False where there is nothing new, or the flow wrote its own. Never raises."""
        if not self._ours(session) or self._said == said_in(session):
            return False
        try:
            text = summary(session.call, self.story(session, ended))
        except Exception:
            log.exception("%s no summary could be made", session.call.correlation)
            return False
        return bool(text) and text != self._own and self._put(session, text, "")

    def refresh(self, session: CallSession) -> None:
        """The caller said something while waiting: whoever is being rung sees it."""
        if session.placement is not None and session.placement.phase in ("waiting", "offered") and self.write(session):
            session.show()

    def ask_model(self, session: CallSession) -> None:
        """Let a language model write it, where one is to; what is there meanwhile is ours."""
        model = session.services.summaries
        if model is None or not self._ours(session):
            return
        said = said_in(session)

        def written(text: str, by: str) -> None:
            if session.leg.state is not LegState.ENDED and self._ours(session) and self._put(session, text, by):
                self._said = said
                session.show()

        model.write(session.call, self._own, self._rules(session), written)

    def finish(self, session: CallSession) -> None:
        """The last word, for the record; a model may still better it."""
        self.write(session, ended=True)
        model = session.services.summaries
        if model is None or not self._ours(session) or not self._own or self._said == said_in(session):
            return
        contact, handover, records = session.call.id, dict(session.call.handover), session.services.log

        async def written(text: str, by: str) -> None:
            await records.update(contact, handover={**handover, "summary": text, "summary_by": by})

        model.write_later(session.call, self._own, self._rules(session), written)

    def _ours(self, session: CallSession) -> bool:
        return session.call.handover.get("summary") in (None, "", self._own)

    def _put(self, session: CallSession, text: str, by: str) -> bool:
        self._own, self._said = text, -1
        handover: dict[str, Any] = {**session.call.handover, "summary": text}
        handover.pop("summary_by", None)
        if by:
            handover["summary_by"] = by
        session.change(handover=handover)
        session.record(handover=handover, quality=session.leg.quality())
        return True

    @staticmethod
    def _rules(session: CallSession) -> Any:
        return session.private.rules_of(session)


def said_in(session: CallSession) -> int:
    """Turns of people: what the bot announces tells nothing new of the caller."""
    return sum(turn.speaker is not Speaker.BOT for turn in session.call.turns)


def labels_of(here: Flow, language: str) -> dict[str, str]:
    """What the slots of a flow are called, in a language."""
    steps = (state.step for state in here.states.values())
    slots = (slot for step in steps if isinstance(step, CollectStep) for slot in step.slots)
    return {slot.name: slot.label[language] for slot in slots if slot.label.get(language)}
