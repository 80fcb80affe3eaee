from __future__ import annotations

from ivr.profile.breaker import Breaker, Circuit


def test_it_opens_after_failures_in_a_row_and_rests() -> None:
    breaker = Breaker(failures=3, rest=10)
    for now in (1.0, 2.0):
        assert breaker.admit(now)
        breaker.failed(now)
    breaker.succeeded()
    for now in (3.0, 4.0, 5.0):
        assert breaker.admit(now)
        breaker.failed(now)
    assert breaker.state(14.9) is Circuit.OPEN and not breaker.admit(14.9)
    assert breaker.opened == 1


def opened() -> Breaker:
    breaker = Breaker(failures=1, rest=10)
    assert breaker.admit(0.0)
    breaker.failed(0.0)
    return breaker


def test_after_the_rest_one_probe_goes_through_at_a_time() -> None:
    breaker = opened()
    assert breaker.state(10.0) is Circuit.HALF_OPEN
    assert breaker.admit(10.0) and not breaker.admit(10.0) and breaker.closed_to(10.0)
    breaker.succeeded()
    assert breaker.state(10.0) is Circuit.CLOSED and breaker.admit(10.0) and breaker.admit(10.0)


def test_a_probe_that_fails_opens_it_again() -> None:
    breaker = opened()
    assert breaker.admit(10.0)
    breaker.failed(11.0)
    assert breaker.closed_to(20.9) and not breaker.closed_to(21.0)
    assert breaker.opened == 2


def test_a_probe_that_came_to_no_end_lets_another_try() -> None:
    breaker = opened()
    assert breaker.admit(10.0)
    breaker.abandoned()
    assert breaker.admit(10.0)


def test_late_failures_of_an_open_circuit_change_nothing() -> None:
    breaker = opened()
    breaker.failed(5.0)
    assert breaker.state(10.0) is Circuit.HALF_OPEN and breaker.opened == 1
