"""A name server on loopback that answers from a zone written in the test, and counts what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

HOST = "127.0.0.53"


class NameServer(asyncio.DatagramProtocol):
    """`zone` maps a name and a kind to records in presentation format; a name that stands nowhere in it is NXDOMAIN."""

    def __init__(self, zone: Mapping[tuple[str, str], Sequence[str]], ttl: int) -> None:
        self.zone = dict(zone)
        self.ttl = ttl
        self.asked: list[tuple[str, str]] = []
        self.silent = False
        self.port = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if self.silent:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        records = self.zone.get((name, kind))
        if records:
            answer.answer.append(dns.rrset.from_text_list(question.name, self.ttl, dns.rdataclass.IN, kind, list(records)))
        else:
            soa = dns.rrset.from_text("example.", 60, "IN", "SOA", "ns.example. root.example. 1 2 3 4 60")
            answer.authority.append(soa)
            if not any(one == name for one, _ in self.zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def close(self) -> None:
        self._transport.close()


@asynccontextmanager
async def name_server(zone: Mapping[tuple[str, str], Sequence[str]], ttl: int = 300) -> AsyncIterator[NameServer]:
    loop = asyncio.get_running_loop()
    _, server = await loop.create_datagram_endpoint(lambda: NameServer(zone, ttl), local_addr=(HOST, 0))
    try:
        yield server
    finally:
        server.close()
