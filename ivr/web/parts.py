"""What the web room is made of, handed in by `ivr.app`: it knows no gateway, no queue and no database itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from redis.asyncio import Redis

from ivr.accounts.house import Accounts, Books
from ivr.accounts.model import Account as Account
from ivr.messages.parts import MessageParts
from ivr.records.promises import Promises
from ivr.records.shelf import Shelves
from telephony.leg import CallLeg, Ended, Party

if TYPE_CHECKING:
    from ivr.hooks.house import HookHouse
    from ivr.quality.house import QualityHouse
    from ivr.web.admin_parts import AdminParts
    from ivr.web.bench import WorkbenchDesk
    from ivr.web.desk import DeskHub
    from ivr.web.handover_api import HandoverDesk
    from ivr.web.playing_api import PlayParts
    from ivr.web.wall_api import WallParts


class BrowserLeg(CallLeg, Protocol):
    """What a page's socket needs of its leg beyond `CallLeg`; `telephony.gateway.webrtc.WebRtcLeg` is one."""

    async def accept_answer(self, sdp: str) -> None:
        """Take the page's SDP answer; media can flow when this returns. Raises TelephonyError; the leg has ended then."""

    def when_ended(self, watcher: Callable[[Ended], None]) -> None:
        """Tell `watcher` when the leg ends, beside whoever subscribed."""

    def press(self, digits: str) -> None:
        """Keys from the caller that came by the socket."""

    def expect_media(self, seconds: float) -> None:
        """Once sound has come: without a packet for so long the leg ends with MEDIA_LOST."""

    def left(self, detail: str = "") -> None:
        """The page hung up or is gone."""


OpenLeg = Callable[[Party, Party, Sequence[str]], Awaitable[tuple[BrowserLeg, str]]]
"""(caller, callee, languages) to a leg and its SDP offer; `WebRtcGateway.offer`. Raises TelephonyError."""


class CallerPage(Protocol):
    """Where a call tells the page of its caller what happens: `phase`, `caption` and `ended` of docs/desk-protocol.md."""

    def push(self, kind: str, data: Mapping[str, Any]) -> None: ...


OnCallerLeg = Callable[[BrowserLeg, CallerPage, str, str, str], object]
"""(leg, page, name, language, to): a browser calls and its media is connected; the leg is still OFFERED."""


class AgentActions(Protocol):
    """What an agent's buttons do. Conflict and NotAllowed carry words that the page shows."""

    async def page_opened(self, agent_id: str) -> Mapping[str, Any]:
        """A page is there, for the first time or again: returns `{"agent": {...}, "queues": [...]}` for its snapshot, the
        contacts that its agent has, or wraps up, as `held`, and whether it was at another node before as `moved`."""

    async def page_closed(self, agent_id: str, reason: str = "page closed") -> None:
        """The page is gone and did not come back within the grace; "page gone" where it fell silent."""

    async def listener(self, name: str, there: bool) -> None:
        """A supervisor's page without an agent is there, or gone: where audio for it is offered."""

    async def set_state(self, agent_id: str, state: str, reason: str) -> None:
        """`available`, `break` or `offline`."""

    async def extend_wrap_up(self, agent_id: str) -> None: ...

    async def why_no_calls(self, agent_id: str) -> None:
        """Pushes `explained`."""

    async def hold(self, agent_id: str, contact_id: str) -> None: ...

    async def resume_call(self, agent_id: str, contact_id: str) -> None: ...

    async def hang_up(self, agent_id: str, contact_id: str) -> None: ...

    async def dtmf(self, agent_id: str, contact_id: str, digits: str) -> None: ...

    async def note(self, agent_id: str, contact_id: str, text: str) -> None: ...

    async def transfer(self, agent_id: str, contact_id: str, to: str) -> None: ...

    async def consult(self, agent_id: str, contact_id: str, to: str) -> None: ...

    async def toggle(self, agent_id: str, contact_id: str) -> None: ...

    async def three_way(self, agent_id: str, contact_id: str) -> None: ...

    async def complete(self, agent_id: str, contact_id: str) -> None: ...

    async def back(self, agent_id: str, contact_id: str) -> None: ...

    async def park(self, agent_id: str, contact_id: str, slot: str) -> None: ...

    async def pick_up(self, agent_id: str, slot: str) -> None: ...

    async def record(self, agent_id: str, contact_id: str, action: str) -> None: ...

    async def announce(self, agent_id: str, contact_id: str, prompt: str) -> None: ...

    async def monitor(self, agent_id: str, contact_id: str, mode: str) -> None: ...

    async def reattach(self, agent_id: str, contact_id: str) -> None: ...

    async def show(self, agent_id: str, contact_id: str) -> None:
        """Pushes what there is of a contact of the agent's."""

    async def dial(self, agent_id: str, to: str) -> None: ...

    async def redial(self, agent_id: str) -> None: ...

    async def directory(self, agent_id: str, query: str) -> None:
        """Pushes `directory`."""

    async def wrap_up(self, agent_id: str, contact_id: str, disposition: str, note: str, follow_up: str = "") -> None: ...


