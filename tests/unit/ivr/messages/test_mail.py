"""E-mails as messages: what was written, by whom, on which thread; what machines sent is left out."""

from __future__ import annotations

import asyncio
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.messages.holding import Rules
from ivr.messages.mail import Mailbox, ours_in
from ivr.messages.mail_reader import read_apart, read_mail
from ivr.messages.outgoing import Outgoing, answer_subject
from ivr.messages.store import ThreadStore
from ivr.notices.channels import Smtp
from tests.unit.ivr.messages.conftest import PLACING, House

OWN = "support@example.org"


def mail(text: str = "My bill is wrong.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    given = {"From": "李强 <Li@Example.com>", "To": OWN, "Subject": "账单", "Message-ID": "<a1@example.com>"}
    for name, value in {**given, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        if value:
            message[name] = value
    message.set_content(text)
    return message


def test_what_a_person_wrote() -> None:
    found = read_mail(bytes(mail()), OWN)
    assert found is not None
    incoming, references = found
    assert (incoming.sender.address, incoming.sender.name, incoming.subject) == ("mailto:li@example.com", "李强", "账单")
    assert (incoming.text, incoming.external, incoming.reference) == (
        "My bill is wrong.",
        "<a1@example.com>",
        "<a1@example.com>",
    )
    assert references == []


@pytest.mark.parametrize(
    "text",
    [
        "好的，谢谢。\n\nOn Mon, 3 Nov 2026 at 10:00, Support <support@example.org> wrote:\n> 请看这里\n> 李强 您好",
        "好的，谢谢。\n\n-----Original Message-----\nFrom: Support\nSent: Monday\nSubject: x\n\nold words",
    ],
)
def test_what_it_quotes_is_left_out(text: str) -> None:
    found = read_mail(bytes(mail(text)), OWN)
    assert found is not None
    assert found[0].text == "好的，谢谢。"


def test_html_becomes_text_and_files_are_named() -> None:
    message = mail("plain")
    message.clear_content()
    message.set_content("<p>Hello <b>there</b></p><script>alert(1)</script>", subtype="html")
    message.add_attachment(b"x", maintype="image", subtype="png", filename="bill.png")
    found = read_mail(bytes(message), OWN)
    assert found is not None
    assert found[0].text == "Hello there\n[bill.png]"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.example.com>"},
        {"From": f"Us <{OWN}>"},
        {"From": "nobody"},
        {"From": ""},
    ],
)
def test_what_nobody_wrote_is_left_out(headers: dict[str, str]) -> None:
    assert read_mail(bytes(mail(**headers)), OWN) is None


async def test_another_process_reads_the_same() -> None:
    data = bytes(mail("好的\n\nOn Mon, 3 Nov 2026 at 10:00, Us <us@example.org> wrote:\n> x", References="<a@b.org>"))
    assert await read_apart(data, OWN) == read_mail(data, OWN)
    assert await read_apart(bytes(mail(From="nobody")), OWN) is None


@pytest.mark.parametrize(
    ("kind", "text"), [(b"plain", b"\r\n".join([b"On " * 600] * 30)), (b"html", b"<a " * 80_000)], ids=["quotations", "html"]
)
async def test_what_takes_too_long_is_left_out_and_holds_nobody_up(kind: bytes, text: bytes) -> None:
    data = b"From: li@example.com\r\nContent-Type: text/" + kind + b"\r\n\r\n" + text
    began, reading = time.monotonic(), asyncio.create_task(read_apart(data, OWN, 0.3))
    longest = 0.0
    while not reading.done():
        before = time.monotonic()
        await asyncio.wait([reading], timeout=0.01)
        longest = max(longest, time.monotonic() - before)
    assert reading.result() is None
    assert longest < 0.5, "the loop went on meanwhile"
    assert time.monotonic() - began < 10


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_no_octets_break_it(data: bytes) -> None:
    for octets in (data, b"From: a@b.cc\r\nContent-Type: " + data, b"From: " + data):
        found = read_mail(octets, OWN)
        assert found is None or found[0].sender.address.startswith("mailto:")


async def test_an_answer_comes_back_to_its_thread(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> None:
    house = House(redis, engine, store, Rules())
    mailbox = Mailbox(OWN, house.desk, PLACING)
    thread = await mailbox.take(bytes(mail()))
    assert await mailbox.take(bytes(mail())) == thread, "the same one again"
    await house.desk.take("ann", thread)
    await house.desk.reply("ann", thread, "Which month?", "k")
    assert (await store.get(thread))["status"] == "pending", "an e-mail takes nobody's room while it is on its way"
    changed: list[tuple[str, str]] = []

    async def note(*what: str) -> None:
        changed.append((what[0], what[1]))

    (notice,) = await Outgoing(engine, note).claim(5e9, 60.0)
    assert (notice["recipient"], notice["subject"], notice["by"]) == ("li@example.com", "Re: 账单", "email")
    sent = Smtp("127.0.0.1", 1, OWN)._message(notice)
    assert (sent["In-Reply-To"], sent["To"]) == ("<a1@example.com>", "li@example.com")
    answer = mail("June.", Message_ID="<a2@example.com>", In_Reply_To=sent["Message-ID"], From="other@example.com")
    assert ours_in([sent["Message-ID"]]) == [notice["id"]]
    assert await mailbox.take(bytes(answer)) == thread, "by what it answers, from whichever address"
    assert [row["text"] for row in await store.messages(thread) if row["direction"] == "in"] == ["My bill is wrong.", "June."]
    await Outgoing(engine, note).failed(notice["id"], "the server answered 550")
    assert changed == [(thread, notice["id"])]
    failed = [row for row in await store.messages(thread) if row["status"] == "failed"]
    assert failed[0]["reason"] == "the server answered 550"


def test_a_subject_says_once_that_it_answers() -> None:
    assert [answer_subject(one) for one in ("x", "Re: x", "")] == ["Re: x", "Re: x", ""]
