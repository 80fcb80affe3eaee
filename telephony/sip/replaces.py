"""Replaces: the call that a new one takes the place of (RFC 3891). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote

from telephony.errors import MalformedMessage
from telephony.sip.dialog import Dialog
from telephony.sip.grammar import Address, Uri, parameters
from telephony.sip.message import Request

MAX_HEADERS = 8
"""Headers of a Refer-To URI that are looked at."""


@dataclass(frozen=True, slots=True)
class Replaces:
    call_id: str
    local_tag: str
    """The tag of whoever receives this: `to-tag`."""
    remote_tag: str
    """`from-tag`."""
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises MalformedMessage."""
        call_id, semicolon, tail = text.strip().partition(";")
        values = parameters(semicolon + tail)
        to_tag, from_tag = values.get("to-tag"), values.get("from-tag")
        if not call_id or not to_tag or not from_tag or len(text) > 1024:
            raise MalformedMessage("Replaces is malformed")
        return cls(call_id.strip(), to_tag, from_tag, "early-only" in values)

    @classmethod
    def of(cls, request: Request) -> Self | None:
        """What an INVITE wants replaced. Raises MalformedMessage for two wishes, or one beside Join (RFC 3891 §3)."""
        found = request.headers.items_of("replaces")
        if not found:
            return None
        if len(found) > 1 or "join" in request.headers:
            raise MalformedMessage("Replaces stands twice, or beside Join")
        return cls.parse(found[0])

    @classmethod
    def towards(cls, dialog: Dialog) -> Self:
        """What the far end of `dialog` must be told, that it may know this dialog: its tag comes first."""
        return cls(dialog.call_id, dialog.remote_tag, dialog.local_tag)

    def __str__(self) -> str:
        return f"{self.call_id};to-tag={self.local_tag};from-tag={self.remote_tag}" + (";early-only" if self.early_only else "")


@dataclass(frozen=True, slots=True)
class ReferTo:
    """Where a REFER leads (RFC 3515 §2.1)."""

    uri: Uri
    """Without headers."""
    replaces: str = ""
    """Value of Replaces, unescaped; "" for none."""
    method: str = "INVITE"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises MalformedMessage, also for a Replaces that is none."""
        uri = Address.parse(text).uri
        method = (uri.parameter("method") or "INVITE").upper()
        kept = tuple((name, value) for name, value in uri.parameters if name != "method")
        replaces = ""
        for piece in uri.headers.split("&")[:MAX_HEADERS]:
            name, _, value = piece.partition("=")
            if unquote(name).strip().lower() == "replaces":
                replaces = unquote(value)
                Replaces.parse(replaces)
        return cls(Uri(uri.scheme, uri.user, uri.host, uri.port, kept), replaces, method)

    def __str__(self) -> str:
        headers = f"?Replaces={quote(self.replaces, safe='')}" if self.replaces else ""
        return f"<{self.uri}{headers}>"
