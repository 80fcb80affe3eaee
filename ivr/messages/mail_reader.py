"""What is written in an e-mail, found in a process of its own: `python -m ivr.messages.mail_reader ADDRESS`, mail in, JSON out.

The parsers of HTML and of quotations take minutes over what was made for it, and hold the interpreter while they do. So they
have neither the process of the calls nor for ever.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import resource
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import html2text
from mailparser_reply import EmailReplyParser

from ivr.errors import StoreUnavailable
from ivr.messages.addresses import mail_of
from ivr.messages.model import CUT, LONGEST_TEXT, Incoming, Sender

log = logging.getLogger(__name__)

MOST_OCTETS = 10 * 1024 * 1024
MOST_LINE = 2000
MOST_MEMORY = 1024 * 1024 * 1024
READ_SECONDS = 20.0
"""After which an e-mail that is still not read is left out."""
NICE = 10
LANGUAGES = ["en", "zh"]
_REFERENCE = re.compile(r"<[^<>\s]{3,250}>")

Read = tuple[Incoming, list[str]]
"""The message, and the Message-IDs that it refers to."""


async def read_apart(data: bytes, own: str, seconds: float = READ_SECONDS) -> Read | None:
    """As `read_mail`, in another process; None too for what takes longer than `seconds`.

    Raises StoreUnavailable where no e-mail can be read now, OSError without room for a process.
    """
    program = (sys.executable, "-m", __name__, own)
    process = await asyncio.create_subprocess_exec(*program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(seconds):
            told, _ = await process.communicate(data[:MOST_OCTETS])
    except TimeoutError:
        log.warning("an e-mail cannot be read within %g s and is left out", seconds)
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        if process.returncode < 0:
            log.warning("an e-mail cannot be read and is left out: %s", signal.Signals(-process.returncode).name)
            return None
        raise StoreUnavailable("e-mails cannot be read; the reason is above")
    return _unpacked(json.loads(told))


def _unpacked(told: Mapping[str, Any] | None) -> Read | None:
    if told is None:
        return None
    sender, message = told["sender"], told["message"]
    names = tuple(message.pop("attachments"))
    sender["stated"] = tuple(sender["stated"])
    return Incoming(**{**message, "sender": Sender(**sender), "attachments": names}), told["references"]


def main(own: str) -> None:
    """One e-mail of the standard input, to the standard output."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    found, told = read_mail(sys.stdin.buffer.read(), own), None
    if found is not None:
        message = asdict(found[0])
        told = {"sender": message.pop("sender"), "message": message, "references": found[1]}
    print(json.dumps(told))


def read_mail(data: bytes, own: str) -> Read | None:
    """The message and the Message-IDs that it refers to; None for what nobody wrote. Nothing is ever raised."""
    try:
        mail = message_from_bytes(data, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return _read(mail, own)
    except Exception as error:  # the parser of the library meets headers that nobody foresaw
        log.warning("an e-mail cannot be read and is left out: %s", type(error).__name__)
        return None


def _read(mail: EmailMessage, own: str) -> Read | None:
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
    content = str(part.get_content())[: LONGEST_TEXT * 4]
    if part.get_content_type() == "text/html":
        reader = html2text.HTML2Text(bodywidth=0)
        reader.ignore_links = reader.ignore_images = reader.ignore_emphasis = True
        content = reader.handle(content)
    lines = [line.rstrip()[:MOST_LINE] for line in content.replace("\r\n", "\n")[:LONGEST_TEXT].split("\n")]
    plain = "\n".join(lines).strip()
    return (EmailReplyParser(languages=LANGUAGES).parse_reply(text=plain) or plain).strip()


if __name__ == "__main__":
    main(sys.argv[1])
