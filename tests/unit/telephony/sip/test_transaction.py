"""The four tables of RFC 3261 §17 and RFC 6026 on a fake clock."""

from __future__ import annotations

import pytest

from telephony.sip.timers import Timers
from telephony.sip.transaction import FIRST, TIMERS, TRANSITIONS, Kind, State, Transaction, Trigger

T = Trigger


class Bench:
    def __init__(self, kind: Kind, *, reliable: bool = False) -> None:
        self.timers: Timers[tuple[object, object]] = Timers()
        self.tx = Transaction(kind, self.timers, reliable=reliable)
        self.now = 0.0

    def run(self, until: float = 1000.0) -> list[tuple[float, str]]:
        """What fires, as (time, timer), with a mark where bytes go out."""
        found = []
        while self.timers.next() <= until:
            self.now = self.timers.next()
            key = self.timers.pop_due(self.now)
            assert key is not None and isinstance(key[1], Trigger)
            step = self.tx.handle(key[1], self.now)
            found.append((self.now, key[1].value + ("!" if step.send else "") + ("?" if step.failed else "")))
        return found


def test_busy_without_ack_is_resent_until_timer_h() -> None:
    """RFC 3261 §17.2.1: G doubles from T1 up to T2; H ends it at 64*T1."""
    bench = Bench(Kind.INVITE_SERVER)
    assert bench.tx.handle(T.SEND_FINAL, 0.0, b"486").send == b"486"
    fired = bench.run()
    assert [at for at, name in fired if name == "G!"] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert fired[-1] == (32.0, "H?")
    assert bench.tx.state is State.TERMINATED


def test_ack_stops_the_resending_and_is_absorbed_again_until_timer_i() -> None:
    bench = Bench(Kind.INVITE_SERVER)
    bench.tx.handle(T.SEND_FINAL, 0.0, b"486")
    bench.tx.handle(T.ACK, 0.1)
    assert bench.tx.state is State.CONFIRMED
    assert not bench.tx.handle(T.ACK, 0.2).send
    assert bench.run() == [(5.1, "I")]


def test_retransmitted_invite_gets_the_last_response() -> None:
    bench = Bench(Kind.INVITE_SERVER)
    bench.tx.handle(T.SEND_1XX, 0.0, b"180")
    assert bench.tx.handle(T.REQUEST, 0.5).send == b"180"
    bench.tx.handle(T.SEND_2XX, 1.0, b"200")
    assert bench.tx.handle(T.REQUEST, 1.5).send == b"200"
    assert bench.run() == [(33.0, "L")]


def test_over_tcp_nothing_is_resent_and_nothing_lingers() -> None:
    bench = Bench(Kind.INVITE_SERVER, reliable=True)
    bench.tx.handle(T.SEND_FINAL, 0.0, b"486")
    bench.tx.handle(T.ACK, 0.1)
    assert bench.run() == [(0.1, "I")]
    bench = Bench(Kind.SERVER, reliable=True)
    bench.tx.handle(T.SEND_2XX, 0.0, b"200")
    assert bench.run() == [(0.0, "J")]


def test_invite_client_doubles_without_a_cap_until_timer_b() -> None:
    bench = Bench(Kind.INVITE_CLIENT)
    bench.tx.handle(T.START, 0.0, b"INVITE")
    fired = bench.run()
    assert [at for at, name in fired if name == "A!"] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert fired[-1] == (32.0, "B?")


def test_invite_client_stops_resending_at_a_provisional_response() -> None:
    bench = Bench(Kind.INVITE_CLIENT)
    bench.tx.handle(T.START, 0.0, b"INVITE")
    assert bench.tx.handle(T.RECEIVE_1XX, 0.2).deliver
    assert bench.run() == []


def test_each_repeated_final_response_is_acknowledged_and_delivered_once() -> None:
    bench = Bench(Kind.INVITE_CLIENT)
    bench.tx.handle(T.START, 0.0, b"INVITE")
    first, second = bench.tx.handle(T.RECEIVE_FINAL, 0.1), bench.tx.handle(T.RECEIVE_FINAL, 0.6)
    assert (first.acknowledge, first.deliver, second.acknowledge, second.deliver) == (True, True, True, False)
    assert bench.run() == [(32.1, "D")]


def test_each_repeated_2xx_is_delivered_for_its_ack() -> None:
    """RFC 6026 §7.2: the Accepted state hands every 2xx up."""
    bench = Bench(Kind.INVITE_CLIENT)
    bench.tx.handle(T.START, 0.0, b"INVITE")
    assert [bench.tx.handle(T.RECEIVE_2XX, at).deliver for at in (0.1, 0.6, 1.6)] == [True, True, True]
    assert bench.run() == [(32.1, "M")]


def test_other_client_doubles_up_to_t2_until_timer_f() -> None:
    bench = Bench(Kind.CLIENT)
    bench.tx.handle(T.START, 0.0, b"BYE")
    fired = bench.run()
    assert [at for at, name in fired if name == "E!"] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert fired[-1] == (32.0, "F?")


def test_other_client_in_proceeding_resends_each_t2_and_keeps_timer_f() -> None:
    bench = Bench(Kind.CLIENT)
    bench.tx.handle(T.START, 0.0, b"BYE")
    bench.tx.handle(T.RECEIVE_1XX, 1.0)
    fired = bench.run()
    assert fired[:2] == [(5.0, "E!"), (9.0, "E!")]
    assert fired[-1] == (32.0, "F?")


def test_a_repeated_request_before_any_response_is_absorbed() -> None:
    bench = Bench(Kind.SERVER)
    assert not bench.tx.handle(T.REQUEST, 0.1).send
    bench.tx.handle(T.SEND_FINAL, 0.2, b"404")
    assert bench.tx.handle(T.REQUEST, 0.3).send == b"404"
    assert bench.run() == [(32.2, "J")]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_timer_that_starts_is_known_in_its_state(kind: Kind) -> None:
    table = TRANSITIONS[kind]
    reached, todo = set(), [FIRST[kind]]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo += table.get(state, {}).values()
        assert all(trigger in table[state] for trigger, _, _ in TIMERS.get((kind, state), ()))
    assert reached == {*table, State.TERMINATED}
