"""Trunks on loopback: a carrier with digest, one that is full, one that is silent, and calls that come over each."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from telephony.gateway.trunks import TrunkChanged, options_request
from telephony.leg import Answered, DialOptions, DtmfReceived, EndCause, Ended, Party
from telephony.sip.digest import Account
from telephony.sip.flow import Flow
from telephony.sip.grammar import Uri
from telephony.sip.keying import Srtp
from telephony.sip.message import Headers, Request
from telephony.sip.trunk import (
    CallerFrom,
    CallerId,
    Health,
    RegistrationOptions,
    TrunkLimits,
    TrunkOptions,
    TrunkState,
)
from tests.unit.telephony.gateway.nodes import Ear, Node, node, wait_for

ANN = Party("+4930111", "Ann")
NUMBER = "+4930901820"
QUIET = Health(interval=0)
OPEN = ("127.0.0.0/8",)


def trunk(name: str, *hosts: str, health: Health = QUIET, **more: object) -> TrunkOptions:
    return TrunkOptions(name, hosts=hosts, health=health, **more)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.05)
    monkeypatch.setattr("telephony.gateway.trunks.FAREWELL", 0.3)


@pytest.fixture
def nobody() -> Iterator[str]:
    """The URI of a port where messages arrive and nothing answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield f"sip:127.0.0.1:{silent.getsockname()[1]}"


def full(carrier: Node, status: int = 503) -> None:
    carrier.on_call = lambda leg: leg.hang_up(EndCause.FAILED, status)


async def test_a_call_over_a_carrier_with_digest_shows_what_its_policy_says() -> None:
    accounts = {"acct": Account("acct", "secret")}
    policy = CallerId(CallerFrom.CALLER, "+4930999", assert_identity=True)
    async with node("127.0.0.2", credentials=accounts.get) as carrier:
        one = trunk("carrier", carrier.uri(), account=accounts["acct"], caller_id=policy, add_headers={"X-Tenant": "7"})
        async with node(trunks=(one,)) as here:
            options = DialOptions(diversions=(Party("+4930333"),), user_to_user="Hi")
            leg = here.gateway.dial(NUMBER, ANN, options=options)
            await Ear(leg).until(Answered)
            far = carrier.legs[0]
            headers = far.call.invite.headers if far.call is not None else Headers()
            assert (far.callee.user, headers.get("x-tenant")) == (NUMBER, "7")
            assert headers.get("from").startswith('"Ann" <sip:+4930111@127.0.0.1>')
            assert headers.get("p-asserted-identity") == '"Ann" <sip:+4930111@127.0.0.1>'
            assert headers.get("diversion").startswith("<sip:+4930333@127.0.0.2>")
            assert [one.user for one in far.info.diversions] == ["+4930333"]
            assert far.info.asserted is None, "the carrier was proved nothing but a password"
            assert leg.info.trunk == "carrier"
            assert here.gateway.trunks["carrier"].calls_out == 1
            leg.hang_up()
            assert here.gateway.trunks["carrier"].calls_out == 0


async def test_a_trunk_may_be_left_to_make_the_offer() -> None:
    accounts = {"acct": Account("acct", "secret")}
    async with node("127.0.0.2", credentials=accounts.get) as carrier:
        one = trunk("carrier", carrier.uri(), account=accounts["acct"], delayed_offer=True)
        async with node(trunks=(one,)) as here:
            leg = here.gateway.dial(NUMBER, ANN)
            ear = Ear(leg)
            await ear.until(Answered)
            far = carrier.legs[0]
            assert far.call is not None and not far.call.invite.body
            assert leg.media.codec is far.media.codec
            far.send_digits("7")
            assert (await ear.until(DtmfReceived)).digit == "7"
            leg.send_digits("8")
            assert (await carrier.ears[0].until(DtmfReceived)).digit == "8"
            leg.hang_up()
            await carrier.ears[0].until(Ended)


async def test_an_offer_that_does_not_suit_ends_the_call() -> None:
    async with node("127.0.0.2", trusted_networks=OPEN) as carrier:
        one = trunk("carrier", carrier.uri(), delayed_offer=True, srtp=Srtp("required"))
        async with node(trunks=(one,)) as here:
            leg = here.gateway.dial(NUMBER, ANN)
            assert (await Ear(leg).until(Ended)).cause is EndCause.FAILED
            await carrier.ears[0].until(Ended)


