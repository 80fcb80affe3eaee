"""The torture tests of RFC 4475 that concern UDP and TCP, each by its name there, and what the user agent makes of it.

The messages are ours: they carry the trait that the RFC's case is about. A number is the status of the answer, OFFERED a call
that comes up, TAKEN a response that is read, DROPPED silence.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from telephony.errors import MalformedMessage
from telephony.sip.events import CallOffered
from telephony.sip.message import Response, parse
from tests.unit.telephony.sip.peers import OFFER, Script

OFFERED, TAKEN, DROPPED = "offered", "taken", "dropped"
SDP = "Content-Type: application/sdp\r\n"


@dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    outcome: str | int
    xfail: str = ""


def message(
    line: str = "OPTIONS sip:user@example.com SIP/2.0",
    *,
    via: str = "Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bK-1\r\n",
    sender: str = "From: <sip:a@example.com>;tag=1\r\n",
    to: str = "To: <sip:user@example.com>\r\n",
    call_id: str = "Call-ID: c1\r\n",
    cseq: str = "",
    rest: str = "",
    body: bytes = b"",
    length: str = "",
) -> bytes:
    cseq = cseq or f"CSeq: 1 {line.split(' ')[0]}\r\n"
    length = length or f"Content-Length: {len(body)}\r\n"
    contact = "" if "ontact" in rest or "m:" in rest else "Contact: <sip:a@host1.example.com>\r\n"
    text = f"{line}\r\n{via}{sender}{to}{call_id}{cseq}{contact}{rest}{length}\r\n"
    return text.encode("utf-8", "surrogateescape") + body


def register(contact: str, **values: str) -> bytes:
    return message("REGISTER sip:example.com SIP/2.0", rest=f"Contact: {contact}\r\n", **values)  # type: ignore[arg-type]


INVITE = "INVITE sip:user@example.com SIP/2.0"
ODD_URI = "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com"
ODD_METHOD = "!interesting-Method0123456789_*+`.%indeed'~"

WSINV = (
    b"INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
    b"TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = \r\n"
    b'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n'
    b"MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : 150\r\ncseq: 0009\r\n  INVITE\r\n"
    b"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\ns :\r\n"
    b"NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
    b"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\n"
    b"Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
    b"v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
    b" SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
    b'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n'
    + OFFER[:150].ljust(150)
)

CASES = [
    # 3.1.1 Valid messages
    Case("wsinv", WSINV.replace(b" ;   tag    = \r\n", b" ;   x    = \r\n 1\r\n"), OFFERED),
    Case(
        "intmeth", message(f"{ODD_METHOD} {ODD_URI} SIP/2.0", to=f'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <{ODD_URI}>\r\n'), 501
    ),
    Case("esc01", message("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0", rest=SDP, body=OFFER), OFFERED),
    Case("escnull", register("<sip:%00@host5.example.com>"), 401),
    Case("esc02", message("RE%47IST%45R sip:registrar.example.com SIP/2.0"), 501),
    Case("lwsdisp", message(sender="From: caller<sip:caller@example.com>;tag=323\r\n"), 200),
    Case(
        "longreq",
        message(
            INVITE,
            to=f'To: "{"I have a user name of extreme proportion " * 6}"\r\n <sip:user@example.com;{"x" * 300}=1>\r\n',
            via="".join(f"Via: SIP/2.0/TCP sip{n}.example.com;branch=z9hG4bK{n}\r\n" for n in range(34)),
            call_id=f"Call-ID: {'long' * 100}\r\n",
            rest=f"{SDP}Unknown-{'Long' * 60}-Name: {'value' * 100}\r\n",
            body=OFFER,
        ),
        OFFERED,
    ),
    Case("dblreq", register("<sip:j@example.com>") + message(INVITE, body=OFFER, rest=SDP), 401),
    Case("semiuri", message("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0"), 200),
    Case(
        "transports",
        message(
            via="".join(
                f"Via: SIP/2.0/{name} t{n}.example.com;branch=z9hG4bK{n}\r\n"
                for n, name in enumerate(["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"])
            )
        ),
        200,
    ),
    Case(
        "mpart01", message("MESSAGE sip:kumiko@example.org SIP/2.0", rest="Content-Type: multipart/mixed;boundary=7a\r\n"), 405
    ),
    Case("unreason", message("SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое", cseq="CSeq: 1 INVITE\r\n"), TAKEN),
    Case("noreason", message("SIP/2.0 100 ", cseq="CSeq: 1 INVITE\r\n"), TAKEN),
    # 3.1.2 Invalid messages
    Case(
        "badinv01",
        message(INVITE, via="Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n", rest=f'{SDP}Contact: "Joe" <sip:j@x>;;;;\r\n', body=OFFER),
        400,
    ),
    Case("clerr", message(INVITE, rest=SDP, body=OFFER, length="Content-Length: 9999\r\n"), 400),
    Case("ncl", message(INVITE, rest=SDP, body=OFFER, length="Content-Length: -999\r\n"), 400),
    Case("scalar02", message(cseq="CSeq: 36893488147419103232 OPTIONS\r\n", rest="Max-Forwards: 300\r\n"), 400),
    Case("scalarlg", message("SIP/2.0 503 Service Unavailable", cseq="CSeq: 9292394834772304023312 OPTIONS\r\n"), DROPPED),
    Case("quotbal", message(INVITE, to='To: "Mr. J. User <sip:j.user@example.com>\r\n', rest=SDP, body=OFFER), 400),
    Case("ltgtruri", message("INVITE <sip:user@example.com> SIP/2.0", rest=SDP, body=OFFER), 400),
    Case("lwsruri", message("INVITE sip:user@example.com; lws=ok SIP/2.0", rest=SDP, body=OFFER), 400),
    Case("lwsstart", message("INVITE  sip:user@example.com  SIP/2.0", rest=SDP, body=OFFER), 400),
    Case("trws", message("OPTIONS sip:remote-target@example.com SIP/2.0  "), 400),
    Case("escruri", message("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", rest=SDP, body=OFFER), 400),
    Case("baddate", message(INVITE, rest=f"{SDP}Date: Fri, 01 Jan 2010 16:00:00 EST\r\n", body=OFFER), OFFERED),
    Case("regbadct", register("sip:user@example.com?Route=%3Csip:sip.example.com%3E"), 400),
    Case("badaspec", message(to='To: "Watson, Thomas" < sip:t.watson@example.org >\r\n'), 200),
    Case("baddn", message(sender="From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43\r\n"), 200),
    Case("badvers", message("OPTIONS sip:t.watson@example.org SIP/7.0"), 505),
    Case("mismatch01", message(cseq="CSeq: 8 INVITE\r\n"), 400),
    Case("mismatch02", message("NEWMETHOD sip:user@example.com SIP/2.0", cseq="CSeq: 8 INVITE\r\n"), 400),
    Case("bigcode", message("SIP/2.0 4294967301 better not break the receiver", cseq="CSeq: 8 INVITE\r\n"), DROPPED),
    # 3.2 Transaction layer
    Case("badbranch", message(via="Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\r\n"), 200),
    # 3.3 Application layer
    Case("insuf", message(INVITE, sender="", to="", call_id="", rest=SDP, body=OFFER), 400),
    Case("unkscm", message("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"), 416),
    Case("novelsc", message("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"), 416),
    Case(
        "unksm2",
        register("<name:John_Smith>", to="To: isbn:2983792873\r\n", sender="From: <http://www.example.com>;tag=3\r\n"),
        401,
    ),
    Case(
        "bext01", message(rest="Require: nothingSupportsThis, nothingSupportsThisEither\r\nProxy-Require: noProxies\r\n"), 420
    ),
    Case("invut", message(INVITE, rest="Content-Type: application/unknownformat\r\n", body=b"<audio/>"), 415),
    Case(
        "regaut01",
        message("REGISTER sip:example.com SIP/2.0", rest="Authorization: NoOneKnowsThisScheme opaque-data=here\r\n"),
        401,
    ),
    Case("multi01", message(INVITE, rest=f"{SDP}From: <sip:b@example.com>;tag=2\r\nCall-ID: c2\r\n", body=OFFER), 400),
    Case("mcl01", message(length="Content-Length: 13\r\nContent-Length: 5\r\n", body=b"There's no wa"), 400),
    Case(
        "bcast",
        message("SIP/2.0 200 OK", via="Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK12\r\n", cseq="CSeq: 1 INVITE\r\n"),
        TAKEN,
    ),
    Case("zeromf", message(rest="Max-Forwards: 0\r\n"), 200),
    Case("cparam01", register("sip:+19725552222@gw1.example.net;unknownparam"), 401),
    Case("cparam02", register("<sip:+19725552222@gw1.example.net;unknownparam>"), 401),
    Case("regescrt", register("<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"), 401),
    Case("sdp01", message(INVITE, rest=f"{SDP}Accept: text/nobodyKnowsThis\r\n", body=OFFER), 406),
    Case(
        "inv2543",
        message(
            INVITE,
            via="Via: SIP/2.0/UDP iftgw.example.com\r\n",
            sender="From: sip:+1-650@iftgw.example.com\r\n",
            rest=SDP,
            body=OFFER,
        ),
        OFFERED,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_torture(case: Case, request: pytest.FixtureRequest) -> None:
    if case.xfail:
        request.applymarker(pytest.mark.xfail(reason=case.xfail, strict=True))
    script = Script()
    answers = [one.status for one in script.send(case.data) if isinstance(one, Response)]
    calls = [event for event in script.agent.drain_events() if isinstance(event, CallOffered)]
    if case.outcome == OFFERED:
        assert answers == [100] and len(calls) == 1
    elif case.outcome == TAKEN:
        assert isinstance(parse(case.data), Response)
        assert script.agent.refused == {"stray response": 1}
    elif case.outcome == DROPPED:
        assert answers == [] and script.agent.refused == {"malformed": 1}
    else:
        assert answers == [case.outcome] and not calls


def test_every_case_of_the_rfc_is_listed() -> None:
    """RFC 4475 has 49 cases."""
    assert len({case.name for case in CASES}) == len(CASES) == 49


def test_the_words_that_are_read_from_the_odd_ones() -> None:
    by_name = {case.name: case for case in CASES}
    intmeth = parse(by_name["intmeth"].data)
    assert intmeth.recipient.uri.host == "example.com" and intmeth.recipient.uri.user.startswith("1_unusual.URI~")
    wsinv = parse(by_name["wsinv"].data)
    assert (wsinv.cseq, wsinv.sender.tag, wsinv.sender.display) == ((9, "INVITE"), "98asjd8", 'J Rosenberg \\"')
    assert wsinv.contact is not None and wsinv.contact.parameters["secondparam"] is None
    with pytest.raises(MalformedMessage):
        parse(by_name["bigcode"].data)
