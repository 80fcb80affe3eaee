"""One call to a customer who was promised it: dial, find out who answered, hand over to the flow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from ivr.outbound.callbacks import Claim, Tried
from telephony.leg import (
    Answered,
    CallLeg,
    Dialer,
    DialOptions,
    DtmfReceived,
    EndCause,
    Ended,
    Frame,
    LegEvent,
    LegState,
    Party,
)

log = logging.getLogger(__name__)

LISTEN = 4.0
"""Seconds after the answer in which the detector has to find out who it is."""
FIRST_SOUND = 1.6
"""Seconds in which some audio has to come; a far end that sends none until it speaks is not waited for."""
OUTCOMES = {
    EndCause.BUSY: "busy",
    EndCause.DECLINED: "busy",
    EndCause.NO_ANSWER: "no_answer",
    EndCause.UNREACHABLE: "unreachable",
    EndCause.HUNG_UP: "hung_up",
    EndCause.SHUTDOWN: "shutdown",
}


class Found(Protocol):
    @property
    def answerer(self) -> Enum:
        """`human`, `machine`, `beep` or `unknown`."""


class Detector(Protocol):
    """`telephony.media.amd.AnswerDetector`."""

    def hear(self, frame: Frame) -> Found | None: ...


Converse = Callable[[CallLeg, Claim, Callable[[], None]], Coroutine[Any, Any, Tried]]
"""Let the flow have the answered call, and return how it went when that is over."""


@dataclass(frozen=True, slots=True)
class Manners:
    ring: float = 30.0
    payer: str = ""
    """Empty: the flow that made the promise."""
    caller: str = ""
    """Number that is shown; empty: the one that the customer called."""


class Outcall:
    """The `ivr.outbound.callbacks.Caller`."""

    def __init__(
        self, dial: Dialer, converse: Converse, manners: Manners, detector: Callable[[], Detector] | None = None
    ) -> None:
        """Without a `detector` whoever answers is a person."""
        self._dial, self._converse, self._manners, self._detector = dial, converse, manners, detector

    async def __call__(self, claim: Claim, served: Callable[[], None]) -> Tried:
        loop = asyncio.get_running_loop()
        row, manners = claim.row, self._manners
        began = loop.time()
        shown = Party(manners.caller or row["called"])
        options = DialOptions(payer=manners.payer or f"flow:{row['flow']}", ring_timeout=manners.ring)
        leg = self._dial(row["number"], shown, options=options)
        try:
            events: asyncio.Queue[LegEvent] = asyncio.Queue()
            leg.subscribe(events.put_nowait)
            ended = await self._unless_gone(claim, self._answered(leg, events))
            if isinstance(ended, Tried):
                return ended
            answered = round(loop.time() - began, 1)
            found = await self._unless_gone(claim, self._who(leg, events))
            if isinstance(found, Tried):
                return Tried(found.outcome, found.detail, "", answered)
            log.info("callback %s: answered after %.1f s by %s", claim.number, answered, found)
            if found in ("machine", "beep"):
                return Tried("machine", "", "", answered)
            tried = await self._talk(leg, claim, served)
            return Tried(tried.outcome, tried.detail, claim.contact_id, answered)
        finally:
            leg.hang_up(EndCause.RELEASED if leg.state is LegState.UP else EndCause.CANCELLED)

    async def _unless_gone(self, claim: Claim, work: Coroutine[Any, Any, Any]) -> Any:
        """What `work` gives, or that the row is not ours any more."""
        doing, gone = asyncio.ensure_future(work), asyncio.ensure_future(claim.gone.wait())
        try:
            await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
            return doing.result() if doing.done() else Tried("cancelled")
        finally:
            for task in (doing, gone):
                task.cancel()

    async def _answered(self, leg: CallLeg, events: asyncio.Queue[LegEvent]) -> Tried | None:
        """None once somebody took the call."""
        if leg.state is LegState.ENDED and events.empty():
            return Tried("failed", "it could not be dialled")
        patience = self._manners.ring + 30.0  # the gateway's own is shorter; this one is for what never ends
        try:
            async with asyncio.timeout(patience):
                while not isinstance(event := await events.get(), Answered):
                    if isinstance(event, Ended):
                        return Tried(_outcome(event), event.detail)
        except TimeoutError:
            return Tried("no_answer")
        return None

    async def _who(self, leg: CallLeg, events: asyncio.Queue[LegEvent]) -> str | Tried:
        """Listen to how the call is answered: the word of the detector, `unknown` where it has none in time.

        Who presses a key is `human`.
        """
        if self._detector is None:
            return "unknown"
        detector, verdict = self._detector(), asyncio.get_running_loop().create_future()
        heard = False

        def hear(frame: Frame) -> None:
            nonlocal heard
            heard = True
            if not verdict.done() and (found := detector.hear(frame)) is not None:
                verdict.set_result(str(found.answerer.value))

        leg.hear(hear)
        happening = asyncio.ensure_future(_done(events))
        try:
            await asyncio.wait({verdict, happening}, timeout=FIRST_SOUND, return_when=asyncio.FIRST_COMPLETED)
            if heard and not verdict.done() and not happening.done():
                rest = LISTEN - FIRST_SOUND
                await asyncio.wait({verdict, happening}, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
            if happening.done():
                event = happening.result()
                return Tried("hung_up", event.detail) if isinstance(event, Ended) else "human"
            return verdict.result() if verdict.done() else "unknown"
        finally:
            happening.cancel()
            leg.hear(None)

    async def _talk(self, leg: CallLeg, claim: Claim, served: Callable[[], None]) -> Tried:
        """The flow, the queue and the agent; a row that is not ours any more ends it, unless somebody talks."""
        talking = asyncio.ensure_future(self._converse(leg, claim, served))
        gone = asyncio.ensure_future(claim.gone.wait())
        both: set[asyncio.Future[Any]] = {talking, gone}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not talking.done() and not claim.served:
                log.warning("callback %s: taken from us while the customer waits", claim.number)
                leg.hang_up()
            return await talking
        finally:
            gone.cancel()
            if not talking.done():
                talking.cancel()


async def _done(events: asyncio.Queue[LegEvent]) -> Ended | DtmfReceived:
    """What the person does first: hang up, or press a key."""
    while not isinstance(event := await events.get(), Ended | DtmfReceived):
        pass
    return event


def _outcome(event: Ended) -> str:
    if event.cause is EndCause.DECLINED and not event.by_peer:
        return "refused"
    return OUTCOMES.get(event.cause, "failed")
