from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest

from telephony.errors import PortsExhausted, TransportError
from telephony.media.rtp import compose
from telephony.net.rtp_socket import STRANGER_WAIT, TRIAL, RtpPorts, RtpSocket
from telephony.net.ticker import Ticker


def rtp(number: int) -> bytes:
    return compose(0, False, number, number * 160, 9, bytes([number]) * 160)


def far_end(host: str = "127.0.0.1") -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host, 0))
    made.settimeout(2)
    return made


class Leg:
    """One open port, and what came of it; `now` is the test's."""

    def __init__(self, ticker: Ticker, host: str = "127.0.0.1") -> None:
        self.ticker = ticker
        self.got: list[int] = []
        self.ports = RtpPorts(host, 20000, 60000, ticker)
        self.socket: RtpSocket = self.ports.open(lambda data, now: self.got.append(data[12]))
        self.now = 50.0

    def hear(self, sender: socket.socket, number: int, data: bytes | None = None) -> None:
        """`sender` sends packet `number`, and the port is read until nothing is left."""
        host = "127.0.0.1" if self.socket.host == "0.0.0.0" else self.socket.host
        sender.sendto(rtp(number) if data is None else data, (host, self.socket.port))
        self.ticker._drain(self.now, 5)


@pytest.fixture
async def ticker() -> AsyncIterator[Ticker]:
    made = Ticker()
    yield made
    await made.close()


@pytest.fixture
async def leg(ticker: Ticker) -> AsyncIterator[Leg]:
    made = Leg(ticker)
    yield made
    made.socket.close()


async def test_ports_are_even_used_once_and_come_back(ticker: Ticker) -> None:
    with far_end() as probe:
        base = probe.getsockname()[1] & ~1
    ports = RtpPorts("127.0.0.1", base + 1, base + 9, ticker)
    opened: list[RtpSocket] = []
    with pytest.raises(PortsExhausted):
        for _ in range(9):
            opened.append(ports.open(lambda data, now: None))
    numbers = [each.port for each in opened]
    assert numbers
    assert all(port % 2 == 0 for port in numbers)
    assert len(set(numbers)) == len(numbers) <= 4
    opened[0].close()
    opened[0].close()
    again = ports.open(lambda data, now: None)
    assert again.port == numbers[0]
    for each in (*opened, again):
        each.close()
    assert ports.free == 4


async def test_an_empty_range_and_a_foreign_host_are_named(ticker: Ticker) -> None:
    with pytest.raises(PortsExhausted):
        RtpPorts("127.0.0.1", 7, 7, ticker).open(lambda data, now: None)
    with pytest.raises(TransportError):
        RtpPorts("192.0.2.1", 20000, 20010, ticker).open(lambda data, now: None)


async def test_the_signalled_address_is_latched_at_once_and_strangers_are_kept_out(leg: Leg) -> None:
    with far_end() as phone, far_end("127.0.0.9") as stranger:
        leg.socket.aim(*phone.getsockname())
        leg.socket.send(b"first")
        assert phone.recv(99) == b"first"
        leg.hear(phone, 1)
        assert leg.socket.source == phone.getsockname()
        leg.now += 60
        leg.hear(stranger, 2)
        leg.hear(phone, 3)
        assert leg.got == [1, 3]
        leg.socket.send(b"second")
        assert phone.recv(99) == b"second"


async def test_who_sends_first_from_elsewhere_cannot_capture_the_leg(leg: Leg) -> None:
    with far_end() as phone, far_end("127.0.0.9") as attacker:
        leg.socket.aim(*phone.getsockname())
        for _ in range(5):
            leg.hear(attacker, 6)
            leg.now += 0.02
        leg.hear(phone, 1)
        leg.now += 60
        leg.hear(attacker, 6)
        assert leg.got == [1]
        assert leg.socket.strangers >= 5
        assert leg.socket.source == phone.getsockname()