class Contacts(Protocol):
    """`ivr.records.ContactReader`."""

    async def list(
        self,
        limit: int,
        before: str | float | None = None,
        queue: str | None = None,
        agent: str | None = None,
        disposition: str | None = None,
    ) -> Sequence[Mapping[str, Any]]: ...

    async def get(self, contact_id: str) -> Mapping[str, Any]: ...


class SipBans(Protocol):
    """Bans of SIP sources: `ivr.guarding.keeper.Keeper`. Errors carry words for the person."""

    def bans(self) -> Sequence[Mapping[str, Any]]: ...

    async def ban(self, text: str, seconds: float, reason: str) -> Mapping[str, Any]: ...

    async def lift(self, text: str) -> None: ...


class SipTrace(Protocol):
    """The messages of calls: `ivr.guarding.tracing.Tracing`."""

    async def traces(self) -> Mapping[str, Any]: ...

    async def switch_trace(self, enabled: bool) -> Mapping[str, Any]: ...

    async def traced(self, call: str) -> Mapping[str, Any]: ...

    async def capture(self, call: str, secrets: bool = False) -> bytes: ...


class OutboundDesk(Protocol):
    """What administrators do about calls out: `ivr.wiring_outbound.OutboundDesk`."""

    async def state(self) -> Mapping[str, Any]: ...

    async def release(self, subject: str) -> bool:
        """Let a blocked payer call again; False where it was not blocked. Conflict where `subject` is none."""

    async def block(self, subject: str, reason: str) -> None: ...


