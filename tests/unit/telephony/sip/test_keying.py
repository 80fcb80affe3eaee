from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.errors import NoCommonCodec, TelephonyError
from telephony.media.codec import Codec
from telephony.sip.keying import DtlsPeer, Secrecy, Srtp
from telephony.sip.negotiation import Agreement, MediaPolicy, Negotiation
from telephony.sip.sdes import SUITES, SdesKeys

PRINT = "sha-256 " + ":".join(["AB"] * 32)
OTHER = "sha-256 " + ":".join(["CD"] * 32)
KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
HEAD = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"


def tokens() -> Callable[[int], bytes]:
    numbers = itertools.count(1)
    return lambda octets: next(numbers).to_bytes(octets, "big")


def side(
    srtp: Srtp, *, hidden: bool = True, dtls: bool = False, suites: tuple[str, ...] = tuple(SUITES), ice: bool = False
) -> Negotiation:
    secrecy = Secrecy(srtp, suites, dtls, hidden=hidden, fingerprint=PRINT)
    policy = MediaPolicy((Codec.PCMU,), secrecy=secrecy, answers_ice=ice, offers_ice=ice)
    return Negotiation("10.0.0.2", 6000, 77, policy, tokens())


def offer(profile: str, *lines: str, head: str = HEAD) -> bytes:
    return (head + "\r\n".join([f"m=audio 4000 {profile} 0", *lines, ""])).encode()


def crypto(tag: int = 1, suite: str = "AES_CM_128_HMAC_SHA1_80", key: str = KEY) -> str:
    return f"a=crypto:{tag} {suite} inline:{key}"


def agreed(one: Negotiation) -> Agreement:
    assert one.agreement is not None
    return one.agreement


def keys(one: Negotiation) -> SdesKeys:
    found = agreed(one).keys
    assert isinstance(found, SdesKeys)
    return found


def peer(one: Negotiation) -> DtlsPeer:
    found = agreed(one).keys
    assert isinstance(found, DtlsPeer)
    return found


def both(caller: Negotiation, callee: Negotiation) -> None:
    caller.take_answer(callee.answer(caller.offer()))


@pytest.mark.parametrize(
    ("srtp", "profile", "lines", "expected"),
    [
        (Srtp.OFF, "RTP/AVP", [], "RTP/AVP"),
        (Srtp.OFF, "RTP/AVP", [crypto()], "RTP/AVP"),
        (Srtp.OFF, "RTP/SAVP", [crypto()], "488"),
        (Srtp.OFF, "UDP/TLS/RTP/SAVPF", [f"a=fingerprint:{PRINT}", "a=setup:actpass"], "488"),
        (Srtp.OPTIONAL, "RTP/AVP", [], "RTP/AVP"),
        (Srtp.OPTIONAL, "RTP/AVP", [crypto()], "RTP/AVP crypto"),
        (Srtp.OPTIONAL, "RTP/SAVP", [crypto()], "RTP/SAVP crypto"),
        (Srtp.OPTIONAL, "RTP/SAVPF", [crypto()], "RTP/SAVPF crypto"),
        (Srtp.OPTIONAL, "RTP/SAVP", [], "488"),
        (Srtp.OPTIONAL, "RTP/SAVP", [crypto(suite="F8_128_HMAC_SHA1_80")], "488"),
        (Srtp.OPTIONAL, "RTP/SAVP", [crypto() + "|1:4"], "488"),
        (Srtp.OPTIONAL, "UDP/TLS/RTP/SAVP", [f"a=fingerprint:{PRINT}", "a=setup:actpass"], "UDP/TLS/RTP/SAVP dtls"),
        (Srtp.OPTIONAL, "UDP/TLS/RTP/SAVPF", [f"a=fingerprint:{PRINT}"], "UDP/TLS/RTP/SAVPF dtls"),
        (Srtp.OPTIONAL, "UDP/TLS/RTP/SAVPF", [f"a=fingerprint:{PRINT}", "a=setup:holdconn"], "488"),
        (Srtp.OPTIONAL, "UDP/TLS/RTP/SAVPF", ["a=fingerprint:sha-256 x", crypto()], "488"),
        (Srtp.OPTIONAL, "RTP/AVP", [f"a=fingerprint:{PRINT}", crypto()], "RTP/AVP dtls"),
        (Srtp.OPTIONAL, "RTP/SAVP", [f"a=fingerprint:{PRINT}"], "RTP/SAVP dtls"),
        (Srtp.REQUIRED, "RTP/AVP", [], "488"),
        (Srtp.REQUIRED, "RTP/AVP", [crypto()], "RTP/AVP crypto"),
        (Srtp.REQUIRED, "RTP/SAVP", [crypto()], "RTP/SAVP crypto"),
        (Srtp.REQUIRED, "TCP/RTP/SAVP", [crypto()], "488"),
    ],
)  # fmt: skip
def test_every_profile_is_answered_as_what_it_is_or_not_at_all(
    srtp: Srtp, profile: str, lines: list[str], expected: str
) -> None:
    one = side(srtp)
    try:
        answer = one.answer(offer(profile, *lines)).decode()
    except NoCommonCodec as error:
        assert expected == str(error.status)
        return
    what = " crypto" if "a=crypto:1 " in answer else " dtls" if f"a=fingerprint:{PRINT}" in answer else ""
    found = re.search(r"m=audio 6000 (\S+) 0\r\n", answer)
    assert found is not None and found[1] + what == expected
    assert (agreed(one).keys is None) is (what == "")


