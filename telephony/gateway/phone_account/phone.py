"""pyVoIP 1.6.8 without its own socket, audio threads and timers; what is left keeps the account and its calls.

Every override names the fault that it contains. pyVoIP's audio (8-bit samples, two polling threads a call, a buffer as large
as a far timestamp says) is never started: the parent holds the RTP port, and µ-law goes from there to 16 bits at once.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from threading import Event, RLock, Timer
from typing import Any

# pyVoIP.VoIP comes first: pyVoIP.SIP imports it in a circle, and fails where it is the first.
from pyVoIP.VoIP import CallState, VoIPCall, VoIPPhone  # isort: skip
from pyVoIP import RTP
from pyVoIP.SIP import SIPClient

RETRY = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds between attempts to register while the PBX refuses or is silent."""
READ_WAIT = 8.0
"""Seconds that pyVoIP may wait for a message that it asked for; its own wait has no end."""
_EARLY = 10
"""Seconds before a registration runs out at which it is renewed."""


class Line:
    """The socket that pyVoIP believes to be its own: one end of a pair, with the interpreter at the other."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.settimeout(READ_WAIT)

    def fileno(self) -> int:
        return self._end.fileno()

    def recv(self, size: int) -> bytes:
        return self._end.recv(size)

    def sendto(self, data: bytes, address: object) -> None:
        """Send to the interpreter, which knows better where to than pyVoIP does."""
        self._end.send(data)

    def setblocking(self, flag: bool) -> None:
        """Without effect: pyVoIP leaves its socket now blocking, now not, and then waits for ever or not at all."""

    def close(self) -> None:
        self._end.close()


class SilentRtp:
    """Stands where pyVoIP keeps its RTP client: it has a port and formats, and opens and starts nothing."""

    def __init__(self, port: int, formats: dict[int, Any]) -> None:
        self.inPort, self.assoc = port, formats

    def start(self) -> None:
        """The parent has the port open already."""

    def stop(self) -> None:
        """The parent closes it."""


class Call(VoIPCall):
    def create_rtp_clients(self, codecs: dict[int, Any], ip: str, port: int, request: object, baseport: int) -> None:
        clients: list[Any] = self.RTPClients
        clients.append(SilentRtp(port, codecs))

    def renegotiate(self, request: object) -> None:
        """Never reached: re-INVITEs end at the interpreter. pyVoIP would start its threads a second time."""


class Client(SIPClient):
    """Registers without standing still for 30 s, and without giving up at the third failure."""

    granted = 120
    """Seconds of the last registration; the interpreter's loop sets it."""

    def __init__(self, line: Line, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        lock: Any = RLock()  # held while a call that was just dialled is written down: its answer waits
        self.recvLock = lock
        socket_: Any = line
        self.s = self.out = socket_
        self._stopping = Event()
        self._registered = False

    def start(self) -> None:
        self.NSD = True
        for work in (self.recv_loop, self.register):
            timer = Timer(0, work)
            timer.daemon = True
            timer.start()

    def recv_loop(self) -> None:
        """Sleep until there is something, where pyVoIP looks a hundred times a second."""
        while self.NSD:
            if select.select([self.s], [], [], 1.0)[0] and self.NSD:
                with self.recvLock:
                    if select.select([self.s], [], [], 0)[0]:
                        self.recv()

    def register(self) -> bool:
        failures = 0
        while not self._stopping.is_set():
            try:
                with self.recvLock:
                    done = bool(self._SIPClient__register())  # type: ignore[attr-defined]
            except Exception:  # whatever pyVoIP makes of a refusal: the interpreter has told the parent which it was
                done = False
            self._registered = done
            failures = 0 if done else failures + 1
            wait = max(self.granted - _EARLY, self.granted / 2) if done else RETRY[min(failures, len(RETRY)) - 1]
            self._stopping.wait(wait)
        return True

    def stop(self) -> None:
        """Give the registration back, once."""
        self._stopping.set()
        if self.NSD and self._registered:
            self.deregister()
        self.NSD = False


class Phone(VoIPPhone):
    """One account. `dial` and `answer` wait for pyVoIP, so a thread of their own calls them."""

    def __init__(self, line: Line, user: str, host: str) -> None:
        super().__init__("127.0.0.1", 5060, user, "", myIP=host, callCallback=lambda call: None)
        self.sip: Client = Client(
            line, "127.0.0.1", 5060, user, "", phone=self, myIP=host, callCallback=self.callback, fatalCallback=self.fatal
        )
        self.ports: dict[str, int] = {}
        """RTP port of each call that is about to be taken."""
        self._port = 0
        self.arrived: Callable[[str], None] = lambda call_id: None
        """Hears of each call that pyVoIP has taken note of."""

    def request_port(self, blocking: bool = True) -> int:
        return self._port

    def release_ports(self, call: object = None) -> None:
        """The parent owns the ports; pyVoIP would forget a call here whose callback has returned."""

    def _create_Call(self, request: Any, sess_id: int) -> None:
        call_id = request.headers["Call-ID"]
        self._port = self.ports.pop(call_id, 0)
        self.calls[call_id] = Call(self, CallState.RINGING, request, sess_id, self.myIP, sendmode=self.recvmode)
        self.arrived(call_id)

    def dial(self, key: str, port: int) -> None:
        """Call `key`, a name that the interpreter knows the number of."""
        media: Any = {port: {0: RTP.PayloadType.PCMU, 101: RTP.PayloadType.EVENT}}
        with self.sip.recvLock:
            request, call_id, session = self.sip.invite(key, media, RTP.TransmitType.SENDRECV)
            call = Call(self, CallState.DIALING, request, session, self.myIP, ms=media, sendmode=self.sendmode)
            self.calls[call_id] = call

    def answer(self, call_id: str) -> None:
        """Raises KeyError for a call that is gone."""
        self.calls[call_id].answer()
