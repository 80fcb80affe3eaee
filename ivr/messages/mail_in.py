"""Where e-mail comes in: a mail server hands it over by SMTP, or a mailbox is read by IMAP."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any

from aioimaplib import IMAP4, IMAP4_SSL
from aiosmtpd.smtp import SMTP, Envelope, Session

from ivr.errors import ConfigError, IvrError
from ivr.messages.addresses import mail_of
from ivr.messages.mail import Mailbox
from ivr.messages.mail_reader import MOST_OCTETS

log = logging.getLogger(__name__)

RETRY_SECONDS = 15.0
IDLE_SECONDS = 120.0
"""After which the mailbox is asked anew although nothing was told."""
COMMAND_SECONDS = 20.0
AT_ONCE = 100
"""E-mails that one look takes."""


class SmtpDoor:
    """Takes e-mail to one address by SMTP, and no other: it relays nothing."""

    def __init__(self, listen: str, mailbox: Mailbox) -> None:
        host, _, port = listen.rpartition(":")
        self._host, self._port, self._mailbox = host.strip("[]"), int(port), mailbox
        self.port = 0
        self.up = asyncio.Event()

    async def run(self) -> None:
        """Serve until cancelled. Raises ConfigError where the address cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(self._session, self._host, self._port)
        except OSError as error:
            raise ConfigError(f"messages.email.listen: {self._host}:{self._port}: {error.strerror}") from error
        self.port = int(server.sockets[0].getsockname()[1])
        self.up.set()
        async with server:
            await server.serve_forever()

    def _session(self) -> SMTP:
        return SMTP(self, data_size_limit=MOST_OCTETS, timeout=60.0, enable_SMTPUTF8=True, hostname="hotline", ident="Hotline")

    # --- what aiosmtpd calls

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if mail_of(address) != mail_of(self._mailbox.address):
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content: Any = envelope.content
        try:
            await self._mailbox.take(content if isinstance(content, bytes) else str(content).encode(errors="replace"))
        except IvrError as error:
            log.warning("an e-mail is to be brought again: %s", error)
            return "451 4.3.0 try again later"
        except Exception:
            log.exception("an e-mail could not be taken")
            return "451 4.3.0 try again later"
        return "250 2.0.0 taken"


class ImapReader:
    """Reads what is new in a mailbox, and marks it as seen. The server tells of new mail (IDLE) where it can."""

    def __init__(
        self, host: str, port: int, user: str, password: str, tls: bool, folder: str, every: float, mailbox: Mailbox
    ) -> None:
        self._host, self._port, self._user, self._password = host, port, user, password
        self._tls, self._folder, self._every, self._mailbox = tls, folder, every, mailbox
        self.taken = 0

    async def run(self) -> None:
        """Until cancelled; a server that is away is tried again."""
        while True:
            try:
                await self._read()
            except (OSError, TimeoutError, IvrError, ConnectionError) as error:
                log.warning("the mailbox %s at %s is not read: %s", self._user, self._host, error or type(error).__name__)
            except Exception:
                log.exception("the mailbox %s at %s is not read", self._user, self._host)
            await asyncio.sleep(min(RETRY_SECONDS, self._every))

    async def _read(self) -> None:
        kind = {"host": self._host, "port": self._port, "timeout": COMMAND_SECONDS}
        client = IMAP4_SSL(**kind, ssl_context=ssl.create_default_context()) if self._tls else IMAP4(**kind)
        try:
            await client.wait_hello_from_server()
            self._fine(await client.login(self._user, self._password), "the user or the password is wrong")
            self._fine(await client.select(self._folder), f"there is no folder {self._folder}")
            while True:
                await self._look(client)
                await self._wait(client)
        finally:
            if client.protocol is not None and client.protocol.transport is not None:
                client.protocol.transport.close()

    async def _look(self, client: IMAP4) -> None:
        found = await client.uid_search("UNSEEN")
        self._fine(found, "the mailbox cannot be searched")
        uids = [one for line in found.lines[:1] for one in bytes(line).split() if one.isdigit()]
        for uid in uids[:AT_ONCE]:
            name = uid.decode()
            got = await client.uid("fetch", name, f"(BODY.PEEK[]<0.{MOST_OCTETS}>)")
            self._fine(got, "an e-mail cannot be fetched")
            bodies = [bytes(line) for line in got.lines if isinstance(line, bytearray)]
            if bodies:
                await self._mailbox.take(bodies[0])
            await client.uid("store", name, "+FLAGS", "(\\Seen)")
            self.taken += 1

    async def _wait(self, client: IMAP4) -> None:
        if not client.has_capability("IDLE"):
            await asyncio.sleep(self._every)
            return
        idle = await client.idle_start(timeout=IDLE_SECONDS)
        try:
            await client.wait_server_push(IDLE_SECONDS)
        except TimeoutError:
            pass
        finally:
            client.idle_done()
            await asyncio.wait_for(idle, COMMAND_SECONDS)

    def _fine(self, answer: Any, words: str) -> None:
        if answer.result != "OK":
            raise ConnectionError(words)