async def test_behind_a_nat_another_host_is_taken_after_a_silence(leg: Leg) -> None:
    with far_end("127.0.0.9") as phone:
        leg.socket.aim("127.0.0.44", 4444)
        leg.hear(phone, 1)
        leg.now += STRANGER_WAIT
        leg.hear(phone, 2)
        leg.socket.send(b"hello")
        assert leg.got == [2]
        assert phone.recv(99) == b"hello"


async def test_the_signalled_address_takes_its_leg_back_while_on_trial(leg: Leg) -> None:
    with far_end() as phone, far_end("127.0.0.9") as attacker:
        leg.socket.aim(*phone.getsockname())
        leg.hear(attacker, 6)
        leg.now += STRANGER_WAIT
        leg.hear(attacker, 7)
        leg.hear(phone, 1)
        leg.hear(attacker, 8)
        assert leg.got == [7, 1]
        assert leg.socket.source == phone.getsockname()


async def test_another_port_of_the_signalled_host_is_taken_at_once_and_held_after_the_trial(leg: Leg) -> None:
    with far_end() as phone, far_end() as late:
        leg.socket.aim(*late.getsockname())
        leg.hear(phone, 1)
        leg.now += TRIAL
        leg.hear(phone, 2)
        leg.hear(late, 3)
        assert leg.got == [1, 2]


async def test_only_rtp_latches(leg: Leg) -> None:
    with far_end() as phone:
        leg.socket.aim(*phone.getsockname())
        leg.hear(phone, 0, b"\x00\x01" + bytes(40))
        assert leg.socket.source is None
        assert leg.got == []


async def test_nothing_is_heard_or_sent_before_the_far_end_is_known(leg: Leg) -> None:
    with far_end() as phone:
        leg.hear(phone, 1)
        leg.socket.send(b"x")
        assert leg.got == []
        assert leg.socket.errors == 0


async def test_a_moved_far_end_is_found_again(leg: Leg) -> None:
    with far_end() as phone, far_end("127.0.0.9") as moved:
        leg.socket.aim(*phone.getsockname())
        leg.hear(phone, 1)
        leg.socket.aim(*phone.getsockname())
        assert leg.socket.source == phone.getsockname()
        leg.socket.aim(*moved.getsockname())
        leg.socket.send(b"early")
        assert moved.recv(99) == b"early"
        leg.hear(moved, 2)
        leg.hear(phone, 3)
        assert leg.got == [1, 2]


async def test_relatch_finds_a_new_source_behind_the_same_signalled_address(leg: Leg) -> None:
    with far_end() as phone, far_end() as rebound:
        leg.socket.aim(*phone.getsockname())
        leg.hear(phone, 1)
        leg.socket.relatch()
        leg.hear(rebound, 2)
        assert leg.got == [1, 2]
        assert leg.socket.source == rebound.getsockname()


async def test_hold_by_the_unspecified_address_changes_nothing(leg: Leg) -> None:
    with far_end() as phone:
        leg.socket.aim(*phone.getsockname())
        leg.hear(phone, 1)
        leg.socket.aim("0.0.0.0", 4000)
        leg.socket.aim("127.0.0.1", 0)
        assert leg.socket.source == phone.getsockname()


async def test_an_address_that_cannot_be_reached_is_named(leg: Leg) -> None:
    with pytest.raises(TransportError):
        leg.socket.aim("phone.example", 4000)
    with pytest.raises(TransportError):
        leg.socket.aim("::1", 4000)


async def test_a_far_end_that_is_gone_is_counted_and_harmless(leg: Leg) -> None:
    phone = far_end()
    leg.socket.aim(*phone.getsockname())
    leg.hear(phone, 1)
    phone.close()
    for _ in range(4):
        leg.socket.send(rtp(1))
        leg.ticker._drain(leg.now, 2)
    assert leg.socket.errors > 0
    leg.socket.close()
    leg.socket.send(b"x")
    leg.socket.relatch()
    assert leg.got == [1]