class StaffDesk(Protocol):
    """Queues and agents as supervisors see and steer them: `ivr.session.staff.Staff`. Errors carry words for the person."""

    async def overview(self) -> Mapping[str, Any]: ...

    async def agents(self) -> Sequence[Mapping[str, Any]]: ...

    async def explain_agent(self, agent_id: str) -> Mapping[str, Any]: ...

    async def explain_contact(self, contact_id: str) -> Mapping[str, Any]: ...

    async def force(self, agent_id: str, state: str, reason: str, seconds: float, by: str) -> Mapping[str, Any]: ...

    async def breaks(self, agent_id: str) -> Sequence[Mapping[str, Any]]: ...

    async def plan_break(self, agent_id: str, begins: float, ends: float, reason: str, by: str) -> Mapping[str, Any]: ...

    async def cancel_break(self, agent_id: str, plan_id: str) -> None: ...

    async def history(self, agent_id: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """States that the agent had, the newest first."""


class StaffOrders(Protocol):
    """What supervisors order of callers, queues and desks of all nodes: `ivr.session.staff_orders.StaffOrders`."""

    async def move(self, contact_id: str, to: str, priority: int | None, by: str) -> Mapping[str, Any]: ...

    async def drained(self) -> Mapping[str, Any]: ...

    async def drain(self, queue: str, to: str, seconds: float, move: bool, by: str) -> Mapping[str, Any]: ...

    async def open(self, queue: str) -> None: ...

    async def lent(self) -> Mapping[str, Any]: ...

    async def lend(self, agent_id: str, skills: Mapping[str, int], seconds: float, by: str) -> Mapping[str, Any]: ...

    async def give_back(self, agent_id: str) -> Mapping[str, Any]: ...

    async def broadcast(
        self, text: str, level: str, agents: Sequence[str], teams: Sequence[str], by: str
    ) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class CallerLimits:
    total: int = 200
    """Browser calls at the same time on this node."""
    per_address: int = 10
    starts_per_minute: int = 30
    """New calls from one address."""


@dataclass(frozen=True, slots=True)
class WebParts:
    """Everything the routes need."""

    accounts: Accounts
    redis: Redis
    """Sessions and failed logins."""
    desk: DeskHub
    contacts: Contacts
    admin_token: str
    """Bearer token of the API."""
    open_leg: OpenLeg
    on_caller_leg: OnCallerLeg
    health: Callable[[], Mapping[str, Any]]
    """`{status, version, sip, speech, flows}` for `/api/v1/health`; a `status` other than "ok" answers 503."""
    metrics: Callable[[], Awaitable[str]]
    """Prometheus text."""
    static: Path
    """Folder of the built pages: `index.html`, `desk.html`, `call.html`, `assets/`."""
    origins: tuple[str, ...] = ()
    """Origins that may use cookie and sockets besides the one the page came from: `https://desk.example.org`."""
    caller_limits: CallerLimits = CallerLimits()
    ice_servers: Sequence[Mapping[str, str]] = ()
    """STUN and TURN of a caller's page, as its browser takes them; a desk finds them among its settings."""
    recording: Callable[[str, str, float, float | None], Awaitable[bytes]] | None = None
    """(file, `wav`, `mp3` or `ogg`, from second, to second) to the sound; None where nothing is recorded."""
    parked: Callable[[], Awaitable[Sequence[Mapping[str, Any]]]] | None = None
    """Who is parked on all nodes."""
    shelves: Shelves | None = None
    """Tickets, callbacks, surveys, messages and notifications; None where there is no store for them."""
    promises: Promises | None = None
    """Callbacks as they are dialled; None where there is no store for them."""
    discard: Callable[[str], None] | None = None
    """Removes a recording."""
    sources: Callable[[], Sequence[Mapping[str, Any]]] | None = None
    """How the sources of data of this node are; `ivr.profile.lookups.Sources.view`."""
    sip_desk: tuple[SipBans, SipTrace] | None = None
    """None where the node has no SIP of its own: then its bans and traces are not there."""
    outbound: OutboundDesk | None = None
    handover: HandoverDesk | None = None
    """Contacts as they are handed over, and the links that lead to them."""
    staff: StaffDesk | None = None
    """None where a node has no queues."""
    orders: StaffOrders | None = None
    """None where a node has no queues."""
    admin: AdminParts | None = None
    """None where a node has no admin pages."""
    books: Books | None = None
    """People, tokens and the audit; None where only accounts of the settings sign in."""
    hooks: HookHouse | None = None
    """Other systems that are told what happens; None where a node has no records."""
    workbench: WorkbenchDesk | None = None
    """What stands beside a conversation; None where a node has no desks."""
    messages: MessageParts | None = None
    """Threads, tickets, timelines; None where a node has none of them."""
    quality: QualityHouse | None = None
    """Scorecards and reviews; None where a node has none."""
    wall: WallParts | None = None
    """The wallboard; None where a node has none."""
    play: PlayParts | None = None
    """Contacts that are over, played and searched; None where a node has no records."""
