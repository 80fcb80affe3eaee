"""The lines between parent and child."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.gateway.phone_account.notes import Beat, Dial, Offered, Over, Setup, decode, encode

SETUP = Setup("127.0.0.1", 5060, "pbx", "4000", "secret", "", "", "127.0.0.1", 0, max_calls=5, memory=1)


@pytest.mark.parametrize(
    "line",
    [
        SETUP,
        Beat(),
        Dial("k", "0049", "Ann", 30000),
        Offered("k", "c", "李", "x\ny", "h", "4000", ""),
        Over("k", "bye", 200, ""),
    ],
)
def test_a_line_comes_back_as_it_went(line: Setup | Beat | Dial | Offered | Over) -> None:
    data = encode(line)
    assert data.count(b"\n") == 1 and data.endswith(b"\n")
    assert decode(data) == line


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(SETUP)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"1",
        b'{"is": "Nothing"}',
        b'{"is": "Over", "key": "k"}',
        b'{"is": "Ring", "key": 1}',
        b'{"is": "Beat", "x": 1}',
    ],
)
def test_what_is_no_line_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(data)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        decode(data)
    except ValueError:
        return
    raise AssertionError(f"taken for a line: {data!r}")
