"""A short run of `tests.load.chaos`: nodes and Redis are killed under 300 callers; the store ends empty, the sums are right."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from tests.load.chaos import Chaos

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


async def test_kill_9_of_nodes_and_of_redis_loses_and_doubles_nobody(tmp_path: Path) -> None:
    with Progress(console=Console(quiet=True)) as progress:
        run = Chaos(tmp_path, contacts=300, seed=5, nodes=3, pause=(0.5, 1.5), kills=5)
        result = await run.run(progress)
    assert result["wrong"] == []
    assert result["offered"] == 300 == sum(result[end] for end in ("answered", "missed", "abandoned", "overflowed"))
    assert result["answered"] > 50
    assert result["node_kills"] + result["redis_kills"] >= 2
    assert result["redis_restarts"] == result["redis_kills"]
    assert result["called_back"] <= result["missed"]
