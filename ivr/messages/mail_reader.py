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
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from itertools import islice
from pathlib import Path
from typing import Any

import html2text
from mailparser_reply import EmailReplyParser

from ivr.errors import StoreUnavailable
from ivr.messages.addresses import mail_of
from ivr.messages.model import CUT, LONGEST_TEXT, MOST_FILES, File, Incoming, Sender

log = logging.getLogger(__name__)

MOST_OCTETS = 10 * 1024 * 1024
MOST_LINE = 2000
MOST_PARTS = 20
MOST_MEMORY = 1024 * 1024 * 1024
READ_SECONDS = 20.0
"""After which an e-mail that is still not read is left out."""
NICE = 10
LANGUAGES = ["en", "zh"]
_REFERENCE = re.compile(r"<[^<>\s]{3,250}>")

Read = tuple[Incoming, list[str]]
"""The message, and the Message-IDs that it refers to."""


async def read_apart(data: bytes, own: str, seconds: float = READ_SECONDS, most: int = 0) -> Read | None:
    """As `read_mail`, in another process; None too for what takes longer than `seconds`.

    Raises StoreUnavailable where no e-mail can be read now, OSError without room for a process or for its files.
    """
    with tempfile.TemporaryDirectory(prefix="hotline-mail-") as folder:
        told = await _told_apart(data, (own, folder, str(most)), seconds)
        return await asyncio.to_thread(_unpacked, told, Path(folder))


async def _told_apart(data: bytes, arguments: tuple[str, ...], seconds: float) -> Mapping[str, Any] | None:
    program = (sys.executable, "-m", __name__, *arguments)
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
    found: Mapping[str, Any] | None = json.loads(told)
    return found


def _unpacked(told: Mapping[str, Any] | None, folder: Path) -> Read | None:
    if told is None:
        return None
    sender, message = told["sender"], told["message"]
    files = tuple(File(name, (folder / str(n)).read_bytes()) for n, name in enumerate(message.pop("files")))
    sender["stated"] = tuple(sender["stated"])
    return Incoming(**{**message, "sender": Sender(**sender), "files": files}), told["references"]


def main(own: str, folder: str, most: str) -> None:
    """One e-mail of the standard input, to the standard output; its files go into the folder, by number."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    found, told = read_mail(sys.stdin.buffer.read(), own, int(most)), None
    if found is not None:
        for number, one in enumerate(found[0].files):
            (Path(folder) / str(number)).write_bytes(one.data)
        message = asdict(replace(found[0], files=())) | {"files": [one.name for one in found[0].files]}
        told = {"sender": message.pop("sender"), "message": message, "references": found[1]}
    print(json.dumps(told))


def read_mail(data: bytes, own: str, most: int = 0) -> Read | None:
    """The message and the Message-IDs that it refers to; None for what nobody wrote. Nothing is ever raised.

    Files of up to `most` octets come along; others are named in the text.
    """
    try:
        mail = message_from_bytes(data, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return _read(mail, own, most)
    except Exception as error:  # the parser of the library meets headers that nobody foresaw
        log.warning("an e-mail cannot be read and is left out: %s", type(error).__name__)
        return None


def _read(mail: EmailMessage, own: str, most: int) -> Read | None:
    name, address = _from(mail)
    if not address or address == mail_of(own) or _automatic(mail):
        return None
    references = _REFERENCE.findall(f"{mail.get('References', '')} {mail.get('In-Reply-To', '')}"[:20_000])[-50:]
    named = _REFERENCE.findall(str(mail.get("Message-ID", "")))
    subject = " ".join(str(mail.get("Subject", "")).split())
    files, named_only = _files(mail, most)
    text = written(mail)
    if named_only:
        text = f"{text}\n[{', '.join(named_only)}]".strip()
    incoming = Incoming(
        channel="email",
        source="email",
        sender=Sender(address, name, ""),
        text=text or subject or ("" if files else CUT),
        external=named[0] if named else "",
        subject=subject,
        reference=" ".join([*references[-9:], *named[:1]]),
        files=files,
    )
    return incoming, references


def _files(mail: EmailMessage, most: int) -> tuple[tuple[File, ...], list[str]]:
    """What comes along, and the names of what is too large, or too much."""
    kept, named = list[File](), list[str]()
    body = mail.get_body(("plain", "html"))
    for part in islice((one for one in _parts(mail) if one is not body), MOST_PARTS):
        name = str(part.get_filename() or "file")[:100]
        content = part.get_payload(decode=True) if most and len(kept) < MOST_FILES else None
        if isinstance(content, bytes) and 0 < len(content) <= most:
            kept.append(File(name, content))
        else:
            named.append(name)
    return tuple(kept), named


def _parts(part: Any, shapes: bool = False) -> Iterator[Any]:
    """What stands in it, but for texts that say again what another says: `shapes`, below an alternative; HTML besides a text.

    Programs nest pictures and files in the text's own part, or send a file that is all of the e-mail.
    """
    kind = part.get_content_type()
    if kind.startswith("multipart/"):
        for one in part.iter_parts():
            yield from _parts(one, shapes or kind == "multipart/alternative")
    elif part.is_attachment() or not (kind == "text/html" or (shapes and kind.startswith("text/"))):
        yield part


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
    main(*sys.argv[1:4])
