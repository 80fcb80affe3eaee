"""Registered phones over their flows: OPTIONS that keep a NAT open, and what the end of a connection ends."""

from __future__ import annotations

from dataclasses import replace

from telephony.sip.digest import Account, credentials
from telephony.sip.events import Registered
from telephony.sip.flow import Flow
from telephony.sip.keepalive import MISSES
from telephony.sip.message import Request, Response
from tests.unit.telephony.sip.peers import CLIENT, Script, request

ANN = Account("ann", "secret")


class Phone(Script):
    """A registrar and a phone of user `ann`."""

    def __init__(self, **settings: object) -> None:
        super().__init__(credentials=lambda user: ANN if user == "ann" else None, **settings)
        self.count = 0

    def register(self, contact: str = "<sip:ann@192.168.0.9>", expires: int = 3600, flow: Flow | None = None) -> Response:
        """Send a REGISTER and, challenged, one with credentials; the answer to it."""
        extra = ""
        while True:
            self.count += 1
            data = request(
                "REGISTER",
                uri="sip:hotline",
                cseq=self.count,
                branch=f"z9hG4bKr{self.count}",
                contact=contact,
                headers=f"Expires: {expires}\r\n{extra}",
            ).replace(b"To: <sip:hotline>", b"To: <sip:ann@hotline>")
            (answer,) = self.send(data, flow)
            assert isinstance(answer, Response)
            if answer.status != 401 or extra:
                return answer
            value = credentials(answer.headers.all("www-authenticate"), "REGISTER", "sip:hotline", ANN, "cn")
            extra = f"Authorization: {value}\r\n"

    @property
    def contacts(self) -> list[str]:
        return [str(one.contact.uri) for one in self.agent.lookup("ann", self.now)]

    def events(self) -> list[int]:
        """How many contacts each change left."""
        return [one.bindings for one in self.agent.drain_events() if isinstance(one, Registered)]


def answer_to(options: Request, status: str = "405 Method Not Allowed") -> bytes:
    kept = "\r\n".join(f"{name}: {options.headers.get(name)}" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
    return f"SIP/2.0 {status}\r\n{kept}\r\nContent-Length: 0\r\n\r\n".encode()


def test_a_phone_over_udp_is_asked_where_it_came_from_and_any_answer_keeps_it() -> None:
    phone = Phone(keepalive=30.0)
    assert phone.register().status == 200
    for turn in range(4):
        ((at, options),) = phone.run(30.0)
        assert isinstance(options, Request) and (options.method, options.target) == ("OPTIONS", "sip:ann@192.168.0.9")
        assert at == 30.0, turn
        phone.send(answer_to(options))
    assert phone.contacts == ["sip:ann@192.168.0.9"] and len(phone.agent.keepalive) == 1


def test_options_go_along_the_flow_of_the_registration() -> None:
    phone = Phone(keepalive=30.0)
    phone.register()
    phone.agent.handle_timer(phone.now + 30.0)
    (outgoing,) = phone.agent.drain_output()
    assert outgoing.flow == CLIENT, "behind a NAT the contact's own address leads nowhere"


def test_a_phone_that_answers_nothing_three_times_is_forgotten() -> None:
    phone = Phone(keepalive=30.0)
    phone.register()
    phone.events()
    phone.run(MISSES * (30.0 + 32.0) - 1.0)
    assert phone.contacts
    phone.run(2.0)
    assert phone.contacts == [] and phone.events() == [0] and len(phone.agent.keepalive) == 0
    assert phone.agent.refused["silent contact"] == 1


def test_a_new_registration_while_it_is_asked_is_not_dropped_for_the_old_one() -> None:
    phone = Phone(keepalive=30.0)
    phone.register()
    phone.run(MISSES * 62.0 - 1.0)
    phone.register()
    phone.run(2.0)
    assert phone.contacts == [], "it was asked three times and is silent still"
    phone.register()
    ((_, options), *_) = phone.run(30.0)
    assert isinstance(options, Request)
    phone.send(answer_to(options, "200 OK"))
    assert phone.contacts


def test_who_registers_by_a_stream_or_leaves_is_not_asked() -> None:
    phone = Phone(keepalive=30.0)
    phone.register(flow=replace(CLIENT, transport="tcp", connection=3))
    assert phone.run(100.0) == []
    phone.register("<sip:ann@192.168.0.10>")
    phone.register("<sip:ann@192.168.0.10>", expires=0)
    assert phone.run(100.0) == [] and len(phone.agent.keepalive) == 0


def test_off_it_asks_nobody() -> None:
    phone = Phone()
    phone.register()
    assert phone.run(200.0) == []


def test_a_browser_is_gone_with_its_connection() -> None:
    """RFC 7118 §5: its contact is a name that leads nowhere."""
    phone = Phone()
    flow = Flow("wss", "10.0.0.9", 49152, "10.0.0.2", 443, 7, 1)
    phone.register("<sip:x@q1w2e3.invalid;transport=ws>", flow=flow)
    phone.register("<sip:ann@192.168.0.9>")
    assert phone.events() == [1, 2]
    phone.agent.unreachable("wss", "10.0.0.9", 49152, phone.now, 8)
    assert len(phone.contacts) == 2
    phone.agent.unreachable("wss", "10.0.0.9", 49152, phone.now, 7)
    assert phone.contacts == ["sip:ann@192.168.0.9"] and phone.events() == [1]
    phone.agent.unreachable("wss", "10.0.0.9", 49152, phone.now, 7)
    assert phone.events() == []


def test_a_phone_that_names_itself_replaces_its_contact_after_it_came_back() -> None:
    """RFC 5626 §6: the same instance and reg-id are the same contact, whatever its URI says now."""
    phone = Phone()
    instance = ';+sip.instance="<urn:uuid:0>";reg-id=1'
    first = phone.register(f"<sip:x@aaa.invalid;transport=ws>{instance}", flow=replace(CLIENT, transport="ws", connection=7))
    assert first.headers.get("require") == "outbound"
    phone.register(f"<sip:x@bbb.invalid;transport=ws>{instance}", flow=replace(CLIENT, transport="ws", connection=9))
    assert phone.contacts == ["sip:x@bbb.invalid;transport=ws"]
    phone.agent.unreachable("ws", "10.0.0.9", 5099, phone.now, 7)
    assert phone.contacts, "the connection before it does not count any more"


def test_a_phone_on_tcp_without_a_nat_is_called_by_a_new_connection() -> None:
    phone = Phone()
    flow = Flow("tcp", "10.0.0.9", 49152, "10.0.0.2", 5060, 7, 1)
    phone.register("<sip:ann@10.0.0.9:5070;transport=tcp>", flow=flow)
    phone.register("<sip:ann@192.168.7.7:5070;transport=tcp>", flow=flow)
    phone.register("<sip:ann@10.0.0.9:5071;transport=tcp;ob>", flow=flow)
    phone.agent.unreachable("tcp", "10.0.0.9", 49152, phone.now, 7)
    assert phone.contacts == ["sip:ann@10.0.0.9:5070;transport=tcp"]
    (binding,) = phone.agent.lookup("ann", phone.now)
    assert (binding.flow.port, binding.flow.connection) == (5070, 0)
