"""What one node does for all: counts minutes, watches the rules of alerts, looks after the agents.

The node that holds the key `keeper` does it; if it dies another does within `LEASE`. All of it may be done twice: minutes come
out the same, alerts are kept in Redis, and a message has the number of its alert.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from ivr.acd.scripts import redis_errors, text
from ivr.errors import IvrError
from ivr.records.outbox import notice
from ivr.settings_on_call import OnCallOptions
from ivr.settings_wall import FIGURES, TICKET_NOW, AlertOptions
from ivr.wall.alerts import Alert, Hand, Watch
from ivr.wall.caring import Caring
from ivr.wall.figures import Figures, figures
from ivr.wall.hands import AlertShelf
from ivr.wall.live import Live
from ivr.wall.minutes import Minutes
from ivr.wall.rota import NOBODY, Person, round_of
from ivr.wall.sight import ALL, Sight, readings, rule_of
from ivr.wall.sums import Sums, total
from ivr.wall.telling import KEPT_EVENTS, PREFIX
from ivr.wall.today import Today, under_way

log = logging.getLogger(__name__)

EVERY = 2.0
LEASE = 10.0
COUNT_SECONDS = 6.0
RECENT = 20 * 60.0
"""What is counted anew each time: wrap-ups end and surveys come after the call."""
WIDE_SECONDS, WIDE = 600.0, 6 * 3600.0
"""From time to time further back: records that SQL could not take at once."""
FIRST = 15 * 86400.0
"""How far back a house that never counted begins."""
FIGURE_SECONDS = 10.0
USUAL_SECONDS = 60.0
STRAIN_SECONDS = 15.0
WEEK_SECONDS = 7 * 86400.0

TICKET_SECONDS = 6.0

Due = Callable[[float], Awaitable[Sequence[Mapping[str, Any]]]]
"""Tickets of which a clock runs out until then, as `Sight` has them."""
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Gives a notification away; a row of `notifications`."""


