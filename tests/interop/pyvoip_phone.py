"""pyVoIP 1.6.8 as an independent telephone, run as a program of its own: its threads and its faults stay in its process.

    python -m tests.interop.pyvoip_phone SERVER_PORT USER PASSWORD SIP_PORT RTP_LOW

Reads one command a line, `dial NUMBER`, `say HERTZ SECONDS`, `hear SECONDS`, `hangup` or `quit`, and writes one JSON object a
line: `{"event": "registered"}`, `refused`, `up` (each answered call, in or out), `heard` with the samples, `ended`.
"""

from __future__ import annotations

import json
import math
import sys
import time
from threading import Event, Thread
from typing import Any

from pyVoIP.VoIP import CallState, InvalidStateError, PhoneStatus, VoIPCall, VoIPPhone

MIDDLE = 128
"""Silence in the unsigned 8-bit samples that pyVoIP takes and gives."""


def tell(event: str, **more: Any) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


class Phone:
    def __init__(self, server_port: int, user: str, password: str, sip_port: int, rtp_low: int) -> None:
        self._phone = VoIPPhone(
            "127.0.0.1",
            server_port,
            user,
            password,
            myIP="127.0.0.1",
            callCallback=self._rung,
            sipPort=sip_port,
            rtpPortLow=rtp_low,
            rtpPortHigh=rtp_low + 20,
        )
        self._call: VoIPCall | None = None

    def start(self) -> None:
        """pyVoIP swallows a refusal and tries again by a timer; its status alone tells."""
        self._phone.start()
        tell("registered" if self._phone.get_status() is PhoneStatus.REGISTERED else "refused")

    def dial(self, number: str) -> None:
        call = self._phone.call(number)
        Thread(target=self._follow, args=(call, Event()), daemon=True).start()

    def _rung(self, call: VoIPCall) -> None:
        """Answer at once, and stay: pyVoIP forgets a call whose callback has returned."""
        call.answer()
        self._follow(call, Event())

    def _follow(self, call: VoIPCall, tick: Event) -> None:
        while call.state in (CallState.DIALING, CallState.RINGING):
            tick.wait(0.02)
        self._call = call
        tell("up")
        while call.state is CallState.ANSWERED:
            tick.wait(0.02)
        tell("ended")

    def say(self, hertz: float, seconds: float) -> None:
        """A sine of half the full scale."""
        assert self._call is not None
        count = int(8000 * seconds)
        self._call.write_audio(bytes(MIDDLE + round(63 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(count)))

    def hear(self, seconds: float) -> None:
        """What comes during that time, paced by the clock: pyVoIP's own blocking read skips whatever looks like silence."""
        assert self._call is not None
        heard = bytearray()
        start = time.monotonic()
        for packet in range(int(seconds * 50)):
            time.sleep(max(0.0, start + packet * 0.02 - time.monotonic()))
            heard += self._call.read_audio(160, blocking=False)
        tell("heard", samples=heard.hex())

    def hang_up(self) -> None:
        assert self._call is not None
        try:
            self._call.hangup()
        except InvalidStateError:
            tell("error", text="there is no call")

    def stop(self) -> None:
        self._phone.stop()


def main() -> None:
    server_port, user, password, sip_port, rtp_low = sys.argv[1:]
    phone = Phone(int(server_port), user, password, int(sip_port), int(rtp_low))
    phone.start()
    for line in sys.stdin:
        match line.split():
            case ["dial", number]:
                phone.dial(number)
            case ["say", hertz, seconds]:
                phone.say(float(hertz), float(seconds))
            case ["hear", seconds]:
                phone.hear(float(seconds))
            case ["hangup"]:
                phone.hang_up()
            case _:
                break
    phone.stop()


if __name__ == "__main__":
    main()
