"""RTCP of one SIP leg: when to report, by which port, and what the far end reported."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from typing import Any

from telephony.gateway.shield import Shield
from telephony.media import opinion, rtcp
from telephony.media.stream import MediaStream
from telephony.media.stun import is_stun
from telephony.net.control_socket import ControlSocket
from telephony.net.rtp_socket import Address, RtpPorts, RtpSocket
from telephony.net.ticker import Ticker
from telephony.sip.negotiation import Agreement


class Reports:
    """Reports every five seconds or so from the first agreement until `close`.

    With rtcp-mux they go by the RTP port; else by the next one, which is opened with the first report: most short calls
    never pay for it.
    """

    def __init__(self, stream: MediaStream, shield: Shield, port: RtpSocket, ports: RtpPorts, ticker: Ticker) -> None:
        self._stream, self._shield, self._port, self._ports, self._ticker = stream, shield, port, ports, ticker
        self._reporter = rtcp.Reporter(secrets.token_hex(8).encode())
        self._agreed: Agreement | None = None
        self._control: ControlSocket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sent = 0
        self.last_heard = 0.0
        """When the last report came, on the loop's clock; 0.0 before the first."""

    def follow(self, agreed: Agreement) -> None:
        """Report as an agreement asks from now on."""
        self._agreed = agreed
        if self._control is not None:
            self._aim(self._control, agreed)
        elif agreed.ice is not None and not agreed.rtcp_mux:
            self._open(agreed)  # its component is checked from the start
        if self._timer is None:
            self._arm(first=True)

    def heard(self, packet: bytes, now: float) -> None:
        """Take a compound packet that is known to be the far end's."""
        self.last_heard = now
        self._reporter.heard(packet, self._stream.numbers[0].ssrc, now=now, wall=time.time())

    def figures(self) -> dict[str, Any]:
        out, reception = self._stream.numbers
        return opinion.figures(self._reporter, reception, out.sent, self._stream.codec.clock_rate)

    def close(self) -> None:
        """Say good-bye, where anything was said before, and fall silent."""
        if self._timer is not None:
            self._timer.cancel()
        if self._sent:
            self._send(bye=True)
        if self._control is not None:
            self._control.close()
        self._agreed = None

    def _arm(self, *, first: bool = False) -> None:
        pause = rtcp.pause(random.random(), first=first)
        self._timer = asyncio.get_running_loop().call_later(pause, self._report)

    def _report(self) -> None:
        self._arm()
        self._send()

    def _send(self, *, bye: bool = False) -> None:
        agreed = self._agreed
        if agreed is None or not agreed.rtcp_port:
            return
        now = asyncio.get_running_loop().time()
        packet = self._shield.protect_control(self._reporter.compose(self._stream.numbers, now=now, wall=time.time(), bye=bye))
        if packet is None:
            return
        if agreed.rtcp_mux:
            self._port.send_bare(packet)
            self._sent += 1
        elif (control := self._open(agreed)) is not None:
            self._sent += control.send(packet)

    def _open(self, agreed: Agreement) -> ControlSocket | None:
        if self._control is None and (bound := self._ports.beside(self._port.port)) is not None:
            self._control = ControlSocket(bound, self._ticker, self._beside)
            self._aim(self._control, agreed)
        return self._control

    def _aim(self, control: ControlSocket, agreed: Agreement) -> None:
        """Reports go to where voice comes from: a far end behind a NAT has no other address. ICE shows it by a check."""
        if agreed.ice is not None:
            control.aim(None, None)
            return
        seen = self._port.source
        hosts = {agreed.host} | ({seen[0]} if seen else set())
        control.aim((seen[0] if seen else agreed.host, agreed.rtcp_port), frozenset(hosts))

    def _beside(self, data: bytes, source: Address, now: float) -> bool:
        control, agreed = self._control, self._agreed
        if control is None or agreed is None:
            return False
        ice = agreed.ice is not None
        if ice and is_stun(data):
            answer = self._shield.answer_check(data, source)
            return answer is not None and control.send(answer, source)
        if not agreed.rtcp_port:
            return False
        packet = self._shield.read_control(data)
        if packet is None or not rtcp.is_rtcp(packet) or (ice and source != control.target):
            return False
        self.heard(packet, now)
        return True
