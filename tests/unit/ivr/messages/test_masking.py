"""Private numbers in what is written: cards and codes go as they come, the rest when the conversation is closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import update
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.messages.holding import Rules
from ivr.messages.masking import AT_ONCE, PIECE, SLACK, Masking, Masks, cleaned, in_pieces
from ivr.messages.model import Direction, Move
from ivr.messages.store import ThreadStore
from ivr.messages.tables import messages
from ivr.settings import Settings
from ivr.settings_messages import MessageOptions
from ivr.wiring_masks import masks_of
from tests.unit.ivr.messages.conftest import PLACING, Clock, House, wrote

CARD, PHONE, IDENTITY = "4111 1111 1111 1111", "13800138000", "11010519491231002X"


def masks(when: str) -> Masks:
    return masks_of(replace(Settings(), messages=MessageOptions(redact=when)))


@pytest.fixture
def house(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> Callable[[str], House]:
    def make(when: str) -> House:
        found = House(redis, engine, store, Rules())
        found.desk.masks = masks(when)
        return found

    return make


async def said(store: ThreadStore, thread: dict[str, Any]) -> list[str]:
    return [row["text"] for row in await store.messages(thread["id"]) if row["direction"] != Direction.EVENT]


async def test_a_card_is_never_kept_and_a_telephone_until_the_end(
    house: Callable[[str], House], store: ThreadStore, engine: AsyncEngine
) -> None:
    desk = house("closed").desk
    thread, row = await desk.incoming(wrote(f"卡号 {CARD}，打 {PHONE}", language="zh", subject=f"card {CARD}"), PLACING)
    assert row["text"] == f"卡号 [卡号]，打 {PHONE}"
    await store.move(thread["id"], Move.TAKEN, agent_id="ann")
    await desk.reply("ann", thread["id"], "We call you, or you call 010 8888 6666. 请告诉我验证码", "k1")
    await desk.incoming(wrote("847291", key="2"), PLACING)
    await desk.note("ann", thread["id"], f"his number: {PHONE}", "k2")
    masking = Masking(engine, desk.masks, store.clock)
    assert await masking.look() == 0, "it goes on"
    await desk.close("ann", thread["id"])
    assert (await masking.look(), await masking.look()) == (1, 0)
    first, answer, code, note = await said(store, thread)
    assert first == "卡号 [卡号]，打 [电话 尾号8000]"
    assert answer == "We call you, or you call 010 8888 6666. 请告诉我验证码", "the house's own number"
    assert code == "[验证码]" and PHONE not in note
    assert (await store.get(thread["id"]))["subject"] == "card [卡号]"


async def test_gone_on_with_what_is_new_is_masked_too(
    house: Callable[[str], House], store: ThreadStore, engine: AsyncEngine
) -> None:
    desk = house("closed").desk
    thread, _ = await desk.incoming(wrote("hello"), PLACING)
    await desk.customer_left(thread["id"])
    masking = Masking(engine, desk.masks, store.clock)
    assert await masking.look() == 1
    await desk.incoming(wrote(f"call +86 {PHONE}", key="2"), PLACING)
    await desk.customer_left(thread["id"])
    assert await masking.look() == 1
    assert (await said(store, thread))[1] == "call [phone ending 8000]"


async def test_an_answer_that_is_still_to_be_sent_stays_as_it_is(
    house: Callable[[str], House], store: ThreadStore, engine: AsyncEngine
) -> None:
    desk = house("closed").desk
    thread, _ = await desk.incoming(wrote("x", "mailto:li@example.org", channel="email", source="email"), PLACING)
    await store.move(thread["id"], Move.TAKEN, agent_id="ann")
    _, out = await store.add(thread["id"], Direction.OUT, "ann", f"Your id {IDENTITY}", by="email")
    await store.move(thread["id"], Move.CLOSED)
    masking = Masking(engine, desk.masks, store.clock)
    assert await masking.look() == 1 and await masking.look() == 0
    assert IDENTITY in (await said(store, thread))[1]
    async with engine.begin() as connection:
        await connection.execute(update(messages).where(messages.c.id == out["id"]).values(status="sent"))
    assert await masking.look() == 1
    assert (await said(store, thread))[1] == "Your id [id]"


async def answered(store: ThreadStore, who: str) -> tuple[str, str]:
    """A closed conversation by e-mail whose answer waits to be sent: its id, and that of the answer."""
    thread, _, _ = await store.take_in(wrote("x", f"mailto:{who}@example.org", channel="email", source="email"), PLACING)
    await store.move(thread["id"], Move.TAKEN, agent_id="ann")
    _, out = await store.add(thread["id"], Direction.OUT, "ann", f"Your id {IDENTITY}", by="email")
    await store.move(thread["id"], Move.CLOSED)
    return thread["id"], out["id"]


async def sent(engine: AsyncEngine, message_id: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(messages).where(messages.c.id == message_id).values(status="sent"))


async def test_what_was_sent_long_after_others_were_closed_is_masked(
    house: Callable[[str], House], store: ThreadStore, engine: AsyncEngine, clock: Clock
) -> None:
    """It went on as far as its answer, and must not count as done for that."""
    masking = Masking(engine, masks("closed"), clock)
    name, out = await answered(store, "li")
    clock.at += 600
    await answered(store, "wu")
    clock.at += 600
    assert [await masking.look() for _ in range(3)] == [2, 0, 0]
    await sent(engine, out)
    assert await masking.look() == 1
    assert (await said(store, {"id": name}))[1] == "Your id [id]"


async def test_answers_that_cannot_be_sent_keep_no_other_conversation_back(
    house: Callable[[str], House], store: ThreadStore, engine: AsyncEngine, clock: Clock
) -> None:
    masking = Masking(engine, masks("closed"), clock)
    stuck = [await answered(store, f"li{number}") for number in range(AT_ONCE + 5)]
    while await masking.look():
        clock.at += 60
    name, out = await answered(store, "wu")
    await sent(engine, out)
    assert await masking.look() == 1
    assert (await said(store, {"id": name}))[1] == "Your id [id]"
    await sent(engine, stuck[-1][1])
    assert sum([await masking.look() for _ in range(3)]) == 1, "each in its turn"


async def test_what_is_done_is_not_read_again(engine: AsyncEngine, store: ThreadStore, clock: Clock) -> None:
    """A house has hundreds of thousands of closed conversations."""
    masking = Masking(engine, masks("closed"), clock)
    await masking.look()
    given: list[Any] = []
    listen(engine.sync_engine, "before_cursor_execute", lambda *told: given.append(told[3]))
    await masking.look()
    assert [one for some in given for one in some if isinstance(one, float)] == [clock.at - SLACK]


async def test_at_once_and_off(house: Callable[[str], House]) -> None:
    _, row = await house("at_once").desk.incoming(wrote(f"ring {PHONE}", "chat:1", language="en"), PLACING)
    assert row["text"] == "ring [phone ending 8000]"
    off = house("off").desk
    _, row = await off.incoming(wrote(f"{CARD} {PHONE}", "chat:2"), PLACING)
    assert row["text"] == f"{CARD} {PHONE}" and not off.masks.later


async def test_long_texts_are_looked_at_whole() -> None:
    text = ("说点别的 " * 900) + f"{CARD}\n" + "x" * 9000
    found = await cleaned(masks("closed").coming, text, "zh")
    assert CARD not in found and "[卡号]" in found and found.endswith("x" * 9000)
    assert len(text) > 2 * PIECE and in_pieces(lambda one, _, __: one, text, "", "") == text


@pytest.mark.parametrize(
    ("before", "between"),
    [("说点别的", ""), ("说点别的 ", " "), ("say more ", " "), ("x", ""), ("说点别的，", "-")],
)
async def test_no_number_falls_between_two_pieces(before: str, between: str) -> None:
    card = CARD.replace(" ", between)
    for early in range(0, 32, 3):
        start = PIECE - early
        text = (before * PIECE)[: start - 3] + "卡号 " + card + "，" + "别的" * PIECE
        found = await cleaned(masks("closed").coming, text, "zh")
        assert "[卡号]" in found and CARD[-4:] not in found, early