def test_the_far_end_s_order_and_tag_decide() -> None:
    one = side(Srtp.OPTIONAL)
    answer = one.answer(offer("RTP/SAVP", crypto(3, "NEW"), crypto(5, "AES_CM_128_HMAC_SHA1_32"), crypto(6))).decode()
    assert "a=crypto:5 AES_CM_128_HMAC_SHA1_32 inline:" in answer and answer.count("a=crypto") == 1
    assert keys(one).suite == "AES_CM_128_HMAC_SHA1_32" and keys(one).ours != keys(one).theirs
    narrow = side(Srtp.OPTIONAL, suites=("AES_CM_128_HMAC_SHA1_80",))
    assert b"a=crypto:6 " in narrow.answer(offer("RTP/SAVP", crypto(5, "AES_CM_128_HMAC_SHA1_32"), crypto(6)))


@pytest.mark.parametrize(
    ("srtp", "hidden", "dtls", "profile", "lines"),
    [
        (Srtp.OFF, True, False, "RTP/AVP", 0),
        (Srtp.OFF, True, True, "RTP/AVP", 0),
        (Srtp.OPTIONAL, True, False, "RTP/AVP", 1),
        (Srtp.OPTIONAL, False, False, "RTP/AVP", 0),
        (Srtp.REQUIRED, False, False, "RTP/SAVP", 4),
        (Srtp.OPTIONAL, False, True, "UDP/TLS/RTP/SAVP", 0),
        (Srtp.REQUIRED, True, True, "UDP/TLS/RTP/SAVP", 0),
    ],
)
def test_what_our_offers_ask_for(srtp: Srtp, hidden: bool, dtls: bool, profile: str, lines: int) -> None:
    text = side(srtp, hidden=hidden, dtls=dtls).offer().decode()
    assert f"m=audio 6000 {profile} 0 101\r\n" in text and text.count("a=crypto:") == lines
    assert ("a=setup:actpass" in text) is profile.startswith("UDP")


@pytest.mark.parametrize(("caller", "callee", "secret"), [
    (Srtp.OPTIONAL, Srtp.OFF, False),
    (Srtp.OPTIONAL, Srtp.OPTIONAL, True),
    (Srtp.OPTIONAL, Srtp.REQUIRED, True),
    (Srtp.REQUIRED, Srtp.OPTIONAL, True),
    (Srtp.OFF, Srtp.OPTIONAL, False),
])  # fmt: skip
def test_two_of_us_agree(caller: Srtp, callee: Srtp, secret: bool) -> None:
    one, two = side(caller), side(callee)
    both(one, two)
    if not secret:
        assert agreed(one).keys is agreed(two).keys is None
        return
    assert (keys(one).ours, keys(one).theirs, keys(one).suite) == (keys(two).theirs, keys(two).ours, keys(two).suite)


@pytest.mark.parametrize("body", [
    offer("RTP/AVP"),
    offer("RTP/AVP", crypto(9)),
    offer("RTP/SAVP"),
    offer("RTP/SAVP", crypto(9)),
    offer("RTP/SAVP", crypto(2)),
    offer("UDP/TLS/RTP/SAVP", f"a=fingerprint:{PRINT}"),
])  # fmt: skip
def test_an_answer_that_is_less_secret_than_the_offer_is_refused(body: bytes) -> None:
    one = side(Srtp.REQUIRED)
    one.offer()
    with pytest.raises(NoCommonCodec):
        one.take_answer(body)
    assert one.agreement is None


def test_a_refresh_keeps_the_keys_and_a_new_key_of_theirs_brings_one_of_ours() -> None:
    one = side(Srtp.OPTIONAL)
    first = one.answer(offer("RTP/SAVP", crypto()))
    before = keys(one)
    assert one.answer(offer("RTP/SAVP", crypto())) == first and keys(one) == before
    one.answer(offer("RTP/SAVP", crypto(key=KEY[:-2] + "AA")))
    assert keys(one).ours != before.ours and keys(one).theirs != before.theirs


def test_our_own_reoffer_repeats_profile_and_key_and_takes_a_new_key_of_theirs() -> None:
    one = side(Srtp.OPTIONAL)
    one.answer(offer("RTP/SAVPF", crypto(4)))
    before = keys(one)
    again = one.offer(direction="sendonly").decode()
    assert "m=audio 6000 RTP/SAVPF" in again and again.count("a=crypto:") == 1 and "a=crypto:4 " in again
    one.take_answer(offer("RTP/SAVPF", crypto(4, key=KEY[:-2] + "AA")))
    assert keys(one).ours == before.ours and keys(one).theirs != before.theirs


