"""The doors of e-mail against real clients and servers: SMTP from the standard library, an IMAP server of aioimaplib."""

from __future__ import annotations

import asyncio
import re
import smtplib
from typing import Any

import pytest
from aioimaplib import imap_testing_server
from aioimaplib.imap_testing_server import ImapProtocol, Mail, MockImapServer

from ivr.errors import ConfigError, StoreUnavailable
from ivr.messages.mail_in import ImapReader, SmtpDoor
from ivr.messages.mail_reader import MOST_OCTETS
from tests.unit.ivr.messages.conftest import eventually
from tests.unit.ivr.messages.test_mail import OWN, mail


class Kept:
    """A mailbox that keeps what it was given."""

    address = OWN

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.news = asyncio.Event()
        self.away = False

    async def take(self, data: bytes) -> str:
        if self.away:
            raise StoreUnavailable("the database is away")
        self.taken.append(data)
        self.news.set()
        return "m-1"


def deliver(port: int, to: str = OWN) -> tuple[int, bytes | str]:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        try:
            client.sendmail("li@example.com", [to], bytes(mail()))
        except smtplib.SMTPRecipientsRefused as error:
            return next(iter(error.recipients.values()))
        except smtplib.SMTPDataError as error:
            return error.smtp_code, error.smtp_error
    return 250, b""


async def _idles(server: MockImapServer) -> bool:
    """Whether the reader waits to be told."""
    return any(one.state == "IDLE" for one in server._connections)


async def test_smtp_takes_what_is_for_us_and_relays_nothing() -> None:
    kept: Any = Kept()
    door = SmtpDoor("127.0.0.1:0", kept)
    running = asyncio.create_task(door.run())
    try:
        await asyncio.wait_for(door.up.wait(), 10)
        assert (await asyncio.to_thread(deliver, door.port))[0] == 250
        assert b"My bill is wrong." in kept.taken[0]
        assert (await asyncio.to_thread(deliver, door.port, "boss@elsewhere.org"))[0] == 550
        kept.away = True
        assert (await asyncio.to_thread(deliver, door.port))[0] == 451, "the mail server brings it again"
        with pytest.raises(ConfigError, match=r"messages.email.listen: 127.0.0.1:"):
            await SmtpDoor(f"127.0.0.1:{door.port}", kept).run()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_mailbox_is_read_and_told_of_new_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = ImapProtocol.search

    def search(server: Any, tag: str, *words: str) -> None:
        """The server of the library knows this of the standard's words not yet."""
        plain(server, tag, *(part for word in words for part in (("UNKEYWORD", "\\Seen") if word == "UNSEEN" else (word,))))

    whole = ImapProtocol.fetch

    def fetch(server: Any, tag: str, *words: str) -> None:
        """Nor this: the first octets of a mail, however large it is."""
        assert words[-1] == f"(BODY.PEEK[]<0.{MOST_OCTETS}>)"
        whole(server, tag, *words[:-1], "(BODY.PEEK[])")

    monkeypatch.setattr(ImapProtocol, "search", search)
    monkeypatch.setattr(ImapProtocol, "fetch", fetch)
    known = imap_testing_server.command_re.pattern
    monkeypatch.setattr(imap_testing_server, "command_re", re.compile(known.replace(rb"\%=", rb"\%=<>")))
    server = MockImapServer()
    listening = await server.run_server("127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    kept: Any = Kept()
    reader = ImapReader("127.0.0.1", port, "support", "secret", False, "INBOX", 0.2, kept)
    server.receive(Mail(mail("first")), imap_user="support")
    running = asyncio.create_task(reader.run())
    try:
        await asyncio.wait_for(kept.news.wait(), 15)
        assert b"first" in kept.taken[0]
        kept.news.clear()
        await eventually(lambda: _idles(server))
        server.receive(Mail(mail("second", Message_ID="<a2@example.com>")), imap_user="support")
        await asyncio.wait_for(kept.news.wait(), 15)
        assert b"second" in kept.taken[-1]
        assert len(kept.taken) == 2, "what was taken is seen, and comes once"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        listening.close()
