"""Calls by SIP over UDP and TCP as legs: the asyncio shell around `telephony.sip.user_agent`."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telephony.errors import TelephonyError, TransportError
from telephony.gateway.call_control import offer_place, tell
from telephony.gateway.dialing import Dialing
from telephony.gateway.hosting import Hosting, Packed, packed, unpacked
from telephony.gateway.inbound import Inbound
from telephony.gateway.leg_media import LegMedia
from telephony.gateway.media_rules import SrtpRules
from telephony.gateway.parties import ip_of, languages_of, party_of, plain
from telephony.gateway.sip_door import Door, DoorSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener, WireSettings
from telephony.gateway.toll_guard import TollGuard
from telephony.gateway.trunks import Trunks
from telephony.leg import DialOptions, EndCause, LegState, Party
from telephony.net.lag import LagMeter
from telephony.net.ticker import Ticker
from telephony.sip.call import Call
from telephony.sip.core import AgentSettings
from telephony.sip.digest import ALGORITHMS, Account
from telephony.sip.events import AgentEvent, CallOffered, Registered
from telephony.sip.flow import Flow
from telephony.sip.grammar import Uri
from telephony.sip.negotiation import MediaPolicy
from telephony.sip.session_timer import LEAST
from telephony.sip.trunk import TrunkOptions
from telephony.sip.user_agent import UserAgent

logger = logging.getLogger(__name__)

WATCH = 1.0
"""Seconds between looks at calls whose media may be lost."""

FAREWELL = 2.0
"""Seconds that `close` waits for answers to the last BYEs: time to repeat each twice, should UDP lose it."""


@dataclass(frozen=True, slots=True)
class SipSettings:
    listeners: tuple[Listener, ...] = (Listener("udp"), Listener("tcp"))
    wire: WireSettings = field(default_factory=WireSettings)
    trusted_networks: tuple[str, ...] = ()
    """Networks (CIDR) whose calls need no digest."""
    realm: str = "hotline"
    algorithms: tuple[str, ...] = ALGORITHMS
    """Of the digest. Some old phones give up at one that they do not know, wherever it stands: offer them MD5 alone."""
    rtp_host: str = ""
    """Address to bind RTP to; "" for that of the first listener."""
    rtp_low: int = 20000
    rtp_high: int = 29999
    max_calls: int = 2000
    media_timeout: float = 30.0
    """Seconds without any packet after which a call counts as lost, or, on hold, its far end is asked; 0 for never."""
    min_expires: int = 60
    max_expires: int = 3600
    """Seconds: bounds of a registration."""
    session_expires: int = 1800
    """Seconds between the refreshes of a call that we ask for (RFC 4028); 0 to ask for none."""
    min_se: int = 90
    """Seconds: who wants refreshes more often is told so (422)."""
    max_call_rate: float = 0.0
    """New calls a second; what is more gets 503. 0 for any."""
    max_lag: float = 0.0
    """Seconds of lag of the event loop (95th percentile) above which new calls get 503; 0 for any."""
    trunks: tuple[TrunkOptions, ...] = ()
    account: Account | None = None
    """What challenges to our calls over no trunk are answered with: for a program that is one phone."""
    media: MediaPolicy = field(default_factory=MediaPolicy)
    srtp: SrtpRules = field(default_factory=SrtpRules)
    door: DoorSettings = field(default_factory=DoorSettings)

    def __post_init__(self) -> None:
        """Raises ValueError for a network or a listener that is none."""
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            raise ValueError(f"digest algorithms are {', '.join(ALGORITHMS)}; not {', '.join(self.algorithms) or 'none'}")
        if self.min_se < LEAST or 0 < self.session_expires < self.min_se:
            raise ValueError(f"min_se is {LEAST} s or more, session_expires 0 or not below min_se")
        for network in self.trusted_networks:
            ipaddress.ip_network(network, strict=False)
        for listener in self.listeners:
            listener.check()


class SipGateway:
    """Takes and makes calls; `on_call` gets each leg that is offered, in the event loop, and must not block.

    Where `on_call` raises, that call is refused with 500 and the gateway lives on.
    """

    def __init__(
        self,
        settings: SipSettings,
        ticker: Ticker,
        on_call: Callable[[SipLeg], None],
        credentials: Callable[[str], Account | None] = lambda user: None,
        guard: TollGuard | None = None,
        hosting: Hosting | None = None,
    ) -> None:
        """`guard` judges calls to numbers and foreign hosts; without one every call that is asked for is made.

        `hosting` is for one of several worker processes.
        """
        self._hosting = hosting = hosting or Hosting()
        self.settings = settings
        self._on_call = on_call
        self._networks = [ipaddress.ip_network(one, strict=False) for one in settings.trusted_networks]
        self.door = Door(settings.door, self._receive, lambda: self._loop.time(), self._is_trusted_listener)
        self._agent = UserAgent(self._agent_settings(credentials), hosting.token, hosting.secret)
        self._wire = hosting.wire(settings.wire, self.door.receive, self._failed, self.door.accepts)
        self.refresh = self._wire.refresh
        """Reads the certificate's files now, changed or not; True where what they hold is in use."""
        self._open: set[int] = set()
        self._media = LegMedia(settings.media, settings.srtp, ticker, self._wire.media_host)
        self._legs: dict[Call, SipLeg] = {}
        self.trunks = Trunks(settings.trunks, self._agent.core, self.flush)
        self.toll_guard = guard
        self.on_registered: Callable[[str, int], None] = lambda user, contacts: None
        """Hears of a user's contacts, 0 when the last is gone."""
        self._inbound = Inbound(self.trunks, self._trusts)
        self._dialing = Dialing(self, self._agent, self._legs, settings.realm, self.trunks, guard)
        self._dialing.account = settings.account
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._watch: asyncio.TimerHandle | None = None
        self._lag: LagMeter | None = None
        self._flushing = False
        self._idle = asyncio.Event()
        """Set when the last leg is gone while draining."""
        self._moved = asyncio.Event()
        """Set whenever something was sent or heard."""
        self.listeners: tuple[Listener, ...] = ()
        """What is listened on, with the ports that are really bound."""

    def _agent_settings(self, credentials: Callable[[str], Account | None]) -> AgentSettings:
        settings = self.settings
        return AgentSettings(
            realm=settings.realm,
            algorithms=settings.algorithms,
            max_calls=settings.max_calls,
            credentials=credentials,
            trusted=self._trusts,
            trunk_of=lambda request, flow: self.trunks.of_request(request, flow),
            noticed=self.door.noticed,
            keepalive=settings.wire.keepalive,
            min_expires=settings.min_expires,
            max_expires=settings.max_expires,
            session_expires=settings.session_expires,
            min_se=settings.min_se,
            max_call_rate=settings.max_call_rate,
            max_lag=settings.max_lag,
        )

    async def start(self) -> None:
        """Open the listeners. Raises TransportError, in one clear line, where one cannot be; then none stays open."""
        self._loop = asyncio.get_running_loop()
        try:
            await self.door.open()
            self.listeners = tuple([await self._wire.open(one) for one in self.settings.listeners])
        except TransportError:
            await self.close()
            raise
        self._open = {one.number for one in self.listeners if one.trusted}
        self._agent.core.way = self._wire.way
        hosts = (self.settings.rtp_host, *(one.host for one in self.listeners))
        self._media.open(hosts, self.settings.rtp_low, self.settings.rtp_high)
        self._watch = self._loop.call_later(WATCH, self._watch_media)
        self._lag = LagMeter(self._agent.core.overload.measured)
        self.trunks.start(self.locate)

    # For the rest of the program

    @property
    def calls(self) -> int:
        """Calls that are not over."""
        return self._agent.calls

    @property
    def legs(self) -> list[SipLeg]:
        return list(dict.fromkeys(self._legs.values()))

    @property
    def registrations(self) -> int:
        """Users with at least one contact."""
        return len(self._agent.registrar)

    @property
    def refused(self) -> dict[str, int]:
        """How often what was turned away, by reason."""
        return dict(self._agent.refused + self.door.guard.refused + self._wire.turned_away())

    def dial(self, target: str, caller: Party, /, *, options: DialOptions | None = None) -> SipLeg:
        """Call a registered user, a number or a SIP URI, and return the DIALING leg at once; see `telephony.gateway.dialing`.

        Whatever stands in the way, a rule or no free port, comes as `Ended`.
        """
        return self._dialing.dial(target, caller, options)

    def adopt(self, user: str, bindings: Sequence[Packed]) -> None:
        """Take over where a user has registered with another worker; `hosting` is not told of it."""
        self._agent.registrar.adopt(user, unpacked(bindings, self._loop.time()))
        self.on_registered(user, len(bindings))

    def is_registered(self, user: str) -> bool:
        return bool(self._agent.lookup(user, self._loop.time()))

    def stop_offering(self) -> None:
        """Refuse new calls with 503 and Retry-After, and say so to OPTIONS; running calls go on, and may still dial."""
        self._agent.drain()

    async def drain(self, seconds: float) -> None:
        """Refuse new calls, wait up to `seconds` for the running ones, then end them (SHUTDOWN)."""
        self.stop_offering()
        try:
            async with asyncio.timeout(seconds):
                while self._legs:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            for leg in self.legs:
                leg.hang_up(EndCause.SHUTDOWN, 503)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """End every call, give the far ends `FAREWELL` to hear of it, and stop listening."""
        self.stop_offering()
        for leg in self.legs:
            leg.hang_up(EndCause.SHUTDOWN, 503)
        await asyncio.sleep(0)
        await self.trunks.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                while self._agent.core.transactions.unanswered or self._agent.core.leaving:
                    self._moved.clear()
                    await self._moved.wait()
        for timer in (self._timer, self._watch):
            if timer is not None:
                timer.cancel()
        if self._lag is not None:
            self._lag.close()
        await self._wire.close()
        await self.door.close()

    # In and out

    def _receive(self, data: bytes, flow: Flow, now: float) -> None:
        self._agent.receive(data, flow, now)
        self.flush()

    def flush(self) -> None:
        """Send what the agent has to send, tell the legs what has happened, and set the one alarm anew."""
        if self._flushing:
            return
        self._flushing = True
        try:
            while (output := self._agent.drain_output()) or self._agent.core.events:
                for outgoing in output:
                    self.door.sent(outgoing)
                    self._wire.send(outgoing)
                for event in self._agent.drain_events():
                    self._dispatch(event)
        finally:
            self._flushing = False
            self._moved.set()
            self._arm()

    def _arm(self) -> None:
        deadline = self._agent.next_deadline()
        if deadline >= self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_at(deadline, self._alarm)

    def _alarm(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self._agent.handle_timer(self._loop.time())
        self.flush()

    def _failed(self, transport: str, host: str, port: int, connection: int) -> None:
        """Hear that nothing can be sent to a far end, or that a connection is gone."""
        self._agent.unreachable(transport, host, port, self._loop.time(), connection)
        self.flush()

    def _is_trusted_listener(self, flow: Flow) -> bool:
        return flow.listener in self._open

    def _trusts(self, flow: Flow) -> bool:
        if self._is_trusted_listener(flow):
            return True
        address = ip_of(flow.host)
        return address is not None and any(address in network for network in self._networks)

    # Events of the agent

    def _dispatch(self, event: AgentEvent) -> None:
        if isinstance(event, Registered):
            logger.debug("a user registered: %d contacts", event.bindings)
            self.on_registered(event.user, event.bindings)
            now = self._loop.time()
            self._hosting.registered(event.user, packed(self._agent.lookup(event.user, now), now))
            return
        if isinstance(event, CallOffered):
            self._offered(event)
            return
        leg = self._legs.get(event.call)
        if leg is None or self._dialing.hears(event):
            return
        tell(leg, event, self._legs)

    def _offered(self, event: CallOffered) -> None:
        call, now = event.call, self._loop.time()
        invite = call.invite
        caller = party_of(invite.sender, call.authenticated_user)
        leg = SipLeg(
            f"sip-{call.tag}",
            caller,
            Party(invite.uri.user, host=invite.uri.host),
            state=LegState.OFFERED,
            owner=self,
            correlation=plain(call.call_id),
        )
        leg.languages = languages_of(invite)
        self._inbound.introduce(leg, call)
        if refusal := self._inbound.take(leg, call, now):
            self._agent.refused[f"trunk {refusal}"] += 1
            call.reject(503, now, {"Retry-After": "5"})
            leg.end(EndCause.FAILED, by_peer=False, detail=refusal)
            return
        try:
            trunk = self.trunks.get(call.trunk)
            if trunk is not None and trunk.options.account is not None:
                call.vouch(trunk.options.account)
            self._media.give(leg, call.flow, trunk.options if trunk else None, call.authenticated_user)
            if event.offer:
                leg.take_offer(event.offer)
        except TelephonyError as error:
            status = 488 if type(error) is TransportError else error.status
            self._agent.refused["media" if status == 488 else type(error).__name__] += 1
            call.reject(status, now, {"Retry-After": "5"} if status == 503 else {})
            leg.end(EndCause.FAILED, by_peer=False, detail=str(error))
            return
        leg.call = call
        self._legs[call] = leg
        logger.debug("call %s leg %s offered", leg.correlation, leg.id)
        if call.replaces is not None:
            self._hosting.moved(call.call_id)
            offer_place(leg, self._legs.get(call.replaces))
            return
        try:
            self._on_call(leg)
        except Exception:
            logger.exception("call %s: whoever takes calls failed", leg.correlation)
            leg.hang_up(EndCause.FAILED, 500)

    # Media

    def offer_for(self, leg: SipLeg, flow: Flow, trunk: TrunkOptions | None, user: str) -> bytes:
        """Our offer to whom `leg` dials along `flow`."""
        return self._media.offer(leg, flow, trunk, user)

    async def locate(self, uri: Uri) -> list[Flow]:
        """The ways to the servers of `uri`. Raises TransportError."""
        return await self._wire.locate(uri)

    def is_ours(self, host: str) -> bool:
        """Whether a URI with this host names a user of ours."""
        return host == self.settings.realm or host.strip("[]") in {one.host for one in self.listeners}

    def released(self, leg: SipLeg) -> None:
        """Forget a leg that has ended."""
        if leg.call is not None:
            self._legs.pop(leg.call, None)
        self._dialing.ended(leg)
        self._inbound.ended(leg)
        if not self._legs:
            self._idle.set()

    def _watch_media(self) -> None:
        self._watch = self._loop.call_later(WATCH, self._watch_media)
        limit, now = self.settings.media_timeout, self._loop.time()
        for leg in self.legs if limit > 0 else ():
            if leg.silent_for(now) > limit:
                leg.hang_up(EndCause.MEDIA_LOST)
            else:
                leg.probe(now, limit)
