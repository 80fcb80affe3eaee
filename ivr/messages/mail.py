"""An e-mail as a message: what its writer wrote, without what it quotes; and which thread it goes on."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import html2text
from mailparser_reply import EmailReplyParser

from ivr.errors import Conflict
from ivr.messages.addresses import mail_of
from ivr.messages.desk import MessageDesk
from ivr.messages.model import CUT, Incoming, Placing, Sender

log = logging.getLogger(__name__)

MOST_OCTETS = 10 * 1024 * 1024
MOST_TEXT = 60_000
"""Characters of a text that are looked at."""
MOST_LINE = 2000
LANGUAGES = ["en", "zh"]
_OURS = re.compile(r"<[0-9.]+\.([0-9a-f]{16})@hotline>")
_REFERENCE = re.compile(r"<[^<>\s]{3,250}>")


class Mailbox:
    """Where customers write to: takes e-mails, whoever brings them."""

    def __init__(self, address: str, desk: MessageDesk, placing: Placing) -> None:
        self.address, self._desk, self._placing = address, desk, placing

    async def take(self, data: bytes) -> str:
        """Take one e-mail; returns the thread, "" for what nobody wrote (an automatic answer, a list, our own).

        Raises Conflict where its thread is full, StoreUnavailable where it must be brought again later.
        """
        found = await asyncio.to_thread(read_mail, data, self.address)
        if found is None:
            return ""
        incoming, references = found
        thread = await self._desk.store.by_reference(ours_in(references), references)
        if thread is not None and thread["channel"] == "email":
            incoming = replace(incoming, thread=thread["id"])
        try:
            row, _ = await self._desk.incoming(incoming, self._placing)
        except Conflict:
            row, _ = await self._desk.incoming(replace(incoming, thread=""), self._placing)
        return str(row["id"])


def ours_in(references: list[str]) -> list[str]:
    """Ids of our own messages among these Message-IDs."""
    return [found[1] for one in references if (found := _OURS.fullmatch(one))]


def read_mail(data: bytes, own: str) -> tuple[Incoming, list[str]] | None:
    """The message and the Message-IDs that it refers to; None for what nobody wrote. Nothing is ever raised."""
    try:
        mail = message_from_bytes(data[:MOST_OCTETS], policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return _read(mail, own)
    except Exception as error:  # the parser of the library meets headers that nobody foresaw
        log.warning("an e-mail cannot be read and is left out: %s", type(error).__name__)
        return None


def _read(mail: EmailMessage, own: str) -> tuple[Incoming, list[str]] | None:
    name, address = _from(mail)
    if not address or address == mail_of(own) or _automatic(mail):
        return None
    references = _REFERENCE.findall(f"{mail.get('References', '')} {mail.get('In-Reply-To', '')}"[:20_000])[-50:]
    named = _REFERENCE.findall(str(mail.get("Message-ID", "")))
    subject = " ".join(str(mail.get("Subject", "")).split())
    files = [str(part.get_filename() or "file")[:100] for part in mail.iter_attachments()][:20]
    text = written(mail)
    if files:
        text = f"{text}\n[{', '.join(files)}]".strip()
    incoming = Incoming(
        channel="email",
        source="email",
        sender=Sender(address, name, ""),
        text=text or subject or CUT,
        external=named[0] if named else "",
        subject=subject,
        reference=" ".join([*references[-9:], *named[:1]]),
        attachments=tuple(files),
    )
    return incoming, references


def _from(mail: EmailMessage) -> tuple[str, str]:
    for header in ("Reply-To", "From"):
        value: Any = mail.get(header)
        people: tuple[Address, ...] = getattr(value, "addresses", ())
        if people and (address := mail_of(people[0].addr_spec)):
            return people[0].display_name, address
    return "", ""


def _automatic(mail: EmailMessage) -> bool:
    """Whether a machine sent it: to answer would begin a talk of two machines (RFC 3834)."""
    said = str(mail.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    listed = str(mail.get("Precedence", "")).strip().lower() in ("bulk", "junk", "list")
    return said != "no" or listed or "List-Id" in mail or mail.get_content_type() == "multipart/report"


def written(mail: EmailMessage) -> str:
    """What the person wrote in this very e-mail, as plain text."""
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    content = str(part.get_content())[: MOST_TEXT * 4]
    if part.get_content_type() == "text/html":
        reader = html2text.HTML2Text(bodywidth=0)
        reader.ignore_links = reader.ignore_images = reader.ignore_emphasis = True
        content = reader.handle(content)
    lines = [line.rstrip()[:MOST_LINE] for line in content.replace("\r\n", "\n")[:MOST_TEXT].split("\n")]
    plain = "\n".join(lines).strip()
    return (EmailReplyParser(languages=LANGUAGES).parse_reply(text=plain) or plain).strip()
