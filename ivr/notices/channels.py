"""How a notification leaves the house: a webhook of the operator's, which SMS goes by too, or SMTP."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Protocol

import httpx

Notice = Mapping[str, Any]
"""A row of `notifications`: `id by recipient subject text language contact_id`."""

AGAIN = frozenset({408, 425, 429})
"""Refusals by HTTP that another try may turn."""
AT_ONCE = 20
"""E-mails under way; as many as `ivr.notices.sender` takes at a time, so that none waits while its lease runs out."""
FIELDS = ("id", "by", "subject", "text", "language", "contact_id")


class NotSent(Exception):
    """It did not leave the house; `again` where another try may do. The text may stand in a record: it names no secret."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.again = again


class Channel(Protocol):
    async def send(self, notice: Notice) -> None:
        """Give it away. Raises NotSent."""

    async def close(self) -> None: ...


class Webhook:
    """POSTs each notification as JSON to one address: a gateway for SMS, or whatever the operator runs.

    The `id` of a notification is also its `Idempotency-Key`: the far end can tell a second try from a second message.
    """

    def __init__(
        self, url: str, token: str = "", seconds: float = 5.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._url = url
        self._client = httpx.AsyncClient(headers=headers, timeout=seconds, follow_redirects=False, transport=transport)

    async def send(self, notice: Notice) -> None:
        body = {"to": notice["recipient"], **{name: notice[name] for name in FIELDS}}
        try:
            headers = {"idempotency-key": str(notice["id"])}
            async with self._client.stream("POST", self._url, json=body, headers=headers) as answer:
                pass  # its body says nothing to us, and may have no end
        except (httpx.HTTPError, UnicodeError) as error:
            raise NotSent(f"no answer: {type(error).__name__}", again=True) from error
        if not answer.is_success:
            status = answer.status_code
            raise NotSent(f"the far end answered {status}", again=status >= 500 or status in AGAIN)

    async def close(self) -> None:
        await self._client.aclose()


@dataclass(frozen=True, slots=True)
class Smtp:
    """Sends e-mail by one SMTP server, in a thread of its own."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    tls: str = "starttls"
    """`starttls`, `tls` (from the first octet) or `none`."""
    seconds: float = 10.0
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "smtp"), init=False, repr=False, compare=False
    )
    """Its own: a server that says nothing would hold those in which the rest of the node reads files and asks DNS."""

    async def send(self, notice: Notice) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._send, notice)

    async def close(self) -> None:
        """No connection is kept open."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _send(self, notice: Notice) -> None:
        message = self._message(notice)
        try:
            with self._server() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise NotSent(f"the server refused the recipient: {codes}", again=any(code < 500 for code in codes)) from error
        except smtplib.SMTPResponseException as error:
            raise NotSent(f"the server answered {error.smtp_code}", again=error.smtp_code < 500) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotSent(f"no answer: {type(error).__name__}", again=True) from error

    def _server(self) -> smtplib.SMTP:
        own = self.sender.rpartition("@")[2].strip(" >") or "localhost"  # else DNS is asked for a name of this machine
        if self.tls == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, own, timeout=self.seconds, context=ssl.create_default_context())
        server = smtplib.SMTP(self.host, self.port, own, timeout=self.seconds)
        if self.tls == "starttls":
            server.starttls(context=ssl.create_default_context())
        return server

    def _message(self, notice: Notice) -> EmailMessage:
        """Headers that hold a line break, or an address that is none, are refused: nobody adds a recipient by a subject."""
        message = EmailMessage()
        try:
            message["From"], message["To"] = self.sender, str(notice["recipient"])
            message["Subject"] = str(notice["subject"]) or str(notice["text"]).strip().partition("\n")[0][:78]
            message["Date"], message["Message-ID"] = formatdate(), make_msgid(str(notice["id"]), domain="hotline")
            for name, value in notice.get("headers", {}).items():  # what it answers
                message[name] = value
            message.set_content(str(notice["text"]))
            for file in notice.get("files", ()):
                main, _, sort = str(file["type"]).partition("/")
                message.add_attachment(file["data"], maintype=main, subtype=sort, filename=str(file["name"]))
            addresses = message["To"].addresses
        except (ValueError, IndexError, MessageError, UnicodeError) as error:
            raise NotSent(f"no e-mail can be made of it: {error}", again=False) from error
        if len(addresses) != 1 or not addresses[0].username or "." not in addresses[0].domain:
            raise NotSent("the recipient is no address", again=False)
        return message
