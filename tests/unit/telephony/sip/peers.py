"""Two user agents on a fake link with a fake clock: nothing sleeps, every loss is chosen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from telephony.sip.core import AgentSettings
from telephony.sip.events import AgentEvent
from telephony.sip.flow import Flow, Outgoing
from telephony.sip.message import Request, Response, parse
from telephony.sip.user_agent import UserAgent

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
ANSWER = OFFER.replace(b"10.0.0.1", b"10.0.0.2")


def counter(prefix: str) -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers):06x}"


def agent(name: str, host: str, **settings: object) -> UserAgent:
    values = AgentSettings(**{"trusted": lambda flow: True, **settings})  # type: ignore[arg-type]
    return UserAgent(values, counter(name), b"secret of " + name.encode(), {"udp": (host, 5060), "tcp": (host, 5060)})


@dataclass
class Line:
    """One message that went over the link."""

    at: float
    source: str
    message: Request | Response
    lost: bool

    @property
    def word(self) -> str:
        return self.message.method if isinstance(self.message, Request) else str(self.message.status)


@dataclass
class Link:
    """Carries messages between hosts at once, in order; `lose` tells which get lost."""

    agents: dict[str, UserAgent]
    lose: Callable[[Line], bool] = lambda line: False
    now: float = 100.0
    lines: list[Line] = field(default_factory=list)
    events: dict[str, list[AgentEvent]] = field(default_factory=dict)
    on_event: Callable[[str, AgentEvent], None] = lambda host, event: None

    def settle(self) -> None:
        """Carry messages and give out events until nothing moves."""
        moved = True
        while moved:
            moved = False
            for host, one in self.agents.items():
                for outgoing in one.drain_output():
                    moved = True
                    self.carry(host, outgoing)
                for event in one.drain_events():
                    moved = True
                    self.events.setdefault(host, []).append(event)
                    self.on_event(host, event)

    def carry(self, host: str, outgoing: Outgoing) -> None:
        line = Line(self.now, host, parse(outgoing.data), False)
        self.lines.append(line)
        line.lost = self.lose(line)
        flow = outgoing.flow
        if not line.lost and flow.host in self.agents:
            back = Flow(flow.transport, host, 5060, flow.host, 5060)
            self.agents[flow.host].receive(outgoing.data, back, self.now)

    def run(self, seconds: float) -> None:
        """Let time pass, alarm by alarm."""
        self.settle()
        end = self.now + seconds
        while (deadline := min(one.next_deadline() for one in self.agents.values())) <= end:
            self.now = max(self.now, deadline)
            for one in self.agents.values():
                one.handle_timer(self.now)
            self.settle()
        self.now = end

    def words(self, source: str = "") -> list[str]:
        return [line.word for line in self.lines if not source or line.source == source]

    def times(self, word: str, source: str = "") -> list[float]:
        found = [line for line in self.lines if line.word == word and (not source or line.source == source)]
        return [round(line.at - 100.0, 3) for line in found]

    def of(self, host: str, kind: type[AgentEvent]) -> list[AgentEvent]:
        return [event for event in self.events.get(host, []) if isinstance(event, kind)]


CLIENT = Flow("udp", "10.0.0.9", 5099, "10.0.0.2", 5060)
"""A far end that the tests write by hand."""


def request(
    method: str = "INVITE",
    *,
    branch: str = "z9hG4bK1",
    cseq: int = 1,
    to_tag: str = "",
    call_id: str = "c1",
    from_tag: str = "ft",
    uri: str = "sip:1000@10.0.0.2",
    headers: str = "",
    body: bytes = b"",
    contact: str = "<sip:me@10.0.0.9:5099>",
) -> bytes:
    tag = f";tag={to_tag}" if to_tag else ""
    text = (
        f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5099;rport;branch={branch}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:me@10.0.0.9>;tag={from_tag}\r\nTo: <{uri}>{tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
        f"Contact: {contact}\r\n{headers}"
    )
    if body:
        text += "Content-Type: application/sdp\r\n" if "Content-Type" not in headers else ""
    return (text + f"Content-Length: {len(body)}\r\n\r\n").encode() + body


class Script:
    """One user agent and a far end written by hand."""

    def __init__(self, **settings: object) -> None:
        self.agent = agent("s", "10.0.0.2", **settings)
        self.now = 100.0
        self.flow = CLIENT

    def send(self, data: bytes, flow: Flow | None = None) -> list[Response | Request]:
        self.agent.receive(data, flow or self.flow, self.now)
        return self.sent()

    def sent(self) -> list[Response | Request]:
        return [parse(outgoing.data) for outgoing in self.agent.drain_output()]

    def statuses(self, data: bytes, flow: Flow | None = None) -> list[int]:
        return [one.status for one in self.send(data, flow) if isinstance(one, Response)]

    def run(self, seconds: float) -> list[tuple[float, Response | Request]]:
        """What is sent while time passes, with seconds since the start."""
        found: list[tuple[float, Response | Request]] = []
        end, start = self.now + seconds, self.now
        while (deadline := self.agent.next_deadline()) <= end and deadline < math.inf:
            self.now = max(self.now, deadline)
            self.agent.handle_timer(self.now)
            found += [(round(self.now - start, 3), one) for one in self.sent()]
        self.now = end
        return found

    def over(self, transport: str) -> None:
        self.flow = replace(CLIENT, transport=transport, connection=7)
