"""Between the wire and the user agent: who is listened to, and what is kept of what was said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from telephony.net.hep_link import HepLink
from telephony.sip import hep
from telephony.sip.flow import Flow, Outgoing
from telephony.sip.guard import Guard
from telephony.sip.suspicion import GuardSettings, Sign
from telephony.sip.trace import Trace, Traced, TraceSettings, without_keys

SCANNERS = Path(__file__).with_name("scanners.txt")


@dataclass(frozen=True, slots=True)
class HepSettings:
    """A Homer server to which each traced message is sent."""

    host: str = ""
    """"" for none."""
    port: int = 9060
    transport: str = "udp"
    node_id: int = 2001
    """Number of this capture agent."""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DoorSettings:
    guard: GuardSettings = field(default_factory=GuardSettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    hep: HepSettings = HepSettings()


class Door:
    """`receive` gets what may come in, `exempt` tells whose flow is never looked at (a trusted listener)."""

    def __init__(
        self,
        settings: DoorSettings,
        receive: Callable[[bytes, Flow, float], None],
        clock: Callable[[], float],
        exempt: Callable[[Flow], bool] = lambda flow: False,
    ) -> None:
        self._settings = settings
        self._receive = receive
        self._clock = clock
        self._exempt = exempt
        self.guard = Guard(settings.guard, scanners())
        self.trace = Trace(settings.trace)
        self._link: HepLink | None = None

    async def open(self) -> None:
        """Reach the Homer server, where one is set. Raises TransportError."""
        to = self._settings.hep
        if to.host:
            self._link = HepLink(to.transport, to.host, to.port)
            await self._link.open()

    async def close(self) -> None:
        if self._link is not None:
            await self._link.close()

    def receive(self, data: bytes, flow: Flow) -> None:
        """Take a message from the wire, or drop it without an answer."""
        now = self._clock()
        if not self._exempt(flow) and not self.guard.admits(data, flow.host, now, proven=flow.reliable):
            return
        self._keep(now, False, flow, data)
        self._receive(data, flow, now)

    def sent(self, outgoing: Outgoing) -> None:
        """Hear what goes out. Whom we ask something may answer; whom we register with may call us as long as that lasts."""
        now, guard = self._clock(), self._settings.guard
        if not outgoing.data.startswith(b"SIP/2.0 "):
            seconds = guard.vouch_seconds if outgoing.data.startswith(b"REGISTER ") else guard.reply_seconds
            self.guard.vouch(outgoing.flow.host, now + seconds)
        self._keep(now, True, outgoing.flow, outgoing.data)

    def noticed(self, flow: Flow, sign: Sign) -> None:
        """Hear from the user agent what a message says about who sent it."""
        if not self._exempt(flow):
            self.guard.noticed(flow.host, sign, self._clock(), proven=flow.reliable)

    def accepts(self, host: str) -> bool:
        """False where not even a connection of `host` is taken."""
        return not self.guard.turns_away(host, self._clock())

    def metrics(self) -> dict[str, float]:
        """Sizes and counts, with units in the keys."""
        link = self._link
        return {
            **{f"guard_{name}": float(size) for name, size in self.guard.sizes().items()},
            "trace_calls": float(len(self.trace)),
            "trace_octets": float(self.trace.octets),
            "trace_dropped": float(self.trace.dropped),
            "hep_sent": float(link.sent if link else 0),
            "hep_lost": float(link.lost if link else 0),
        }

    def _keep(self, now: float, sent: bool, flow: Flow, data: bytes) -> None:
        data = without_keys(data)
        self.trace.note(now, sent, flow, data)
        if self._link is not None:
            to = self._settings.hep
            self._link.send(hep.packet(Traced(now, sent, flow, data), time.time(), to.node_id, to.password))


def scanners(path: Path = SCANNERS) -> tuple[str, ...]:
    """Names of scanning tools, one a line; what follows `#` is for people."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return tuple(line for line in lines if line)
