"""How messages of other systems come in and go out: one adapter a kind of far end. Pure but for `send`, which wiring gives.

A new far end (an SMS gateway, WeChat, WhatsApp) is an `Adapter`: how its webhook's body reads, and how an answer is written.
`Generic` is the plain one, which any gateway can be taught.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ivr.errors import Conflict
from ivr.messages.addresses import address_of, mail_of, phone_of
from ivr.messages.model import Incoming, Sender

MOST_AT_ONCE = 50


class Adapter(Protocol):
    """One kind of far end."""

    kind: str
    """`sms`, `wechat`, `whatsapp`, `webhook`: how pages name the channel."""

    def read(self, source: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """The messages in a webhook's body that was signed rightly. Raises Conflict naming what is missing."""

    def write(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body that the far end gets for an answer: `id to text name subject language thread` are given."""


class Generic:
    """`{"id", "from", "text", "name"?, "language"?, "subject"?, "phone"?, "email"?}`, or `{"messages": [such, ...]}`.

    Answers are `{"id", "to", "text", "subject", "language", "thread"}`.
    """

    def __init__(self, kind: str = "webhook") -> None:
        self.kind = kind

    def read(self, source: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        several = body.get("messages", [body])
        if not isinstance(several, list) or not 1 <= len(several) <= MOST_AT_ONCE:
            raise Conflict(f"messages: a list of 1 to {MOST_AT_ONCE}")
        return [self._one(source, one) for one in several]

    def _one(self, source: str, one: object) -> Incoming:
        if not isinstance(one, dict):
            raise Conflict("each message is a JSON object with id, from and text")
        given = {name: _text(one, name) for name in ("id", "from", "text", "name", "language", "subject", "phone", "email")}
        for name in ("id", "from", "text"):
            if not given[name].strip():
                raise Conflict(f"{name} is missing")
        sender = Sender(self._address(source, given["from"]), given["name"], given["language"], stated_in(given))
        return Incoming(self.kind, source, sender, given["text"], f"{source}:{given['id']}", given["subject"])

    def _address(self, source: str, text: str) -> str:
        found = phone_of(text) if self.kind in ("sms", "whatsapp") else ""
        try:
            return found or address_of(f"{source}:{text}")
        except ValueError:
            raise Conflict("from: who wrote, as text of at most 250 characters") from None

    def write(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: message[name] for name in ("id", "to", "text", "subject", "language", "thread")}


def stated_in(given: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses that somebody gave as his."""
    found = phone_of(given.get("phone", "")), mail_of(given.get("email", ""))
    return tuple(one for one in found if one)


def _text(one: Mapping[str, Any], name: str) -> str:
    value = one.get(name, "")
    if isinstance(value, int) and not isinstance(value, bool) and name in ("id", "from"):
        value = str(value)
    if not isinstance(value, str) or len(value) > (20_000 if name == "text" else 250):
        raise Conflict(f"{name}: text of at most {20_000 if name == 'text' else 250} characters")
    return value
