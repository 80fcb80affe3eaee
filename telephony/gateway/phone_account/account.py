"""An extension of a PBX as ours: the child that holds it, watched and started anew, and the legs of its calls."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import re
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable

from telephony.errors import PeerFault, PortsExhausted, TransportError
from telephony.gateway.phone_account.leg import PhoneLeg
from telephony.gateway.phone_account.notes import (
    MAX_LINE,
    Alerting,
    Beat,
    Dial,
    Dialled,
    Established,
    KeyPressed,
    Line,
    Offered,
    Over,
    RegistrationChanged,
    Release,
    SessionChanged,
    Setup,
    Stop,
    Take,
    decode,
    encode,
)
from telephony.gateway.phone_account.options import PhoneAccountSettings
from telephony.gateway.sip_leg import CAUSES
from telephony.leg import EndCause, LegState, Party
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker

logger = logging.getLogger(__name__)

START = 30.0
"""Seconds for a new child to give its first sign of life."""
SILENCE = 6.0
"""Seconds without a sign of life after which a child is ended."""
PAUSES = (0.5, 2.0, 5.0, 15.0, 60.0)
"""Seconds before a child that ended is followed by another; the first again once one has lived for `STEADY`."""
STEADY = 60.0
GRACE = 0.3
"""Seconds for a child that fell silent to end of its own accord."""
FAREWELL = 4.0
"""Seconds in which a child gives its registration back."""
WATCH = 1.0
_MOST_WAITING = 1_048_576
_NUMBER = re.compile(r"\A[0-9A-Za-z+*#._-]{1,64}\Z")


class PhoneAccount:
    """Registers, takes and makes calls. `on_call` gets each leg that is offered, in the event loop, and must not block."""

    def __init__(self, settings: PhoneAccountSettings, ticker: Ticker, on_call: Callable[[PhoneLeg], None]) -> None:
        self.settings = settings
        self.status = 0
        """Of the last attempt to register: 200, how the PBX refused, 408 for silence, 0 before the first."""
        self.detail = "not tried yet"
        self.restarts = 0
        """How often a child ended and was followed by another."""
        self.pid = 0
        """The child's; 0 where none runs."""
        self._ticker, self._on_call = ticker, on_call
        self._legs: dict[str, PhoneLeg] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._ports: RtpPorts | None = None
        self._task: asyncio.Task[None] | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._asking: set[asyncio.Task[None]] = set()
        """Calls that somebody is asked about before they are made."""
        self._draining = self._closing = False
        self._changed = asyncio.Event()

    @property
    def registered(self) -> bool:
        return self.status == 200 and self._writer is not None

    @property
    def legs(self) -> list[PhoneLeg]:
        return list(self._legs.values())

    async def start(self) -> None:
        """Begin to register, and return at once: a PBX that is away stops nobody."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._keep_running(), name=f"phone account {self.settings.name}")
        self._watching = self._loop.call_later(WATCH, self._watch_media)

    async def until_registered(self, seconds: float) -> None:
        """Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not self.registered:
                self._changed.clear()
                await self._changed.wait()

    def stop_offering(self) -> None:
        """Refuse new calls with 480; running calls go on."""
        self._draining = True

    async def close(self) -> None:
        """End every call and give the registration back."""
        self._draining = self._closing = True
        for leg in self.legs:
            leg.hang_up(EndCause.SHUTDOWN, 480)
        if self._watching is not None:
            self._watching.cancel()
        if self._task is not None:
            self.order(Stop())
            if self._writer is not None:
                await asyncio.wait({self._task}, timeout=FAREWELL)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def dial(
        self,
        number: str,
        caller: Party,
        *,
        admit: Callable[[PhoneLeg], Awaitable[None]] | None = None,
        ring_timeout: float = 0.0,
    ) -> PhoneLeg:
        """Call `number` over the PBX and return the DIALING leg at once. Whatever stands in the way comes as `Ended`.

        `admit` may raise PeerFault: then the call is not made. It is given up (NO_ANSWER) after `ring_timeout` seconds, if any.
        """
        name = self.settings.name
        leg = self._leg(f"out-{secrets.token_hex(6)}", caller, Party(number, host=name), LegState.DIALING)
        if not self.registered:
            leg.end(EndCause.UNREACHABLE, by_peer=False, detail=f"{name} is not registered: {self.detail}")
        elif not _NUMBER.match(number):
            leg.end(EndCause.UNREACHABLE, by_peer=False, detail="484 not a number")
        elif len(self._legs) > self.settings.max_calls:
            leg.end(
                EndCause.FAILED, by_peer=False, detail=f"all {self.settings.max_calls} lines of {self.settings.name} are taken"
            )
        elif (port := self._open(leg)) is not None:
            order = Dial(leg.key, number, caller.display, port)
            if ring_timeout > 0:
                self._loop.call_later(ring_timeout, leg.rung_out)
            if admit is None:
                self.order(order)
            else:
                self._asking.add(task := self._loop.create_task(self._ask(leg, admit, order)))
                task.add_done_callback(self._asking.discard)
        return leg

    async def _ask(self, leg: PhoneLeg, admit: Callable[[PhoneLeg], Awaitable[None]], order: Dial) -> None:
        try:
            await admit(leg)
        except PeerFault as error:
            logger.warning("leg %s: call refused: %s", leg.id, error)
            leg.end(EndCause.DECLINED, by_peer=False, detail=str(error))
        if leg.state is LegState.DIALING:
            self.order(order)

    # What legs need

    def order(self, line: Line) -> None:
        """Tell the child; where it does not listen any longer, its end is on the way."""
        if self._writer is None or self._writer.is_closing():
            return
        self._writer.write(encode(line))
        if self._writer.transport.get_write_buffer_size() > _MOST_WAITING:
            self._writer.transport.abort()

    def released(self, leg: PhoneLeg) -> None:
        self._legs.pop(leg.key, None)

    # The child

    async def _keep_running(self) -> None:
        failures = 0
        while not self._closing:
            began = self._loop.time()
            try:
                why = await self._run_child()
            except (OSError, ValueError, TransportError) as error:
                why = str(error)
            self._lost(why)
            if self._closing:
                return
            failures = 1 if self._loop.time() - began > STEADY else failures + 1
            pause = PAUSES[min(failures, len(PAUSES)) - 1]
            self.restarts += 1
            logger.warning("phone account %s: %s; started anew in %g s", self.settings.name, why, pause)
            await asyncio.sleep(pause)

    async def _run_child(self) -> str:
        """One child, from start to end; says why it ended."""
        setup = await self._setup()
        self._ports = RtpPorts(setup.host, self.settings.rtp_low, self.settings.rtp_high, self._ticker)
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "telephony.gateway.phone_account.child", str(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"},
            )
        self.pid = process.pid
        logs = asyncio.create_task(self._log(process.stderr))
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=MAX_LINE)
        try:
            self._writer.write(encode(setup))
            why = await self._listen(reader)
        finally:
            writer, self._writer, self.pid = self._writer, None, 0
            writer.close()
            await _ended(process)
            await logs
        return why or f"the child ended with {process.returncode}"

    async def _setup(self) -> Setup:
        """Raises OSError where the PBX's name leads nowhere."""
        own = self.settings
        found = await self._loop.getaddrinfo(own.server, own.port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        server = str(found[0][4][0])
        host = own.host or _leaving_from(server)
        return Setup(
            *(server, own.port, own.server, own.user, own.password, own.auth_user, own.display, host, own.sip_port),
            max_calls=own.max_calls,
            memory=own.memory,
        )

    async def _listen(self, reader: asyncio.StreamReader) -> str:
        """Hear the child until it falls silent or ends."""
        patience = START
        while True:
            try:
                async with asyncio.timeout(patience):
                    line = await reader.readline()
            except TimeoutError:
                return f"the child gave no sign of life for {patience:g} s"
            except (OSError, ValueError) as error:
                return f"the child cannot be heard: {error}"
            if not line:
                return ""
            patience = SILENCE
            self._hear(decode(line))

    async def _log(self, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # longer than the reader takes: it goes on behind
                continue
            if not line:
                return
            logger.debug("phone account %s: %s", self.settings.name, line.decode("utf-8", "replace").rstrip())

    def _lost(self, why: str) -> None:
        """End the calls that the child had; those of others go on."""
        self.status, self.detail = 0, why
        for leg in self.legs:
            leg.end(EndCause.FAILED, by_peer=False, detail=f"phone account {self.settings.name}: {why}")

    # What the child tells

    def _hear(self, note: Line) -> None:
        match note:
            case Beat():
                return
            case RegistrationChanged():
                self._registration(note)
                return
            case Offered():
                self._offered(note)
                return
            case Dialled() | Alerting() | Established() | SessionChanged() | KeyPressed() | Over():
                leg = self._legs.get(note.key)
            case _:
                raise ValueError(f"not a note: {type(note).__name__}")
        if leg is None:
            if isinstance(note, Dialled):  # given up before it went out
                self.order(Release(note.key, 487))
            return
        match note:
            case Dialled(correlation=correlation):
                leg.correlation = correlation
            case Alerting():
                leg.ringing()
            case Established(sdp=sdp):
                leg.established(sdp)
            case SessionChanged(sdp=sdp):
                leg.changed(sdp)
            case KeyPressed(digit=digit):
                leg.key_pressed(digit)
            case Over():
                _end(leg, note)

    def _registration(self, note: RegistrationChanged) -> None:
        before, self.status, self.detail = self.status, note.status, f"{note.status} {note.detail}"
        if note.status != before and not self._closing:
            if note.status == 200:
                logger.info("phone account %s: registered for %d s", self.settings.name, note.expires)
            else:
                logger.warning("phone account %s: not registered: %s", self.settings.name, self.detail)
        self._changed.set()

    def _offered(self, note: Offered) -> None:
        callee = Party(self.settings.number or note.called or self.settings.user, host=self.settings.name)
        leg = self._leg(note.key, Party(note.user, note.display, note.host), callee, LegState.OFFERED)
        leg.correlation = note.correlation
        port = None if self._draining or len(self._legs) > self.settings.max_calls else self._open(leg)
        if port is None:
            self.order(Release(note.key, 480 if self._draining else 486))
            leg.end(EndCause.FAILED, by_peer=False, detail="no line is free")
            return
        if note.sdp and not leg.follow(note.sdp):
            return
        self.order(Take(note.key, port))
        logger.debug("call %s leg %s offered", leg.correlation, leg.id)
        try:
            self._on_call(leg)
        except Exception:
            logger.exception("call %s: whoever takes calls failed", leg.correlation)
            leg.hang_up(EndCause.FAILED, 500)

    # Parts

    def _leg(self, key: str, caller: Party, callee: Party, state: LegState) -> PhoneLeg:
        leg = self._legs[key] = PhoneLeg(key, caller, callee, state=state, owner=self, account=self.settings.name)
        return leg

    def _open(self, leg: PhoneLeg) -> int | None:
        try:
            return leg.open(self._ports, self._ticker) if self._ports is not None else None
        except PortsExhausted as error:
            leg.end(EndCause.FAILED, by_peer=False, detail=str(error))
            return None

    def _watch_media(self) -> None:
        self._watching = self._loop.call_later(WATCH, self._watch_media)
        limit, now = self.settings.media_timeout, self._loop.time()
        for leg in self.legs if limit > 0 else ():
            if leg.silent_for(now) > limit:
                leg.hang_up(EndCause.MEDIA_LOST)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Until the child is gone: of its own accord at once, else by force."""
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _end(leg: PhoneLeg, note: Over) -> None:
    detail = f"{note.status} {note.detail}".strip()
    match note.how:
        case "bye":
            leg.end(EndCause.HUNG_UP, by_peer=True, detail=note.detail)
        case "cancelled":
            leg.end(EndCause.CANCELLED, by_peer=True, detail=note.detail)
        case "failed":
            leg.end(CAUSES.get(note.status, EndCause.FAILED), by_peer=True, detail=detail)
        case _:
            leg.end(EndCause.FAILED, by_peer=False, detail=detail)


def _leaving_from(server: str) -> str:
    """The address that packets to `server` leave from; nothing is sent. Raises TransportError."""
    if ipaddress.ip_address(server).is_loopback:
        return "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((server, 9))
        except OSError as error:
            raise TransportError(f"no way to {server}: {error.strerror}") from error
        return str(probe.getsockname()[0])
