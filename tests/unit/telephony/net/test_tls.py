"""TLS: whom a certificate proves, which files are refused, and connections between two endpoints of ours."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telephony.errors import TransportError
from telephony.net.stream import Connection, StreamLimits
from telephony.net.streams import StreamEndpoint
from telephony.net.tls import Tls, TlsSettings, check_files, names_of, proves
from telephony.sip.flow import Flow
from tests.unit.telephony.net.certificates import Authority
from tests.unit.telephony.net.test_stream import MESSAGE, until

HOST = "127.0.0.1"


class End:
    """A TLS endpoint, what it heard, and along which connections."""

    def __init__(self, settings: TlsSettings, limits: StreamLimits) -> None:
        self.tls = Tls(settings)
        self.heard: list[tuple[bytes, Connection]] = []
        self.gone: list[tuple[str, int, int]] = []
        self.endpoint = StreamEndpoint(
            lambda data, connection: self.heard.append((data, connection)),
            lambda *peer: self.gone.append(peer),
            tls=self.tls,
            limits=limits,
        )

    def call(self, other: End, name: str = "") -> None:
        self.endpoint.send(MESSAGE, Flow("tls", HOST, other.endpoint.port, HOST, self.endpoint.port, name=name))


@asynccontextmanager
async def end(settings: TlsSettings, limits: StreamLimits = StreamLimits()) -> AsyncIterator[End]:  # noqa: B008
    one = End(settings, limits)
    await one.endpoint.open(HOST, 0)
    try:
        yield one
    finally:
        one.endpoint.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


def of(authority: Authority, *names: str, client_ca: str = "", verify: bool = True, file: str = "") -> TlsSettings:
    signed = authority.sign(*names, file=file)
    return TlsSettings(signed.certificate, signed.key, authority.ca, client_ca, verify)


@pytest.mark.parametrize(
    ("names", "proved", "refused"),
    [
        ((("DNS", "sip.example.com"),), "SIP.example.com.", "example.com"),
        ((("DNS", "*.example.com"),), "a.example.com", "a.b.example.com"),
        ((("DNS", "*.example.com"),), "b.example.com", "example.com"),
        ((("IP Address", "192.0.2.1"),), "192.0.2.1", "192.0.2.2"),
        ((("IP Address", "0:0:0:0:0:0:0:1"),), "[::1]", "::2"),
        ((("URI", "sip:example.com"), ("DNS", "host.example.com")), "example.com", "host.example.com"),
        ((("URI", "sip:bob@example.com"), ("DNS", "host.example.com")), "host.example.com", "example.com"),
        ((("URI", "not a uri"), ("DNS", "a.example")), "a.example", "b.example"),
        ((("email", "x@y"),), "", "y"),
    ],
)
def test_a_certificate_proves_sip_domains_else_host_names(
    names: tuple[tuple[str, str], ...], proved: str, refused: str
) -> None:
    """RFC 5922 §7.1."""
    certificate = {"subjectAltName": names, "subject": ((("commonName", "common.example"),),)}
    assert not proved or proves(certificate, proved)
    assert not proves(certificate, refused)
    assert not proves(certificate, "common.example"), "the common name counts only without alternative names"


def test_an_old_certificate_proves_its_common_name() -> None:
    assert names_of({"subject": ((("countryName", "DE"),), (("commonName", "Old.Example"),))}) == ("old.example",)
    assert names_of({}) == () and not proves({}, "a.example")


def test_files_that_cannot_be_used_are_told_in_one_line(authority: Authority, tmp_path: Path) -> None:
    good, other = authority.sign("good.example"), authority.sign("other.example")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing")
    past = authority.sign("past.example", days=1, since=-10)
    early = authority.sign("early.example", since=5)
    check_files(TlsSettings(good.certificate, good.key, authority.ca, authority.ca))
    check_files(TlsSettings())
    for settings, words in (
        (TlsSettings("/no/such.pem", good.key), "certificate /no/such.pem: there is no such file"),
        (TlsSettings(good.certificate, "/no/such.key"), "key /no/such.key: there is no such file"),
        (TlsSettings(good.certificate, other.key), f"key {other.key}: does not belong to"),
        (TlsSettings(good.certificate), "certificate "),
        (TlsSettings(str(nonsense), good.key), "not PEM"),
        (TlsSettings(good.certificate, good.key, "/no/ca.pem"), "authorities /no/ca.pem: there is no such"),
        (TlsSettings(good.certificate, good.key, str(nonsense)), "authorities "),
        (TlsSettings(past.certificate, past.key), "expired on "),
        (TlsSettings(early.certificate, early.key), "not valid before "),
    ):
        with pytest.raises(TransportError, match=words) as caught:
            check_files(settings)
        assert "\n" not in str(caught.value)
    with pytest.raises(TransportError, match="expired"):
        check_files(TlsSettings(good.certificate, good.key), datetime.now(UTC) + timedelta(days=60))


async def test_a_message_goes_through_tls_both_ways(authority: Authority) -> None:
    async with end(of(authority, HOST)) as here, end(of(authority, HOST, "there.example")) as there:
        here.call(there)
        here.call(there)
        await until(lambda: len(there.heard) == 2)
        data, connection = there.heard[0]
        assert data == MESSAGE and connection.subject == () and len(there.endpoint) == 1
        assert connection.transport is not None
        assert connection.transport.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")
        there.endpoint.send(MESSAGE, Flow("tls", HOST, 9, HOST, 9, connection=connection.number))
        await until(lambda: bool(here.heard))
        assert here.heard[0][1].subject == (HOST, "there.example"), "the server has proved its names"


async def test_a_server_has_to_prove_the_domain_that_was_called(authority: Authority) -> None:
    async with end(of(authority, HOST)) as here, end(of(authority, "there.example")) as there:
        here.call(there, "there.example")
        await until(lambda: len(there.heard) == 1)
        here.call(there, "elsewhere.example")
        await until(lambda: bool(here.gone))
        assert here.endpoint.refused["certificate of another"] == 1 and len(there.heard) == 1


async def test_a_server_of_an_unknown_authority_is_not_spoken_to(authority: Authority, tmp_path: Path) -> None:
    strange = Authority(tmp_path, "Strange")
    async with end(of(authority, HOST)) as here, end(of(strange, HOST)) as there:
        here.call(there)
        await until(lambda: bool(here.gone))
        assert here.endpoint.refused["server certificate"] == 1 and not there.heard
        here.tls.client.verify_mode = ssl.CERT_NONE


async def test_without_verification_any_server_will_do(authority: Authority, tmp_path: Path) -> None:
    strange = Authority(tmp_path, "Strange")
    async with end(of(authority, HOST, verify=False)) as here, end(of(strange, "who.example")) as there:
        here.call(there)
        await until(lambda: bool(there.heard))
        assert not here.endpoint.refused


async def test_mutual_tls_tells_who_connected_and_refuses_the_rest(authority: Authority, tmp_path: Path) -> None:
    """The names on the flow are those that the carrier's certificate proves."""
    strange = Authority(tmp_path, "Strange")
    wary = of(authority, HOST, client_ca=authority.ca, file="wary")
    unknown = strange.sign(HOST)
    stranger = TlsSettings(unknown.certificate, unknown.key, authority.ca)
    async with end(wary) as there, end(of(authority, "sip:carrier.example", "gw.carrier.example")) as carrier:
        async with end(stranger) as other:
            other.call(there)
            await until(lambda: there.endpoint.refused["client certificate"] == 1)
            carrier.call(there)
            await until(lambda: bool(there.heard))
        assert there.heard[0][1].subject == ("carrier.example",) and len(there.heard) == 1
        nobody = ssl.create_default_context(cafile=authority.ca)
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            reader, writer = await asyncio.open_connection(HOST, there.endpoint.port, ssl=nobody)
            writer.write(MESSAGE)
            await reader.readexactly(1)
        await until(lambda: there.endpoint.refused.total() == 2)


