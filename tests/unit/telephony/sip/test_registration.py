"""Our registration with a carrier on a clock of its own."""

from __future__ import annotations

import itertools
import math

import pytest

from telephony.sip.digest import Account, Authenticator
from telephony.sip.message import Request, Response, respond
from telephony.sip.registration import BASE_WAIT, MAX_WAIT, REFUSED_WAIT, Registration, RegistrationState
from telephony.sip.trunk import RegistrationOptions

CONTACT = "<sip:secret@10.0.0.1:5060>"
ANN = Account("ann", "pw")


class Carrier:
    """A registration beside a registrar that answers as it is told; `now` moves only when it is moved."""

    def __init__(self, *registrars: str, account: Account | None = ANN, expires: int = 600, draw: float = 0.5) -> None:
        tokens = (f"token{n}" for n in itertools.count())
        options = RegistrationOptions(registrars or ("sip:reg.example",), "ann", expires)
        self.line = Registration(options, account, lambda: next(tokens), lambda: draw)
        self.now = 1000.0
        self.asked: list[Request] = []

    def ask(self) -> Request:
        """Let the moment come, and take the REGISTER that is due."""
        self.now = max(self.now, self.line.deadline)
        assert self.line.due(self.now) is not None
        self.asked.append(self.line.request(CONTACT))
        return self.asked[-1]

    def answer(self, status: int, **headers: str | list[str]) -> bool:
        response = respond(self.asked[-1], status)
        for name, value in headers.items():
            response.headers.set(name.replace("_", "-"), *([value] if isinstance(value, str) else value))
        return self.line.answered(status, response, self.now)

    def grant(self, seconds: int = 600) -> bool:
        return self.answer(200, Contact=f"<sip:secret@10.0.0.1:5060>;expires={seconds}")


def test_what_a_register_says() -> None:
    """RFC 3261 §10.2: the Request-URI has no user; From and To name who registers."""
    request = Carrier("sip:reg.example:5070;transport=tcp").ask()
    assert request.target == "sip:reg.example:5070;transport=tcp"
    assert request.headers.get("to") == "<sip:ann@reg.example>"
    assert request.headers.get("contact") == CONTACT + ";expires=600"
    assert Request(request.method, request.target, request.headers).cseq == (1, "REGISTER")


def test_a_refresh_comes_before_the_end_at_a_drawn_moment() -> None:
    moments = []
    for draw in (0.0, 0.999):
        carrier = Carrier(draw=draw)
        carrier.ask()
        assert carrier.grant(100)
        assert carrier.line.state is RegistrationState.REGISTERED
        moments.append(carrier.line.deadline - carrier.now)
    assert moments == pytest.approx([70.0, 85.0], abs=0.1)


def test_a_refresh_keeps_call_id_and_counts_on() -> None:
    carrier = Carrier()
    first = carrier.ask()
    carrier.grant()
    second = carrier.ask()
    assert carrier.line.state is RegistrationState.REFRESHING
    assert carrier.line.registered
    assert (second.headers.get("call-id"), second.headers.get("cseq")) == (first.headers.get("call-id"), "2 REGISTER")
    assert carrier.grant() is False


@pytest.mark.parametrize(
    ("status", "asks", "answers"),
    [(401, "WWW-Authenticate", "authorization"), (407, "Proxy-Authenticate", "proxy-authorization")],
)
def test_a_challenge_is_answered_at_once_and_its_nonce_used_again(status: int, asks: str, answers: str) -> None:
    carrier = Carrier()
    server = Authenticator("r", b"key", lambda: "t")
    carrier.ask()
    carrier.answer(status, **{asks: server.challenges(carrier.now)})
    at = carrier.now
    proved = carrier.ask()
    assert carrier.now == at
    assert server.verify(proved.headers.get(answers), "REGISTER", lambda user: ANN, carrier.now).user == "ann"
    carrier.grant(100)
    again = carrier.ask()
    assert "nc=00000002" in again.headers.get(answers)


def test_a_wrong_password_is_not_tried_again_and_again() -> None:
    """Whoever hammers is banned."""
    carrier = Carrier(account=Account("ann", "wrong"))
    server = Authenticator("r", b"key", lambda: "t")
    for _ in range(3):
        carrier.ask()
        carrier.answer(401, WWW_Authenticate=server.challenges(carrier.now))
    assert carrier.line.state is RegistrationState.FAILED
    assert carrier.line.deadline - carrier.now >= REFUSED_WAIT
    assert carrier.line.detail == "401 Unauthorized"


