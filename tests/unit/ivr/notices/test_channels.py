"""Webhooks and SMTP against far ends on this machine: what they get, and what becomes of what they refuse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ivr.notices.channels import NotSent, Smtp, Webhook

NOTICE: dict[str, Any] = {
    "id": "n1",
    "contact_id": "c1",
    "by": "sms",
    "recipient": "+8613800138000",
    "subject": "",
    "text": "您的工单号是T-000123。\n谢谢",
    "language": "zh",
}


class FarEnd:
    """An HTTP server that answers what a test says."""

    def __init__(self) -> None:
        self.status = "204 No Content"
        self.got: list[tuple[str, dict[str, str], Any]] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append((first, headers, json.loads(body)))
        writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        writer.close()


@pytest.fixture
async def far() -> AsyncIterator[FarEnd]:
    end = FarEnd()
    await end.start()
    yield end
    await end.close()


async def test_a_webhook_gets_json_and_a_token(far: FarEnd) -> None:
    hook = Webhook(far.url, "secret")
    await hook.send(NOTICE)
    await hook.close()
    [(first, headers, body)] = far.got
    assert first == "POST /hook HTTP/1.1" and headers["authorization"] == "Bearer secret"
    assert headers["idempotency-key"] == "n1" and body["to"] == "+8613800138000" and body["text"].startswith("您的")
    assert body["by"] == "sms" and body["contact_id"] == "c1"


@pytest.mark.parametrize(("status", "again"), [("500 Oops", True), ("429 Slow", True), ("404 No", False), ("302 Away", False)])
async def test_a_refusal_by_http_is_final_where_it_is_ours(far: FarEnd, status: str, again: bool) -> None:
    far.status = status
    hook = Webhook(far.url)
    with pytest.raises(NotSent, match=status[:3]) as refused:
        await hook.send(NOTICE)
    await hook.close()
    assert refused.value.again is again


async def test_a_far_end_that_is_away_is_tried_again() -> None:
    hook = Webhook("http://127.0.0.1:9/hook", seconds=0.5)
    with pytest.raises(NotSent) as refused:
        await hook.send(NOTICE)
    await hook.close()
    assert refused.value.again


async def test_an_answer_without_an_end_is_not_read() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
            await asyncio.wait([asyncio.ensure_future(writer.drain())])
            await asyncio.sleep(0.001)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    hook = Webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook")
    async with asyncio.timeout(5):
        await hook.send(NOTICE)
    await hook.close()
    server.close()


class MailServer:
    """As much SMTP as one message takes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.mail: list[str] = []
        self.refuse = ""
        """An answer to RCPT."""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            self.lines.append(line)
            word = line.partition(" ")[0].lower()
            answer = {"quit": "221 bye", "data": "354 go on", "rcpt": self.refuse or "250 fine"}.get(word, "250 fine")
            writer.write(f"{answer}\r\n".encode())
            if word == "data":
                self.mail.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"250 taken\r\n")
        writer.close()


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.start()
    yield server
    await server.close()


def smtp(port: int) -> Smtp:
    return Smtp("127.0.0.1", port, "Hotline <hotline@example.org>", tls="none", seconds=2.0)


async def test_a_mail_has_its_subject_and_text(mail: MailServer) -> None:
    await smtp(mail.port).send({**NOTICE, "by": "email", "recipient": "li@example.org", "subject": "工单"})
    [text] = mail.mail
    assert "rcpt TO:<li@example.org>" in mail.lines
    assert "To: li@example.org" in text and "Subject: =?utf-8?" in text and "Message-ID: <" in text


async def test_a_mail_without_a_subject_has_its_first_line(mail: MailServer) -> None:
    await smtp(mail.port).send({**NOTICE, "recipient": "li@example.org", "text": "Your ticket\nT-1"})
    assert "Subject: Your ticket\r\n" in mail.mail[0]


@pytest.mark.parametrize(
    "recipient", ["a@example.org, b@example.org", "a@example.org\r\nBcc: all@example.org", "nobody", "", "x" * 300 + "@e"]
)
async def test_a_recipient_that_is_none_or_several_is_refused(mail: MailServer, recipient: str) -> None:
    with pytest.raises(NotSent) as refused:
        await smtp(mail.port).send({**NOTICE, "recipient": recipient, "subject": "x"})
    assert not refused.value.again and not mail.mail


async def test_a_subject_adds_no_header(mail: MailServer) -> None:
    with pytest.raises(NotSent, match="no e-mail"):
        await smtp(mail.port).send({**NOTICE, "recipient": "a@example.org", "subject": "hi\r\nBcc: all@example.org"})
    assert not mail.mail


@pytest.mark.parametrize(("answer", "again"), [("550 unknown", False), ("451 later", True)])
async def test_a_server_says_whether_to_try_again(mail: MailServer, answer: str, again: bool) -> None:
    mail.refuse = answer
    with pytest.raises(NotSent, match=answer[:3]) as refused:
        await smtp(mail.port).send({**NOTICE, "recipient": "a@example.org"})
    assert refused.value.again is again


async def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(NotSent) as refused:
        await smtp(9).send({**NOTICE, "recipient": "a@example.org"})
    assert refused.value.again


async def test_a_server_that_says_nothing_holds_up_no_other_work() -> None:
    """Files and DNS wait for the loop's own threads."""
    said = asyncio.Event()

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await said.wait()
        writer.close()

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    server = await asyncio.start_server(nothing, "127.0.0.1", 0)
    channel = smtp(server.sockets[0].getsockname()[1])
    sending = asyncio.create_task(channel.send({**NOTICE, "recipient": "a@example.org"}))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(1):
        assert await asyncio.to_thread(len, "read") == 4
    assert not sending.done()
    said.set()
    with pytest.raises(NotSent):
        await sending
    await channel.close()
    server.close()
