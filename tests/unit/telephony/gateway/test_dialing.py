"""Who may dial out and what becomes of it: phones that ring together, rules, limits, cut-off, and no way past them."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import pytest

from telephony.gateway.destinations import better
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.toll_guard import SLICE, Alarm, TollGuard
from telephony.leg import Answered, DialOptions, EndCause, Ended, Party, Ringing
from telephony.sip.digest import Account
from telephony.sip.numbers import NumberClass
from telephony.sip.outbound import Limit, Policy, Rule
from telephony.sip.tolls import Ceiling, Full, MemoryCounters
from telephony.sip.trunk import Health, RegistrationOptions, TrunkOptions
from tests.unit.telephony.gateway.nodes import Ear, Node, node, wait_for

ANN = Party("+4930111", "Ann")
NUMBER = "+4930901820"
PREMIUM = "+499001234567"
OPEN = ("127.0.0.0/8",)
FLOW = DialOptions(payer="flow:hotline")
NATIONAL = Rule("national", ("flow:hotline",), ("*",), frozenset({NumberClass.NATIONAL}))


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.05)


class Clock:
    def __init__(self) -> None:
        self.now = 1_772_000_000.0

    def __call__(self) -> float:
        return self.now


def guarded(*limits: Limit, rules: tuple[Rule, ...] = (NATIONAL,), clock: Callable[[], float] | None = None) -> TollGuard:
    prices = {NumberClass.NATIONAL: 0.6}
    return TollGuard(Policy(rules, limits, region="DE", prices=prices), clock or Clock())


class House:
    """A gateway with a guard, and the carrier behind it."""

    def __init__(self, here: Node, carrier: Node, guard: TollGuard) -> None:
        self.here, self.carrier, self.guard = here, carrier, guard

    async def call(self, target: str = NUMBER, options: DialOptions = FLOW) -> Ear:
        ear = Ear(self.here.gateway.dial(target, ANN, options=options))
        await wait_for(lambda: any(isinstance(one, Answered | Ended) for one in ear.events))
        return ear

    async def refused(self, target: str = NUMBER, options: DialOptions = FLOW) -> str:
        ended = (await self.call(target, options)).events[-1]
        assert isinstance(ended, Ended)
        assert ended.cause is EndCause.DECLINED
        return ended.detail


async def house(stack: AsyncExitStack, guard: TollGuard, **settings: object) -> House:
    carrier = await stack.enter_async_context(node("127.0.0.2", trusted_networks=OPEN))
    trunk = TrunkOptions("carrier", hosts=(carrier.uri(),), health=Health(interval=0))
    here = await stack.enter_async_context(node(trunks=(trunk,), guard=guard, **settings))  # type: ignore[arg-type]
    return House(here, carrier, guard)


async def test_only_who_has_a_rule_calls_and_only_where_it_leads() -> None:
    async with AsyncExitStack() as stack:
        one = await house(stack, guarded())
        assert isinstance((await one.call("030 901820")).events[-1], Answered)
        assert one.carrier.legs[0].callee.user == NUMBER
        assert "no outbound rule allows flow:hotline premium" in await one.refused(PREMIUM)
        assert "no outbound rule allows agent:x" in await one.refused(NUMBER, DialOptions(payer="agent:x"))
        assert "nobody in particular" in await one.refused(NUMBER, DialOptions())
        assert "sip calls" in await one.refused("sip:1@192.0.2.1")
        assert len(one.carrier.legs) == 1
        assert one.guard.refused == {"no rule": 4}


async def test_a_uri_at_a_carriers_host_is_a_call_to_a_number() -> None:
    """Else a rule for hosts would reach premium numbers by way of the carrier's own address."""
    async with AsyncExitStack() as stack:
        hosts = Rule("everywhere", hosts=("*",))
        one = await house(stack, guarded(rules=(hosts,)))
        assert "premium" in await one.refused(f"sip:{PREMIUM}@127.0.0.2:{one.carrier.port}")
        for host in ("maddr", "127.0.0.2.", "[::ffff:127.0.0.2]", "[::FFFF:7f00:2]"):
            spelled = f"192.0.2.1:{one.carrier.port};maddr=127.0.0.2" if host == "maddr" else f"{host}:{one.carrier.port}"
            assert "premium" in await one.refused(f"sip:{PREMIUM}@{spelled}"), host
        assert one.carrier.legs == []