def test_without_an_account_a_challenge_is_a_failure() -> None:
    carrier = Carrier(account=None)
    carrier.ask()
    carrier.answer(401, WWW_Authenticate='Digest realm="r", nonce="n"')
    assert carrier.line.state is RegistrationState.FAILED


def test_too_brief_asks_again_for_as_long_as_is_wanted() -> None:
    carrier = Carrier(expires=60)
    carrier.ask()
    carrier.answer(423, Min_Expires="1800")
    assert carrier.ask().headers.get("expires") == "1800"
    carrier.answer(423, Min_Expires="60")
    assert carrier.line.state is RegistrationState.FAILED


def test_failures_wait_longer_each_time_up_to_a_bound() -> None:
    carrier, waits = Carrier(draw=1.0), []
    for _ in range(12):
        carrier.ask()
        carrier.line.answered(408, None, carrier.now)
        waits.append(carrier.line.deadline - carrier.now)
    assert waits[:4] == [BASE_WAIT, 2 * BASE_WAIT, 4 * BASE_WAIT, 8 * BASE_WAIT]
    assert waits[-1] == MAX_WAIT
    carrier.ask()
    carrier.grant()
    carrier.ask()
    carrier.line.answered(408, None, carrier.now)
    assert carrier.line.deadline - carrier.now == BASE_WAIT


def test_retry_after_is_obeyed() -> None:
    carrier = Carrier(draw=0.0)
    carrier.ask()
    carrier.answer(503, Retry_After="120 (maintenance)")
    assert carrier.line.deadline - carrier.now == 120.0


def test_the_next_registrar_is_asked_at_once_and_the_wait_comes_after_the_last() -> None:
    carrier = Carrier("sip:one.example", "sip:two.example")
    at = carrier.now
    assert carrier.ask().target == "sip:one.example"
    carrier.line.answered(503, None, carrier.now)
    assert carrier.ask().target == "sip:two.example"
    assert carrier.now == at
    carrier.answer(500)
    assert carrier.line.deadline > carrier.now
    assert carrier.ask().target == "sip:one.example"


def test_a_failed_refresh_leaves_the_binding_until_it_runs_out() -> None:
    carrier = Carrier()
    carrier.ask()
    carrier.grant(100)
    carrier.ask()
    assert carrier.line.answered(408, None, carrier.now) is False
    assert carrier.line.registered
    carrier.now = carrier.line.until
    assert carrier.line.due(carrier.now) is not None
    assert not carrier.line.registered


def test_a_stop_takes_the_binding_back_also_past_a_challenge() -> None:
    carrier = Carrier()
    server = Authenticator("r", b"key", lambda: "t")
    carrier.ask()
    carrier.grant()
    carrier.line.stop(carrier.now)
    assert carrier.ask().headers.get("contact") == CONTACT + ";expires=0"
    carrier.answer(401, WWW_Authenticate=server.challenges(carrier.now))
    assert carrier.ask().headers.get("expires") == "0"
    carrier.answer(200)
    assert (carrier.line.state, carrier.line.deadline) == (RegistrationState.STOPPED, math.inf)
    assert carrier.line.due(1e9) is None


def test_a_stop_without_a_binding_asks_nobody() -> None:
    carrier = Carrier()
    carrier.line.stop(carrier.now)
    assert carrier.line.due(carrier.now) is None


def test_an_answer_to_an_older_question_changes_nothing() -> None:
    carrier = Carrier()
    first = carrier.ask()
    carrier.line.stop(carrier.now)
    carrier.ask()
    carrier.line.answered(200, respond(first, 200), carrier.now)
    assert carrier.line.state is RegistrationState.REMOVING


def test_of_several_contacts_ours_counts() -> None:
    carrier = Carrier()
    carrier.ask()
    carrier.answer(200, Contact=["<sip:other@x>;expires=10, <sip:secret@1.2.3.4>;expires=300"])
    assert carrier.line.until - carrier.now == 300


@pytest.mark.parametrize("contact", ["<sip:secret@x>;expires=" + "9" * 5000, "<sip:secret@x", "*", ""])
def test_what_cannot_be_read_counts_as_what_was_asked(contact: str) -> None:
    carrier = Carrier()
    carrier.ask()
    carrier.line.answered(200, _with_contact(carrier.asked[-1], contact), carrier.now)
    assert carrier.line.until - carrier.now == 600


def _with_contact(request: Request, contact: str) -> Response:
    response = respond(request, 200)
    response.headers.set("contact", contact)
    return response


def test_a_lost_connection_registers_anew() -> None:
    carrier = Carrier()
    carrier.ask()
    carrier.grant()
    carrier.line.lost(carrier.now)
    assert carrier.line.due(carrier.now) is not None
