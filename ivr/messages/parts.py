"""What the routes and sockets of this room are made of, handed in by wiring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.messages.adapters import Adapter
from ivr.messages.customers import Customers
from ivr.messages.desk import MessageDesk
from ivr.messages.model import Placing
from ivr.messages.ticket_desk import TicketDesk
from ivr.messages.tickets import Tickets
from ivr.messages.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Hook:
    """A far end that sends messages by signed webhook."""

    adapter: Adapter
    secret: str
    placing: Placing


@dataclass(frozen=True, slots=True)
class ChatRules:
    """The chat of web pages."""

    placing: Placing
    sites: tuple[str, ...] = ()
    """Origins whose pages may show it in a frame, `https://www.example.org`."""
    greeting: Mapping[str, str] = field(default_factory=dict)
    """By language; said by the page, before anybody is there."""
    ask: tuple[str, ...] = ("name",)
    """What a visitor may say of himself before: `name`, `phone`, `email`."""
    total: int = 500
    """Chats open at the same time on this node."""
    per_address: int = 10
    starts_per_minute: int = 20
    """New conversations from one address."""


@dataclass(frozen=True, slots=True)
class MessageParts:
    desk: MessageDesk
    tickets: Tickets
    timeline: Timeline
    customers: Customers
    dial: Callable[[str, str], Awaitable[str]]
    """(agent, number): the agent's own audio rings the customer; the id of the contact, "" where it is not known yet. Raises
    Conflict with words."""
    promise: Callable[[Mapping[str, Any]], Awaitable[str]]
    """The columns of a callback to its number."""
    name_of: Callable[[str], str]
    """An agent's name as customers see it."""
    agents: Mapping[str, str] = field(default_factory=dict)
    """Whom a conversation can be given to: id to name."""
    takers: frozenset[str] = frozenset()
    """Agents to whom messages come by themselves."""
    queues: tuple[str, ...] = ()
    chat: ChatRules | None = None
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    ticket_desk: TicketDesk | None = None
    """Who offers tickets to agents."""
