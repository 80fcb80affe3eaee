"""Files of messages: bounded, told by what is in them and not by what they are called, and gone with their conversation."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.messages.files import ANYTHING, Files, name_of, type_of
from ivr.messages.holding import Rules
from ivr.messages.mail import Mailbox
from ivr.messages.mail_reader import read_mail
from ivr.messages.model import Direction, File, Move, shown_to_customer
from ivr.messages.outgoing import Outgoing
from ivr.messages.store import ThreadStore
from ivr.records.retention import Retention
from tests.unit.ivr.messages.conftest import PLACING, House, wrote

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<svg onload=alert(1)>", ANYTHING),
        (b"<html><script>", ANYTHING),
        (b"", ANYTHING),
    ],
)
def test_a_file_is_what_it_begins_with(data: bytes, kind: str) -> None:
    assert type_of(data) == kind


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\li\\账单.pdf", "账单.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ('x"; filename="y\r\n.txt', "x; filename=y.txt"),
        ("..", "file"),
        ("n" * 500, "n" * 120),
    ],
)
def test_a_name_leads_nowhere(given: str, name: str) -> None:
    assert name_of(given) == name


def test_what_is_too_large_or_empty_is_said(engine: AsyncEngine) -> None:
    files = Files(engine, 2_000_000)
    assert files.checked("a", b"x") == File("a", b"x")
    with pytest.raises(Conflict, match="larger than 2 MB"):
        files.checked("a", b"x" * 2_000_001)
    with pytest.raises(Conflict, match="empty"):
        files.checked("a", b"")
    with pytest.raises(Conflict, match="keeps no files"):
        Files(engine, 0).checked("a", b"x")


async def test_they_come_and_go_with_their_message(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> None:
    house, files = House(redis, engine, store, Rules()), Files(engine, 1000)
    house.desk.files = files
    thread, row = await house.desk.incoming(wrote("see", files=(File("bill.png", PNG), File("x.html", b"<b>"))), PLACING)
    again, _ = await house.desk.incoming(wrote("see", files=(File("bill.png", PNG),)), PLACING)
    (message,) = (await house.desk.thread(again["id"]))["messages"]
    assert [(one["name"], one["type"], one["size"]) for one in message["files"]] == [
        ("bill.png", "image/png", len(PNG)),
        ("x.html", ANYTHING, 3),
    ]
    shown = shown_to_customer((await house.desk.with_files([row], dict))[0])
    assert shown is not None and len(shown["files"]) == 2
    file_id = message["files"][0]["id"]
    assert (await files.get(thread["id"], file_id))["data"] == PNG
    with pytest.raises(NotFound):
        await files.get("m-other", file_id)
    await store.move(thread["id"], Move.CLOSED)
    await Retention(engine).purge({"messages": store.clock() + 1})
    with pytest.raises(NotFound):
        await files.get(thread["id"], file_id)


async def test_an_answer_takes_them_along_where_the_channel_can(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> None:
    house = House(redis, engine, store, Rules())
    house.desk.files = Files(engine, 1000)
    mail, _ = await house.desk.incoming(wrote("x", "mailto:li@example.org", channel="email", source="email"), PLACING)
    await store.move(mail["id"], Move.TAKEN, agent_id="ann")
    done = await house.desk.reply("ann", mail["id"], "", "k1", [File("bill.png", PNG)])
    assert [one["name"] for one in done["files"]] == ["bill.png"]
    outgoing = Outgoing(engine, house.desk.sending_changed)
    (notice,) = await outgoing.claim(store.clock() + 1, 60.0)
    assert [(one["name"], one["type"], one["data"]) for one in notice["files"]] == [("bill.png", "image/png", PNG)]
    await outgoing.sent(notice["id"], store.clock())
    sent = house.told[-1][2]["message"]
    assert (sent["status"], [one["name"] for one in sent["files"]]) == ("sent", ["bill.png"]), "pages keep showing it"
    text, _ = await house.desk.incoming(wrote("x", "tel:+491", channel="sms", source="gate"), PLACING)
    await store.move(text["id"], Move.TAKEN, agent_id="ann")
    with pytest.raises(Conflict, match="no file can be sent by sms"):
        await house.desk.reply("ann", text["id"], "", "k2", [File("bill.png", PNG)])
    assert [row for row in await store.messages(text["id"]) if row["direction"] == Direction.OUT] == []


def mail_with(*files: tuple[str, bytes]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "li@example.org", "support@example.org", "bill", "<a@b>"
    mail.set_content("see the bill")
    for name, data in files:
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def test_what_an_e_mail_brings_is_kept_up_to_its_bound() -> None:
    found = read_mail(mail_with(("a.png", PNG), ("large.bin", b"x" * 500)), "support@example.org", 100)
    assert found is not None
    assert found[0].files == (File("a.png", PNG),)
    assert found[0].text == "see the bill\n[large.bin]"


def nested(*parts: EmailMessage, kind: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Content-Type"] = f"multipart/{kind}"
    for part in parts:
        mail.attach(part)
    return mail


def leaf(kind: str, data: bytes, disposition: str = "") -> EmailMessage:
    part = EmailMessage()
    part.set_content(data, *kind.split("/"), disposition=disposition or None)
    if not disposition:
        del part["Content-Disposition"]
    return part


TEXT, HTML, SHOT = (
    leaf("text/plain", b"see"),
    leaf("text/html", b"<p>see</p><img src='cid:1'>"),
    leaf("image/png", PNG, "inline"),
)


@pytest.mark.parametrize(
    ("mail", "text"),
    [
        (nested(nested(nested(TEXT, HTML, kind="alternative"), SHOT, kind="related"), kind="mixed"), "see"),
        (nested(TEXT, nested(HTML, SHOT, kind="related"), kind="alternative"), "see"),
        (nested(nested(HTML, SHOT, kind="related"), kind="mixed"), "see"),
        (nested(TEXT, SHOT, kind="mixed"), "see"),
        (leaf("image/png", PNG, "attachment"), "bill"),
    ],
)
def test_a_picture_is_found_wherever_a_program_puts_it(mail: EmailMessage, text: str) -> None:
    mail["From"], mail["Subject"], mail["Message-ID"] = "li@example.org", "bill", "<a@b>"
    found = read_mail(mail.as_bytes(), "support@example.org", 1000)
    assert found is not None
    assert (found[0].text, [one.data for one in found[0].files]) == (text, [PNG])


async def test_a_mailbox_hands_them_on(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> None:
    house = House(redis, engine, store, Rules())
    house.desk.files = Files(engine, 1000)
    thread_id = await Mailbox("support@example.org", house.desk, PLACING, 1000).take(mail_with(("账单.png", PNG)))
    (message,) = (await house.desk.thread(thread_id))["messages"]
    assert (message["text"], [one["name"] for one in message["files"]]) == ("see the bill", ["账单.png"])