class Keeper:
    """`run` it on each node with a board; one of them does the work. `step` does it once."""

    def __init__(
        self,
        live: Live,
        minutes: Minutes,
        today: Today,
        shelf: AlertShelf,
        caring: Caring,
        rules: Sequence[AlertOptions],
        send: Send | None,
        node: str,
        redis: Redis,
        limits: Callable[[str], float],
        link: str = "",
        prefix: str = PREFIX,
        on_call: OnCallOptions = NOBODY,
    ) -> None:
        """`link` is where a message leads, "" for nowhere."""
        self._on_call = on_call
        self._live, self._minutes, self._today, self._shelf, self._caring = live, minutes, today, shelf, caring
        self._rules = {one.name: one for one in rules}
        self._send, self._node, self._redis, self._limits, self._link, self._prefix = send, node, redis, limits, link, prefix
        self._watch = Watch([])
        self._done: dict[str, float] = {}
        """Kind of work to when it was done last."""
        self._unsaid: set[str] = set()
        """Alerts that Redis does not have as they are here, or has to forget."""
        self.due: Due = _no_tickets
        self._tickets: Sequence[Mapping[str, Any]] = ()
        self._recent: dict[float, dict[str, Sums]] = {}
        self._usual: dict[float, dict[str, Sums]] = {}
        self.leads = False

    async def run(self) -> None:
        """Until cancelled; then another node does it at once."""
        await self._live.ready.wait()
        try:
            while True:
                try:
                    await self._hold()
                    if self.leads:
                        await self.step(self._live.now())
                except IvrError as error:
                    log.warning("alerts and figures wait: %s", error)
                except Exception:  # one rule that stumbles must not end the others for good
                    log.exception("alerts and figures were left out once")
                await asyncio.sleep(EVERY)
        finally:
            await self._let_go()

    async def step(self, now: float) -> None:
        """Do what is due. Raises StoreUnavailable."""
        if self._due("wide", now, WIDE_SECONDS):
            await self._count_back(now)
            await self._tell("minutes")
            await self._hold()  # it may have taken longer than the lease
            if not self.leads:
                return
        elif self._due("count", now, COUNT_SECONDS):
            await self._minutes.count(now - RECENT, now)
            await self._tell("minutes")
        if self._due("strain", now, STRAIN_SECONDS):
            await self._caring.look()
        await self._caring.breathe()
        await self._look(now)

    # --- who does it

    async def _hold(self) -> None:
        key, was = f"{self._prefix}:keeper", self.leads
        with redis_errors():
            taken = kept = await self._redis.set(key, self._node, nx=True, px=round(LEASE * 1000))
            if not taken and text(await self._redis.get(key) or "") == self._node:
                kept = await self._redis.pexpire(key, round(LEASE * 1000))
        self.leads = False
        if kept and (taken or not was):  # another may have watched meanwhile
            self._watch = Watch([rule_of(one) for one in self._rules.values()], await self._shelf.alerts())
            self._unsaid.clear()
        if kept and not was:
            self._caring.forget()
            self._done.clear()
        self.leads = bool(kept)

    async def _let_go(self) -> None:
        if not self.leads:
            return
        try:
            async with asyncio.timeout(1.0):
                with redis_errors():
                    await self._redis.delete(f"{self._prefix}:keeper")
        except (IvrError, TimeoutError) as error:
            log.debug("the boards' keeper could not let go: %s", error)

    def _due(self, what: str, now: float, seconds: float) -> bool:
        if now - self._done.get(what, 0.0) < seconds:
            return False
        self._done[what] = now
        return True

    async def _count_back(self, now: float) -> None:
        last = await self._minutes.last()
        since = await self._minutes.first() if last is None else last - RECENT
        begin = min(now - WIDE, max(now - FIRST, now if since is None else since))
        await self._minutes.count(begin, now)
        await self._minutes.clean()

    async def _tell(self, kind: str) -> None:
        with redis_errors():
            await self._redis.xadd(f"{self._prefix}:events", {"kind": kind}, maxlen=KEPT_EVENTS, approximate=True)

    # --- alerts

    async def _look(self, now: float) -> None:
        sight = await self._sight(now)
        found = {}
        for name, one in self._rules.items():
            found[name] = readings(one, sight)
            await asyncio.sleep(0)  # hundreds of calls and agents: others get a turn
        changed = self._watch.look(now, found)
        for alert in changed:
            if alert.closed_at is not None:
                log.info("alert %s is over", alert.id)
            elif alert.opened_at == now:
                log.warning("alert %s: %s", alert.id, alert.en)
        self._unsaid.update((alert.id for alert in changed), self._watch.forget(now))
        await self._say()
        await self._messages(now)
        await self._say()

    async def _say(self) -> None:
        known = self._watch.alerts
        gone = [one for one in self._unsaid if one not in known]
        await self._shelf.put([known[one] for one in self._unsaid if one in known], gone)
        self._unsaid.clear()

    async def _sight(self, now: float) -> Sight:
        ahead = [_reach(one) for one in self._rules.values() if one.metric in TICKET_NOW]
        if ahead and self._due("tickets", now, TICKET_SECONDS):
            self._tickets = await self.due(now + max(ahead))
        board, lengths = self._live.board, sorted({one.over for one in self._rules.values() if one.metric in FIGURES})
        if self._due("figures", now, FIGURE_SECONDS):
            self._recent = {over: await self._minutes.sums(now - over, now) for over in lengths}
        if self._due("usual", now, USUAL_SECONDS):
            past = now - WEEK_SECONDS
            self._usual = {over: await self._minutes.sums(past - over, past) for over in lengths}
        queues = board.rows("queues")
        limits = {row["name"]: self._limits(row["name"]) for row in queues}
        live = under_way(self._live.calls.values(), limits, now)
        names = [row["name"] for row in queues]
        return Sight(
            now,
            queues,
            board.rows("agents"),
            list(self._live.calls.values()),
            board.rows("trunks"),
            board.rows("nodes"),
            self._live.house,
            _figures(self._recent, names, live),
            _figures(self._usual, names, {}),
            self._today.series(),
            self._tickets,
        )

    async def _messages(self, now: float) -> None:
        """Send what is due."""
        if self._send is None:
            return
        due = [
            (alert, found)
            for alert in self._watch.open
            if (rule := self._rules.get(alert.rule)) is not None and (found := round_of(rule, alert, now, self._on_call))
        ]
        hands = await self._shelf.hands() if due else {}
        for alert, found in due:
            if _acknowledged(alert, hands.get(alert.id)):
                continue
            if not found.to:
                log.warning("alert %s: nobody is on duty to be told", alert.id)
            for row in self._rows(alert, found.to, now):
                await self._send(row)
            self._watch.sent(alert.id, now, found.stage, [who or by for by, who in found.to])
            self._unsaid.add(alert.id)

    def _rows(self, alert: Alert, to: Sequence[Person], now: float) -> list[dict[str, Any]]:
        """Notifications of one alert. Of the same alert at the same time every node would make the same ones."""
        link = f"\n{self._link}#alert={alert.id}" if self._link else ""
        text_, call = f"{alert.zh}\n{alert.en}{link}", alert.subject.id[:64] if alert.subject.kind == "call" else ""
        mark = f"{alert.id}|{alert.opened_at}|{alert.sent_at}"
        return [
            notice(
                now,
                by,
                who,
                f"{alert.zh} / {alert.en}",
                text_,
                id=hashlib.sha256(f"{mark}|{by}|{who}".encode()).hexdigest()[:32],
                contact_id=call,
            )
            for by, who in to
        ]


async def _no_tickets(until: float) -> Sequence[Mapping[str, Any]]:
    """Stands where there are none."""
    return ()


def _reach(one: AlertOptions) -> float:
    """How far ahead a rule about tickets looks, in seconds."""
    return max(0.0, *(limit for limit in (one.above, one.below, one.clear) if limit is not None))


def _acknowledged(alert: Alert, hand: Hand | None) -> bool:
    return hand is not None and hand.opened_at == alert.opened_at and hand.acknowledged_at is not None


def _figures(
    found: Mapping[float, Mapping[str, Sums]], names: Sequence[str], live: Mapping[str, Sums]
) -> dict[tuple[float, str], Figures]:
    told = {}
    for over, sums in found.items():
        whole = {name: sums.get(name, Sums()) + live.get(name, Sums()) for name in {*names, *sums, *live}}
        told[over, ALL] = figures(total(whole.values()))
        for name in names:
            told[over, name] = figures(whole[name])
    return told
