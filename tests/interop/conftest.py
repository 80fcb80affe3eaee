"""A node for foreign peers: it trusts no network, so that everybody must show who they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import HotlineProcess

PASSWORD = "pass-of-a-phone"

FLOW = """
flow: numbers
languages: [en]
entry: dialled
defaults: { error: end }
states:
  dialled:
    switch:
      of: call.called
      cases: { "1000": greeting, "1001": menu, "3000": queued }
      otherwise: rejected
  greeting:
    do: [answer, { say: welcome }]
    goto: end
  menu:
    ask: { say: anything_else, expect: yes_no, hint: keys_yes_no, timeout: 30s }
    on: { yes: greeting, no: end, no_input: end, no_match: end }
  queued:
    do: [answer]
    enqueue: { queue: desk, need: { phones: 1 } }
    on: { no_agents: end, closed: end, full: end, timeout: end, error: end }
  rejected: { hangup: rejected }
"""
"""1000: the prompt, then we hang up. 1001: a menu of keys, 1 is yes. 3000: a queue whose agent has a desk phone."""


def settings_of(folder: Path, **sip: object) -> dict[str, Any]:
    """Settings for `HotlineProcess`: the numbers above, accounts 6001 and 6002, and the phone of 6001 as an agent's."""
    (folder / "numbers.yaml").write_text(FLOW, "utf-8")
    return {
        "dialplans": str(folder),
        "routes": [{"to": "*", "flow": "numbers"}],
        "speech": {"enabled": False},
        "queues": {"desk": {"ring": "20s", "wrap_up": "1s"}},
        "agents": [{"id": "deskphone", "name": "Desk", "password": "", "device": "6001", "skills": {"phones": 5}}],
        "sip": {
            "trusted_networks": ["10.0.0.0/8"],
            "accounts": [{"user": user, "password": PASSWORD} for user in ("6001", "6002")],
            **sip,
        },
    }


@pytest.fixture
async def wary(tmp_path: Path) -> AsyncIterator[HotlineProcess]:
    """A node where only an account may call."""
    folder = tmp_path / "node"
    flows = tmp_path / "flows"
    folder.mkdir()
    flows.mkdir()
    async with HotlineProcess(folder, **settings_of(flows)) as node:
        yield node


@pytest.fixture
async def md5(tmp_path: Path) -> AsyncIterator[HotlineProcess]:
    """The same for old phones: the baresip of Debian 12 (libre 1.1) gives up where SHA-256 is offered at all."""
    folder = tmp_path / "node"
    flows = tmp_path / "flows"
    folder.mkdir()
    flows.mkdir()
    async with HotlineProcess(folder, **settings_of(flows, digest=["MD5"])) as node:
        yield node
