"""The one place where the parts are put together: a node that answers calls until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from contextlib import AsyncExitStack
from pathlib import Path

from ivr.errors import ConfigError
from ivr.node import start_node
from ivr.settings import Settings, load_settings
from ivr.wiring import (
    overridden,
)
from telephony.errors import TelephonyError

log = logging.getLogger(__name__)


def serve_forever(config: Path, sip: str | None, web: str | None, data: Path | None, verbose: bool) -> int:
    """`ivr serve`: returns the exit code when the node has drained. Raises IvrError for what a person can mend."""
    settings = overridden(load_settings(config), config, sip, web, data)
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="%(asctime)s %(levelname).1s %(name)s %(message)s"
    )
    for noisy in (
        "aiosqlite",
        "aioice",
        "alembic",
        "aiortc",
        "asyncio",
        "websockets",
        "uvicorn.error",
        "uvicorn.access",
        "watchfiles",
        "pydub",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        asyncio.run(_serve(settings))
    except TelephonyError as error:
        raise ConfigError(str(error)) from error
    return 0


async def _serve(settings: Settings) -> None:
    """Start everything, say `ready`, wait for the order to stop, drain, and end in the reverse order."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        node = await start_node(settings, stack)
        _settle_heap()
        print(node.banner, flush=True)
        print("ready", flush=True)
        await stopping.wait()
        print(f"Stopping: {len(node.switchboard)} calls may go on for {settings.drain_seconds:g} s", flush=True)
        loop.remove_signal_handler(signal.SIGINT)
        node.sip.stop_offering()
        ended = await node.switchboard.drain(settings.drain_seconds)
        print(f"Stopped{f'; {ended} calls were ended' if ended else ''}", flush=True)


def _settle_heap() -> None:
    """Keep what was loaded at the start out of every later collection: walking it takes 80 ms, four missed packets."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