async def test_a_wrong_password_is_no_reason_to_try_the_next_trunk() -> None:
    async with (
        node("127.0.0.2", credentials={"acct": Account("acct", "secret")}.get) as carrier,
        node("127.0.0.3", trusted_networks=OPEN) as other,
    ):
        trunks = (trunk("a", carrier.uri(), account=Account("acct", "wrong"), priority=1), trunk("b", other.uri(), priority=2))
        async with node(trunks=trunks) as here:
            ended = await Ear(here.gateway.dial(NUMBER, ANN)).until(Ended)
            assert (ended.cause, ended.detail[:3], other.legs) == (EndCause.FAILED, "401", [])


async def test_the_next_trunk_is_tried_after_503_and_the_first_is_degraded() -> None:
    async with node("127.0.0.2", trusted_networks=OPEN) as one, node("127.0.0.3", trusted_networks=OPEN) as two:
        full(one)
        async with node(trunks=(trunk("one", one.uri(), priority=1), trunk("two", two.uri(), priority=2))) as here:
            leg = here.gateway.dial(f"tel:{NUMBER}", ANN)
            await Ear(leg).until(Answered)
            assert (len(one.legs), len(two.legs), leg.info.trunk) == (1, 1, "two")
            trunks = here.gateway.trunks
            assert trunks["one"].vitals.state is TrunkState.DEGRADED
            assert (trunks["one"].calls_out, trunks["two"].calls_out) == (0, 1)


async def test_the_next_host_is_tried_where_nothing_answers(nobody: str) -> None:
    async with (
        node("127.0.0.3", trusted_networks=OPEN) as two,
        node(trunks=(trunk("t", nobody, two.uri(), patience=0.2),)) as here,
    ):
        leg = here.gateway.dial(NUMBER, ANN)
        await Ear(leg).until(Answered)
        assert len(two.legs) == 1


async def test_a_busy_number_is_busy_over_any_trunk() -> None:
    async with node("127.0.0.2", trusted_networks=OPEN) as one, node("127.0.0.3", trusted_networks=OPEN) as two:
        full(one, 486)
        async with node(trunks=(trunk("one", one.uri(), priority=1), trunk("two", two.uri(), priority=2))) as here:
            assert (await Ear(here.gateway.dial(NUMBER, ANN)).until(Ended)).cause is EndCause.BUSY
            assert two.legs == []
            assert here.gateway.trunks["one"].vitals.state is TrunkState.UP, "a busy callee says nothing ill of the trunk"


async def test_nobody_is_rung_twice() -> None:
    """A trunk that fails after somebody was alerted is not followed by the next: the phone would ring again."""

    def ring_and_fail(leg: object) -> None:
        one.legs[-1].ring()
        asyncio.get_running_loop().call_later(0.05, full_now)

    def full_now() -> None:
        one.legs[-1].hang_up(EndCause.FAILED, 503)

    async with node("127.0.0.2", trusted_networks=OPEN) as one, node("127.0.0.3", trusted_networks=OPEN) as two:
        one.on_call = ring_and_fail
        async with node(trunks=(trunk("one", one.uri(), priority=1), trunk("two", two.uri(), priority=2))) as here:
            assert (await Ear(here.gateway.dial(NUMBER, ANN)).until(Ended)).cause is EndCause.UNREACHABLE
            assert two.legs == []


async def test_a_trunk_takes_no_more_calls_than_it_may() -> None:
    limits = TrunkLimits(calls_out=1)
    async with node("127.0.0.2", trusted_networks=OPEN) as one:
        t = trunk("t", one.uri(), limits=limits)
        async with node(trunks=(t,)) as here:
            first = here.gateway.dial(NUMBER, ANN)
            await Ear(first).until(Answered)
            second = await Ear(here.gateway.dial(NUMBER, ANN)).until(Ended)
            assert "calls out" in second.detail
            assert here.gateway.trunks["t"].refused == {"calls_out": 1}
            first.hang_up()
            await Ear(here.gateway.dial(NUMBER, ANN)).until(Answered)


async def test_a_named_trunk_is_taken_and_no_other() -> None:
    async with node("127.0.0.2", trusted_networks=OPEN) as one, node("127.0.0.3", trusted_networks=OPEN) as two:
        trunks = trunk("one", one.uri(), priority=1), trunk("two", two.uri(), priority=2)
        async with node(trunks=trunks) as here:
            await Ear(here.gateway.dial(NUMBER, ANN, options=DialOptions(trunk="two"))).until(Answered)
            ended = await Ear(here.gateway.dial(NUMBER, ANN, options=DialOptions(trunk="three"))).until(Ended)
            assert (len(one.legs), len(two.legs), ended.cause) == (0, 1, EndCause.UNREACHABLE)


