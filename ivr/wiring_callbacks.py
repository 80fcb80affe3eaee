"""From settings to callbacks that are dialled: the dialer, its view of the floor, the flow, and who is told of failures."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from ivr.acd.estimating import EstimateBoard
from ivr.acd.lost import LostContacts
from ivr.acd.model import Contact, named
from ivr.acd.store import AcdStore
from ivr.dialplan.loader import FlowStore, load
from ivr.errors import ConfigError, StoreUnavailable
from ivr.outbound import callbacks_call
from ivr.outbound.callbacks import Callbacks, Claim, House, Tried
from ivr.outbound.callbacks_floor import DialerTurn, FloorPlanner
from ivr.outbound.callbacks_lost import LostCalls
from ivr.outbound.callbacks_plan import Patience
from ivr.records.followups import CALLBACK, number_of
from ivr.records.outbox import notice
from ivr.records.promises import Promises, Row
from ivr.records.reader import ContactReader
from ivr.records.whole import WholeContacts
from ivr.session.calling_back import call_for, converse
from ivr.session.promised import CameBack, Promise, asked, wanted
from ivr.session.services import Services
from ivr.session.switchboard import Switchboard
from ivr.settings import Settings
from ivr.settings_callbacks import CallbackOptions, hours_of
from ivr.stores import Stores
from ivr.web.parts import WebParts
from ivr.wiring_followups import FollowUpParts
from telephony.errors import TelephonyError
from telephony.leg import CallLeg
from telephony.media.amd import AmdSettings, AnswerDetector
from telephony.sip.numbers import e164

log = logging.getLogger(__name__)

BUILT_IN = Path(__file__).parent / "outbound" / "callback.yaml"
LOST_SECONDS = 1.0
"""Between looks for contacts whose node died."""
QUICK = AmdSettings(initial_silence=1600, total=3600)
"""Somebody is on the line: what is not known soon counts as a person."""
RETRIES = 30


@dataclass(slots=True)
class CallbackParts:
    """The callbacks of one node; `services`, `web` and `metrics` hand them to who needs them, `run` is their task."""

    settings: Settings
    stores: Stores
    left: FollowUpParts
    promises: Promises
    same: Callable[[str], str]
    dialer: Callbacks | None = None
    lost: LostCalls | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def services(self, services: Services) -> Services:
        return replace(services, promised=self.promised)

    def web(self, parts: WebParts) -> WebParts:
        return replace(parts, promises=self.promises)

    def promised(self, number: str) -> Promise:
        """What a caller was promised, as far as the last look knows."""
        known = self.dialer.known if self.dialer is not None else {}
        rows = known.get(self.same(number)) if known else None
        return CameBack(rows, self._kept) if rows else Promise()

    def _kept(self, row_id: int, contact_id: str) -> None:
        """A customer who called by himself has an agent: nobody calls any more."""
        task = asyncio.create_task(self._serve(row_id, contact_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, row_id: int, contact_id: str) -> None:
        for _ in range(RETRIES):
            try:
                if await self.promises.serve(row_id, contact_id, "called_in", time.time()):
                    log.info("callback %s: the customer called, and has an agent", number_of(CALLBACK, row_id))
                return
            except StoreUnavailable:
                await asyncio.sleep(1.0)
        log.error("callback %s: it is not written that the customer was served", number_of(CALLBACK, row_id))

    def start(self, services: Services, switchboard: Switchboard) -> None:
        """Make the dialer."""
        options = self.settings.callbacks
        if not options.dial:
            return
        self.dialer = dialer_of(self, services, switchboard)
        if options.lost:
            lost = LostContacts(self.stores.redis, self.stores.acd.prefix)
            records = WholeContacts(self.stores.log, ContactReader(self.stores.engine))
            self.lost = LostCalls(lost, records.find, self.left.followups, options.lost_window, time.time)

    async def run(self, services: Services, switchboard: Switchboard) -> None:
        """Dial until cancelled."""
        self.start(services, switchboard)
        if self.dialer is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self.dialer.run())
            if self.lost is not None:
                group.create_task(self._take_lost(self.lost))

    async def _take_lost(self, lost: LostCalls) -> None:
        while True:
            try:
                await lost.take()
            except StoreUnavailable as error:
                log.warning("calls that broke off wait: %s", error)
            except Exception:
                log.exception("calls that broke off")
            await asyncio.sleep(LOST_SECONDS)

    async def give_up(self, row: Row) -> None:
        """A ticket and a notification for a customer who was not reached; one of each, however often it is asked."""
        options, now = self.settings.callbacks, time.time()
        number = number_of(CALLBACK, int(row["id"]))
        who = {name: row[name] for name in ("contact_id", "caller_number", "caller_name", "language", "flow")}
        subject, body = _words(row, number)
        if options.ticket:
            ticket = {"kind": options.ticket[:64], "subject": subject[:300], "body": body, "priority": "high", "due_at": None}
            fields = {"callback": number, "number": row["number"], "attempts": row["attempts"]}
            await self.left.followups.open_ticket(f"callback:{row['id']}", {**who, **ticket, "fields": fields})
        if options.notify.by:
            of = {"id": f"callback-{row['id']}", "contact_id": row["contact_id"], "language": row["language"]}
            told = notice(now, options.notify.by, options.notify.to, subject, body, **of)
            await self.left.late.add("notifications", told)

    def metrics(self) -> str:
        """Prometheus text."""
        dialer = self.dialer
        if dialer is None:
            return ""
        lines = ["# TYPE hotline_callbacks gauge"]
        lines += [f'hotline_callbacks{{status="{status}"}} {count}' for status, count in sorted(dialer.counts.items())]
        lines += ["# TYPE hotline_callbacks_dialled_total counter", f"hotline_callbacks_dialled_total {dialer.dialled}"]
        lines.append("# TYPE hotline_callbacks_outcomes_total counter")
        lines += [f'hotline_callbacks_outcomes_total{{outcome="{one}"}} {n}' for one, n in sorted(dialer.outcomes.items())]
        if self.lost is not None:
            lines += ["# TYPE hotline_callbacks_lost_calls_total counter"]
            lines.append(f"hotline_callbacks_lost_calls_total {self.lost.promised}")
        return "\n".join(lines) + "\n"


def callback_parts(settings: Settings, stores: Stores, left: FollowUpParts | None, flows: FlowStore) -> CallbackParts:
    """The callbacks of a node, and their flow where there is none of their own. Raises ConfigError."""
    assert left is not None, "a node has a database"
    options = settings.callbacks
    if options.dial and options.flow not in flows.flows:
        if options.flow != "callback":
            raise ConfigError(f"{settings.file}: callbacks.flow: there is no flow '{options.flow}'")
        flows.publish(load(BUILT_IN))
    return CallbackParts(settings, stores, left, Promises(stores.engine), comparable(settings.outbound.region))


def dialer_of(parts: CallbackParts, services: Services, switchboard: Switchboard) -> Callbacks:
    settings, options = parts.settings, parts.settings.callbacks
    promises, stores, same = parts.promises, parts.stores, parts.same

    async def talk(leg: CallLeg, claim: Claim, served: Callable[[], None]) -> Tried:
        row = claim.row
        turns = await promises.turns_of(row["contact_id"])
        queue = row["queue"] or await first_queue(stores.acd)
        row = {**row, "queue": queue}
        call = call_for(row, claim.number, claim.contact_id, options.flow, options.confirm, time.time())
        outcome, detail = await converse(switchboard, leg, call, row, turns, served)
        return Tried(outcome, detail)

    manners = callbacks_call.Manners(options.ring, options.payer, options.caller)
    detector = (lambda: AnswerDetector(QUICK)) if options.machine == "later" else None
    house = House(
        call=callbacks_call.Outcall(services.dial, talk, manners, detector),
        plan=FloorPlanner(stores.acd, place_of, options.lead, EstimateBoard(stores.acd).of),
        turn=DialerTurn(stores.redis, f"{settings.node}:{uuid4().hex[:8]}", lambda: switchboard.open),
        goes_on=lambda contact_id: goes_on(stores, contact_id),
        talking=lambda: numbers_of(services, same),
        same=same,
        give_up=parts.give_up,
        clock=time.time,
    )
    return Callbacks(promises, house, settings.node, patience_of(options), options.at_once)


def patience_of(options: CallbackOptions) -> Patience:
    hours = hours_of(options.hours, "callbacks.hours") if options.hours else None
    return Patience(options.attempts, options.pauses, hours, options.zone)


def comparable(region: str) -> Callable[[str], str]:
    """A number in E.164 where it has one, else its digits, else as it is: the form in which two numbers are the same."""

    @lru_cache(maxsize=20_000)
    def same(number: str) -> str:
        try:
            return e164(number, region)[:128]
        except TelephonyError:
            return re.sub(r"[\s()./-]", "", number)[:128]

    return same


def numbers_of(services: Services, same: Callable[[str], str]) -> Collection[str]:
    return {same(session.call.caller.number) for session in tuple(services.running)}


def place_of(row: Row, contact_id: str) -> Contact:
    """The contact that the customer of a row would be."""
    command = wanted(row)
    try:
        needs, where, relax = asked(command)
        return Contact(
            id=contact_id,
            queue=row["queue"] or "none",
            enqueued_at=float(row["queued_at"]) or float(row["created_at"]),
            needs=needs,
            where=where,
            relax=relax,
            priority=min(10, max(0, command.priority)),
            only=frozenset(named(command.only)),
            excluded=frozenset(named(command.exclude)),
            language="" if command.only else row["language"],
        )
    except (TypeError, ValueError, AttributeError):  # what some other version wrote: the agents are asked all the same
        return Contact(contact_id, "none", float(row["queued_at"]))


async def first_queue(store: AcdStore) -> str:
    queues = await store.queues()
    return queues[0].name if queues else ""


async def goes_on(stores: Stores, contact_id: str) -> bool:
    """Whether somebody is on the line; the record of a node that died stays in Redis until some node starts."""
    found = await stores.log.live(contact_id)
    return found is not None and found["end_cause"] is None and found["node"] in await stores.acd.alive_nodes()


def _words(row: Mapping[str, Any], number: str) -> tuple[str, str]:
    """Subject and text for whoever calls by hand, in the customer's language where that is Chinese, else in English."""
    tries = "; ".join(str(one.get("outcome", "")) for one in row["tries"] or ())
    if row["language"] == "zh":
        return f"未能回电给客户 {row['number']}", f"回电 {number}，{row['attempts']} 次未接通（{tries}）。{row['reason']}"
    subject = f"Customer {row['number']} could not be called back"
    return subject, f"Callback {number}: {row['attempts']} calls ({tries or 'none'}). {row['reason']}"
