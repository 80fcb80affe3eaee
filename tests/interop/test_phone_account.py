"""A whole node that holds an extension by pyVoIP (`phone_accounts`), at a PBX that is our gateway, and behind Kamailio."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from telephony.leg import Answered, EndCause, Ended, Frame
from telephony.sip.digest import Account
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import rms
from tests.interop.conftest import settings_of
from tests.interop.kamailio import MISSING, kamailio
from tests.unit.telephony.gateway.test_sip import ANN, OPEN, Ear, Node, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]


async def held(node: Node) -> None:
    """Until the extension is registered."""
    async with asyncio.timeout(15):
        while not node.gateway.registrations:  # noqa: ASYNC110 - it comes from another process
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("way", ["direct", pytest.param("kamailio", marks=pytest.mark.skipif(bool(MISSING), reason=MISSING))])
async def test_a_flow_answers_the_extension(way: str, tmp_path: Path) -> None:
    """The PBX rings 4000; the flow of 1000 answers, its prompt is heard, and the contact is kept."""
    folder, flows = tmp_path / "node", tmp_path / "flows"
    folder.mkdir()
    flows.mkdir()
    account = Account("4000", "secret")
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(running(credentials={"4000": account}.get, **OPEN))
        host, port = "127.0.0.1", pbx.gateway.listeners[0].port
        if way == "kamailio":
            proxy = await stack.enter_async_context(kamailio(tmp_path, [port]))
            host, port = "127.0.0.5", proxy.port
        office = {"server": f"{host}:{port}", "user": "4000", "password": "secret", "number": "1000", "kind": "pyvoip"}
        settings = {**settings_of(flows), "phone_accounts": {"office": office}}
        node = await stack.enter_async_context(HotlineProcess(folder, **settings))
        await held(pbx)
        leg = pbx.gateway.dial("4000", ANN)
        ear = Ear(leg)
        frames: list[Frame] = []
        leg.hear(frames.append)
        await ear.until(Answered, 10.0)
        assert (await ear.until(Ended, 20.0)).cause is EndCause.HUNG_UP, "the flow ends with its prompt"
        assert rms(np.concatenate(frames)[4000:]) > 300, "the prompt was heard"
        row = await node.contact(called="1000", caller_number="ann")
        assert row["disposition"] == "self_served"


async def test_a_killed_child_is_followed_by_another_and_told_in_the_log(tmp_path: Path) -> None:
    folder, flows = tmp_path / "node", tmp_path / "flows"
    folder.mkdir()
    flows.mkdir()
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(running(credentials={"4000": Account("4000", "secret")}.get, **OPEN))
        office = {
            "server": f"127.0.0.1:{pbx.gateway.listeners[0].port}",
            "user": "4000",
            "password": "secret",
            "number": "1001",
        }
        settings = {**settings_of(flows), "phone_accounts": {"office": office}}
        node = await stack.enter_async_context(HotlineProcess(folder, **settings))
        await held(pbx)
        await Ear(pbx.gateway.dial("4000", ANN)).until(Answered, 10.0)
        os.kill(child_of(node.pid), signal.SIGKILL)
        assert (await node.contact(called="1001", end_cause="failed"))["caller_number"] == "ann"
        async with asyncio.timeout(15):
            while len(node.log_lines("phone account office: registered")) < 2:  # noqa: ASYNC110 - the log is another process's
                await asyncio.sleep(0.05)
        assert node.log_lines("phone account office: the child ended with -9; started anew")
        await Ear(pbx.gateway.dial("4000", ANN)).until(Answered, 10.0)


def child_of(parent: int) -> int:
    """The process of the phone account."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command, status = (path / "cmdline").read_bytes(), (path / "stat").read_text()
        except OSError:
            continue
        if b"phone_account.child" in command and int(status.rpartition(")")[2].split()[1]) == parent:
            return int(path.name)
    raise AssertionError("the node has no child that holds an extension")