@pytest.mark.parametrize(("setup", "begin", "answer"), [
    ("actpass", False, "passive"), ("active", False, "passive"), ("passive", True, "active"),
])  # fmt: skip
def test_who_begins_the_handshake(setup: str, begin: bool, answer: str) -> None:
    one = side(Srtp.OPTIONAL)
    body = one.answer(offer("UDP/TLS/RTP/SAVP", f"a=fingerprint:{OTHER}", f"a=setup:{setup}"))
    assert f"a=setup:{answer}\r\n".encode() in body
    assert peer(one) == DtlsPeer((("sha-256", OTHER[8:]),), begin)


def test_a_fingerprint_may_stand_with_the_session() -> None:
    one = side(Srtp.OPTIONAL)
    one.answer(offer("UDP/TLS/RTP/SAVP", "a=setup:active", head=HEAD + f"a=fingerprint:{OTHER.lower()}\r\na=tls-id:x\r\n"))
    assert peer(one) == DtlsPeer((("sha-256", OTHER[8:]),), False, "x")


def test_two_of_us_agree_on_dtls_with_ice() -> None:
    one, two = side(Srtp.REQUIRED, dtls=True, ice=True), side(Srtp.OPTIONAL, ice=True)
    offered = one.offer()
    for line in ("a=ice-lite", "a=group:BUNDLE 0", "a=mid:0", "a=rtcp-mux", "a=setup:actpass"):
        assert f"\r\n{line}\r\n".encode() in offered
    assert (
        b"a=candidate:1 1 UDP 2130706431 10.0.0.2 6000 typ host\r\na=candidate:1 2 UDP 2130706430 10.0.0.2 6001 typ host"
        in offered
    )
    one.take_answer(two.answer(offered))
    assert (peer(one).we_begin, peer(two).we_begin) == (True, False)
    assert agreed(one).ice is agreed(two).ice is None, "two lite agents have nobody to check: the address of c= holds"


BROWSER = ("a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=rtcp-mux", f"a=fingerprint:{OTHER}", "a=setup:actpass")


def test_ice_is_answered_as_a_lite_agent_and_restarted_with_the_far_end_s_names() -> None:
    one = side(Srtp.OPTIONAL, ice=True)
    answer = one.answer(offer("UDP/TLS/RTP/SAVPF", *BROWSER)).decode()
    first = agreed(one).ice
    assert first is not None and (first.peer, first.peer_password) == ("abcd", "0123456789012345678901")
    assert "\r\na=ice-lite\r\n" in answer and f"a=ice-pwd:{first.password}" in answer and agreed(one).rtcp_mux
    assert first.password not in repr(first)
    one.answer(offer("UDP/TLS/RTP/SAVPF", *BROWSER))
    assert agreed(one).ice == first
    one.answer(offer("UDP/TLS/RTP/SAVPF", "a=ice-ufrag:efgh", *BROWSER[1:]))
    again = agreed(one).ice
    assert again is not None and again.ufrag != first.ufrag and again.password != first.password


def test_an_address_of_zeros_is_no_hold_where_ice_finds_the_address() -> None:
    one = side(Srtp.OPTIONAL, ice=True)
    one.answer(offer("UDP/TLS/RTP/SAVPF", *BROWSER, head=HEAD.replace("c=IN IP4 10.0.0.1", "c=IN IP4 0.0.0.0")))
    assert not agreed(one).held
    one.answer(offer("UDP/TLS/RTP/SAVPF", *BROWSER, "a=sendonly"))
    assert agreed(one).held


@pytest.mark.parametrize("line", ["a=ice-ufrag:a", "a=ice-pwd:short", "a=ice-lite", "a=ice-ufrag:ab d"])
def test_without_names_that_can_be_used_there_is_no_ice(line: str) -> None:
    one = side(Srtp.OPTIONAL, ice=True)
    assert b"ice" not in one.answer(offer("UDP/TLS/RTP/SAVPF", *BROWSER, line))
    assert agreed(one).ice is None


LINES = [crypto(), crypto(2, "AEAD_AES_128_GCM"), "a=crypto:", "a=crypto:1 x", "a=setup:actpass", "a=setup:x", "a=setup:",
         f"a=fingerprint:{PRINT}", "a=fingerprint:", "a=fingerprint:md5 00", *BROWSER, "a=inactive"]  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(LINES), max_size=8),
    st.sampled_from(list(Srtp)),
    st.sampled_from(["RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF"]),
)
def test_no_secret_offer_is_ever_answered_plain(lines: list[str], srtp: Srtp, profile: str) -> None:
    one = side(srtp, ice=True)
    try:
        answer = one.answer(offer(profile, *lines)).decode()
    except TelephonyError as error:
        assert error.status in (400, 488)
        return
    assert f"m=audio 6000 {profile} " in answer
    if profile != "RTP/AVP" or srtp is Srtp.REQUIRED:
        assert agreed(one).keys is not None and ("a=crypto" in answer or "a=fingerprint" in answer)
