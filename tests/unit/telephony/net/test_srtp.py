"""libsrtp as we use it, against the numbers of the RFCs and against a few lines of our own for the rest."""

from __future__ import annotations

import hashlib
import hmac
import os

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from telephony.media import rtp
from telephony.net.srtp import MOST_SOURCES, PROFILES, Srtp, available
from telephony.sip.sdes import SUITES

MASTER = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139" + "0EC675AD498AFEEBB6960B3AABE6")
"""Key and salt of RFC 3711 B.3."""


def packet(sequence: int, ssrc: int = 9, payload: bytes = b"\x7f" * 160) -> bytes:
    return rtp.compose(0, False, sequence, sequence * 160, ssrc, payload)


def counter_mode(key: bytes, start: int, length: int) -> bytes:
    stream = Cipher(algorithms.AES(key), modes.CTR(start.to_bytes(16, "big"))).encryptor()
    return stream.update(bytes(length))


def derived(label: int, length: int) -> bytes:
    """RFC 3711 §4.3.1 with a key derivation rate of 0."""
    salt = int.from_bytes(MASTER[16:], "big")
    return counter_mode(MASTER[:16], (salt ^ label << 48) << 16, length)


def sealed_by_hand(clear: bytes, roll_over: int, tag: int) -> bytes:
    """RFC 3711 §4.1.1 and §4.2.1: what AES_CM_128_HMAC_SHA1_* makes of an RTP packet."""
    sequence, ssrc = int.from_bytes(clear[2:4], "big"), int.from_bytes(clear[8:12], "big")
    start = (int.from_bytes(derived(2, 14), "big") << 16) ^ (ssrc << 64) ^ ((roll_over << 16 | sequence) << 16)
    hidden = bytes(a ^ b for a, b in zip(clear[12:], counter_mode(derived(0, 16), start, len(clear) - 12), strict=True))
    body = clear[:12] + hidden
    return body + hmac.new(derived(1, 20), body + roll_over.to_bytes(4, "big"), hashlib.sha1).digest()[:tag]


def pair(suite: str) -> tuple[Srtp, Srtp]:
    one, two = os.urandom(SUITES[suite]), os.urandom(SUITES[suite])
    return Srtp(suite, one, two), Srtp(suite, two, one)


def through(sender: Srtp, receiver: Srtp, clear: bytes) -> bytes | None:
    sealed = sender.protect(clear)
    assert sealed is not None and sealed[12:172] != clear[12:]
    return receiver.unprotect(sealed)


def test_keys_are_derived_as_in_rfc_3711_b_3() -> None:
    assert derived(0, 16).hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert derived(2, 14).hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert derived(1, 20).hex().upper() == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"


@pytest.mark.parametrize(("suite", "tag"), [("AES_CM_128_HMAC_SHA1_80", 10), ("AES_CM_128_HMAC_SHA1_32", 4)])
def test_packets_are_those_of_rfc_3711_across_a_wrap(suite: str, tag: int) -> None:
    ours = Srtp(suite, MASTER, MASTER)
    for number in range(65534, 65538):
        clear = packet(number & 0xFFFF)
        assert ours.protect(clear) == sealed_by_hand(clear, number >> 16, tag)
    theirs = Srtp(suite, MASTER, MASTER)
    assert theirs.unprotect(sealed_by_hand(packet(65535), 0, tag)) == packet(65535)
    assert theirs.unprotect(sealed_by_hand(packet(0), 1, tag)) == packet(0), "the roll-over counter went up"
    assert theirs.unprotect(sealed_by_hand(packet(65534), 0, tag)) == packet(65534), "a late one from before the wrap"
    assert theirs.unprotect(sealed_by_hand(packet(1), 0, tag)) is None


