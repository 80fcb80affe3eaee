from __future__ import annotations

import pytest
from aioice import stun as aioice_stun
from hypothesis import given
from hypothesis import strategies as st

from telephony.media.stun import Check, is_stun, read_check, request, success

SAMPLE = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a683676592020200008 00149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf".replace(" ", "")
)
"""The request of RFC 5769 §2.1; its user name is padded with spaces there."""

PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes(range(12))


def test_the_request_of_rfc_5769_is_read() -> None:
    assert read_check(SAMPLE, PASSWORD) == Check(SAMPLE[8:20], "evtj:h6vY", False)
    assert read_check(SAMPLE, PASSWORD + "x") is None


@pytest.mark.parametrize("nominates", [True, False])
def test_what_we_write_another_implementation_reads(nominates: bool) -> None:
    whole = request(TRANSACTION, "me:you", PASSWORD, nominates=nominates)
    read = aioice_stun.parse_message(whole)
    read.check_message_integrity(PASSWORD.encode())
    assert read.attributes["USERNAME"] == "me:you" and ("USE-CANDIDATE" in read.attributes) is nominates
    assert read_check(whole, PASSWORD) == Check(TRANSACTION, "me:you", nominates)


@pytest.mark.parametrize("source", [("192.0.2.1", 32853), ("2001:db8:1234:5678:11:2233:4455:6677", 32853)])
def test_the_answer_names_the_source_and_is_signed(source: tuple[str, int]) -> None:
    answer = success(Check(TRANSACTION, "x", False), source, PASSWORD)
    read = aioice_stun.parse_message(answer)
    read.check_message_integrity(PASSWORD.encode())
    assert read.message_class == aioice_stun.Class.RESPONSE and read.transaction_id == TRANSACTION
    assert read.attributes["XOR-MAPPED-ADDRESS"] == source
    assert is_stun(answer) and read_check(answer, PASSWORD) is None, "an answer is no request"


@pytest.mark.parametrize("at", range(88))
def test_one_changed_bit_of_what_is_signed_is_noticed(at: int) -> None:
    changed = bytearray(SAMPLE)
    changed[at] ^= 1
    assert read_check(bytes(changed), PASSWORD) is None


@given(st.binary(max_size=200), st.integers(0, len(SAMPLE)))
def test_any_bytes_are_read(data: bytes, cut: int) -> None:
    assert read_check(data, PASSWORD) is None
    assert read_check(SAMPLE[:20] + data, PASSWORD) is None
    assert cut == len(SAMPLE) or read_check(SAMPLE[:cut], PASSWORD) is None


def test_attributes_without_end_and_long_datagrams_are_left() -> None:
    many = SAMPLE[:2] + (4 * 200).to_bytes(2, "big") + SAMPLE[4:20] + b"\x80\x22\x00\x00" * 200
    assert read_check(many, PASSWORD) is None and read_check(SAMPLE + bytes(2000), PASSWORD) is None
