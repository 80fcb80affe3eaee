"""The resolver against a real name server on loopback: what is asked, what is kept, and what a silent one costs."""

from __future__ import annotations

import asyncio

import pytest

from telephony.errors import TransportError
from telephony.net import resolver as module
from telephony.net.resolver import DnsSettings, Resolver
from telephony.sip.grammar import Uri
from telephony.sip.locate import Reach, Target
from tests.unit.telephony.net.nameserver import name_server

ZONE = {
    ("carrier.example", "NAPTR"): [
        '10 50 "s" "SIPS+D2T" "" _sips._tcp.carrier.example.',
        '20 50 "s" "SIP+D2U" "" _sip._udp.carrier.example.',
    ],
    ("_sips._tcp.carrier.example", "SRV"): ["20 0 5062 two.carrier.example.", "10 0 5061 one.carrier.example."],
    ("_sip._udp.carrier.example", "SRV"): ["10 0 5060 one.carrier.example."],
    ("one.carrier.example", "A"): ["127.0.0.2"],
    ("one.carrier.example", "AAAA"): ["::1"],
    ("two.carrier.example", "A"): ["127.0.0.3"],
    ("plain.example", "A"): ["127.0.0.4"],
}
CARRIER = Uri.parse("sip:+49301@carrier.example")


async def test_a_domain_becomes_its_servers_in_order_and_is_asked_for_once() -> None:
    async with name_server(ZONE) as server:
        resolver = Resolver(DnsSettings((server.address,), 2.0))
        found = await resolver.candidates(CARRIER)
        assert found == [
            Target("tls", "127.0.0.2", 5061, "carrier.example"),
            Target("tls", "::1", 5061, "carrier.example"),
            Target("tls", "127.0.0.3", 5062, "carrier.example"),
        ]
        asked = len(server.asked)
        assert await resolver.candidates(CARRIER) == found == resolver.known(CARRIER)
        assert len(server.asked) == asked
        resolver.reach = Reach(("udp",), ("A",))
        assert await resolver.candidates(CARRIER) == [Target("udp", "127.0.0.2", 5060, "carrier.example")]


async def test_calls_to_one_domain_at_the_same_time_ask_together() -> None:
    async with name_server(ZONE) as server:
        resolver = Resolver(DnsSettings((server.address,), 2.0), Reach(families=("A",)))
        found = await asyncio.gather(*(resolver.candidates(Uri.parse("sip:plain.example:5070")) for _ in range(20)))
        assert found == [[Target("udp", "127.0.0.4", 5070, "plain.example")]] * 20
        assert server.asked == [("plain.example", "A")]
        assert not resolver._asking


async def test_an_answer_is_kept_as_long_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    async with name_server(ZONE, ttl=30) as server:
        resolver = Resolver(DnsSettings((server.address,), 2.0), Reach(families=("A",)))
        uri = Uri.parse("sip:plain.example:5070")
        await resolver.candidates(uri)
        loop = asyncio.get_running_loop()
        real = loop.time
        monkeypatch.setattr(loop, "time", lambda: real() + 29.0)
        assert resolver.known(uri) is not None
        monkeypatch.setattr(loop, "time", lambda: real() + 31.0)
        assert resolver.known(uri) is None
        server.zone["plain.example", "A"] = ["127.0.0.5"]
        assert (await resolver.candidates(uri))[0].host == "127.0.0.5"


async def test_that_there_is_no_such_name_is_kept_too() -> None:
    async with name_server(ZONE) as server:
        resolver = Resolver(DnsSettings((server.address,), 2.0))
        for _ in range(3):
            with pytest.raises(TransportError, match=r"nobody\.example"):
                await resolver.candidates(Uri.parse("sip:a@nobody.example"))
        assert len(server.asked) == len(set(server.asked))


async def test_a_silent_name_server_costs_its_time_once() -> None:
    async with name_server(ZONE) as server:
        server.silent = True
        resolver = Resolver(DnsSettings((server.address,), 0.2), Reach(families=("A",)))
        uri = Uri.parse("sip:plain.example:5070")
        start = asyncio.get_running_loop().time()
        with pytest.raises(TransportError):
            await resolver.candidates(uri)
        asked = len(server.asked)
        with pytest.raises(TransportError):
            await resolver.candidates(uri)
        assert len(server.asked) == asked and asyncio.get_running_loop().time() - start < 3.0


async def test_questions_and_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CACHED", 4)
    monkeypatch.setattr(module, "MAX_ASKING", 2)
    zone = {(f"h{n}.example", "A"): ["127.0.0.9"] for n in range(10)}
    async with name_server(zone) as server:
        resolver = Resolver(DnsSettings((server.address,), 2.0), Reach(families=("A",)))
        for n in range(10):
            await resolver.candidates(Uri.parse(f"sip:h{n}.example:5060"))
        assert len(resolver._cache) == 4
        server.silent = True
        waiting = [asyncio.create_task(resolver.candidates(Uri.parse(f"sip:h{n}.example:5060"))) for n in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(TransportError, match="too many"):
            await resolver.candidates(Uri.parse("sip:h3.example:5060"))
        for task in waiting:
            task.cancel()
        resolver.close()


@pytest.mark.parametrize("uri", ["sip:a@sj4bq0.invalid;transport=udp", "sip:a@invalid"])
async def test_what_browsers_write_as_their_host_is_never_asked_for(uri: str) -> None:
    async with name_server(ZONE) as server:
        with pytest.raises(TransportError):
            await Resolver(DnsSettings((server.address,), 2.0)).candidates(Uri.parse(uri))
        assert server.asked == []


async def test_names_of_the_machine_itself_come_from_the_system() -> None:
    async with name_server(ZONE) as server:
        found = await Resolver(DnsSettings((server.address,), 2.0), Reach(families=("A",))).candidates(
            Uri.parse("sip:localhost")
        )
        assert found == [Target("udp", "127.0.0.1", 5060, "localhost")] and server.asked == []


async def test_a_name_that_cannot_be_one_has_no_server() -> None:
    async with name_server(ZONE) as server:
        with pytest.raises(TransportError):
            await Resolver(DnsSettings((server.address,), 2.0)).candidates(Uri.parse(f"sip:{'a' * 64}.example:5060"))


@pytest.mark.parametrize("text", ["dns.example", "192.0.2.1:99999", "192.0.2.1:x", ""])
def test_a_name_server_is_an_address(text: str) -> None:
    with pytest.raises(ValueError, match="name server"):
        DnsSettings((text,))


@pytest.mark.parametrize("text", ["192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353", "[2001:db8::1]"])
def test_a_name_server_may_have_a_port(text: str) -> None:
    assert DnsSettings((text,)).nameservers == (text,)
