"""CPU of one call in the pure core, without sockets and media: `python -m tests.load.core [CALLS]`.

Two user agents in one process call each other: INVITE, 100, 180, 200, ACK, BYE, 200. The figure is both ends together.
"""

from __future__ import annotations

import secrets
import sys
import time

from telephony.sip.core import AgentSettings
from telephony.sip.events import CallOffered
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address, Uri
from telephony.sip.user_agent import UserAgent

SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
HOST, ROUNDS = "127.0.0.1", 5
CALLER = Address.parse(f"<sip:ann@{HOST}>")


def agent(port: int) -> UserAgent:
    settings = AgentSettings(trusted=lambda flow: True, max_calls=1_000_000)
    return UserAgent(settings, lambda: secrets.token_hex(8), b"x" * 32, {"udp": (HOST, port)})


class Pair:
    def __init__(self) -> None:
        self.agents = {5060: agent(5060), 5070: agent(5070)}
        self.now = 0.0

    def settle(self) -> None:
        moved = True
        while moved:
            moved = False
            for port, one in self.agents.items():
                other = 10130 - port
                for outgoing in one.drain_output():
                    moved = True
                    self.agents[other].receive(outgoing.data, Flow("udp", HOST, port, HOST, other), self.now)
                for event in one.drain_events():
                    moved = True
                    if isinstance(event, CallOffered):
                        event.call.ring(self.now)
                        event.call.accept(SDP, self.now)

    def calls(self, count: int) -> None:
        for number in range(count):
            self.now += 0.01
            call = self.agents[5060].dial(Uri.parse(f"sip:{number % 100}@{HOST}:5070"), CALLER)
            call.start(SDP, self.now)
            self.settle()
            call.bye(self.now)
            self.settle()
            for one in self.agents.values():
                one.handle_timer(self.now)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2500
    pair = Pair()
    pair.calls(300)
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        pair.calls(count // ROUNDS)
        spent.append((time.process_time() - start) / (count // ROUNDS))
    print(f"{min(spent) * 1e6:.0f} µs CPU a call, both ends together (best of {ROUNDS} rounds)")


if __name__ == "__main__":
    main()
