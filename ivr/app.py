"""The one place where the parts are put together: a node that answers calls until it is told to stop."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from ivr import logs
from ivr.errors import ConfigError
from ivr.heap import Heap, tend
from ivr.node import start_node
from ivr.post import Post
from ivr.seat import Seat
from ivr.settings import Settings, load_settings
from ivr.wiring import (
    overridden,
)
from ivr.workers import serve_workers
from telephony.errors import TelephonyError

log = logging.getLogger(__name__)

MOST_WORKERS = 64
CLOSING = 15.0
"""Seconds that closing everything may take once no call is left."""


def serve_forever(
    config: Path, sip: str | None, web: str | None, data: Path | None, verbose: bool, workers: int, arguments: Sequence[str]
) -> int:
    """`ivr serve`: returns the exit code when the node has drained. Raises IvrError for what a person can mend.

    With `workers` above 1 this process only owns the SIP listeners; each worker runs `ivr serve` with the same `arguments`.
    """
    if not 1 <= workers <= MOST_WORKERS:
        raise ConfigError(f"--workers: expected 1 to {MOST_WORKERS}, found {workers}; one a core is enough")
    seat = Seat.taken()
    settings = overridden(load_settings(config), config, sip, web, data)
    if seat is not None:
        settings = seat.settings(settings)
    logs.set_up(verbose, settings.node if seat is not None else "")
    try:
        if workers > 1 and seat is None:
            serve_workers(settings, workers, arguments)
        else:
            asyncio.run(_serve(settings, seat)).cancel()
    except TelephonyError as error:
        raise ConfigError(str(error)) from error
    return 0


async def _serve(settings: Settings, seat: Seat | None = None) -> threading.Timer:
    """Start everything, say `ready`, wait for the order to stop, drain, and end in the reverse order.

    Returns what ends the process where that takes too long: to be cancelled when it did not.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        post = Post(seat, stopping.set) if seat is not None else None
        node = await start_node(settings, stack, post)
        loop.add_signal_handler(signal.SIGHUP, node.sip.refresh)
        tending = asyncio.create_task(tend(Heap(), lambda: len(node.switchboard) == 0))
        stack.callback(tending.cancel)
        if post is not None:
            post.ready(node.banner)
            log.info("node %s is up: pid %d", settings.node, os.getpid())
        else:
            _say(node.banner)
            _say("ready")
        await stopping.wait()
        say = _say if post is None else log.info  # the dispatcher has told it to the terminal
        say(f"Stopping: {_calls(len(node.switchboard))} may go on for {settings.drain_seconds:g} s")
        loop.remove_signal_handler(signal.SIGINT)
        node.sip.stop_offering()
        ended = await node.switchboard.drain(settings.drain_seconds)
        say(f"Stopped{f'; {_calls(ended)} ended by us' if ended else ''}")
        return _end_within(CLOSING)


def _end_within(seconds: float) -> threading.Timer:
    """Name in the log what does not let go by then, and end the process all the same: a service manager waits for it."""

    def give_up() -> None:
        log.error("closing takes longer than %g s; this is what does not end:", seconds)
        faulthandler.dump_traceback(all_threads=True)
        for task in asyncio.all_tasks(loop):
            task.print_stack(limit=4)
        sys.stderr.flush()
        os._exit(1)

    loop = asyncio.get_running_loop()
    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    return timer


def _say(line: str) -> None:
    print(line, flush=True)


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"