@pytest.mark.parametrize("suite", PROFILES)
def test_every_suite_is_there_and_carries_voice_and_reports(suite: str) -> None:
    assert available(suite) and not available("F8_128_HMAC_SHA1_80")
    one, two = pair(suite)
    assert through(one, two, packet(1)) == packet(1)
    report = bytes.fromhex("80c9000100000009") + bytes.fromhex("81ca000300000009") + b"\x01\x02hi" + bytes(4)
    sealed = two.protect_rtcp(report)
    assert sealed is not None and one.unprotect_rtcp(sealed) == report
    assert one.unprotect_rtcp(sealed) is None, "the second time it is a replay"


@pytest.mark.parametrize("suite", PROFILES)
def test_replayed_changed_and_foreign_packets_are_counted_and_dropped(suite: str) -> None:
    one, two = pair(suite)
    sealed = one.protect(packet(1))
    assert sealed is not None and two.unprotect(sealed) == packet(1)
    changed = sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:]
    for bad in (sealed, changed, packet(2), b"", b"\x80", bytes(2000), one.protect(packet(3)) or b""):
        if bad[2:4] == b"\x00\x03":
            assert two.unprotect(bad) == packet(3)
        else:
            assert two.unprotect(bad) is None
    assert two.rejected == 6


def test_a_number_is_never_encrypted_twice() -> None:
    one, _ = pair("AEAD_AES_128_GCM")
    assert one.protect(packet(5)) is not None
    assert one.protect(packet(5, payload=b"other" * 32)) is None and one.unsent == 1
    assert one.protect(bytes(1500)) is None and one.unsent == 2


def test_a_new_source_is_heard_at_once_and_only_so_many_are() -> None:
    one, two = pair("AES_CM_128_HMAC_SHA1_80")
    heard = [through(one, two, packet(7, ssrc)) for ssrc in range(1, MOST_SOURCES + 10)]
    assert heard[:MOST_SOURCES] == [packet(7, ssrc) for ssrc in range(1, MOST_SOURCES + 1)]
    assert heard[MOST_SOURCES:] == [None] * 9
    assert through(one, two, packet(8, 1)) == packet(8, 1)


def test_another_key_of_theirs_leaves_our_way_out_as_it_is() -> None:
    one, two = pair("AES_CM_128_HMAC_SHA1_80")
    assert through(one, two, packet(65535)) and through(one, two, packet(0))
    theirs, key = Srtp("AES_CM_128_HMAC_SHA1_80", MASTER, MASTER), one.heard_with("AES_CM_128_HMAC_SHA1_80", MASTER)
    assert through(key, two, packet(1)) == packet(1), "the roll-over counter runs on"
    assert through(theirs, key, packet(4)) == packet(4)


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(data: bytes) -> None:
    one, _ = pair("AES_CM_128_HMAC_SHA1_32")
    assert one.unprotect(data) is None and one.unprotect_rtcp(data) is None


def test_another_pylibsrtp_is_called_by_its_own_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.net.srtp._binding", None)
    sender, receiver = pair("AES_CM_128_HMAC_SHA1_80")
    assert sender._seal == sender._tx.protect
    assert through(sender, receiver, packet(1)) == packet(1)
    assert sender.protect(packet(1)) is None and receiver.unprotect(packet(2)) is None
    assert (sender.unsent, receiver.rejected) == (1, 1)


def test_what_is_kept_for_each_packet_does_what_pylibsrtp_does() -> None:
    sender, receiver = pair("AES_CM_128_HMAC_SHA1_80")
    assert sender._seal != sender._tx.protect
    for size in (0, 1, 160, 1300):
        clear = packet(size, payload=b"\x7f" * size)
        sealed = sender.protect(clear)
        assert sealed is not None and len(sealed) == len(clear) + 10 and receiver.unprotect(sealed) == clear
    assert sender.protect(bytes(1400)) is None and receiver.unprotect(bytes(1501)) is None
    assert sender.protect(b"") is None and receiver.unprotect(b"") is None
    assert (sender.unsent, receiver.rejected) == (2, 2)
