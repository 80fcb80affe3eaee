from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest

from ivr.profile import http_client
from ivr.profile.answer import SourceFailed
from ivr.profile.http_client import HttpClient
from tests.unit.ivr.profile.crm import Crm
from tests.unit.telephony.net.certificates import Authority


def client(url: str, secure: ssl.SSLContext | None = None) -> HttpClient:
    return HttpClient(url, {}, secure=secure, connect_seconds=1.0)


async def test_a_connection_is_kept_for_the_next_question() -> None:
    async with Crm() as crm:
        one = client(crm.url)
        for _ in range(5):
            assert (await one.send("GET", "/x", None, 1000)).status == 200
        assert crm.connections == 1
        await asyncio.gather(*(one.send("GET", "/x", None, 1000) for _ in range(3)))
        assert crm.connections == 3
        await one.close()


async def test_a_connection_that_was_idle_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "IDLE_SECONDS", 0.01)
    async with Crm() as crm:
        one = client(crm.url)
        await one.send("GET", "/x", None, 1000)
        await asyncio.sleep(0.03)
        await one.send("GET", "/x", None, 1000)
        assert crm.connections == 2
        await one.close()


async def test_a_question_that_is_cancelled_takes_its_connection_with_it() -> None:
    async with Crm() as crm:
        one = client(crm.url)
        await one.send("GET", "/x", None, 1000)
        crm.delay = 60.0
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await one.send("GET", "/late", None, 1000)
        crm.delay = 0.0
        assert (await one.send("GET", "/x", None, 1000)).status == 200
        assert crm.connections == 2, "the late answer is never read as that of another question"
        await one.close()


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 20, "broke"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "connection broke"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "connection broke"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 30 + b"\r\n\r\n", "octets|broke"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffffffffff\r\n", "broke"),
        (b"SSH-2.0-OpenSSH\r\n", "broke"),
        (b"", "broke|closed"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000, "broke"),
    ],
)
async def test_what_is_no_answer_is_an_error(sent: bytes, complaint: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        one = client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(SourceFailed, match=complaint):
            async with asyncio.timeout(2):
                await one.send("GET", "/x", None, 1000)


async def test_what_never_becomes_an_answer_ends_with_the_time_of_the_caller() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.001)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    one = client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await one.send("GET", "/x", None, 1000)
    await one.close()
    server.close()


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        one = client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for _ in range(2):
            assert (await one.send("GET", "/x", None, 1000)).body == b"{}"


async def test_https_is_checked_by_name_and_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    good, other = authority.sign("127.0.0.1"), authority.sign("crm.example", file="other")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()

    for signed, works in ((good, True), (other, False)):
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_side.load_cert_chain(signed.certificate, signed.key)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side)
        async with server:
            url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            trusting = client(url, ssl.create_default_context(cafile=authority.ca))
            if works:
                assert (await trusting.send("GET", "/x", None, 1000)).body == b"{}"
            else:
                with pytest.raises(SourceFailed, match="cannot be reached: SSLCertVerificationError"):
                    await trusting.send("GET", "/x", None, 1000)
            with pytest.raises(SourceFailed, match="cannot be reached"):
                await client(url, ssl.create_default_context()).send("GET", "/x", None, 1000)
            await trusting.close()


async def test_a_name_that_is_none_cannot_be_reached() -> None:
    with pytest.raises(SourceFailed, match="cannot be reached"):
        await client("http://" + "x" * 70 + "./").send("GET", "/x", None, 1000)
