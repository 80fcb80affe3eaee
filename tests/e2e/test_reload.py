"""A flow changes while calls run: the running call keeps its version, the next one has the new one, a bad file is refused."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.e2e.baresip import Baresip
from tests.e2e.server import ROOT, HotlineProcess
from tests.e2e.signals import silence, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


MENU = "      bill: read_bill\n      balance: read_balance\n"
SWAPPED = "      bill: read_balance\n      balance: read_bill\n"


def quiet(folder: Path) -> Path:
    return write_wav(folder / "quiet.wav", silence(1))


async def until_logged(server: HotlineProcess, pattern: str) -> str:
    """The first line of the log like `pattern`, once it is there."""
    await server.until_line(pattern)
    return server.log_lines(pattern)[0]


async def end(phone: Baresip, server: HotlineProcess) -> tuple[str, str]:
    """Press 2 for English where the caller is a stranger, 2 for the balance, hang up; the flow's version and what it said."""
    for key in "2" if phone.user == "1001" else "22":
        await phone.press(key)
        await asyncio.sleep(0.7)
    await phone.hang_up()
    row = await server.contact(caller_number=phone.user, disposition="left_flow")
    return row["flow_version"], " ".join(turn["text"] for turn in row["turns"] if turn["speaker"] == "bot")


async def test_a_changed_flow_is_for_the_next_call_and_a_bad_one_for_none(tmp_path: Path) -> None:
    """Key 2 reads the balance; after the change it reads the bill instead."""
    folder, flows = tmp_path / "node", tmp_path / "flows"
    folder.mkdir()
    shutil.copytree(ROOT / "dialplans", flows)
    path = flows / "telecom.yaml"
    good = path.read_text("utf-8")
    changed = good.replace(MENU, SWAPPED, 1)
    broken = changed.replace("entry: arrive", "entry: arrives")
    assert len({good, changed, broken}) == 3
    async with (
        HotlineProcess(folder, speech={"enabled": False}, dialplans=str(flows)) as server,
        Baresip(tmp_path / "1", quiet(tmp_path), user="1001") as first,
        Baresip(tmp_path / "2", quiet(tmp_path), user="1002") as second,
        Baresip(tmp_path / "3", quiet(tmp_path), user="1003") as third,
    ):
        await server.called_by(first)
        path.write_text(changed, "utf-8")
        news = await until_logged(server, r"flow telecom is now version")
        await server.called_by(second)
        path.write_text(broken, "utf-8")
        refusal = await until_logged(server, r"telecom\.yaml:\d+:\d+: error")
        await server.called_by(third)
        (old, said_first), (new, said_second), (still, said_third) = await asyncio.gather(
            *(end(phone, server) for phone in (first, second, third))
        )
    assert new in news and old != new and still == new
    assert "balance" in said_first.lower() and "bill for last month" not in said_first
    assert "bill for last month" in said_second and "bill for last month" in said_third
    line = 1 + broken[: broken.index("entry: arrives")].count("\n")
    assert f"telecom.yaml:{line}:" in refusal and "arrives" in refusal
