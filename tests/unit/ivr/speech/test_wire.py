from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.wire import HEADER, Kind, Message

U32 = st.integers(0, 2**32 - 1)


@given(st.sampled_from(Kind), U32, U32, U32, st.binary(max_size=400))
def test_a_message_survives_the_socket(kind: Kind, stream: int, turn: int, position: int, payload: bytes) -> None:
    message = Message(kind, stream, turn, position, payload)
    assert Message.decode(message.encode()) == message


@given(st.binary(max_size=HEADER.size + 4))
def test_rubbish_is_refused(packet: bytes) -> None:
    try:
        message = Message.decode(packet)
    except ValueError:
        return
    assert message.encode() == packet


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="255"):
        Message.decode(HEADER.pack(255, 0, 0, 0))