async def test_a_wildcard_socket_is_held_without_being_connected(ticker: Ticker) -> None:
    leg = Leg(ticker, "0.0.0.0")
    with far_end() as phone, far_end("127.0.0.9") as stranger:
        leg.socket.aim(*phone.getsockname())
        leg.hear(phone, 1)
        leg.now += 60
        leg.hear(stranger, 2)
        leg.hear(phone, 3)
        leg.socket.send(b"back")
        assert phone.recv(99) == b"back"
    leg.socket.close()
    assert leg.got == [1, 3]


async def test_ipv6(ticker: Ticker) -> None:
    try:
        phone = far_end("::1")
    except OSError:
        pytest.skip("no IPv6 loopback here")
    leg = Leg(ticker, "::1")
    with phone:
        leg.socket.aim("0:0:0:0:0:0:0:1", phone.getsockname()[1])
        leg.hear(phone, 1)
        leg.hear(phone, 2)
        leg.socket.send(b"six")
        assert phone.recv(99) == b"six"
    leg.socket.close()
    assert leg.got == [1, 2]


def opened(data: bytes, source: tuple[str, int], now: float) -> bytes | None:
    """A guard whose key is the octet "k" in front."""
    return data[1:] if data[:1] == b"k" else None


def sealed(number: int) -> bytes:
    return b"k" + rtp(number)


async def test_a_sealed_port_follows_no_packet_that_its_guard_refuses(leg: Leg) -> None:
    with far_end() as phone, far_end() as thief, far_end("127.0.0.2") as moved:
        leg.socket.seal(lambda data: b"k" + data, opened)
        leg.socket.aim(*phone.getsockname())
        leg.hear(thief, 1)
        leg.now += STRANGER_WAIT * 2
        leg.hear(thief, 2)
        assert leg.got == [] and leg.socket.source is None
        leg.hear(moved, 3, sealed(3))
        assert leg.got == [3] and leg.socket.source == moved.getsockname(), "who holds the key is the far end at once"
        leg.socket.send(rtp(4))
        assert moved.recv(999) == sealed(4)
        leg.hear(phone, 5)
        assert leg.socket.source == moved.getsockname(), "not even the signalled address without the key"
        leg.hear(phone, 6, sealed(6))
        assert leg.got == [3, 6] and leg.socket.source == phone.getsockname()
        leg.hear(phone, 7)
        leg.hear(phone, 8, sealed(8))
        assert leg.got == [3, 6, 8], "the guard stands once the socket is connected, too"
        leg.socket.send(rtp(9))
        assert phone.recv(999) == sealed(9)
        leg.socket.seal(None, None)
        leg.socket.send(rtp(10))
        leg.hear(phone, 11)
        assert phone.recv(999) == rtp(10) and leg.got[-1] == 11


async def test_what_cannot_be_sealed_is_not_sent(leg: Leg) -> None:
    with far_end() as phone:
        leg.socket.aim(*phone.getsockname())
        leg.socket.seal(lambda data: None, opened)
        leg.socket.send(rtp(1))
        leg.hear(phone, 2, sealed(2))
        leg.socket.send(rtp(3))
        leg.socket.send_bare(b"bare")
        assert phone.recv(999) == b"bare"


async def test_a_roaming_port_goes_where_it_is_told_and_nowhere_else(leg: Leg) -> None:
    with far_end() as first, far_end() as second:
        leg.socket.aim(*first.getsockname())
        leg.hear(first, 1)
        leg.socket.roam(second.getsockname())
        leg.hear(first, 2)
        leg.hear(second, 3)
        assert leg.got == [1, 3] and leg.socket.strangers == 1
        leg.socket.send(rtp(4))
        assert second.recv(999) == rtp(4)
        leg.socket.roam(None)
        leg.hear(first, 5)
        assert leg.got == [1, 3, 5]
        leg.socket.send_bare(b"back", second.getsockname())
