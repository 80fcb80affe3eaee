"""A phone that registered before a restart is still an agent's device after it: it registers again only within the hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.baresip import Baresip
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import silence, write_wav

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def quiet(folder: Path) -> Path:
    return write_wav(folder / "quiet.wav", silence(1))


async def test_a_registration_outlives_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    server = HotlineProcess(
        folder,
        speech={"enabled": False},
        sip={"accounts": [{"user": "desk7", "password": "secret"}], "digest": ["MD5"]},
        agents=[{"id": "dora", "device": "desk7", "skills": {"telecom": 5, "billing": 5, "complaint": 5}}],
    )
    async with (
        server,
        Baresip(tmp_path / "desk", quiet(tmp_path), user="desk7", password="secret", registrar=server.sip_port) as desk,
        Baresip(tmp_path / "caller", quiet(tmp_path), user="1001") as caller,
    ):
        await desk.registered()
        await server.stop()
        await server.start()
        await server.called_by(caller, "0")
        await desk.wait_for("CALL_ESTABLISHED")
        await server.until_line("agent dora: on duty")
