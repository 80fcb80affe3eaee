"""Calls out: whom a target means, whether a rule allows it, which phones or trunks are tried, and who answers first.

A target is a user of ours (every phone he registered rings, the first to answer has the call), a number or `tel:` URI (the
trunks that serve it, one after another), or a SIP URI of a foreign host. The last two need a rule once there is a guard.

The next trunk is tried after 408, 430, 500, 502, 503, 504, no sign of life or no way there; never once somebody was alerted.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from telephony.errors import PeerFault, TelephonyError, TransportError
from telephony.gateway.destinations import Destinations, Way, better
from telephony.gateway.sip_leg import CAUSES, SipLeg
from telephony.gateway.toll_guard import Permit, TollGuard
from telephony.gateway.trunks import Trunk, Trunks
from telephony.leg import DialOptions, EndCause, LegState, Party
from telephony.sip.call import Call, CallState
from telephony.sip.caller_id import direct, handed_to, over_trunk
from telephony.sip.digest import Account
from telephony.sip.events import AgentEvent, CallEstablished, CallFailed, CallRinging, PeerBusy
from telephony.sip.flow import Flow
from telephony.sip.grammar import Uri
from telephony.sip.multipart import Part
from telephony.sip.outbound import Destination, Refused
from telephony.sip.outgoing import OutgoingCall
from telephony.sip.registrar import Binding
from telephony.sip.trunk import TrunkOptions, moves_on
from telephony.sip.user_agent import UserAgent

log = logging.getLogger(__name__)


class Exchange(Protocol):
    """What dialling needs of its gateway."""

    def offer_for(self, leg: SipLeg, flow: Flow, trunk: TrunkOptions | None, user: str) -> bytes:
        """Our SDP offer to whom `leg` dials along `flow`, with the codecs and secrecy of its `trunk` or `user`, "" for neither.

        Raises TransportError.
        """

    async def locate(self, uri: Uri) -> list[Flow]:
        """The ways to the servers of `uri`, in the order to try them (RFC 3263). Raises TransportError."""

    def is_ours(self, host: str) -> bool:
        """Whether a URI with this host names a user of ours."""

    def flush(self) -> None: ...

    def released(self, leg: SipLeg) -> None: ...


@dataclass(slots=True, eq=False)
class Attempt:
    """A leg that we dial, from its first INVITE to its end."""

    leg: SipLeg
    caller: Party
    options: DialOptions
    rounds: deque[tuple[Way, ...]] = field(default_factory=deque)
    """What is still to be tried; the ways of one round ring together."""
    branches: dict[OutgoingCall, Way] = field(default_factory=dict)
    permit: Permit | None = None
    alerted: bool = False
    failure: tuple[int, str] = (0, "")
    """The best of the final responses so far (RFC 3261 §16.7 item 6)."""
    error: TelephonyError | None = None
    """What kept us from asking at all."""
    offer: bytes = b""
    taken: Trunk | None = None
    """The trunk that carries the call now."""
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


class Dialing:
    def __init__(
        self,
        exchange: Exchange,
        agent: UserAgent,
        legs: dict[Call, SipLeg],
        realm: str,
        trunks: Trunks,
        guard: TollGuard | None,
    ) -> None:
        """`legs` are the gateway's own. Without a guard every target may be called: for programs that are their own judge."""
        self._exchange = exchange
        self._legs = legs
        self._agent = agent
        self._trunks = trunks
        self._guard = guard
        region = guard.policy.region if guard is not None else ""
        self._destinations = Destinations(self._phones_of, exchange.is_ours, realm, region, trunks)
        self._attempts: dict[SipLeg, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.account: Account | None = None
        """What challenges to calls over no trunk are answered with: for a program that is one phone."""

    def dial(self, target: str, caller: Party, options: DialOptions | None = None) -> SipLeg:
        """Call `target` and return the DIALING leg at once; whatever stands in the way comes as `Ended`."""
        self._loop = asyncio.get_running_loop()
        leg_id = f"sip-{secrets.token_hex(6)}"
        leg = SipLeg(leg_id, caller, Party(target), state=LegState.DIALING, owner=self._exchange, correlation=leg_id)
        attempt = self._attempts[leg] = Attempt(leg, caller, options or DialOptions())
        if attempt.options.ring_timeout > 0:
            attempt.timers.append(self._loop.call_later(attempt.options.ring_timeout, self._rung_out, attempt))
        try:
            self._begin(attempt, target)
        except TelephonyError as error:
            self._end(attempt, error)
        self._exchange.flush()
        return leg

    def hears(self, event: AgentEvent) -> bool:
        """Hear of a call that may be one of ours; True where that is all there is to it, and the leg need not know."""
        if not isinstance(event, CallRinging | CallEstablished | CallFailed | PeerBusy) or not isinstance(
            event.call, OutgoingCall
        ):
            return False
        leg = self._legs.get(event.call)
        attempt = self._attempts.get(leg) if leg is not None else None
        if attempt is None or event.call not in attempt.branches:
            return False
        match event:
            case PeerBusy():
                if (trunk := attempt.branches[event.call].trunk) is not None:
                    self._trunks.rests(trunk, event.seconds)
            case CallRinging():
                attempt.alerted = True
                if attempt.leg.call is not event.call and len(attempt.branches) == 1:
                    attempt.leg.call = event.call
            case CallEstablished():
                self._won(attempt, event.call)
            case CallFailed():
                self._lost(attempt, event.call, event.status, event.reason)
                return True
        return False

    def ended(self, leg: SipLeg) -> None:
        """Forget a leg that is over, give up what still rings for it, and give back what it held."""
        attempt = self._attempts.pop(leg, None)
        if attempt is None:
            return
        for timer in attempt.timers:
            timer.cancel()
        self._drop(attempt, None)
        self._release_trunk(attempt)
        if attempt.permit is not None and self._guard is not None:
            self._guard.ended(attempt.permit)

    def _phones_of(self, user: str) -> list[Binding]:
        return self._agent.lookup(user, self._loop.time())

    def _begin(self, attempt: Attempt, target: str) -> None:
        destination = self._destinations.of(target)
        if destination is None:
            attempt.rounds.append(self._destinations.phones(target))
            self._next(attempt)
        elif self._guard is not None:
            self._spawn(self._ask(attempt, destination, self._guard))
        else:
            attempt.rounds.extend(self._destinations.rounds(destination, attempt.options.trunk, (), self._loop.time()))
            self._next(attempt)

    async def _ask(self, attempt: Attempt, destination: Destination, guard: TollGuard) -> None:
        """Let the guard judge, then go on; the leg may have ended meanwhile."""
        try:
            permit = await guard.admit(attempt.leg.id, attempt.options.payer, destination)
        except Refused as error:
            log.warning("leg %s: call refused: %s", attempt.leg.id, error)
            self._end(attempt, error)
            return
        if attempt.leg not in self._attempts:
            guard.ended(permit)
            return
        attempt.permit = permit
        try:
            allowed, wanted = permit.permission.trunks, attempt.options.trunk
            attempt.rounds.extend(self._destinations.rounds(destination, wanted, allowed, self._loop.time()))
        except TelephonyError as error:
            self._end(attempt, error)
        else:
            await self._advance(attempt)

    # One round after another

    def _next(self, attempt: Attempt) -> None:
        """Try what comes next, or give up."""
        while attempt.rounds and not attempt.branches:
            if attempt.permit is not None or any(way.named for way in attempt.rounds[0]):
                self._spawn(self._advance(attempt))
                return
            for way in attempt.rounds.popleft():
                self._try(attempt, way)
        self._settle(attempt)

    async def _advance(self, attempt: Attempt) -> None:
        """The same, where a guard has a say about each trunk, or a name is to be looked up."""
        while attempt.rounds and not attempt.branches and attempt.leg in self._attempts:
            for way in attempt.rounds.popleft():
                try:
                    if way.trunk is not None and self._guard is not None and attempt.permit is not None:
                        await self._guard.take_trunk(attempt.permit, way.trunk.options.name)
                    found = await self._located(attempt, way) if way.named else way
                except Refused as error:
                    log.warning("leg %s: %s", attempt.leg.id, error)
                    attempt.error = error
                    continue
                except TelephonyError as error:
                    self._no_way(attempt, way, error)
                    continue
                if attempt.leg in self._attempts:
                    self._try(attempt, found)
        self._settle(attempt)
        self._exchange.flush()

    async def _located(self, attempt: Attempt, way: Way) -> Way:
        """The same with its servers; those that need an offer of their own are a round of theirs. Raises TransportError."""
        first, *others = way.located(await self._exchange.locate(way.host or way.uri))
        attempt.rounds.extendleft((one,) for one in reversed(others))
        return first

    def _settle(self, attempt: Attempt) -> None:
        if attempt.branches or attempt.rounds or attempt.leg not in self._attempts:
            return
        status, reason = attempt.failure
        if not status and attempt.error is not None:
            self._end(attempt, attempt.error)
        else:
            attempt.leg.end(CAUSES.get(status, EndCause.FAILED), by_peer=True, detail=f"{status} {reason}".strip())

    def _try(self, attempt: Attempt, way: Way) -> None:
        """Send one INVITE; what prevents that is kept as its failure."""
        self._release_trunk(attempt)
        try:
            self._invite(attempt, way)
        except TelephonyError as error:
            self._no_way(attempt, way, error)

    def _no_way(self, attempt: Attempt, way: Way, error: TelephonyError) -> None:
        attempt.error = error
        if way.trunk is not None and type(error) is TransportError:
            self._trunks.fails(way.trunk, str(error))

    def _invite(self, attempt: Attempt, way: Way) -> None:
        now, trunk, options = self._loop.time(), way.trunk, attempt.options
        servers = way.servers or (way.flow or self._agent.core.flow_to(way.host or way.uri),)
        flow = servers[0]
        if not attempt.branches:  # phones that ring together are made the same offer: there is one port
            attempt.offer = self._exchange.offer_for(attempt.leg, flow, trunk.options if trunk else None, way.user)
        if trunk is None:
            sender, headers = direct(attempt.caller, options, way.uri, flow.local_host, ours=bool(way.user))
            account = self.account
        else:
            if reason := trunk.take("out", now):
                raise PeerFault(f"trunk {trunk.options.name}: {reason.replace('_', ' ')}", 503)
            attempt.taken = trunk
            sender, headers = over_trunk(trunk.options, attempt.caller, options, way.uri, flow.local_host)
            account = trunk.options.account
        follow = self._follower(attempt) if trunk is None and way.flow is None else None
        call = self._agent.dial(way.uri, sender, way.flow, account=account, candidates=servers, follow=follow)
        for name, values in headers.items():
            call.invite.headers.set(name, *values)
        call.trunk = trunk.options.name if trunk is not None else ""
        leg = attempt.leg
        self._legs[call] = leg
        attempt.branches[call] = way
        leg.correlation, leg.callee, leg.call = call.call_id, Party(way.uri.user, host=way.uri.host), call
        if trunk is not None:
            leg.info = replace(leg.info, trunk=trunk.options.name)
            if trunk.options.patience > 0:
                attempt.timers.append(self._loop.call_later(trunk.options.patience, self._silent, attempt, call))
        log.debug("call %s leg %s dialled", leg.correlation, leg.id)
        handed = handed_to(options, trunk.options if trunk else None, ours=bool(way.user)) == "body" and options.handed
        beside = Part(handed.content_type, handed.body) if handed and handed.body else None
        call.start(b"" if trunk is not None and trunk.options.delayed_offer else attempt.offer, now, beside)

    def _follower(self, attempt: Attempt) -> Callable[[Uri], Flow | None]:
        """Where a 3xx may send this call: where its payer may call by a rule, and never to a number (RFC 3261 §8.1.3.4)."""

        def follow(uri: Uri) -> Flow | None:
            permit = attempt.permit
            try:
                destination = self._destinations.of(str(uri))
                if self._guard is None or permit is None or destination is None or destination.number:
                    return None
                self._guard.policy.permit(permit.permission.payer, destination, self._guard.now())
                return self._agent.core.flow_to(uri)
            except TelephonyError as error:
                log.warning("leg %s: not redirected: %s", attempt.leg.id, error)
                return None

        return follow

    # What becomes of it

    def _won(self, attempt: Attempt, call: OutgoingCall) -> None:
        way = attempt.branches.pop(call)
        attempt.leg.call = call
        attempt.leg.correlation, attempt.leg.callee = call.call_id, Party(way.uri.user, host=way.uri.host)
        attempt.rounds.clear()
        self._drop(attempt, call)
        for timer in attempt.timers:
            timer.cancel()
        if way.trunk is not None:
            self._trunks.lives(way.trunk)
        if attempt.permit is not None and self._guard is not None:
            self._spawn(self._guard.answered(attempt.permit, lambda: attempt.leg.hang_up(EndCause.RELEASED)))

    def _lost(self, attempt: Attempt, call: OutgoingCall, status: int, reason: str) -> None:
        way = attempt.branches.pop(call)
        self._legs.pop(call, None)
        attempt.failure = better(attempt.failure, (status, reason))
        if way.trunk is not None:
            way.trunk.counts["failed"] += 1
            if moves_on(status, alerted=False):
                self._trunks.fails(way.trunk, f"INVITE: {status} {reason}")
            else:
                self._trunks.lives(way.trunk)
        if status >= 600:
            self._drop(attempt, None)
        if status >= 600 or not moves_on(status, alerted=attempt.alerted):
            attempt.rounds.clear()
        if not attempt.branches:
            self._next(attempt)

    def _drop(self, attempt: Attempt, winner: OutgoingCall | None) -> None:
        """Give up every branch but the one that answered."""
        for call in tuple(attempt.branches):
            del attempt.branches[call]
            if call is not winner:
                self._legs.pop(call, None)
                if call.state is CallState.DIALING:
                    call.cancel(self._loop.time())

    def _silent(self, attempt: Attempt, call: OutgoingCall) -> None:
        """A trunk that gives no sign of life in time: on to the next, where there is one."""
        if call not in attempt.branches or call.heard or not attempt.rounds:
            return
        call.cancel(self._loop.time())
        self._lost(attempt, call, 408, "no sign of life")
        self._exchange.flush()

    def _rung_out(self, attempt: Attempt) -> None:
        if attempt.leg.state is LegState.DIALING:
            attempt.leg.hang_up(EndCause.NO_ANSWER)

    def _release_trunk(self, attempt: Attempt) -> None:
        trunk, attempt.taken = attempt.taken, None
        if trunk is not None:
            trunk.give_back("out")

    def _end(self, attempt: Attempt, error: TelephonyError) -> None:
        if attempt.leg.state is LegState.ENDED:
            return
        if isinstance(error, Refused):
            cause = EndCause.DECLINED
        elif isinstance(error, PeerFault) or type(error) is TransportError:
            cause = EndCause.UNREACHABLE
        else:
            cause = EndCause.FAILED
        attempt.leg.end(cause, by_peer=False, detail=str(error))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("dialling failed", exc_info=error)
