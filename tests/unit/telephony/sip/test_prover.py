"""Answers to challenges: counted, renewed when stale, given up when refused."""

from __future__ import annotations

from telephony.sip.digest import Account, parse
from telephony.sip.message import Headers, Request, Response
from telephony.sip.prover import Prover
from tests.unit.telephony.sip.peers import counter


def challenge(nonce: str = "n1", *, realm: str = "r", stale: bool = False, status: int = 401) -> Response:
    name = "www-authenticate" if status == 401 else "proxy-authenticate"
    tail = ", stale=TRUE" if stale else ""
    return Response(status, Headers({name: [f'Digest realm="{realm}", nonce="{nonce}", algorithm=MD5, qop="auth"{tail}']}))


def asked() -> Request:
    return Request("BYE", "sip:x@y", Headers())


def test_nothing_is_said_before_the_first_challenge_and_then_each_nonce_is_counted() -> None:
    prover = Prover(Account("ann", "secret"), counter("c"))
    request = asked()
    prover.prove(request)
    assert not request.headers.names()
    assert prover.learn(challenge(), request)
    counts = []
    for _ in range(3):
        prover.prove(request)
        counts.append(parse(request.headers.get("authorization"))["nc"])
    assert counts == ["00000001", "00000002", "00000003"]


def test_refused_credentials_are_not_tried_again_unless_the_nonce_was_stale() -> None:
    prover = Prover(Account("ann", "secret"), counter("c"))
    request = asked()
    assert prover.learn(challenge(), request)
    prover.prove(request)
    assert not prover.learn(challenge("n2"), request)
    assert prover.learn(challenge("n2", stale=True), request)
    prover.prove(request)
    assert parse(request.headers.get("authorization"))["nonce"] == "n2"


def test_a_proxy_and_the_far_end_each_get_their_own() -> None:
    prover = Prover(Account("ann", "secret"), counter("c"))
    request = asked()
    assert prover.learn(challenge(status=407), request)
    prover.prove(request)
    assert prover.learn(challenge("n9", realm="other"), request)
    prover.prove(request)
    assert parse(request.headers.get("proxy-authorization"))["realm"] == "r"
    assert parse(request.headers.get("authorization"))["realm"] == "other"


def test_a_challenge_that_cannot_be_read_or_met() -> None:
    prover = Prover(Account("ann", "secret"), counter("c"))
    assert not prover.learn(Response(401, Headers()), asked())
    assert not prover.learn(Response(401, Headers({"www-authenticate": ["Basic realm=x"]})), asked())


def test_what_is_counted_is_bounded() -> None:
    prover = Prover(Account("ann", "secret"), counter("c"))
    for number in range(100):
        request = asked()
        prover.learn(challenge(f"n{number}"), request)
        prover.prove(request)
    assert len(prover._counts) <= 17
