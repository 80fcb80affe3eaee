"""A call survives JSON."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ivr.call import Call, Caller, Intent, Medium, Speaker, Turn

words = st.text(max_size=20)
times = st.floats(0, 4e9)
shares = st.floats(0, 1)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
data = st.dictionaries(words, plain, max_size=4)
turns = st.builds(
    Turn,
    at=times,
    speaker=st.sampled_from(Speaker),
    text=words,
    language=words,
    medium=st.sampled_from(Medium),
    confidence=st.none() | shares,
    state=words,
    intent=words,
)
calls = st.builds(
    Call,
    id=words,
    caller=st.builds(Caller, words, words, st.sampled_from(["sip", "webrtc"]), st.booleans()),
    called=words,
    started_at=times,
    flow=words,
    flow_version=words,
    language=words,
    correlation=words,
    turns=st.lists(turns, max_size=4).map(tuple),
    intent=st.none() | st.builds(Intent, words, shares),
    slots=data,
    tags=st.lists(words, max_size=4).map(tuple),
    profile=data,
)


@given(calls)
def test_a_call_survives_json(call: Call) -> None:
    assert Call.from_dict(json.loads(json.dumps(call.to_dict()))) == call


@given(turns)
def test_a_turn_survives_json(turn: Turn) -> None:
    assert Turn.from_dict(json.loads(json.dumps(turn.to_dict()))) == turn


@given(calls, turns)
def test_a_turn_more_changes_nothing_else(call: Call, turn: Turn) -> None:
    longer = call.with_turn(turn)
    assert longer.turns == (*call.turns, turn)
    assert Call.from_dict({**longer.to_dict(), "turns": [one.to_dict() for one in call.turns]}) == call
