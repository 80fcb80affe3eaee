"""`ivr serve --workers N`: one process owns the SIP listeners and hands each message to the worker that owns its call.

Each worker is a whole node, with its calls, their media and a name of its own; they share Redis and SQL. One that dies loses
its own calls alone and is started again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ivr.acd.embedded import start_embedded
from ivr.errors import ConfigError
from ivr.guarding.keeper import Keeper
from ivr.guarding.store import BanStore
from ivr.records.database import open_database, sqlite_url
from ivr.seat import Seat
from ivr.settings import Settings
from ivr.stores import live_state, probe
from ivr.wiring import admin_token, bind_web, data_folder, sip_settings
from telephony.gateway.dispatch import (
    BINDINGS,
    COUNTED,
    FAILED,
    MESSAGE,
    MOVED,
    READY,
    SEND,
    Channel,
    Whereabouts,
    channel_pair,
    frame,
)
from telephony.gateway.sip_wire import Listener, Wire
from telephony.sip.flow import Flow, Outgoing
from telephony.sip.guard import Guard

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
STEADY_SECONDS = 60.0
"""After which a worker that lived so long is started again at once when it dies."""
COUNT_SECONDS = 5.0
LEAVE_SECONDS = 15.0
"""Beyond the drain: how long a worker may take to end."""


@dataclass(eq=False)
class Worker:
    index: int
    channel: Channel | None = None
    process: asyncio.subprocess.Process | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    banner: str = ""
    started: float = 0.0
    pause: float = FIRST_PAUSE


class Workers:
    """The dispatcher and its workers. `run` returns when the order to stop has been carried out."""

    def __init__(self, settings: Settings, count: int, command: Sequence[str]) -> None:
        """`command` starts a worker that reads the same settings."""
        self._settings, self._command = settings, command
        self._sip = sip_settings(settings)
        self._workers = [Worker(index) for index in range(count)]
        self._where = Whereabouts(count)
        self.guard = Guard(self._sip.door.guard)
        """Holds the bans of all: connections end here."""
        self._wire = Wire(self._sip.wire, self._receive, self._failed, self._accepts)
        self._bindings: dict[str, Any] = {}
        self._stopping = asyncio.Event()
        self._listeners: tuple[Listener, ...] = ()
        self._web: socket.socket | None = None
        self._redis = ""
        self._secret = secrets.token_hex(32)
        self._unable = ""
        """Why no worker can start."""

    async def run(self) -> None:
        """Raises ConfigError, StoreUnavailable or TelephonyError where it cannot start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        async with AsyncExitStack() as stack:
            await self._prepare(stack)
            loop.add_signal_handler(signal.SIGHUP, self._wire.refresh)
            counting = asyncio.create_task(self._count())
            stack.callback(counting.cancel)
            keepers = [asyncio.create_task(self._keep(worker)) for worker in self._workers]
            ready = asyncio.create_task(self._ready())
            await self._stopping.wait()
            ready.cancel()
            print(f"Stopping: calls may go on for {self._settings.drain_seconds:g} s", flush=True)
            loop.remove_signal_handler(signal.SIGINT)
            await asyncio.gather(*keepers)
            print("Stopped", flush=True)
        if self._unable:
            raise ConfigError(self._unable)

    # --- start

    async def _prepare(self, stack: AsyncExitStack) -> None:
        """What the workers share: folder, Redis, tables, listeners."""
        data = data_folder(self._settings)
        admin_token(data)
        self._web = bind_web(self._settings)
        stack.callback(self._web.close)
        self._redis = self._settings.redis
        if not self._redis:
            embedded = await start_embedded(data)
            stack.push_async_callback(embedded.aclose)
            self._redis = embedded.url
        await probe(self._redis)
        redis = await live_state(replace(self._settings, redis=self._redis), data, stack)
        keeping = asyncio.create_task(Keeper(self, BanStore(redis), self._settings.node).run())
        stack.callback(keeping.cancel)
        engine = await open_database(self._settings.database or sqlite_url(data))
        await engine.dispose()
        stack.push_async_callback(self._wire.close)
        self._listeners = tuple([await self._wire.open(one) for one in self._sip.listeners])

    async def _ready(self) -> None:
        """Say so when every worker is up."""
        for worker in self._workers:
            await worker.ready.wait()
        print(self._workers[0].banner, flush=True)
        print("ready", flush=True)

    async def _keep(self, worker: Worker) -> None:
        """Run one worker until the order to stop; start it again when it dies."""
        while not self._stopping.is_set():
            await self._start(worker)
            assert worker.process is not None
            ended = asyncio.create_task(worker.process.wait())
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if self._stopping.is_set():
                await self._stop(worker.process, ended)
                break
            self._forget(worker)
            await self._pause(worker, ended.result())
        self._forget(worker)

    async def _start(self, worker: Worker) -> None:
        ours, theirs = channel_pair()
        worker.channel = Channel(ours, lambda *heard: self._hear(worker, *heard), lambda: None)
        udp = {str(one.number): self._wire.descriptor(one.number) for one in self._listeners if one.transport == "udp"}
        web = self._web.fileno() if self._web is not None and worker.index == 0 else -1
        seat = Seat(
            index=worker.index,
            workers=len(self._workers),
            channel=theirs.fileno(),
            web=web,
            udp=udp,
            ports=tuple(one.port for one in self._listeners),
            redis=self._redis,
            secret=self._secret,
            names=tuple(f"{self._settings.node}-{one.index + 1}" for one in self._workers),
        )
        worker.started = time.monotonic()
        try:
            worker.process = await asyncio.create_subprocess_exec(
                *self._command,
                env=seat.environment(),
                pass_fds=[theirs.fileno(), *udp.values(), *([web] if web >= 0 else [])],
                start_new_session=True,  # a Ctrl-C in the terminal is for us: we tell the workers
            )
        finally:
            theirs.close()
        for user, bindings in self._bindings.items():
            worker.channel.send(frame(BINDINGS, (user, bindings)))

    async def _pause(self, worker: Worker, code: int) -> None:
        if not worker.ready.is_set():
            if worker.pause > FIRST_PAUSE * 4 or code == 1:
                self._unable = f"worker {worker.index + 1} cannot start (exit code {code}); see its own line above"
                self._stopping.set()
                return
        elif time.monotonic() - worker.started > STEADY_SECONDS:
            worker.pause = FIRST_PAUSE
        log.error("worker %d ended with code %d; its calls are lost, it is started again", worker.index + 1, code)
        with suppress(TimeoutError):
            async with asyncio.timeout(worker.pause):
                await self._stopping.wait()
        worker.pause = min(2 * worker.pause, LONGEST_PAUSE)

    async def _stop(self, process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
        with suppress(ProcessLookupError):
            process.terminate()
        done, _ = await asyncio.wait({ended}, timeout=self._settings.drain_seconds + LEAVE_SECONDS)
        if not done:
            log.error("worker %d does not end and is killed", process.pid)
            with suppress(ProcessLookupError):
                process.kill()
            await ended

    @staticmethod
    def _forget(worker: Worker) -> None:
        if worker.channel is not None:
            worker.channel.close()
            worker.channel = None

    async def _count(self) -> None:
        """Tell the first worker, which serves the metrics, what never became a message."""
        while True:
            await asyncio.sleep(COUNT_SECONDS)
            counted = self._wire.turned_away()
            counted["worker busy"] = sum(worker.channel.dropped for worker in self._workers if worker.channel is not None)
            if (channel := self._workers[0].channel) is not None:
                channel.send(frame(COUNTED, dict(counted)))

    # --- messages

    def _receive(self, data: bytes, flow: Flow) -> None:
        channel = self._workers[self._where.of(data)].channel
        if channel is not None:
            channel.send(frame(MESSAGE, data, flow))

    def _accepts(self, host: str) -> bool:
        """False where not even a connection of `host` is taken: handshakes would be answers to one who is banned."""
        return not self.guard.turns_away(host, time.monotonic())

    def _failed(self, transport: str, host: str, port: int, connection: int = 0) -> None:
        told = frame(FAILED, (transport, host, port, connection))
        for worker in self._workers:
            if worker.channel is not None:
                worker.channel.send(told)

    def _hear(self, worker: Worker, kind: int, body: Any, flow: Flow | None) -> None:
        if kind == SEND and flow is not None:
            self._wire.send(Outgoing(body, flow))
        elif kind == READY:
            worker.banner = body
            worker.ready.set()
        elif kind == BINDINGS:
            self._share(worker, *body)
        elif kind == MOVED:
            self._where.stays(body.encode("utf-8", "surrogateescape"), worker.index)

    def _share(self, worker: Worker, user: str, bindings: Any) -> None:
        """Tell the other workers who has registered where."""
        if bindings:
            self._bindings[user] = bindings
        else:
            self._bindings.pop(user, None)
        for other in self._workers:
            if other is not worker and other.channel is not None:
                other.channel.send(frame(BINDINGS, (user, bindings)))


def serve_workers(settings: Settings, count: int, arguments: Sequence[str]) -> None:
    """Serve with `count` workers until told to stop. Raises IvrError or TelephonyError where it cannot start."""
    command = [sys.executable, "-m", "ivr", "serve", *arguments]
    asyncio.run(Workers(settings, count, command).run())
