"""From settings to what is written: threads in the queues, tickets with clocks, e-mail, hooks, and the chat of web pages."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ivr.accounts.roles import AGENTS
from ivr.acd.model import Channel as Reached
from ivr.acd.routing import Router
from ivr.errors import Conflict, IvrError, StoreUnavailable
from ivr.messages.adapters import Generic
from ivr.messages.beside import Beside
from ivr.messages.customers import Customers
from ivr.messages.desk import Cards, MessageDesk
from ivr.messages.files import Files
from ivr.messages.holding import Holdings, Rules, Surroundings
from ivr.messages.mail import Mailbox
from ivr.messages.mail_in import ImapReader, SmtpDoor
from ivr.messages.masking import Masking, cleaned
from ivr.messages.model import Placing
from ivr.messages.news import News
from ivr.messages.outgoing import Outgoing
from ivr.messages.parts import ChatRules, Hook, MessageParts
from ivr.messages.signing import signed
from ivr.messages.store import ThreadStore
from ivr.messages.timeline import Timeline
from ivr.nodes.desks import PageMap
from ivr.nodes.link import NodeLink
from ivr.notices.channels import Channel, Smtp
from ivr.notices.sender import Sender
from ivr.notices.signed import SignedWebhook
from ivr.records.followups import FollowUps
from ivr.settings import Settings
from ivr.settings_queues import CapacityOptions
from ivr.stores import Stores
from ivr.web.bench import Has
from ivr.web.desk import DeskHub
from ivr.web.parts import AgentActions, WebParts
from ivr.wiring_masks import masks_of
from ivr.wiring_side import Bench
from ivr.wiring_tickets import Hours, ticket_house

log = logging.getLogger(__name__)

Tell = Callable[[str, str, Mapping[str, Any]], Awaitable[None]]
Contact = Callable[[str], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class MessageHouse:
    """A node's part in what is written."""

    parts: MessageParts
    news: News
    holdings: Holdings
    sender: Sender
    beside: Beside
    doors: tuple[SmtpDoor | ImapReader, ...]

    def web(self, parts: WebParts) -> WebParts:
        """With the inbox; what stands beside contacts stands beside conversations and tickets too."""
        desk = parts.workbench
        if desk is not None:
            desk = replace(desk, contact=contact_of(self.beside, desk.contact), has=has_of(self.beside, desk.has))
        return replace(parts, messages=self.parts, workbench=desk)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (self.news.run(), self.holdings.run(), self.sender.run(), *(door.run() for door in self.doors)):
                group.create_task(work)


def message_house(
    settings: Settings,
    stores: Stores,
    router: Router,
    link: NodeLink,
    where: PageMap,
    hub: DeskHub,
    actions: AgentActions,
    stack: AsyncExitStack,
    start: Callable[..., None],
    hours: Callable[[], Hours],
    bench: Bench,
) -> MessageHouse:
    """Put it together and `start` what goes on; `stack` closes what is open."""
    options, token = settings.messages, partial(secrets.token_hex, 8)
    store = ThreadStore(stores.engine, time.time, token, options.reopen)
    tell = teller(hub, link, where)
    news, customers = News(stores.redis), Customers(stores.engine)
    desks: list[MessageDesk] = []

    async def assigned(thread: dict[str, Any]) -> None:
        await desks[0].assigned(thread)

    rules = Rules(options.accept == "ask", options.prefer, options.idle, options.away)
    holdings = Holdings(Surroundings(settings.node, store, router, news, tell, rules, assigned))
    desk = MessageDesk(store, customers, news, holdings, tell, stores.acd, lambda: tuple(settings.queues))
    desks.append(desk)
    ticketed = ticket_house(settings, stores, router, tell, hours)
    hooks = hooks_of(settings)
    channels = channels_of(settings, hooks)
    sender = Sender(Outgoing(stores.engine, desk.sending_changed), channels, time.time)
    stack.push_async_callback(sender.close)
    names = {agent.id: agent.name or agent.id for agent in settings.agents}
    parts = MessageParts(
        desk=desk,
        tickets=ticketed.tickets,
        ticket_desk=ticketed.desk,
        timeline=Timeline(stores.engine, customers),
        customers=customers,
        dial=dialer(actions, stores),
        promise=partial(_promise, FollowUps(stores.engine, time.time)),
        name_of=lambda agent_id: names.get(agent_id, agent_id),
        agents={agent.id: agent.name or agent.id for agent in settings.agents if AGENTS & set(agent.roles)},
        takers=frozenset(
            one.id for one in settings.agents if isinstance(one.capacity, CapacityOptions) and one.capacity.message
        ),
        queues=tuple(settings.queues),
        chat=_chat(settings),
        hooks=hooks,
    )
    beside = Beside(store, ticketed.tickets, customers)
    desk.cards, desk.masks = cards_of(beside, bench), masks_of(settings)
    desk.files = Files(stores.engine, options.files * 1_000_000)
    ticketed.tickets.clean = partial(cleaned, desk.masks.coming)
    house = MessageHouse(parts, news, holdings, sender, beside, doors_of(settings, desk))
    start(house.run(), Masking(stores.engine, desk.masks, time.time).run(), *ticketed.works)
    return house


