"""What comes outside a dialog: who may call, what is turned away and how."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.sip import transactions
from telephony.sip.digest import Account, credentials
from telephony.sip.events import CallOffered, Registered
from telephony.sip.grammar import Address
from telephony.sip.message import Request, Response, parse, respond
from tests.unit.telephony.sip.peers import CLIENT, OFFER, Script, request

ALICE = Account("alice", "secret")


def closed(**settings: object) -> Script:
    return Script(trusted=lambda flow: False, credentials=lambda user: ALICE if user == "alice" else None, **settings)


def signed(challenge: Response, method: str, uri: str = "sip:1000@10.0.0.2", account: Account = ALICE) -> str:
    value = credentials(challenge.headers.all("www-authenticate"), method, uri, account, "cn")
    return f"Authorization: {value}\r\n"


def only(script: Script, data: bytes) -> Response:
    (answer,) = script.send(data)
    assert isinstance(answer, Response)
    return answer


def test_options_are_answered_with_capabilities_and_no_state() -> None:
    script = Script()
    answer = only(script, request("OPTIONS"))
    assert answer.status == 200 and "INVITE" in answer.headers.get("allow")
    assert "application/sdp" in answer.headers.get("accept") and answer.recipient.tag
    assert only(script, request("OPTIONS")).recipient.tag == answer.recipient.tag
    assert len(script.agent.core.transactions) == 0


@pytest.mark.parametrize(
    ("data", "status", "header"),
    [
        (request("SUBSCRIBE"), 489, "allow-events"),
        (request("MESSAGE"), 405, "allow"),
        (request("REFER", headers="Refer-To: <sip:x@y>\r\n"), 403, ""),
        (request("MAKECOFFEE"), 501, "allow"),
        (request("BYE"), 481, ""),
        (request("BYE", to_tag="gone"), 481, ""),
        (request("INVITE", to_tag="gone", body=OFFER), 481, ""),
        (request(headers="Require: 100rel, x\r\n", body=OFFER), 420, "unsupported"),
        (request(body=OFFER).replace(b"Max-Forwards: 70", b"Max-Forwards: 0"), 483, ""),
        (request(headers="Content-Type: text/plain\r\n", body=b"hi"), 415, "accept"),
        (request(uri="http:x"), 416, ""),
        (request(body=OFFER, contact=""), 400, ""),
    ],
)
def test_what_is_turned_away_says_why(data: bytes, status: int, header: str) -> None:
    script = Script()
    answer = only(script, data)
    assert answer.status == status and (not header or answer.headers.get(header))
    assert sum(script.agent.refused.values()) == 1
    assert script.send(request("ACK", to_tag=answer.recipient.tag)) == []
    assert script.agent.calls == 0 and script.agent.next_deadline() > 1e9


def test_beyond_the_call_limit_and_while_draining_503_says_when_to_try_again() -> None:
    script = Script(max_calls=1)
    script.send(request(body=OFFER))
    answer = only(script, request(branch="z9hG4bK2", call_id="c2", body=OFFER))
    assert answer.status == 503 and answer.headers.get("retry-after") == "5"
    script = Script()
    script.agent.drain()
    assert only(script, request(body=OFFER)).status == 503
    assert only(script, request("OPTIONS")).status == 503
    assert script.agent.refused == {"draining": 1}


def test_an_untrusted_caller_has_to_prove_who_he_is() -> None:
    script = closed()
    challenge = only(script, request(body=OFFER))
    assert challenge.status == 401 and len(challenge.headers.all("www-authenticate")) == 2
    assert len(script.agent.core.transactions) == 0, "who has proven nothing costs nothing"
    assert script.send(request("ACK", to_tag=challenge.recipient.tag)) == []
    proven = request(branch="z9hG4bK2", cseq=2, body=OFFER, headers=signed(challenge, "INVITE"))
    assert only(script, proven).status == 100
    (event,) = script.agent.drain_events()
    assert isinstance(event, CallOffered) and event.call.authenticated_user == "alice"
    replayed = only(script, request(branch="z9hG4bK3", cseq=3, call_id="c3", body=OFFER, headers=signed(challenge, "INVITE")))
    assert replayed.status == 401 and "stale=true" in replayed.headers.get("www-authenticate")


def test_a_wrong_password_and_an_unknown_user_look_alike() -> None:
    script = closed()
    challenge = only(script, request(body=OFFER))
    answers = [
        only(
            script,
            request(branch=f"z9hG4bK{user}", body=OFFER, headers=signed(challenge, "INVITE", account=Account(user, "x"))),
        )
        for user in ("alice", "mallory")
    ]
    assert [answer.status for answer in answers] == [401, 401]
    assert not any("stale" in answer.headers.get("www-authenticate") for answer in answers)


class Phone:
    """Registers with digest, one CSeq after another."""

    def __init__(self, script: Script, user: str = "alice") -> None:
        self.script, self.user, self.cseq = script, user, 0

    def register(self, headers: str, contact: str = "<sip:alice@192.168.1.2:5060>") -> Response:
        uri = "sip:10.0.0.2"
        self.cseq += 2
        to = f"sip:{self.user}@10.0.0.2"
        line = f"Contact: {contact}\r\n" if contact else ""

        def build(step: int, extra: str) -> bytes:
            number = self.cseq + step
            data = request("REGISTER", branch=f"z9hG4bKr{number}", cseq=number, uri=uri, contact="X")
            data = data.replace(f"To: <{uri}>".encode(), f"To: <{to}>".encode())
            return data.replace(b"Contact: X\r\n", (line + headers + extra).encode())

        challenge = only(self.script, build(0, ""))
        assert challenge.status == 401
        return only(self.script, build(1, signed(challenge, "REGISTER", uri)))


def test_register_lists_what_stands_and_remembers_where_it_came_from() -> None:
    script = closed()
    phone = Phone(script)
    answer = phone.register("Expires: 600\r\n")
    assert answer.status == 200 and answer.headers.all("contact") == ["<sip:alice@192.168.1.2:5060>;expires=600"]
    (binding,) = script.agent.lookup("alice", script.now)
    assert binding.flow == CLIENT
    assert script.agent.drain_events() == [Registered("alice", 1)]
    answer = phone.register("", "<sip:alice@10.0.0.5>;q=0.5;expires=90, <sip:alice@10.0.0.6>;q=0.9")
    assert len(answer.headers.all("contact")) == 3
    assert [one.contact.uri.host for one in script.agent.lookup("alice", script.now)] == ["192.168.1.2", "10.0.0.6", "10.0.0.5"]
    assert len(phone.register("", "").headers.all("contact")) == 3, "a query changes nothing"


def test_registrations_run_out() -> None:
    script = closed()
    Phone(script).register("Expires: 60\r\n")
    script.agent.drain_events()
    script.run(61.0)
    assert script.agent.lookup("alice", script.now) == []
    script.run(30.0)
    assert script.agent.drain_events() == [Registered("alice", 0)]
    assert len(script.agent.registrar) == 0


def test_registrations_run_out_however_busy_the_registrar_is() -> None:
    script = closed()
    phone = Phone(script)
    bob = parse(request("REGISTER", headers="Expires: 60\r\n"))
    assert isinstance(bob, Request)
    script.agent.registrar.register("bob", bob, CLIENT, script.now)
    for _ in range(8):
        phone.register("Expires: 600\r\n")  # must not put the next look off by another 30 s
        script.run(20.0)
    assert Registered("bob", 0) in script.agent.drain_events()
    assert len(script.agent.registrar) == 1


@pytest.mark.parametrize(
    ("headers", "contact", "status"),
    [
        ("Expires: 0\r\n", "*", 200),
        ("Expires: 10\r\n", "*", 400),
        ("Expires: 0\r\n", "*, <sip:alice@x>", 400),
        ("Expires: 10\r\n", "<sip:alice@x>", 423),
        ("Expires: 600\r\n", ", ".join(f"<sip:alice@h{n}>" for n in range(11)), 503),
        ("Expires: 99999999\r\n", "<sip:alice@x>", 200),
    ],
)
def test_register_does_all_or_nothing(headers: str, contact: str, status: int) -> None:
    script = closed()
    phone = Phone(script)
    phone.register("Expires: 600\r\n")
    answer = phone.register(headers, contact)
    assert answer.status == status
    left = len(script.agent.lookup("alice", script.now))
    assert left == (0 if status == 200 and contact == "*" else 2 if status == 200 else 1)
    assert status != 423 or answer.headers.get("min-expires") == "60"


def test_nobody_registers_for_another() -> None:
    script = closed()
    assert Phone(script, "bob").register("Expires: 600\r\n").status == 403
    assert script.agent.refused["register for another"] == 1


def test_a_registered_phone_is_called_along_its_own_flow() -> None:
    script = closed()
    script.over("tcp")
    Phone(script).register("Expires: 600\r\n")
    (binding,) = script.agent.lookup("alice", script.now)
    call = script.agent.dial(binding.contact.uri, Address.parse("sip:desk@10.0.0.2"), binding.flow)
    call.start(OFFER, script.now)
    (outgoing,) = script.agent.drain_output()
    assert outgoing.flow == script.flow and outgoing.data.startswith(b"INVITE sip:alice@192.168.1.2:5060 SIP/2.0\r\n")


def test_requests_of_the_old_kind_are_matched_too() -> None:
    """RFC 3261 §17.2.3: a branch without the cookie says nothing; retransmission, CANCEL and ACK still find their call."""
    script = Script()
    old = request(branch="1", body=OFFER)
    assert script.statuses(old) == [100]
    assert script.statuses(old) == [100] and script.agent.calls == 1
    assert sorted(script.statuses(request("CANCEL", branch="1"))) == [200, 487]


def test_without_rport_the_answer_goes_to_the_port_of_the_via() -> None:
    script = Script()
    script.agent.receive(request("OPTIONS").replace(b";rport", b""), CLIENT, 0.0)
    (outgoing,) = script.agent.drain_output()
    assert (outgoing.flow.host, outgoing.flow.port) == ("10.0.0.9", 5099)
    script.agent.receive(
        request("OPTIONS").replace(b";rport", b"").replace(b"10.0.0.9:5099;branch", b"nat.x;branch"), CLIENT, 0.0
    )
    (outgoing,) = script.agent.drain_output()
    assert (outgoing.flow.host, outgoing.flow.port) == ("10.0.0.9", 5060)
    assert ";received=10.0.0.9" in parse(outgoing.data).headers.get("via")


def test_transactions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "MAX_TRANSACTIONS", 1)
    script = Script()
    script.send(request(body=OFFER))
    assert only(script, request(branch="z9hG4bK2", call_id="c2", body=OFFER)).status == 503
    assert script.agent.refused["overload"] == 1


def test_stray_responses_are_counted_and_dropped() -> None:
    script = Script()
    answer = bytes(respond(Request("INVITE", "sip:x", parse(request()).headers), 200, tag="t"))
    assert script.send(answer) == []
    assert script.agent.refused["stray response"] == 1


def test_ten_thousand_garbage_datagrams_cost_less_than_a_second() -> None:
    script, started = Script(), time.process_time()
    for number in range(10_000):
        script.agent.receive(b"\x80garbage %d\r\n\r\n" % number, CLIENT, 0.0)
    assert time.process_time() - started < 1.0
    assert script.agent.refused["malformed"] == 10_000 and not script.agent.core.outbox


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_nothing_that_comes_makes_the_agent_fail(data: st.DataObject) -> None:
    script = Script()
    script.send(request(body=OFFER))
    call = next(event.call for event in script.agent.drain_events() if isinstance(event, CallOffered))
    call.accept(OFFER, script.now)
    method = data.draw(st.sampled_from(["INVITE", "ACK", "BYE", "CANCEL", "INFO", "UPDATE", "REGISTER", "OPTIONS", "X"]))
    message = bytearray(
        request(method, branch="z9hG4bKn", cseq=2, to_tag=data.draw(st.sampled_from(["", call.tag])), body=OFFER)
    )
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(message) - 1))
        message[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for answer in script.send(bytes(message)):
        assert isinstance(answer, Request | Response)
    script.run(100.0)
    assert script.agent.next_deadline() > script.now