async def test_options_tell_when_a_trunk_goes_and_comes(nobody: str) -> None:
    health = Health(interval=0.05, timeout=0.05, down_after=2, up_after=1, jitter=0.0)
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(node(trunks=(trunk("t", nobody, health=health),)))
        changes: list[TrunkChanged] = []
        here.gateway.trunks.changed.append(changes.append)
        one = here.gateway.trunks["t"]
        await wait_for(lambda: one.vitals.state is TrunkState.DOWN)
        assert [change.state for change in changes] == [TrunkState.DEGRADED, TrunkState.DOWN]
        assert (await Ear(here.gateway.dial(NUMBER, ANN)).until(Ended)).detail == f"no trunk can take {NUMBER} now"
        there = await stack.enter_async_context(node("127.0.0.2"))
        one.hosts[0] = Uri.parse(there.uri())
        await wait_for(lambda: one.vitals.state is TrunkState.UP)


async def test_a_call_by_source_address_is_the_trunks_and_needs_no_digest() -> None:
    options = TrunkOptions("in", sources=("127.0.0.2/32",), region="DE", health=QUIET)
    async with node(trunks=(options,)) as here, node("127.0.0.2") as carrier, node("127.0.0.3") as stranger:
        headers = {"P-Asserted-Identity": "<sip:030111@carrier>", "User-to-User": "4869;encoding=hex"}
        await Ear(carrier.gateway.dial(here.uri("030901820"), ANN, options=DialOptions(headers=headers))).until(Answered)
        leg = here.legs[0]
        assert (leg.info.trunk, leg.callee.user, leg.caller.user) == ("in", NUMBER, "+4930111")
        assert (leg.info.asserted, leg.info.user_to_user) == (Party("030111", "", "carrier"), "4869;encoding=hex")
        assert here.gateway.trunks["in"].calls_in == 1
        ended = await Ear(stranger.gateway.dial(here.uri(NUMBER), ANN, options=DialOptions(headers=headers))).until(Ended)
        assert ended.detail.startswith("401")
        carrier.gateway.legs[0].hang_up()
        await wait_for(lambda: here.gateway.trunks["in"].calls_in == 0)


async def test_a_hidden_caller_stays_hidden() -> None:
    async with node(trunks=(TrunkOptions("in", sources=("127.0.0.2",), health=QUIET),)) as here, node("127.0.0.2") as carrier:
        options = DialOptions(private=True, headers={"P-Asserted-Identity": "<sip:+4930111@carrier>"})
        await Ear(carrier.gateway.dial(here.uri(NUMBER), ANN, options=options)).until(Answered)
        leg = here.legs[0]
        assert (leg.caller.user, leg.caller.display, leg.info.private) == ("", "", True)
        assert leg.info.asserted is not None
        assert leg.info.asserted.user == "+4930111"


async def test_an_inbound_trunk_has_its_limits() -> None:
    options = TrunkOptions("in", sources=("127.0.0.2",), health=QUIET, limits=TrunkLimits(calls_in=1))
    async with node(trunks=(options,)) as here, node("127.0.0.2") as carrier:
        await Ear(carrier.gateway.dial(here.uri(NUMBER), ANN)).until(Answered)
        assert (await Ear(carrier.gateway.dial(here.uri(NUMBER), ANN)).until(Ended)).detail.startswith("503")
        assert here.gateway.refused["trunk calls_in"] == 1


async def test_a_registered_trunk_takes_calls_to_its_contact_alone() -> None:
    accounts = {"acct": Account("acct", "secret")}
    async with node("127.0.0.2", credentials=accounts.get, min_expires=5) as carrier:
        registration = RegistrationOptions((carrier.uri(),), "acct", 60)
        one = trunk("carrier", carrier.uri(), account=accounts["acct"], registration=registration)
        async with node(trunks=(one,)) as here:
            ours = here.gateway.trunks["carrier"].registration
            assert ours is not None
            await wait_for(lambda: ours.registered)
            leg = carrier.gateway.dial("acct", ANN)
            await Ear(leg).until(Answered)
            assert here.legs[0].info.trunk == "carrier"
            ended = await Ear(carrier.gateway.dial(here.uri("acct"), ANN)).until(Ended)
            assert ended.detail.startswith("401"), "who knows our address alone is a stranger"
            assert carrier.gateway.registrations == 1
        assert carrier.gateway.registrations == 0, "the binding is taken back at the end"


