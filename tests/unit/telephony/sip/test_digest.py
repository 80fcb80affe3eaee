from __future__ import annotations

import itertools
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.errors import AuthenticationFailed, MalformedMessage
from telephony.sip import digest
from telephony.sip.digest import NONCE_SECONDS, Account, Authenticator, Stale, credentials, parse

ALICE = Account("alice", 'p"ass\\word')
URI = "sip:hotline"


def server() -> Authenticator:
    numbers = itertools.count()
    return Authenticator("hotline", b"secret", lambda: f"{next(numbers)}")


def find(user: str) -> Account | None:
    return ALICE if user == "alice" else None


def test_rfc_7616_example_for_both_algorithms() -> None:
    """RFC 7616 §3.9.1, with the values of the RFC."""
    account = Account("Mufasa", "Circle of Life")
    common = 'realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", qop="auth, auth-int"'
    expected = {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    for algorithm, response in expected.items():
        challenge = f"Digest {common}, algorithm={algorithm}"
        values = parse(credentials([challenge], "GET", "/dir/index.html", account, cnonce))
        assert values["response"] == response


@pytest.mark.parametrize("index", [0, 1])
def test_client_and_server_agree_in_sha_256_and_md5(index: int) -> None:
    one = server()
    header = credentials([one.challenges(10.0)[index]], "REGISTER", URI, ALICE, "cn")
    assert one.verify(header, "REGISTER", find, 11.0) is ALICE


def test_the_stronger_algorithm_is_preferred() -> None:
    assert "algorithm=SHA-256" in credentials(server().challenges(0.0)[::-1], "INVITE", URI, ALICE, "cn")


def test_ha1_alone_is_enough() -> None:
    kept = Account("alice", ha1={"MD5": digest._hex("MD5", f"alice:hotline:{ALICE.password}")})
    one = server()
    header = credentials(one.challenges(0.0)[1:], "INVITE", URI, ALICE, "cn")
    assert one.verify(header, "INVITE", lambda user: kept, 0.0) is kept


def test_wrong_password_unknown_user_and_other_method_fail() -> None:
    one = server()
    challenges = one.challenges(0.0)
    for account, method in ((Account("alice", "no"), "INVITE"), (Account("bob", "x"), "INVITE"), (ALICE, "BYE")):
        with pytest.raises(AuthenticationFailed):
            one.verify(credentials(challenges, method, URI, account, "cn"), "INVITE", find, 0.0)


def test_a_nonce_count_is_good_once_and_may_only_rise() -> None:
    one, counts = server(), dict[str, int]()
    challenges = one.challenges(0.0)
    first = credentials(challenges, "INVITE", URI, ALICE, "cn", counts)
    second = credentials(challenges, "INVITE", URI, ALICE, "cn", counts)
    one.verify(second, "INVITE", find, 1.0)
    for replayed in (second, first):
        with pytest.raises(Stale):
            one.verify(replayed, "INVITE", find, 1.0)


def test_credentials_cannot_be_replayed_at_another_process_with_the_same_secret() -> None:
    """Neither at another worker nor at one that was started anew: who has not seen a nonce used takes none of it."""
    processes = [Authenticator("hotline", b"secret", partial("{}{}".format, name, "0")) for name in "ab"]
    header = credentials(processes[0].challenges(0.0), "INVITE", URI, ALICE, "cn")
    assert processes[0].verify(header, "INVITE", find, 1.0) is ALICE
    with pytest.raises(Stale):
        processes[1].verify(header, "INVITE", find, 1.0)


def test_a_nonce_is_good_for_the_source_that_it_went_to() -> None:
    one = server()
    header = credentials(one.challenges(0.0, source="192.0.2.1"), "INVITE", URI, ALICE, "cn")
    with pytest.raises(Stale):
        one.verify(header, "INVITE", find, 1.0, "192.0.2.2")
    assert one.verify(header, "INVITE", find, 1.0, "192.0.2.1") is ALICE


def test_a_client_without_qop_is_let_in_once_a_nonce() -> None:
    """RFC 2069, as pyVoIP speaks it: no count, so a second use of the nonce is a replay."""
    one = server()
    old = one.challenges(0.0)[1].replace(', qop="auth"', "")
    header = credentials([old], "REGISTER", URI, ALICE, "cn")
    assert "qop" not in header and "nc=" not in header
    assert one.verify(header, "REGISTER", find, 1.0) is ALICE
    with pytest.raises(Stale):
        one.verify(header, "REGISTER", find, 2.0)
    with pytest.raises(AuthenticationFailed):
        one.verify(credentials([old], "REGISTER", URI, Account("alice", "no"), "cn"), "REGISTER", find, 1.0)


def test_an_algorithm_that_is_left_out_is_neither_offered_nor_taken() -> None:
    one = Authenticator("hotline", b"secret", lambda: "t", ("MD5",))
    (challenge,) = one.challenges(0.0)
    assert "algorithm=MD5" in challenge
    stronger = credentials([challenge.replace("MD5", "SHA-256")], "REGISTER", URI, ALICE, "cn")
    with pytest.raises(AuthenticationFailed):
        one.verify(stronger, "REGISTER", find, 1.0)


def test_an_old_nonce_is_stale_and_a_forged_one_too() -> None:
    one = server()
    header = credentials(one.challenges(0.0), "INVITE", URI, ALICE, "cn")
    with pytest.raises(Stale):
        one.verify(header, "INVITE", find, NONCE_SECONDS + 1)
    forged = 'Digest realm="hotline", nonce="1.0.0.abc", algorithm=MD5, qop="auth"'
    with pytest.raises(Stale):
        one.verify(credentials([forged], "INVITE", URI, ALICE, "cn"), "INVITE", find, 1.0)
    assert "stale=true" in one.challenges(1.0, stale=True)[0]


def test_what_is_forgotten_cannot_be_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "REMEMBERED_NONCES", 3)
    one = server()
    headers = [credentials(one.challenges(float(at)), "INVITE", URI, ALICE, "cn") for at in range(5)]
    for header in headers:
        one.verify(header, "INVITE", find, 5.0)
    for header in headers:
        with pytest.raises(Stale):
            one.verify(header, "INVITE", find, 6.0)
    assert len(one._counts) == 3


@pytest.mark.parametrize(
    "text",
    ["Basic abc", "Digest a", 'Digest a="x" b="y"', 'Digest a="x', "Digest a=1, a=2", "Digest " + "a" * 5000, "Digest a=1,=2"],
)
def test_malformed_headers_are_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        parse(text)


def test_commas_and_quotes_inside_a_value_are_kept() -> None:
    assert parse('Digest realm="a, \\"b\\"" , qop="auth,auth-int",nc=00000001') == {
        "realm": 'a, "b"',
        "qop": "auth,auth-int",
        "nc": "00000001",
    }


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_header_makes_the_server_fail_otherwise(text: str) -> None:
    with pytest.raises((AuthenticationFailed, MalformedMessage)):
        server().verify("Digest " + text, "INVITE", find, 0.0)


@settings(deadline=None)
@given(st.fixed_dictionaries({name: st.text(st.characters(exclude_characters='"\\\x00'), max_size=20) for name in
       ("username", "nonce", "uri", "response", "nc", "cnonce")}))  # fmt: skip
def test_no_parameter_makes_the_server_fail_otherwise(values: dict[str, str]) -> None:
    header = "Digest " + ", ".join(f'{name}="{value}"' for name, value in values.items())
    with pytest.raises((AuthenticationFailed, MalformedMessage)):
        server().verify(f'{header}, realm="hotline", qop=auth', "INVITE", find, 0.0)
