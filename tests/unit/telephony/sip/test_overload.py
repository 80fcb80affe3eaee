"""New calls are refused before running ones suffer."""

from __future__ import annotations

import pytest

from telephony.sip.overload import Overload
from tests.unit.telephony.sip.peers import ANSWER, OFFER, Script, request
from tests.unit.telephony.sip.test_call import offered, within


def test_a_rate_is_a_bucket_of_one_second() -> None:
    overload = Overload(10, 0)
    assert [overload.refuses(1.0) for _ in range(12)] == [""] * 10 + ["call rate"] * 2
    assert [overload.refuses(1.25) for _ in range(3)] == ["", "", "call rate"]


def test_without_limits_nothing_is_refused() -> None:
    overload = Overload(0, 0)
    overload.measured(60.0)
    assert {overload.refuses(0.0) for _ in range(1000)} == {""}


def test_lag_counts_by_its_fifth_worst_of_a_hundred() -> None:
    overload = Overload(0, 0.1)
    for _ in range(39):
        overload.measured(0.01)
    overload.measured(5.0)
    assert overload.refuses(0.0) == "", "one pause is no overload"
    for _ in range(5):
        overload.measured(0.3)
    assert overload.lag == pytest.approx(0.3) and overload.refuses(0.0) == "lag"
    for _ in range(40):
        overload.measured(0.0)
    assert overload.refuses(0.0) == ""


def test_calls_beyond_the_rate_get_503_and_running_ones_go_on() -> None:
    script = Script(max_call_rate=1.0, retry_after=7)
    call = offered(script)
    (refusal,) = script.send(request(branch="z9hG4bK2", call_id="c2", body=OFFER))
    assert refusal.headers.get("retry-after") == "7" and script.agent.refused["call rate"] == 1
    assert len(script.agent.core.transactions) == 1, "what is refused costs nothing"
    call.accept(ANSWER, script.now)
    script.sent()
    script.send(request("ACK", branch="z9hG4bKack", to_tag=call.tag))
    assert script.statuses(within(call, "OPTIONS", 2)) == script.statuses(within(call, "BYE", 3)) == [200]
    script.now += 1.0
    assert script.statuses(request(branch="z9hG4bK3", call_id="c3", body=OFFER)) == [100]


def test_lag_refuses_new_calls_with_503() -> None:
    script = Script(max_lag=0.1)
    script.agent.core.overload.measured(0.5)
    assert script.statuses(request(body=OFFER)) == [503] and script.agent.refused["lag"] == 1
