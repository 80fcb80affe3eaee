"""HTTP/1.1 as a client, for many small questions to one place (RFC 9112, by `h11`): connections are kept, answers are bounded.

No redirects, no cookies, no compression, no proxies: one question, one answer. Time is for the caller to bound: a question
that is cancelled takes its connection with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext
from urllib.parse import urlsplit

import h11

from ivr.profile.answer import SourceFailed

MAX_HEAD = 16_384
"""Octets of a status line and its headers."""
MAX_INTERIM = 8
"""1xx responses before the one that counts."""
READ_OCTETS = 65_536
IDLE_SECONDS = 20.0
"""After which a connection that nobody needed is closed: far ends begin to do so at about this age."""
EYEBALLS_SECONDS = 0.25
"""Before a second address of the same name is tried as well (RFC 8305)."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[bytes, bytes]
    """Names in lower case; of one that came twice the last."""
    body: bytes


class _Connection:
    """One connection and where it stands in the protocol."""

    __slots__ = ("idle_since", "protocol", "reader", "writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self.idle_since = 0.0

    def usable(self, now: float) -> bool:
        gone = self.reader.at_eof() or self.writer.transport.is_closing()
        return not gone and now - self.idle_since < IDLE_SECONDS

    def abort(self) -> None:
        self.writer.transport.abort()


class HttpClient:
    """Asks one place. How many questions go on at once is for the caller to bound."""

    def __init__(self, url: str, headers: Mapping[str, str], *, secure: SSLContext | None, connect_seconds: float) -> None:
        """`url` as `asking.base_url` gives it; `secure` for https."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._host, self._port = parts.hostname, parts.port or (443 if secure else 80)
        self._prefix, self._secure, self._connect_seconds = parts.path, secure, connect_seconds
        named = {"host": parts.netloc, "accept": "application/json", "accept-encoding": "identity", "user-agent": "hotline"}
        self._headers = [(name.encode(), value.encode()) for name, value in {**named, **headers}.items()]
        self._idle: list[_Connection] = []

    async def send(self, method: str, target: str, body: bytes | None, most: int) -> Response:
        """The answer to one question. `target` is path and query below the address; `body` is JSON; `most` octets are read.

        Raises SourceFailed.
        """
        head = [*self._headers]
        if body is not None:
            head += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        connection = await self._connection()
        try:
            request = h11.Request(method=method, target=self._prefix + target, headers=head)
            sent = connection.protocol.send(request) or b""
            if body:
                sent += connection.protocol.send(h11.Data(data=body)) or b""
            connection.protocol.send(h11.EndOfMessage())
            connection.writer.write(sent)
            response = await _read(connection, most)
        except (OSError, h11.ProtocolError) as error:
            connection.abort()
            raise SourceFailed(f"the connection broke: {type(error).__name__}", again=True) from error
        except BaseException:
            connection.abort()
            raise
        self._keep(connection)
        return response

    async def close(self) -> None:
        """Close what is idle; what is under way is for its caller to cancel first."""
        while self._idle:
            self._idle.pop().abort()

    async def _connection(self) -> _Connection:
        """The connection that was used last, or a new one."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            if (known := self._idle.pop()).usable(now):
                return known
            known.abort()
        try:
            async with asyncio.timeout(self._connect_seconds):
                return _Connection(
                    *await asyncio.open_connection(
                        self._host, self._port, ssl=self._secure, happy_eyeballs_delay=EYEBALLS_SECONDS
                    )
                )
        except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
            raise SourceFailed(f"cannot be reached: {type(error).__name__}", again=True) from error

    def _keep(self, connection: _Connection) -> None:
        protocol = connection.protocol
        if protocol.our_state is not h11.DONE or protocol.their_state is not h11.DONE:
            connection.abort()
            return
        protocol.start_next_cycle()
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)


async def _read(connection: _Connection, most: int) -> Response:
    """Raises SourceFailed, OSError, h11.ProtocolError."""
    protocol, body, interim = connection.protocol, bytearray(), 0
    response: h11.Response | None = None
    while True:
        match protocol.next_event():
            case h11.NEED_DATA:
                protocol.receive_data(await connection.reader.read(READ_OCTETS))
            case h11.InformationalResponse():
                interim += 1
                if interim > MAX_INTERIM:
                    raise SourceFailed("there is no end to its 1xx responses")
            case h11.Response() as response:
                _check_length(response, most)
            case h11.Data(data=data):
                body += data
                if len(body) > most:
                    raise SourceFailed(f"the answer has more than {most} octets")
            case h11.EndOfMessage() if response is not None:
                return Response(response.status_code, dict(response.headers), bytes(body))
            case _:
                raise SourceFailed("the connection was closed", again=True)


def _check_length(response: h11.Response, most: int) -> None:
    """Refuse what says itself that it is too long; `h11` has seen to it that it is a number."""
    declared = dict(response.headers).get(b"content-length")
    if declared is not None and int(declared[:20]) > most:
        raise SourceFailed(f"the answer has more than {most} octets")
