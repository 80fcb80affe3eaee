"""The watch over calls out: asks the policy before each, pays for its time, and cuts off who has burnt a day's budget.

The policy (`telephony.sip.outbound`) decides; counters (`telephony.sip.tolls`) may be shared by several nodes. Where they
cannot be asked, no call is made and running ones go on: thieves like an outage, callers do not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from telephony.sip.outbound import Destination, Permission, Policy, Refused
from telephony.sip.tolls import LEASE, Ceiling, Counters, Full, MemoryCounters

log = logging.getLogger(__name__)

SLICE = 6
"""Seconds that a call pays in advance: it ends at most this much before a budget is spent to the last second."""
REMEMBERED_ALARMS = 200


TOGETHER = 16
"""Calls that pay at the same time: as many connections to a store."""


class _Away(Exception):
    """The store of the counters cannot be asked."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person should look at."""

    at: float
    """Seconds since the epoch."""
    subject: str
    """The payer, or `trunk:NAME`."""
    what: str
    """`minutes_per_day`, `money_per_day` (then the subject is blocked), `concurrent` or `calls_per_hour`."""
    detail: str
    blocked: bool


@dataclass(slots=True, eq=False)
class Permit:
    """One call that may be made. `ceilings` grow by those of the trunk that it takes."""

    call: str
    permission: Permission
    ceilings: tuple[Ceiling, ...]
    trunk: str = ""
    trunk_ceilings: tuple[Ceiling, ...] = ()
    cut: Callable[[], None] | None = None
    """Ends the call; set while it is up."""
    paid_until: float = 0.0
    """Up to when, on the guard's clock, it has paid."""
    paid: tuple[int, int] = (0, 0)
    """Seconds and money of the last slice."""
    renew_at: float = 0.0
    """When a call that only rings is to be shown alive."""
    over: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """A call that pays while it leaves would stay behind."""

    @property
    def subjects(self) -> tuple[str, str]:
        """Who may be blocked: the payer, and the trunk."""
        return self.permission.payer or "nobody", f"trunk:{self.trunk}"

    @property
    def all_ceilings(self) -> tuple[Ceiling, ...]:
        return self.ceilings + self.trunk_ceilings


