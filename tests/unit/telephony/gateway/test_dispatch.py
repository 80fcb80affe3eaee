"""Every message finds the worker of its call, and frames cross between processes whole and in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from telephony.gateway.dispatch import (
    MAX_FRAME,
    MAX_WAITING,
    MESSAGE,
    Channel,
    Whereabouts,
    channel_pair,
    frame,
    owner,
    owns,
    unframe,
)
from telephony.sip.flow import Flow

FLOW = Flow("tls", "192.0.2.7", 5061, "203.0.113.1", 5061, 17, 2, "example.org", ("example.org",))


def invite(call_id: str, more: str = "", name: str = "Call-ID") -> bytes:
    return f"INVITE sip:a@b SIP/2.0\r\nVia: x\r\n{name}: {call_id}\r\n{more}Content-Length: 0\r\n\r\n".encode()


def test_requests_and_answers_of_a_call_go_to_one_worker() -> None:
    where = Whereabouts(4)
    expected = owner(b"abc@host", 4)
    for name in ("Call-ID", "call-id", "i", "I", "CALL-ID "):
        assert where.of(invite("abc@host", name=name)) == expected
    assert where.of(b"SIP/2.0 200 OK\r\ni:  abc@host  \r\n\r\n") == expected


def test_what_has_no_call_id_is_the_first_workers() -> None:
    assert Whereabouts(4).of(b"") == 0
    assert Whereabouts(4).of(b"\x00\xff garbage") == 0


def test_calls_spread_over_the_workers() -> None:
    where = Whereabouts(3)
    share = Counter(where.of(invite(f"{n:x}-{n * 7919:x}@phone")) for n in range(3000))
    assert sorted(share) == [0, 1, 2]
    assert min(share.values()) > 900


def test_an_invite_that_replaces_a_dialog_follows_it_for_good() -> None:
    where = Whereabouts(2)
    old = next(f"old{n}" for n in range(99) if owner(f"old{n}".encode(), 2) == 1)
    new = next(f"new{n}" for n in range(99) if owner(f"new{n}".encode(), 2) == 0)
    assert where.of(invite(new, f"Replaces: {old};to-tag=1;from-tag=2\r\n")) == 1
    assert where.of(b"ACK sip:a@b SIP/2.0\r\nCall-ID: " + new.encode() + b"\r\n\r\n") == 1
    third = next(f"third{n}" for n in range(99) if owner(f"third{n}".encode(), 2) == 0)
    assert where.of(invite(third, f"replaces: {new};to-tag=3;from-tag=4\r\n")) == 1


def test_the_table_of_moved_dialogs_has_an_end(monkeypatch: Any) -> None:
    monkeypatch.setattr("telephony.gateway.dispatch.MOST_MOVED", 10)
    where = Whereabouts(2)
    for n in range(200):
        where.of(invite(f"n{n}", f"Replaces: o{n};to-tag=1;from-tag=2\r\n"))
    for n in range(200):
        where.stays(f"m{n}".encode(), 1 - owner(f"m{n}".encode(), 2))
    assert len(where._asked) == len(where._moved) == 10


def test_a_flood_of_replaces_moves_no_call_that_stands(monkeypatch: Any) -> None:
    """Anybody may send an INVITE with Replaces, from any address; only a worker says that it took one."""
    monkeypatch.setattr("telephony.gateway.dispatch.MOST_MOVED", 10)
    where = Whereabouts(2)
    old = next(f"old{n}" for n in range(99) if owner(f"old{n}".encode(), 2) == 1)
    new = next(f"new{n}" for n in range(99) if owner(f"new{n}".encode(), 2) == 0)
    assert where.of(invite(new, f"Replaces: {old};to-tag=1;from-tag=2\r\n")) == 1
    where.stays(new.encode(), 1)
    for n in range(200):
        where.of(invite(f"n{n}", f"Replaces: o{n};to-tag=1;from-tag=2\r\n"))
    assert where.of(b"BYE sip:a@b SIP/2.0\r\nCall-ID: " + new.encode() + b"\r\n\r\n") == 1


def test_a_worker_knows_its_own_call_ids() -> None:
    for index in range(3):
        mine = owns(index, 3)
        for n in range(50):
            assert mine(f"id{n}") == (Whereabouts(3).of(invite(f"id{n}")) == index)


def test_a_frame_keeps_everything_of_a_flow() -> None:
    assert unframe(frame(MESSAGE, b"\x00data", FLOW)) == (MESSAGE, b"\x00data", FLOW)
    assert unframe(frame(MESSAGE, {"a": [1, "二"]})) == (MESSAGE, {"a": [1, "二"]}, None)


async def test_frames_cross_in_order_and_the_end_is_told() -> None:
    ours, theirs = channel_pair()
    heard: list[int] = []
    done, gone = asyncio.Event(), asyncio.Event()

    def hear(kind: int, body: Any, flow: Flow | None) -> None:
        heard.append(body)
        if len(heard) == 2000:
            done.set()

    sender = Channel(ours, lambda *_: None, lambda: None)
    receiver = Channel(theirs, hear, gone.set)
    for n in range(2000):
        sender.send(frame(MESSAGE, n))
    await asyncio.wait_for(done.wait(), 5)
    assert heard == list(range(2000))
    assert sender.dropped == 0
    sender.close()
    await asyncio.wait_for(gone.wait(), 5)
    receiver.send(frame(MESSAGE, 1))  # to nobody: without effect


async def test_a_frame_that_is_too_large_is_dropped_and_no_more_than_that() -> None:
    """A phone can register contacts that make such a one: it must not end the worker, nor be read by halves."""
    ours, theirs = channel_pair()
    heard: list[int] = []
    done, gone = asyncio.Event(), list[str]()

    def hear(kind: int, body: Any, flow: Flow | None) -> None:
        heard.append(len(body))
        done.set()

    sender = Channel(ours, lambda *_: None, lambda: gone.append("sender"))
    receiver = Channel(theirs, hear, lambda: gone.append("receiver"))
    for size in (MAX_FRAME, 16 << 20, 1):
        sender.send(frame(MESSAGE, bytes(size)))
    await asyncio.wait_for(done.wait(), 5)
    assert (heard, gone, sender.dropped) == ([1], [], 2)
    sender.close()
    receiver.close()


async def test_a_worker_that_hangs_costs_bounded_memory() -> None:
    ours, theirs = channel_pair()
    sender = Channel(ours, lambda *_: None, lambda: None)
    for _ in range(3 * MAX_WAITING):
        sender.send(frame(MESSAGE, bytes(2000)))
    assert sender.dropped > 0
    assert len(sender._waiting) == MAX_WAITING
    sender.close()
    theirs.close()