async def test_a_rule_for_a_host_is_about_where_the_call_really_goes() -> None:
    """`maddr` sends it elsewhere (RFC 3261 §19.1.1): then the rule for the host that is only named does not allow it."""
    async with AsyncExitStack() as stack:
        one = await house(stack, guarded(rules=(Rule("partner", hosts=("partner.example",)),)))
        elsewhere = await stack.enter_async_context(node("127.0.0.3", trusted_networks=OPEN))
        assert "sip calls" in await one.refused(f"sip:x@partner.example:{elsewhere.port};maddr=127.0.0.3")
        assert elsewhere.legs == []


async def test_a_limit_of_calls_holds_and_its_place_comes_free() -> None:
    alarms: list[Alarm] = []
    async with AsyncExitStack() as stack:
        one = await house(stack, guarded(Limit("few", ("flow:*",), concurrent=1)))
        one.guard.hooks.append(alarms.append)
        first = one.here.gateway.dial(NUMBER, ANN, options=FLOW)
        await Ear(first).until(Answered)
        assert "concurrent" in await one.refused()
        assert "concurrent" in await one.refused()
        assert [(alarm.what, alarm.blocked) for alarm in alarms] == [("concurrent", False)], "told once a minute"
        first.hang_up()
        await wait_for(lambda: one.guard.calls == 0)
        assert isinstance((await one.call()).events[-1], Answered)


async def test_a_call_that_fails_gives_its_place_back() -> None:
    async with AsyncExitStack() as stack:
        one = await house(stack, guarded(Limit("few", ("flow:*",), concurrent=1), Limit("line", ("trunk:*",), concurrent=1)))
        one.carrier.on_call = lambda leg: leg.hang_up(EndCause.BUSY, 486)
        for _ in range(3):
            ended = (await one.call()).events[-1]
            assert isinstance(ended, Ended)
            assert ended.cause is EndCause.BUSY
            await wait_for(lambda: one.guard.calls == 0)


async def test_who_burns_a_days_budget_is_cut_off_and_blocked_until_an_operator_comes() -> None:
    clock, alarms = Clock(), list[Alarm]()
    async with AsyncExitStack() as stack:
        one = await house(stack, guarded(Limit("day", ("flow:*",), money_per_day=2 * 0.06 * 2), clock=clock))
        one.guard.hooks.append(alarms.append)
        ears = [await one.call(), await one.call()]
        await wait_for(lambda: one.guard.spent["national"] == 2 * SLICE)
        clock.now += SLICE
        await one.guard.tick()
        assert one.guard.spent["national"] == 4 * SLICE
        clock.now += SLICE
        await one.guard.tick()
        for ear in ears:
            assert (await ear.until(Ended)).cause is EndCause.RELEASED
        assert [(alarm.subject, alarm.what, alarm.blocked) for alarm in alarms] == [("flow:hotline", "money_per_day", True)]
        assert await one.guard.blocked() == {"flow:hotline": "money_per_day of day|flow:hotline"}
        assert "blocked" in await one.refused()
        assert await one.guard.unblock("flow:hotline")
        assert isinstance((await one.call()).events[-1], Answered)


async def test_time_that_was_paid_and_not_used_is_given_back() -> None:
    clock = Clock()
    async with AsyncExitStack() as stack:
        one = await house(stack, guarded(Limit("day", ("flow:*",), minutes_per_day=2 * SLICE / 60), clock=clock))
        for _ in range(6):
            leg = one.here.gateway.dial(NUMBER, ANN, options=FLOW)
            await Ear(leg).until(Answered)
            await asyncio.sleep(0.02)
            clock.now += 1
            leg.hang_up()
            await wait_for(lambda: one.guard.calls == 0)


async def test_an_operator_ends_and_blocks_a_payer_at_once() -> None:
    async with AsyncExitStack() as stack:
        one = await house(stack, guarded())
        ear = await one.call()
        await asyncio.sleep(0.02)
        await one.guard.block("flow:hotline")
        await ear.until(Ended)
        assert "blocked" in await one.refused()


async def test_a_call_given_up_while_the_guard_still_thinks_is_never_made() -> None:
    async with AsyncExitStack() as stack:
        one = await house(stack, guarded())
        leg = one.here.gateway.dial(NUMBER, ANN, options=FLOW)
        leg.hang_up(EndCause.CANCELLED)
        await asyncio.sleep(0.05)
        assert (one.carrier.legs, one.guard.calls) == ([], 0)