class TollGuard:
    """`clock` gives seconds since the epoch; each of `hooks` hears of every alarm and must not block."""

    def __init__(self, policy: Policy, clock: Callable[[], float], counters: Counters | None = None) -> None:
        self.policy = policy
        self.counters = counters or MemoryCounters()
        self.hooks: list[Callable[[Alarm], None]] = []
        self.alarms: deque[Alarm] = deque(maxlen=REMEMBERED_ALARMS)
        """The last of them, the latest at the end."""
        self.refused: Counter[str] = Counter()
        """Calls that were not made, and calls that were cut off, by reason."""
        self.alarmed: Counter[str] = Counter()
        """Alarms by what was passed."""
        self.spent: Counter[str] = Counter()
        """Seconds paid for, by class."""
        self._clock = clock
        self._permits: set[Permit] = set()
        self._blocked: dict[str, str] = {}
        """Who was blocked a moment ago, on whichever node."""
        self._told: dict[tuple[str, str], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock()

    @property
    def calls(self) -> int:
        """Calls that count against a limit now."""
        return len(self._permits)

    async def admit(self, call: str, payer: str, destination: Destination) -> Permit:
        """Let a call begin. Raises Refused, in words for the log."""
        now = self._clock()
        try:
            permission = self.policy.permit(payer, destination, now)
        except Refused as error:
            self.refused[error.reason] += 1
            raise
        self._not_blocked(payer or "nobody")
        ceilings = self.policy.ceilings(payer, permission.kind)
        permit = Permit(call, permission, ceilings, renew_at=now + LEASE / 3)
        await self._enter(permit, ceilings, now)
        self._permits.add(permit)
        return permit

    async def take_trunk(self, permit: Permit, trunk: str) -> None:
        """Let the call try `trunk`, in place of one tried before. Raises Refused."""
        if permit.trunk == trunk:
            return
        await self._leave_trunk(permit)
        subject = f"trunk:{trunk}"
        self._not_blocked(subject)
        ceilings = self.policy.ceilings(subject, permit.permission.kind)
        await self._enter(permit, ceilings, self._clock())
        permit.trunk, permit.trunk_ceilings = trunk, ceilings

    async def answered(self, permit: Permit, cut: Callable[[], None]) -> None:
        """The call is up: pay for its first slice, and let `cut` end it when it may not go on."""
        permit.cut = cut
        permit.paid_until = self._clock()
        if any(subject in self._blocked for subject in permit.subjects):  # while it rang
            self._cut(permit)
        else:
            await self._pay(permit)

    def ended(self, permit: Permit) -> None:
        """The call is over, however it came to that. Its place is given back soon."""
        if permit.over:
            return
        permit.over = True
        task = asyncio.get_running_loop().create_task(self._leave(permit))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self) -> None:
        """Let every call that is up pay, slice by slice; runs until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            try:
                await self.tick()
            except Exception:
                log.exception("outbound: the guard stumbled, and goes on")

    async def tick(self) -> None:
        """Let those pay whose slice runs out within a second, and renew what only rings."""
        await self._hear_blocks()
        now = self._clock()
        due = [one for one in self._permits if not one.over and self._is_due(one, now)]
        for at in range(0, len(due), TOGETHER):
            await asyncio.gather(*(self._turn(one, now) for one in due[at : at + TOGETHER]))

    def _is_due(self, permit: Permit, now: float) -> bool:
        return now >= (permit.renew_at if permit.cut is None else permit.paid_until - 1.0)

    async def _turn(self, permit: Permit, now: float) -> None:
        if permit.cut is not None:
            await self._pay(permit)
            return
        permit.renew_at = now + LEASE / 3
        with contextlib.suppress(_Away):
            await self._charge(permit, 0, 0)

    async def _hear_blocks(self) -> None:
        """Learn whom any node has blocked, and end the calls of those who are new."""
        try:
            blocked = await self.counters.blocked()
        except Exception as error:  # whichever store it is
            log.warning("outbound: who is blocked is not known: %s", error)
            return
        new, self._blocked = blocked.keys() - self._blocked.keys(), dict(blocked)
        for subject in new:
            self._cut_all(subject)

    def _not_blocked(self, subject: str) -> None:
        if (reason := self._blocked.get(subject)) is not None:
            self.refused["blocked"] += 1
            raise Refused(f"{subject}: blocked ({reason})", "blocked")

    async def unblock(self, subject: str) -> bool:
        """An operator lets `subject` call again, with a fresh budget for today. False where it was not blocked."""
        done = await self.counters.unblock(subject, self.policy.keys_of(subject))
        self._blocked.pop(subject, None)
        log.warning("outbound: %s may call again, by an operator", subject)
        return done

    async def block(self, subject: str, reason: str = "by an operator") -> None:
        """Let `subject` make no call any more, and end those that run."""
        await self.counters.block(subject, reason)
        self._blocked[subject] = reason
        self._cut_all(subject)

    async def blocked(self) -> Mapping[str, str]:
        """Who may not call, and why."""
        return await self.counters.blocked()

    def start(self) -> None:
        """Let calls that are up pay from now on."""
        self._runner = asyncio.get_running_loop().create_task(self.run())

    async def close(self) -> None:
        """Wait until what has ended is counted as ended."""
        if self._runner is not None:
            self._runner.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Parts

    async def _enter(self, permit: Permit, ceilings: tuple[Ceiling, ...], now: float) -> None:
        if not ceilings:
            return
        try:
            full = await self.counters.enter(permit.call, ceilings, now, self.policy.day(now))
        except Exception as error:
            self.refused["counters"] += 1
            raise Refused(f"the counters cannot be asked: {error}", "counters") from error
        if full is None:
            return
        self.refused[full.what] += 1
        if full.what != "blocked":
            await self._alarm(full, f"{permit.permission.kind.value} call to {permit.permission.destination} refused")
        raise Refused(f"{full.subject}: {full.what.replace('_', ' ')} ({full.key})", full.what)

    async def _pay(self, permit: Permit) -> None:
        money = self.policy.price(permit.permission.kind, SLICE)
        try:
            full = await self._charge(permit, SLICE, money)
        except _Away as error:
            log.warning("outbound: call %s goes on uncounted: %s", permit.call, error)
            permit.paid_until, permit.paid = self._clock() + SLICE, (0, 0)
            return
        if full is None:
            permit.paid_until += SLICE
            permit.paid = SLICE, money
            self.spent[permit.permission.kind.value] += SLICE
            return
        self.refused[f"cut off: {full.what}"] += 1
        log.warning("outbound: call %s to %s cut off: %s", permit.call, permit.permission.destination, full.what)
        if full.burnt:
            await self._alarm(full, f"cut off at {permit.permission.destination}")
        self._cut(permit)

    async def _charge(self, permit: Permit, seconds: int, money: int) -> Full | None:
        """Raises _Away."""
        if not permit.all_ceilings:
            return None
        now = self._clock()
        async with permit.turn:
            if permit.over:
                return None
            try:
                return await self.counters.charge(permit.call, permit.all_ceilings, seconds, money, now, self.policy.day(now))
            except Exception as error:  # the store's own errors, whichever store it is
                raise _Away(str(error)) from error

    async def _alarm(self, full: Full, detail: str) -> None:
        """Tell once a minute for each subject and bound; a burnt budget blocks the subject, and is told once."""
        now = self._clock()
        if full.burnt:
            try:
                if not await self.counters.block(full.subject, f"{full.what} of {full.key}"):
                    return
            except Exception as error:
                log.error("outbound: %s cannot be blocked: %s", full.subject, error)
            self._blocked[full.subject] = f"{full.what} of {full.key}"
        elif now - self._told.get((full.subject, full.what), -60.0) < 60.0:
            return
        if len(self._told) > 10 * REMEMBERED_ALARMS:
            self._told.clear()
        self._told[full.subject, full.what] = now
        alarm = Alarm(now, full.subject, full.what, detail, full.burnt)
        self.alarms.append(alarm)
        self.alarmed[full.what] += 1
        log.warning("ALARM outbound: %s: %s%s: %s", full.subject, full.what, ", blocked" if full.burnt else "", detail)
        for hook in self.hooks:
            try:
                hook(alarm)
            except Exception:
                log.exception("outbound: whoever hears alarms failed")
        if full.burnt:
            self._cut_all(full.subject)

    def _cut_all(self, subject: str) -> None:
        for permit in tuple(self._permits):
            if subject in permit.subjects:
                self._cut(permit)

    def _cut(self, permit: Permit) -> None:
        cut, permit.cut = permit.cut, None
        if cut is not None:
            cut()

    async def _leave(self, permit: Permit) -> None:
        self._permits.discard(permit)
        async with permit.turn:
            await self._quietly(permit, permit.all_ceilings)

    async def _leave_trunk(self, permit: Permit) -> None:
        ceilings, permit.trunk_ceilings, permit.trunk = permit.trunk_ceilings, (), ""
        if ceilings:
            await self._quietly(permit, ceilings)

    async def _quietly(self, permit: Permit, ceilings: tuple[Ceiling, ...]) -> None:
        """Give back place and unused time; what a store cannot take now runs out with the lease."""
        if not ceilings:
            return
        now = self._clock()
        unused = min(permit.paid[0], max(0, int(permit.paid_until - now))) if permit.paid[0] else 0
        money = permit.paid[1] * unused // permit.paid[0] if permit.paid[0] else 0
        try:
            await self.counters.leave(permit.call, ceilings, unused, money, self.policy.day(now))
        except Exception as error:
            log.warning("outbound: call %s cannot be counted off: %s", permit.call, error)