async def test_a_renewed_certificate_is_used_without_a_restart(authority: Authority) -> None:
    settings = of(authority, HOST, file="renewed")
    async with end(of(authority, HOST)) as here, end(settings) as there:
        here.call(there)
        await until(lambda: bool(there.heard))
        assert not there.tls.refresh(), "nothing has changed"
        authority.sign(HOST, "new.example", file="renewed")
        os.utime(settings.certificate, (0, 0))
        assert there.tls.refresh()
        here.call(there, "new.example")
        await until(lambda: len(there.heard) == 2)
        assert len(there.endpoint) == 2, "the first connection still stands"
        Path(settings.key).write_text("torn")
        assert not there.tls.refresh()
        here.call(there, HOST)
        await until(lambda: len(there.heard) == 3)


async def test_what_does_not_finish_its_handshake_is_bounded_and_dropped(authority: Authority) -> None:
    limits = StreamLimits(half_open=3, handshake=0.4)
    async with end(of(authority, HOST), limits) as one:
        writers = [(await asyncio.open_connection(HOST, one.endpoint.port))[1] for _ in range(5)]
        await until(lambda: one.endpoint.refused["handshake limit"] == 2)
        assert len(one.endpoint._half_open) == 3
        await until(lambda: one.endpoint.refused["tls handshake"] == 3)
        assert len(one.endpoint) == 0 and not one.endpoint._half_open
        for writer in writers:
            writer.close()


async def test_plain_sip_on_a_tls_port_is_counted_and_closed(authority: Authority) -> None:
    async with end(of(authority, HOST)) as one:
        _, writer = await asyncio.open_connection(HOST, one.endpoint.port)
        writer.write(MESSAGE)
        await until(lambda: one.endpoint.refused["tls handshake"] == 1)
        assert len(one.endpoint) == 0 and not one.heard
        writer.close()


async def test_tls_1_1_is_refused(authority: Authority) -> None:
    async with end(of(authority, HOST)) as one:
        old = ssl.create_default_context(cafile=authority.ca)
        with pytest.warns(DeprecationWarning):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(HOST, one.endpoint.port, ssl=old)
        await until(lambda: one.endpoint.refused["tls handshake"] == 1)


async def test_a_tls_port_needs_a_certificate() -> None:
    with pytest.raises(TransportError, match="no certificate"):
        await StreamEndpoint(lambda *_: None, lambda *_: None, tls=Tls(TlsSettings())).open(HOST, 0)


@pytest.mark.parametrize(("days", "words"), [(30, ""), (5, "ends on"), (1, "expired on")])
def test_a_certificate_that_ends_soon_is_warned_of(
    authority: Authority, days: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    signed = authority.sign(f"d{days}.example", days=days, since=-2)
    Tls(TlsSettings(signed.certificate, signed.key))
    assert (words in caplog.text) if words else not caplog.text