async def test_a_call_that_nobody_answers_is_given_up_in_time() -> None:
    async with AsyncExitStack() as stack:
        one = await house(stack, guarded())
        one.carrier.on_call = lambda leg: leg.ring()
        ear = await one.call(options=DialOptions(payer="flow:hotline", ring_timeout=0.1))
        ended = ear.events[-1]
        assert isinstance(ended, Ended)
        assert ended.cause is EndCause.NO_ANSWER
        assert isinstance(ear.events[0], Ringing)


USERS = {"desk": Account("desk", "secret")}


async def phones(stack: AsyncExitStack, here: Node, *hosts: str) -> list[Node]:
    """Phones that registered as `desk`: gateways of ours, with the house as their trunk."""
    made = []
    for host in hosts:
        registration = RegistrationOptions((f"sip:127.0.0.1:{here.port}",), "desk", 60)
        line = TrunkOptions("house", account=USERS["desk"], registration=registration, health=Health(interval=0))
        phone = await stack.enter_async_context(node(host, trunks=(line,)))
        await wait_for(lambda phone=phone: registered(phone))  # type: ignore[misc]
        made.append(phone)
    return made


def registered(phone: Node) -> bool:
    line = phone.gateway.trunks["house"].registration
    return line is not None and line.registered


def rings(phone: Node) -> None:
    phone.on_call = lambda leg: leg.ring()


def answers_soon(phone: Node) -> None:
    def ring(leg: SipLeg) -> None:
        leg.ring()
        asyncio.get_running_loop().call_later(0.05, leg.answer)

    phone.on_call = ring


def refuses(phone: Node, status: int) -> None:
    phone.on_call = lambda leg: leg.hang_up(EndCause.BUSY, status)


def ends(phone: Node) -> list[EndCause]:
    return [event.cause for ear in phone.ears for event in ear.events if isinstance(event, Ended)]


async def test_every_phone_of_a_user_rings_and_the_first_to_answer_has_the_call() -> None:
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(node(credentials=USERS.get, guard=guarded(rules=())))
        left, right = await phones(stack, here, "127.0.0.2", "127.0.0.3")
        rings(left)
        answers_soon(right)
        leg = here.gateway.dial("desk", ANN)
        await Ear(leg).until(Answered)
        await wait_for(lambda: ends(left) == [EndCause.CANCELLED])
        assert len(here.gateway.legs) == 1
        leg.hang_up()
        await wait_for(lambda: ends(right) == [EndCause.HUNG_UP])


async def test_giving_up_stops_every_phone() -> None:
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(node(credentials=USERS.get))
        both = await phones(stack, here, "127.0.0.2", "127.0.0.3")
        for phone in both:
            rings(phone)
        leg = here.gateway.dial("desk", ANN)
        ear = Ear(leg)
        await wait_for(lambda: all(phone.legs for phone in both))
        await ear.until(Ringing)
        leg.hang_up(EndCause.CANCELLED)
        await wait_for(lambda: all(ends(phone) == [EndCause.CANCELLED] for phone in both))
        assert here.gateway.legs == []


async def test_one_phone_that_is_busy_leaves_the_other_ringing_and_a_decline_ends_all() -> None:
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(node(credentials=USERS.get))
        left, right = await phones(stack, here, "127.0.0.2", "127.0.0.3")
        refuses(left, 486)
        answers_soon(right)
        await Ear(here.gateway.dial("sip:desk@hotline", ANN)).until(Answered)
        rings(right)
        refuses(left, 603)
        ended = await Ear(here.gateway.dial("desk", ANN)).until(Ended)
        assert ended.cause is EndCause.DECLINED
        await wait_for(lambda: EndCause.CANCELLED in ends(right))


def test_the_failure_that_is_reported() -> None:
    """RFC 3261 §16.7 item 6."""
    assert better((0, ""), (404, "x")) == (404, "x")
    assert better((503, "a"), (486, "b")) == (486, "b")
    assert better((486, "b"), (603, "c")) == (603, "c")
    assert better((408, "silence"), (480, "away")) == (480, "away")
    assert better((486, "first"), (404, "second")) == (486, "first")


async def test_no_stranger_reaches_a_trunk() -> None:
    """No open relay: whatever an unauthenticated INVITE or REFER names, nothing comes to the carrier."""
    async with AsyncExitStack() as stack:
        everything = Rule("everything", numbers=("*",), hosts=("*",))
        one = await house(stack, guarded(rules=(everything,)), credentials=USERS.get)
        here = one.here
        for first, more in _attacks(one.carrier.port, here.port):
            assert await _send(here.port, first, more) in range(400, 600), (first, more)
        await asyncio.sleep(0.1)
        assert (one.carrier.legs, here.legs, here.gateway.calls) == ([], [], 0)


