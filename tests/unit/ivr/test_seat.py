"""A worker's share of what one node may do."""

from __future__ import annotations

from dataclasses import replace

from ivr.seat import Seat
from ivr.settings import Settings


def seat(index: int, workers: int) -> Seat:
    names = tuple(f"n-{number + 1}" for number in range(workers))
    return Seat(index, workers, 3, -1, {}, (5060,), "redis://127.0.0.1", "00", names)


def test_workers_together_take_no_more_than_one_node_would() -> None:
    whole = Settings()
    whole = replace(whole, sip=replace(whole.sip, max_calls=1000, max_call_rate=100, rtp_ports="20000-20099"))
    shares = [seat(index, 4).settings(whole) for index in range(4)]
    assert [one.node for one in shares] == ["n-1", "n-2", "n-3", "n-4"]
    assert sum(one.sip.max_calls for one in shares) == 1000
    assert sum(one.sip.max_call_rate for one in shares) == 100
    assert [one.sip.rtp_ports for one in shares] == ["20000-20023", "20024-20047", "20048-20071", "20072-20095"]


def test_a_limit_that_does_not_hold_holds_for_no_worker() -> None:
    whole = Settings()
    assert whole.sip.max_call_rate == 0
    assert seat(1, 4).settings(whole).sip.max_call_rate == 0
