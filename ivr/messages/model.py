"""Threads of messages, and what may become of them. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

LONGEST_TEXT = 20_000
"""Characters of one message; of a longer one the rest is cut off."""
CUT = "…"
MOST_FILES = 10
"""Files of one message."""


class Status(StrEnum):
    WAITING = "waiting"
    """Somebody must answer, and nobody has it yet."""
    ASSIGNED = "assigned"
    """An agent has it, and room for one message less."""
    PENDING = "pending"
    """It is the customer's turn; nobody's room is taken."""
    CLOSED = "closed"


class Move(StrEnum):
    WROTE = "wrote"
    """The customer wrote."""
    TAKEN = "taken"
    """An agent got it, by the queue or by hand."""
    GIVEN_BACK = "given_back"
    """To the queue: transferred, or its agent is gone."""
    PUT_ASIDE = "put_aside"
    """Answered; nothing to do until the customer writes."""
    CLOSED = "closed"


TRANSITIONS: Mapping[Status, Mapping[Move, Status]] = {
    Status.WAITING: {
        Move.WROTE: Status.WAITING,
        Move.TAKEN: Status.ASSIGNED,
        Move.GIVEN_BACK: Status.WAITING,
        Move.CLOSED: Status.CLOSED,
    },
    Status.ASSIGNED: {
        Move.WROTE: Status.ASSIGNED,
        Move.TAKEN: Status.ASSIGNED,
        Move.GIVEN_BACK: Status.WAITING,
        Move.PUT_ASIDE: Status.PENDING,
        Move.CLOSED: Status.CLOSED,
    },
    Status.PENDING: {
        Move.WROTE: Status.WAITING,
        Move.TAKEN: Status.ASSIGNED,
        Move.GIVEN_BACK: Status.WAITING,
        Move.CLOSED: Status.CLOSED,
    },
    Status.CLOSED: {Move.WROTE: Status.WAITING, Move.TAKEN: Status.ASSIGNED},
}
"""What is not listed cannot be done."""


def after(status: Status, move: Move) -> Status | None:
    """The status after the move; None where it cannot be made."""
    return TRANSITIONS[status].get(move)


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    NOTE = "note"
    """Of an agent, for colleagues: no customer ever sees it."""
    EVENT = "event"
    """What happened: `text` is one of `EVENTS`, with a value after a colon where it has one."""


EVENTS = ("assigned", "released", "pending", "closed", "reopened", "ticket", "left", "moved")
SHOWN = (Direction.IN, Direction.OUT)
"""What the customer may see, beside who joined and that it was closed."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote, as far as the channel knows."""

    address: str
    """`chat:ID`, `mailto:x@example.org`, `tel:+86...` or `SOURCE:ID`."""
    name: str = ""
    language: str = ""
    stated: tuple[str, ...] = ()
    """More addresses that the person gave without a proof."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it came."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that came in by any channel."""

    channel: str
    """`chat`, `email`, or the kind of a hook."""
    source: str
    """Name of the hook or mailbox; `chat`."""
    sender: Sender
    text: str
    external: str
    """Unique name: the same message told twice counts once."""
    subject: str = ""
    thread: str = ""
    """The thread it belongs to, where the channel knows."""
    reference: str = ""
    """What an answer must refer to: a Message-ID."""
    files: tuple[File, ...] = ()
    """What came along and is kept."""


@dataclass(frozen=True, slots=True)
class Placing:
    """Where new threads of a channel wait."""

    queue: str
    needs: Mapping[str, int] = field(default_factory=dict)
    by: str = ""
    """Channel that brings answers; "" for a page that fetches them."""


def cut(text: str, most: int = LONGEST_TEXT) -> str:
    """At most `most` characters that any store and any page can take."""
    clean = "".join(one for one in text[: most + 1] if one in "\n\t" or one >= " ").encode(errors="replace").decode()
    return clean if len(clean) <= most else clean[: most - 1] + CUT


def limited(message: Incoming) -> Incoming:
    """The same within what the tables hold."""
    sender = message.sender
    sender = replace(
        sender,
        address=sender.address[:340],
        name=cut(sender.name, 256).strip(),
        language=cut(sender.language, 16),
        stated=tuple(one for one in sender.stated[:4] if len(one) <= 340),
    )
    return replace(
        message,
        sender=sender,
        text=cut(message.text),
        subject=cut(message.subject, 300),
        external=cut(message.external, 300),
        reference=cut(message.reference),
    )


def shown_to_customer(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """The message as a customer's page gets it; None for what is not for customers."""
    if message["direction"] not in SHOWN:
        return None
    return {name: message[name] for name in ("index", "at", "direction", "text")} | {
        "name": message.get("name", ""),
        "files": message.get("files", []),
    }
