"""How calls to customers end, in the words of the dialer."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ivr.call import Disposition
from ivr.session.calling_back import converse
from ivr.session.promised import UNWANTED
from ivr.session.switchboard import Switchboard
from telephony.fake import FakeLeg


class Exchange:
    """A switchboard whose calls are over at once."""

    def __init__(self, disposition: Disposition, *tags: str, open_: bool = True) -> None:
        self.session: Any = SimpleNamespace(disposition=disposition, served_by="", call=SimpleNamespace(tags=tags))
        self.open = open_

    def call_back(self, leg: Any, call: Any, promise: Any) -> Any:
        return self.session, asyncio.create_task(asyncio.sleep(0))


@pytest.mark.parametrize(
    ("exchange", "outcome"),
    [
        (Exchange(Disposition.ABANDONED), "hung_up"),
        (Exchange(Disposition.OVERFLOWED), "unserved"),
        (Exchange(Disposition.SELF_SERVED, UNWANTED), "unwanted"),
        (Exchange(Disposition.LOST), "failed"),
        (Exchange(Disposition.LOST, open_=False), "shutdown"),
    ],
)
async def test_a_call_that_no_agent_had(exchange: Exchange, outcome: str) -> None:
    """A fault of ours is followed by a pause, as every other call; only who stops is followed at once."""
    told = await converse(cast(Switchboard, exchange), FakeLeg(), cast(Any, None), {}, (), lambda: None)
    assert told[0] == outcome