def contact_of(beside: Beside, other: Contact) -> Contact:
    async def contact(name: str) -> Mapping[str, Any]:
        return await (beside.contact(name) if beside.knows(name) else other(name))

    return contact


def has_of(beside: Beside, other: Has) -> Has:
    async def has(agent_id: str, contact_id: str, asked: bool = False) -> bool:
        return await (beside.has(agent_id, contact_id) if beside.knows(contact_id) else other(agent_id, contact_id, asked))

    return has


def cards_of(beside: Beside, bench: Bench) -> Cards:
    """Knowledge put forward by what is written; it never keeps a message back."""

    async def cards(name: str) -> list[dict[str, str]]:
        if not bench.cards.index.documents:
            return []
        try:
            found = await asyncio.to_thread(bench.cards.of, await beside.contact(name))
        except Exception:
            log.exception("no cards for %s", name)
            return []
        return [{"name": one.name, "why": one.why} for one in found]

    return cards


def teller(hub: DeskHub, link: NodeLink, where: PageMap) -> Tell:
    """Tells an agent's page, on whichever node it is; where Redis is away, one that is here."""

    async def tell(agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        try:
            node = await where.of(agent_id)
        except StoreUnavailable:
            node = where.node
        if node == where.node:
            hub.push(agent_id, kind, data)
        elif node:
            link.tell(node, "desk.push", {"agent": agent_id, "kind": kind, "data": dict(data)})

    return tell


def placing_of(settings: Settings, queue: str, needs: Mapping[str, int]) -> Placing:
    first = next(iter(settings.queues), "")
    return Placing(queue or settings.messages.queue or first, dict(needs))


def hooks_of(settings: Settings) -> dict[str, Hook]:
    found = settings.messages.hooks.items()
    return {name: Hook(Generic(one.kind), one.secret, placing_of(settings, one.queue, one.needs)) for name, one in found}


def channels_of(settings: Settings, hooks: Mapping[str, Hook]) -> dict[str, Channel]:
    """How answers leave the house."""
    found: dict[str, Channel] = {}
    for name, one in settings.messages.hooks.items():
        if one.url:

            def write(notice: Mapping[str, Any], hook: Hook = hooks[name]) -> Mapping[str, Any]:
                return hook.adapter.write({**notice, "to": notice["recipient"], "thread": notice["contact_id"]})

            def sign(body: bytes, secret: str = one.secret) -> Mapping[str, str]:
                return signed(secret, body, time.time())

            found[f"hook:{name}"] = SignedWebhook(one.url, write, sign, one.timeout)
    email, address = settings.notices.email, settings.messages.email.address
    if email.host and address:
        found["email"] = Smtp(email.host, email.port, address, email.user, email.password, email.tls, email.timeout)
    return found


def doors_of(settings: Settings, desk: MessageDesk) -> tuple[SmtpDoor | ImapReader, ...]:
    """Where e-mail comes in."""
    options = settings.messages.email
    if not options.address:
        return ()
    mailbox = Mailbox(
        options.address, desk, placing_of(settings, options.queue, options.needs), settings.messages.files * 1_000_000
    )
    found: list[SmtpDoor | ImapReader] = []
    if options.listen:
        found.append(SmtpDoor(options.listen, mailbox))
    imap = options.imap
    if imap.host:
        found.append(ImapReader(imap.host, imap.port, imap.user, imap.password, imap.tls, imap.folder, imap.every, mailbox))
    return tuple(found)


def dialer(actions: AgentActions, stores: Stores) -> Callable[[str, str], Awaitable[str]]:
    """Rings a number by an agent's own audio."""

    async def dial(agent_id: str, number: str) -> str:
        press = getattr(actions, "dial", None)
        if press is None:
            raise Conflict("agents of this node cannot dial")
        await press(agent_id, number)
        try:
            agent = await stores.acd.agent(agent_id)
        except IvrError:
            return ""
        calls = [one for one in agent.held if agent.others.get(one, Reached.VOICE) is Reached.VOICE]
        return calls[0] if len(calls) == 1 else ""

    return dial


async def _promise(followups: FollowUps, row: Mapping[str, Any]) -> str:
    return str((await followups.schedule_callback(f"ticket:{secrets.token_hex(8)}", row))["number"])


def _chat(settings: Settings) -> ChatRules | None:
    options = settings.messages.chat
    if not options.enabled:
        return None
    placing = placing_of(settings, options.queue, options.needs)
    return ChatRules(placing, options.sites, dict(options.greeting), options.ask)
