"""What a flow sends for while the call goes on: lookups, messages, tickets, callbacks; and what it leaves behind.

Each runs beside the call and reports to the flow by its number. None can hold the call up or break it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ivr.dialplan import events as flow
from ivr.errors import StoreUnavailable
from ivr.records.outbox import notice
from ivr.session.about_call import known_so_far, who
from ivr.session.identifying import identify
from ivr.session.message import Message
from ivr.session.promised import promise_of
from telephony.leg import LegState

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)

STORE_SECONDS = 4.0
"""How long SQL may take for a ticket before the flow takes its `error` edge."""
CLOSE_SECONDS = 10.0
"""How long a call that is over waits for a message or a ticket that was begun."""
MOST_MESSAGE = 8000

Errand = Coroutine[Any, Any, flow.Event]


class Errands:
    """Those of one call, in the call's own TaskGroup."""

    def __init__(self, session: CallSession, group: asyncio.TaskGroup) -> None:
        self._session, self._group = session, group
        self._running: dict[int, asyncio.Task[None]] = {}
        self._lookups: set[int] = set()
        self._messages: dict[int, Message] = {}
        self._over = False

    def obey(self, command: flow.Command) -> None:
        """Do what a flow wants; commands that are somebody else's are ignored."""
        match command:
            case flow.Lookup():
                self._look(command.task, self._lookup(command))
            case flow.HttpRequest():
                self._look(command.task, self._request(command))
            case flow.RecordMessage():
                message = self._messages[command.task] = Message(self._session, command)
                self._start(command.task, message.run(), flow.MessageEnded(command.task, "error"))
            case flow.OpenTicket():
                self._start(command.task, self._ticket(command), flow.TaskEnded(command.task, "error"))
            case flow.ScheduleCallback():
                self._start(command.task, self._callback(command), flow.TaskEnded(command.task, "error"))
            case flow.EndTask():
                self._end(command)
            case flow.SaveSurvey():
                self._session.keep("surveys", self._survey(command))
            case flow.Notify():
                self._session.keep("notifications", self._notice(command))

    async def close(self) -> None:
        """The call is over: nobody waits for lookups; messages are kept, and what was begun in SQL is finished."""
        self._over = True
        for task in self._lookups & self._running.keys():
            self._running[task].cancel()
        for message in self._messages.values():
            message.finish()
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=CLOSE_SECONDS)
            for one in late:
                log.error("%s an errand did not come to its end", self._session.call.correlation)
                one.cancel()

    # --- running

    def _look(self, task: int, errand: Errand) -> None:
        self._lookups.add(task)
        self._start(task, errand, flow.LookupEnded(task, "error"))

    def _start(self, task: int, errand: Errand, failed: flow.Event) -> None:
        self._running[task] = self._group.create_task(self._run(task, errand, failed))

    async def _run(self, task: int, errand: Errand, failed: flow.Event) -> None:
        try:
            event = await errand
        except Exception:
            log.exception("%s an errand failed", self._session.call.correlation)
            event = failed
        finally:
            self._running.pop(task, None)
            self._messages.pop(task, None)
            self._lookups.discard(task)
        self._session.emit(event)

    def _end(self, command: flow.EndTask) -> None:
        """Give a lookup up; keep a message where that is wished or the caller is gone; a ticket is written to its end."""
        if command.task in self._messages:
            message = self._messages[command.task]
            if command.keep or self._session.leg.state is LegState.ENDED:
                message.finish()
            else:
                message.drop()
        elif command.task in self._lookups:
            self._running[command.task].cancel()

    # --- lookups

    async def _lookup(self, ask: flow.Lookup) -> flow.Event:
        answer = await self._session.services.sources.get(ask.source, ask.operation, ask.arguments, ask.seconds)
        if ask.into and answer.found:
            return flow.LookupEnded(ask.task, answer.outcome, identify(self._session, answer.result))
        return self._told(ask.task, f"{ask.source}.{ask.operation}", answer)

    async def _request(self, ask: flow.HttpRequest) -> flow.Event:
        sources = self._session.services.sources
        answer = await sources.request(ask.service, ask.method, ask.path, ask.body, ask.seconds)
        return self._told(ask.task, f"{ask.service} {ask.method}", answer)

    def _told(self, task: int, what: str, answer: Any) -> flow.Event:
        if answer.outcome not in ("found", "not_found"):
            log.warning("%s %s: %s %s", self._session.call.correlation, what, answer.outcome, answer.why)
        return flow.LookupEnded(task, answer.outcome, answer.result)

    # --- tickets and callbacks

    async def _ticket(self, command: flow.OpenTicket) -> flow.Event:
        store = self._session.services.followups
        row = {**who(self._session.call), **self._clean(command.fields)}
        return await self._stored(
            command.task, "ticket", None if store is None else store.open_ticket(self._name(command), row)
        )

    async def _callback(self, command: flow.ScheduleCallback) -> flow.Event:
        store = self._session.services.followups
        self._session.summing.write(self._session)
        given = promise_of(self._session, self._clean(command.fields))
        row = {**who(self._session.call), **given, "handover": known_so_far(self._session.call)}
        work = None if store is None else store.schedule_callback(self._name(command), row)
        done = await self._stored(command.task, "callback", work)
        if isinstance(done, flow.TaskEnded) and done.outcome == "done":
            return flow.TaskEnded(done.task, "done", {**done.result, "phone": row["number"]})
        return done

    def _clean(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Columns without what is private in their words; whom to call back stays."""
        words = {name: fields[name] for name in ("subject", "body", "fields", "reason", "note") if name in fields}
        return {**fields, **self._session.private.clean(self._session, words)}

    def _name(self, command: flow.OpenTicket | flow.ScheduleCallback) -> str:
        return f"{self._session.call.id}:{command.task}"

    async def _stored(self, task: int, what: str, work: Coroutine[Any, Any, Mapping[str, Any]] | None) -> flow.Event:
        if work is None:
            log.error("%s %s: this node has no store for it", self._session.call.correlation, what)
            return flow.TaskEnded(task, "error")
        try:
            async with asyncio.timeout(STORE_SECONDS):
                return flow.TaskEnded(task, "done", await work)
        except (StoreUnavailable, TimeoutError) as error:
            why = error if isinstance(error, StoreUnavailable) else f"SQL took more than {STORE_SECONDS:g} s"
            log.error("%s %s: %s", self._session.call.correlation, what, why)
            return flow.TaskEnded(task, "error")

    # --- what is left behind

    def _survey(self, command: flow.SaveSurvey) -> dict[str, Any]:
        numbers = (one for one in command.answers.values() if isinstance(one, int | float) and not isinstance(one, bool))
        score = next(numbers, None)
        return {
            **who(self._session.call),
            "id": uuid4().hex,
            "name": command.name,
            "answers": self._session.private.clean(self._session, dict(command.answers)),
            "score": None if score is None else float(score),
            "agent_id": self._session.served_by,
            "created_at": self._session.services.clock(),
        }

    def _notice(self, command: flow.Notify) -> dict[str, Any]:
        now, call = self._session.services.clock(), self._session.call
        lost = "" if command.to or command.by == "webhook" else "there is nobody to send it to"
        if lost:
            log.error("%s %s: %s", call.correlation, command.by, lost)
        text, more = command.text[:MOST_MESSAGE], {"contact_id": call.id, "language": call.language, "lost": lost}
        return notice(now, command.by, command.to, command.subject, text, **more)
