"""The IPv6 torture tests of RFC 5118, each by its name there, and what the user agent makes of it.

The messages are ours: they carry the trait that the RFC's case is about. The RFC says that all but `ipv6-bad` must be read, and
that the two of section 4.10 mean the same address.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from telephony.errors import MalformedMessage
from telephony.sip.events import CallOffered
from telephony.sip.grammar import Uri
from telephony.sip.message import Request, Response, parse
from tests.unit.telephony.sip.peers import Script

OFFERED = "offered"
VIA = "[2001:db8::9:1];branch=z9hG4bK5118"


@dataclass(frozen=True)
class Case:
    name: str
    section: str
    data: bytes
    outcome: str | int


def message(line: str, *, via: str = VIA, to: str = "<sip:user@example.com>", contact: str = "", body: str = "") -> bytes:
    method = line.split(" ")[0]
    vias = "".join(f"Via: SIP/2.0/UDP {one}\r\n" for one in via.split(" + "))
    kind = "Content-Type: application/sdp\r\n" if body else ""
    contact = contact or "<sip:caller@[2001:db8::1]>"
    return (
        f"{line} SIP/2.0\r\n{vias}From: <sip:caller@example.com>;tag=81x2\r\nTo: {to}\r\nCall-ID: 5118@[2001:db8::9]\r\n"
        f"CSeq: 7 {method}\r\nMax-Forwards: 70\r\nContact: {contact}\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def sdp(*connections: str) -> str:
    first, *others = connections
    text = f"v=0\r\no=a 1 1 IN {first}\r\ns=-\r\nc=IN {first}\r\nt=0 0\r\nm=audio 22334 RTP/AVP 0\r\n"
    return text + "".join(f"m=audio 22336 RTP/AVP 8\r\nc=IN {other}\r\n" for other in others)


TAGGED = "<sip:user@example.com>;tag=77"
COLONS = "user@[2001:db8:::192.0.2.1]"
CASES = [
    Case("ipv6-good", "4.1", message("REGISTER sip:[2001:db8::10]"), 401),
    Case("ipv6-bad", "4.2", message("REGISTER sip:2001:db8::10"), 400),
    Case("port-ambiguous", "4.3", message("REGISTER sip:[2001:db8::10:5070]"), 401),
    Case("port-unambiguous", "4.4", message("REGISTER sip:[2001:db8::10]:5070"), 401),
    Case(
        "via-received-param-with-delim",
        "4.5",
        message("BYE sip:[2001:db8::10]", via="[2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3", to=TAGGED),
        481,
    ),
    Case(
        "via-received-param-no-delim",
        "4.5",
        message("BYE sip:[2001:db8::10]", via="[2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3", to=TAGGED),
        481,
    ),
    Case("ipv6-in-sdp", "4.6", message("INVITE sip:user@[2001:db8::10]", body=sdp("IP6 2001:db8::20")), OFFERED),
    Case(
        "mult-ip-in-header",
        "4.7",
        message(
            "BYE sip:user@host.example.net", via=f"{VIA} + 192.0.2.1;branch=z9hG4bKas3;received=2001:db8::9:255", to=TAGGED
        ),
        481,
    ),
    Case(
        "mult-ip-in-sdp",
        "4.8",
        message("INVITE sip:user@[2001:db8::10]", body=sdp("IP4 192.0.2.1", "IP6 2001:db8::1")),
        OFFERED,
    ),
    Case(
        "ipv4-mapped-ipv6",
        "4.9",
        message(
            "INVITE sip:user@example.com",
            via="[::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19 + [::ffff:192.0.2.2];branch=z9hG4bKas3",
            contact="<sip:t.watson@[::ffff:192.0.2.2]>",
            body=sdp("IP6 ::ffff:192.0.2.2"),
        ),
        OFFERED,
    ),
    Case("ipv6-bug-abnf-3-colons", "4.10", message(f"OPTIONS sip:{COLONS}", to=f"<sip:{COLONS}>"), 200),
    Case(
        "ipv6-correct-abnf-2-colons",
        "4.10",
        message(f"OPTIONS sip:{COLONS}".replace(":::", "::"), to=f"<sip:{COLONS.replace(':::', '::')}>"),
        200,
    ),
]
BY_NAME = {case.name: case for case in CASES}


def read(name: str) -> Request:
    found = parse(BY_NAME[name].data)
    assert isinstance(found, Request)
    found.check()
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_torture(case: Case) -> None:
    script = Script()
    answers = [one.status for one in script.send(case.data) if isinstance(one, Response)]
    calls = [event for event in script.agent.drain_events() if isinstance(event, CallOffered)]
    if case.outcome == OFFERED:
        assert answers == [100] and len(calls) == 1
    else:
        assert answers == [case.outcome] and not calls


def test_every_message_of_the_rfc_is_listed() -> None:
    """RFC 5118 has twelve messages in ten sections."""
    assert len(BY_NAME) == len(CASES) == 12 and len({case.section for case in CASES}) == 10


def test_what_is_read_from_them() -> None:
    assert (read("ipv6-good").uri.host, read("ipv6-good").via.host) == ("[2001:db8::10]", "[2001:db8::9:1]")
    assert (read("port-ambiguous").uri.host, read("port-ambiguous").uri.port) == ("[2001:db8::10:5070]", None)
    assert (read("port-unambiguous").uri.host, read("port-unambiguous").uri.port) == ("[2001:db8::10]", 5070)
    for name in ("via-received-param-with-delim", "via-received-param-no-delim"):
        assert (read(name).via.parameters["received"] or "").strip("[]") == "2001:db8::9:255"
    contact = read("ipv4-mapped-ipv6").contact
    assert contact is not None and contact.uri.host == "[::ffff:192.0.2.2]"
    with pytest.raises(MalformedMessage):
        Uri.parse("sip:2001:db8::10")


def test_the_three_colons_of_rfc_3261_mean_the_address_with_two() -> None:
    """RFC 5118 §4.10: both constructs are to be tolerated."""
    three, two = read("ipv6-bug-abnf-3-colons"), read("ipv6-correct-abnf-2-colons")
    assert three.uri.host == two.uri.host == "[2001:db8::192.0.2.1]"
