"""The process that loads the models and forks the workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.speech.host_process import HostProcess


@pytest.mark.asyncio
async def test_matrices_are_multiplied_in_the_thread_that_asks() -> None:
    """A worker has a core, not all of them: threads of a pool would wait for each other."""
    host, loaded, failed = await HostProcess.start({}, 30.0, 30.0)
    try:
        threads = list(Path(f"/proc/{host.pid}/task").iterdir())
    finally:
        host.close()
    assert (loaded, failed, len(threads)) == ([], {}, 1)
