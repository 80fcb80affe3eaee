"""The sample flows as a caller goes through them by keys: `ivr serve`, the sample backend and telephones, all real."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import pytest_asyncio

from ivr.dialplan.events import Words
from ivr.speech.prompts import PromptLibrary
from telephony.leg import Ended, Frame
from tests.e2e.baresip import free_port
from tests.e2e.phones import Phone, Phones
from tests.e2e.server import ROOT, HotlineProcess
from tests.e2e.signals import Samples, likeness

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

KNOWN = "8613800138000"
"""李强: Chinese, gold, and in the shop somebody who sends goods back."""
STRANGER = "8613911110001"
COMPLAINER = "8613911110002"
HEARD = 0.9
"""Likeness."""


class Backend:
    """`examples/backend/server.py`; `output` has what it would send."""

    def __init__(self) -> None:
        self.at = f"127.0.0.1:{free_port()}"
        self.output: list[str] = []

    async def __aenter__(self) -> Self:
        command = (sys.executable, str(ROOT / "examples" / "backend" / "server.py"), "--listen", self.at)
        self._process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        self._reader = asyncio.create_task(self._read())
        async with asyncio.timeout(30):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection(*self.at.split(":"))
                    writer.close()
                    return self
                await asyncio.sleep(0.05)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.output.append(line.decode().strip())

    async def line(self, pattern: str) -> str:
        """The newest line that matches: its first group."""
        async with asyncio.timeout(30):
            while True:
                for line in reversed(self.output):
                    if found := re.search(pattern, line):
                        return found[1]
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        await self._reader


class Caller:
    """One call: presses keys once the flow has come to a state, and keeps all that it hears."""

    def __init__(self, server: HotlineProcess, phone: Phone) -> None:
        self.server, self.phone = server, phone
        self.frames: list[Frame] = []
        self._after = 0
        phone.leg.hear(self.frames.append)

    async def asked(self, state: str, seconds: float = 60.0) -> None:
        """Wait until the flow speaks in this state, later than the last time we waited."""
        pattern = re.compile(rf"{re.escape(self.phone.leg.correlation)} {state}: Say\(")
        async with asyncio.timeout(seconds):
            while True:
                for place in range(self._after, len(self.server.output)):
                    if pattern.search(self.server.output[place]):
                        self._after = place + 1
                        return
                await asyncio.sleep(0.02)

    async def press(self, state: str, keys: str) -> None:
        await self.asked(state)
        self.phone.leg.send_digits(keys)

    async def until_it_hangs_up(self) -> None:
        await self.phone.until(lambda: any(isinstance(event, Ended) for event in self.phone.events), "was not hung up", 40.0)

    def hung_up(self) -> None:
        self.phone.leg.hang_up()

    async def hears(self, words: str) -> None:
        """Until a sentence of the flow was heard."""
        recording, like = recorded(words), 0.0
        try:
            async with asyncio.timeout(30):
                while like <= HEARD:
                    await asyncio.sleep(0.5)
                    like = await asyncio.to_thread(likeness, recording, np.concatenate(self.frames))
        except TimeoutError:
            raise AssertionError(f"{words} was not heard: {like:.2f}") from None

    def likeness(self, recording: Samples, seconds: float = 0.5) -> float:
        """What `signals.likeness` says of the call so far."""
        return likeness(recording, np.concatenate(self.frames), seconds)


House = tuple[HotlineProcess, Phones, Backend]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("node")
    async with Backend() as backend, Phones.open({KNOWN: 400.0, STRANGER: 700.0, COMPLAINER: 1100.0}) as phones:
        url = f"http://{backend.at}"
        orders = {"order": {"path": "/orders/{number}"}, "profile": {"path": "/customers/{number}"}}
        server = HotlineProcess(
            folder,
            speech={"enabled": False, "voice": "none"},
            sip={"max_lag": 0},
            sources={
                "shop": {"kind": "http", "url": url, "operations": orders},
                "accounts": {"kind": "http", "url": url},
            },
            notices={"sms": {"url": f"{url}/sms"}},
            recording={"folder": str(folder / "calls"), "min_free_mb": 0},
        )
        async with server:
            yield server, phones, backend


async def call(house: House, user: str, number: str) -> Caller:
    server, phones, _ = house
    return Caller(server, await phones.call(user, server.sip.replace("hotline", number)))


async def rows(server: HotlineProcess, what: str, contact: str) -> list[dict[str, Any]]:
    """Those of a contact, as soon as there are any."""
    async with asyncio.timeout(30):
        while True:
            if found := (await server.api(f"/api/v1/{what}?contact_id={contact}"))[what]:
                return list(found)
            await asyncio.sleep(0.1)


def recorded(words: str) -> Samples:
    """The recording of a sentence written in a flow."""
    library = PromptLibrary.load([ROOT / "prompts"], ["zh", "en"])
    (clip,) = library.clips((Words(words, "zh"),))
    return clip.samples


async def test_goods_go_back_by_keys_with_a_ticket_a_message_and_an_opinion(house: House) -> None:
    server, _, backend = house
    caller = await call(house, KNOWN, "2001")
    await caller.press("main", "1")  # what this caller has wanted before comes first: sending back
    await caller.press("which_order", "100003")
    await caller.asked("more")
    await caller.hears("退货申请已登记，单号是")
    caller.phone.leg.send_digits("2")
    await caller.press("rate", "5")
    await caller.until_it_hangs_up()
    contact = await server.contact(caller_number=KNOWN, flow="shop")
    (ticket,) = await rows(server, "tickets", contact["id"])
    assert (ticket["kind"], ticket["subject"], ticket["fields"]) == ("return", "Return of order 100003", {"order": "100003"})
    assert (contact["language"], contact["intent"], contact["disposition"]) == ("zh", "return_goods", "self_served")
    assert contact["slots"] == {"order": "100003"} and contact["profile"]["name"] == "李强"
    said = "".join(turn["text"] for turn in contact["turns"] if turn["speaker"] == "bot")
    assert "退货换货，请按一" in said and "退货申请已登记，单号是" in said
    assert await backend.line(rf"message to {KNOWN}: (.*)") == f"您的退货单号是{ticket['id']}。"
    (survey,) = await rows(server, "surveys", contact["id"])
    assert (survey["name"], survey["score"]) == ("shop_csat", 5.0)
    assert caller.likeness(recorded("您的订单已经签收。"), 1.0) < 0.6


async def test_a_password_is_reset_by_the_code_that_was_sent_after_two_wrong_ones(house: House) -> None:
    server, _, backend = house
    caller = await call(house, STRANGER, "2002")
    await caller.press("which", "1")
    await caller.press("main", "1")
    await caller.press("which_account", "20000002")
    await caller.asked("ask_code")
    code = await backend.line(r"code of account 20000002: (\d{6})")
    wrong = "000000" if code != "000000" else "111111"
    caller.phone.leg.send_digits(wrong)
    await caller.press("ask_code", wrong)
    await caller.press("ask_code", code)
    await caller.until_it_hangs_up()
    contact = await server.contact(caller_number=STRANGER, flow="account")
    assert (contact["tags"], contact["disposition"], contact["intent"]) == (["verified"], "self_served", "reset")
    said = [turn["text"] for turn in contact["turns"] if turn["speaker"] == "bot"]
    assert len([text for text in said if "验证码不正确" in text]) == 2
    assert any("尾号为五六七八" in text for text in said)
    assert caller.likeness(recorded("身份已验证，设置新密码的链接已发到您的手机。")) > 0.9


async def test_a_complaint_is_a_ticket_the_second_goes_to_care_and_the_third_to_a_supervisor(house: House) -> None:
    server, _, _ = house
    first = await call(house, COMPLAINER, "2003")
    await first.press("which", "1")
    await first.press("about", "1")
    await first.press("enough", "1")
    await first.until_it_hangs_up()
    contact = await server.contact(caller_number=COMPLAINER, disposition="self_served")
    (ticket,) = await rows(server, "tickets", contact["id"])
    assert (ticket["kind"], ticket["subject"], contact["tags"]) == ("complaint", "Complaint: quality", ["complaint"])
    second = await call(house, COMPLAINER, "2003")
    await second.press("about", "2")  # the records know the language by now
    await second.asked("care_queue")
    await server.until_line(rf"{re.escape(second.phone.leg.correlation)} care_queue: Enqueue\(")
    second.hung_up()
    contact = await server.contact(caller_number=COMPLAINER, queue="care")
    assert contact["handover"] == {"summary": "Complaint about delay", "facts": {"grade": 1}}
    assert contact["language"] == "zh"
    await rows(server, "tickets", contact["id"])
    third = await call(house, COMPLAINER, "2003")
    await third.press("about", "2")
    await server.until_line(rf"{re.escape(third.phone.leg.correlation)} supervisor_queue: Enqueue\(")
    third.hung_up()


async def test_a_shop_that_dies_during_a_call_costs_the_caller_two_seconds(house: House) -> None:
    server, _, backend = house
    caller = await call(house, KNOWN, "2001")
    await caller.press("main", "2")
    await caller.asked("which_order")
    await backend.kill()
    caller.phone.leg.send_digits("100001")
    await caller.asked("queue")
    name = re.escape(caller.phone.leg.correlation)
    assert server.moment(rf"{name} queue: Say\(") - server.moment(rf"{name} find_order: Lookup\(") < 2.0 + 1.0
    await server.until_line(rf"{re.escape(caller.phone.leg.correlation)} queue: Enqueue\(.*support")
    await caller.hears("正在为您转接人工客服。")
    caller.hung_up()
    contact = await server.contact(caller_number=KNOWN, queue="support")
    assert contact["slots"] == {"order": "100001"}
    said = "".join(turn["text"] for turn in contact["turns"] if turn["speaker"] == "bot")
    assert "正在为您转接人工客服。" in said
