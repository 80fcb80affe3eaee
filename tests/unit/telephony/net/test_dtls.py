from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.net.dtls import MTU, Handshake, Identity
from telephony.sip.sdes import SUITES

OURS, THEIRS = Identity(), Identity()


def prints(*identities: Identity) -> tuple[tuple[str, str], ...]:
    return tuple((one.fingerprint.split()[0], one.fingerprint.split()[1]) for one in identities)


def pair() -> tuple[Handshake, Handshake]:
    client = Handshake(OURS, prints(THEIRS), client=True)
    client.start()
    return client, Handshake(THEIRS, prints(OURS), client=False)


def exchange(client: Handshake, server: Handshake, rounds: int = 6) -> list[bytes]:
    """Carry datagrams to and fro; what went over the wire."""
    seen = []
    for _ in range(rounds):
        for sender, receiver in ((client, server), (server, client)):
            for datagram in list(sender.output()):
                seen.append(datagram)
                receiver.receive(datagram)
    return seen


def test_both_sides_come_to_the_same_keys_in_whole_records() -> None:
    client, server = pair()
    seen = exchange(client, server)
    assert client.keys is not None and server.keys is not None
    assert (client.keys.suite, client.keys.ours, client.keys.theirs) == (
        server.keys.suite,
        server.keys.theirs,
        server.keys.ours,
    )
    assert len(client.keys.ours) == SUITES[client.keys.suite] and client.timeout is server.timeout is None
    assert all(len(datagram) <= MTU and 20 <= datagram[0] <= 63 for datagram in seen)
    assert client.keys.ours.hex() not in repr(client.keys) and repr(client.keys.ours) not in repr(client.keys)


@pytest.mark.parametrize("lost", range(4))
def test_a_lost_datagram_is_repeated(lost: int) -> None:
    client, server = pair()
    number = 0
    for _ in range(20):
        for sender, receiver in ((client, server), (server, client)):
            for datagram in list(sender.output()):
                number += 1
                if number != lost + 1:
                    receiver.receive(datagram)
        if client.keys is not None and server.keys is not None:
            break
        waiting = [(one.timeout, one) for one in (client, server) if one.timeout is not None]
        pause, first = min(waiting, key=lambda item: item[0])
        time.sleep(pause + 0.01)  # OpenSSL keeps time itself: its first second has to pass
        first.on_timer()
    assert client.keys is not None and server.keys is not None


@pytest.mark.parametrize(
    ("fingerprints", "proven"),
    [
        (prints(THEIRS), True),
        (prints(OURS, THEIRS), True),
        (prints(OURS), False),
        ((), False),
        ((("sha-1", "00:11"),), False),
        ((("sha-512", "00:11"), *prints(THEIRS)), False),
    ],
)
def test_the_fingerprint_of_the_best_hash_decides(fingerprints: tuple[tuple[str, str], ...], proven: bool) -> None:
    client = Handshake(OURS, fingerprints, client=True)
    server = Handshake(THEIRS, prints(OURS), client=False)
    client.start()
    exchange(client, server)
    assert (client.keys is not None) is proven and (client.failed == "") is proven
    client.receive(b"\x16more")
    client.close()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_any_datagrams_are_taken(noise: list[bytes]) -> None:
    client, server = pair()
    for data in noise:
        server.receive(data)
        client.receive(b"\x16\xfe\xfd" + data)
    assert server.keys is None and client.keys is None
    exchange(client, server, 2)


def test_a_finished_one_answers_a_repeated_flight_and_says_good_bye() -> None:
    client, server = pair()
    seen = exchange(client, server)
    server.receive(seen[-2])
    client.receive(b"")
    client.close()
    assert list(client.output())
    server.on_timer()
    assert server.failed == ""