async def test_a_trunk_that_has_to_register_is_not_taken_before(nobody: str) -> None:
    async with node("127.0.0.2", trusted_networks=OPEN) as carrier:
        one = trunk("t", carrier.uri(), registration=RegistrationOptions((nobody,), "acct"))
        async with node(trunks=(one,)) as here:
            assert (await Ear(here.gateway.dial(NUMBER, ANN)).until(Ended)).cause is EndCause.UNREACHABLE
            assert carrier.legs == []


def invite(target: str) -> Request:
    return Request("INVITE", target, Headers())


async def test_whose_call_it_is_by_certificate_and_by_the_narrowest_network() -> None:
    trunks = (
        TrunkOptions("wide", sources=("127.0.0.0/8",), health=QUIET),
        TrunkOptions("narrow", sources=("127.0.5.0/24",), health=QUIET),
        TrunkOptions("named", tls_names=("sbc.Carrier.example",), health=QUIET),
    )
    async with node(trunks=trunks) as here:
        found = here.gateway.trunks
        flow = Flow("tls", "127.0.5.1", 5061, "127.0.0.1", 5061)
        assert found.of_request(invite("sip:1@x"), flow) == "narrow"
        assert found.of_request(invite("sip:1@x"), Flow("udp", "127.9.9.9", 1, "h", 1)) == "wide"
        assert found.of_request(invite("sip:1@x"), Flow("udp", "192.0.2.1", 1, "h", 1)) == ""
        proved = Flow("tls", "192.0.2.1", 5061, "h", 5061, subject=("sbc.carrier.example",))
        assert found.of_request(invite("sip:1@x"), proved) == "named"
        secret = found["wide"].contact
        assert found.of_request(invite(f"sip:{secret}@x"), Flow("udp", "192.0.2.1", 1, "h", 1)) == ""


def test_a_probe_is_a_whole_request() -> None:
    request = options_request(Uri.parse("sip:sbc.example;transport=tcp"), Uri("sip", "ping", "us"), lambda: "t")
    assert (request.target, request.headers.get("to")) == ("sip:sbc.example;transport=tcp", "<sip:sbc.example;transport=tcp>")


async def test_a_registrar_with_a_name_calls_from_its_addresses() -> None:
    accounts = {"acct": Account("acct", "secret")}
    async with node(credentials=accounts.get, min_expires=5) as carrier:
        registration = RegistrationOptions((f"sip:localhost:{carrier.port}",), "acct", 60)
        one = trunk("carrier", account=accounts["acct"], registration=registration)
        async with node("127.0.0.2", trunks=(one,)) as here:
            await wait_for(lambda: "127.0.0.1" in here.gateway.trunks["carrier"].registrars)
            await Ear(carrier.gateway.dial("acct", ANN)).until(Answered)
            assert (here.legs[0].info.trunk, here.legs[0].callee.user) == ("carrier", "acct")


async def test_a_call_over_a_trunk_replaces_no_call_of_the_house() -> None:
    """RFC 3891 §5: whoever learnt the identifiers of a talk must not be able to take it over from outside."""
    options = TrunkOptions("in", sources=("127.0.0.2",), health=QUIET)
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(node(trunks=(options,), trusted_networks=("127.0.0.3/32",)))
        carrier = await stack.enter_async_context(node("127.0.0.2"))
        inside = await stack.enter_async_context(node("127.0.0.3"))
        for caller, allowed in ((inside, False), (carrier, True)):
            talk = caller.gateway.dial(here.uri("1000"), ANN)
            await Ear(talk).until(Answered)
            there = here.legs[-1].call
            assert there is not None
            assert there.dialog is not None
            names = f"{there.call_id};to-tag={there.dialog.local_tag};from-tag={there.dialog.remote_tag}"
            thief = Ear(carrier.gateway.dial(here.uri("1000"), ANN, options=DialOptions(headers={"Replaces": names})))
            if allowed:
                await wait_for(lambda: here.gateway.calls == 3)
            else:
                assert (await thief.until(Ended)).detail.startswith("403")