def _attacks(carrier: int, here: int) -> list[tuple[str, str]]:
    ours = f"127.0.0.1:{here}"
    route = f"Route: <sip:127.0.0.2:{carrier};lr>\r\n"
    return [
        (f"INVITE sip:{PREMIUM}@{ours}", ""),
        (f"INVITE tel:{PREMIUM}", ""),
        (f"INVITE sip:{NUMBER}@127.0.0.2:{carrier}", ""),
        (f"INVITE sip:{NUMBER}@{ours}", route),
        (f"INVITE sip:{NUMBER}@127.0.0.2:{carrier};maddr=127.0.0.2", route),
        (f"INVITE sip:{NUMBER}@{ours}", "Replaces: x;to-tag=a;from-tag=b\r\nRequire: replaces\r\n"),
        (f"INVITE sip:{NUMBER}@{ours}", "P-Asserted-Identity: <sip:desk@hotline>\r\nAuthorization: Digest realm=x\r\n"),
        (f"REFER sip:{NUMBER}@{ours}", f"Refer-To: <sip:{PREMIUM}@127.0.0.2:{carrier}>\r\n"),
        (f"REFER sip:desk@{ours}", f"Refer-To: <tel:{PREMIUM}>\r\n"),
        (f"BYE sip:{NUMBER}@{ours}", route),
        (f"MESSAGE sip:{NUMBER}@127.0.0.2:{carrier}", route),
    ]


async def _send(port: int, first: str, more: str) -> int:
    """Send one request from an address of nobody and return its final status."""
    method, target = first.split()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.66", 0))
        stranger.setblocking(False)
        own, mark = f"127.0.0.66:{stranger.getsockname()[1]}", secrets.token_hex(4)
        text = (
            f"{first} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{mark};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:thief@{own}>;tag=t\r\nTo: <{target}>\r\nCall-ID: {mark}\r\nCSeq: 1 {method}\r\n"
            f"Contact: <sip:thief@{own}>\r\n{more}Content-Length: 0\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(stranger, text.encode(), ("127.0.0.1", port))
        async with asyncio.timeout(3):
            while (status := int((await loop.sock_recv(stranger, 65536)).split()[1])) < 200:
                pass
        return status


class Elsewhere(MemoryCounters):
    """Counters whose store can go away."""

    away = False

    async def charge(
        self, call: str, ceilings: Sequence[Ceiling], seconds: int, money: int, now: float, day: str
    ) -> Full | None:
        if self.away:
            raise ConnectionError("gone")
        return await super().charge(call, ceilings, seconds, money, now, day)

    async def enter(self, call: str, ceilings: Sequence[Ceiling], now: float, day: str) -> Full | None:
        if self.away:
            raise ConnectionError("gone")
        return await super().enter(call, ceilings, now, day)


async def test_without_its_counters_no_call_begins_and_running_ones_go_on() -> None:
    """And what was not paid is not given back."""
    clock, counters = Clock(), Elsewhere()
    limit = Limit("day", ("flow:*",), minutes_per_day=1)
    async with AsyncExitStack() as stack:
        guard = TollGuard(Policy((NATIONAL,), (limit,), region="DE"), clock, counters)
        one = await house(stack, guard)
        ear = await one.call()
        await wait_for(lambda: guard.spent["national"] == SLICE)
        counters.away = True
        clock.now += SLICE
        await guard.tick()
        assert not any(isinstance(event, Ended) for event in ear.events)
        assert "counters cannot be asked" in await one.refused()
        counters.away = False
        one.carrier.legs[0].hang_up()
        await wait_for(lambda: guard.calls == 0)
        assert counters._counts["day|flow:hotline"].seconds == SLICE


async def test_whom_another_node_has_blocked_is_cut_off_here_too() -> None:
    async with AsyncExitStack() as stack:
        counters = MemoryCounters()
        guard = TollGuard(Policy((NATIONAL,), region="DE"), Clock(), counters)
        one = await house(stack, guard)
        ear = await one.call()
        await asyncio.sleep(0.02)
        await counters.block("trunk:carrier", "by another node")
        await guard.tick()
        await ear.until(Ended)
        assert "trunk:carrier: blocked" in (await one.refused())
