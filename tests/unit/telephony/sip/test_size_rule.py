"""RFC 3261 §18.1.1: requests too large for UDP go by TCP, and back to UDP where nobody takes the connection."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from telephony.sip.flow import Flow, Outgoing
from telephony.sip.message import Headers, Request, Response, parse
from telephony.sip.timers import Timers
from telephony.sip.transaction import T1
from telephony.sip.transactions import MAX_DATAGRAM, UDP_ALONE, Transactions
from tests.unit.telephony.sip.peers import counter

UDP = Flow("udp", "192.0.2.1", 5060, "192.0.2.9", 5060, sized=True)
TCP = Flow("tcp", "192.0.2.1", 5060, "192.0.2.9", 5062)


class Rig:
    """Transactions with a way by TCP, and the answers that they gave."""

    def __init__(self) -> None:
        self.outbox: deque[Outgoing] = deque()
        self.timers: Timers[tuple[object, object]] = Timers()
        self.layer = Transactions(self.timers, self.outbox, counter("t"))
        self.layer.by_stream = lambda flow: replace(TCP, host=flow.host, port=flow.port)
        self.answers: list[int] = []

    def ask(self, size: int, flow: Flow = UDP, now: float = 0.0) -> None:
        fields = {"From": "<sip:a@b>;tag=1", "To": "<sip:c@d>", "Call-ID": "x", "CSeq": "1 OPTIONS", "Max-Forwards": "70"}
        request = Request("OPTIONS", "sip:c@d", Headers({name: (value,) for name, value in fields.items()}))
        request.headers.set("Subject", "x" * size)
        self.layer.request(request, flow, now, self.hear)

    def hear(self, status: int, response: Response | None, now: float) -> None:
        self.answers.append(status)

    def sent(self) -> tuple[str, str, str]:
        """Transport of the flow, transport and port of the Via, of the one message that went out."""
        (outgoing,) = self.outbox
        self.outbox.clear()
        message = parse(outgoing.data)
        return outgoing.flow.transport, message.via.transport, str(message.via.port)


def test_a_small_request_stays_on_udp_and_a_large_one_goes_by_tcp_with_its_own_via() -> None:
    rig = Rig()
    rig.ask(MAX_DATAGRAM - 400)
    assert rig.sent() == ("udp", "UDP", "5060")
    rig.ask(MAX_DATAGRAM)
    assert rig.sent() == ("tcp", "TCP", "5062")


def test_a_way_that_the_far_end_came_along_is_never_changed() -> None:
    """A phone behind a NAT takes no connection."""
    rig = Rig()
    rig.ask(MAX_DATAGRAM, replace(UDP, sized=False))
    assert rig.sent() == ("udp", "UDP", "5060")


def test_without_tcp_a_large_request_is_sent_all_the_same() -> None:
    rig = Rig()
    rig.layer.by_stream = lambda flow: None
    rig.ask(MAX_DATAGRAM)
    assert rig.sent() == ("udp", "UDP", "5060")


def test_a_refused_connection_brings_the_request_back_to_udp_under_a_new_branch() -> None:
    rig = Rig()
    rig.ask(MAX_DATAGRAM)
    first = parse(rig.outbox[0].data).via.branch
    rig.outbox.clear()
    rig.layer.unreachable("tcp", "192.0.2.1", 5060, 1.0)
    assert parse(rig.outbox[0].data).via.branch != first
    assert rig.sent() == ("udp", "UDP", "5060") and rig.answers == []
    assert rig.timers.next() == 1.0 + T1, "over UDP it is repeated"
    rig.layer.unreachable("udp", "192.0.2.1", 5060, 2.0)
    assert rig.answers == [503]


def test_who_took_no_connection_is_sent_large_requests_by_udp_for_a_while() -> None:
    rig = Rig()
    rig.ask(MAX_DATAGRAM)
    rig.layer.unreachable("tcp", "192.0.2.1", 5060, 1.0)
    rig.outbox.clear()
    rig.ask(MAX_DATAGRAM, now=2.0)
    assert rig.sent()[0] == "udp"
    rig.ask(MAX_DATAGRAM, now=2.0 + UDP_ALONE)
    assert rig.sent()[0] == "tcp"


def test_a_lost_connection_fails_what_only_it_could_answer() -> None:
    """A request that has a provisional response may be answered along a new connection (§18.2.2), but not to a browser."""
    for flow, fails in ((replace(TCP, connection=4), False), (replace(TCP, transport="ws", connection=4), True)):
        rig = Rig()
        rig.ask(10, flow)
        via = parse(rig.outbox[0].data).headers.get("via")
        rig.ask(10, replace(flow, connection=5, port=5099))
        same = "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS"
        trying = f"SIP/2.0 100 Trying\r\nVia: {via}\r\n{same}\r\n\r\n"
        response = parse(trying.encode())
        assert isinstance(response, Response)
        rig.layer.take(response, 0.1)
        assert rig.answers == [100]
        rig.layer.unreachable(flow.transport, flow.host, 49152, 0.2, 4)
        assert rig.answers == ([100, 503] if fails else [100]), "the other connection stands"
        rig.layer.unreachable(flow.transport, flow.host, 49152, 0.2, 5)
        assert rig.answers[-1] == 503
