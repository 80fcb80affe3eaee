"""Homer Encapsulation Protocol version 3: one SIP message with its addresses and its time, as chunks (HEP3 rev. 12). Pure."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from struct import Struct

from telephony.sip.trace import Traced, call_id_of

_CHUNK = Struct("!HHH")
"""Vendor (0 is generic), type, length with this header."""
_MOST = 0xFFFF - 512
"""Octets of a message that still fit: the length of a packet has 16 bits."""
PROTOCOL_SIP = 1
_UDP, _TCP = 17, 6


def packet(traced: Traced, wall: float, node_id: int, password: str = "", node_name: str = "") -> bytes:
    """One HEP3 packet. `wall` is the message's time in seconds since the Unix epoch, `node_id` the capture agent's number."""
    flow = traced.flow
    far, near = (address_of(flow.host), flow.port), (address_of(flow.local_host), flow.local_port)
    version = 6 if 6 in (far[0].version, near[0].version) else 4
    (source, source_port), (target, target_port) = (near, far) if traced.sent else (far, near)
    seconds, micros = divmod(round(wall * 1_000_000), 1_000_000)
    first = 5 if version == 6 else 3
    chunks = [
        _chunk(1, bytes([10 if version == 6 else 2])),  # AF_INET6 and AF_INET as HEP numbers them
        _chunk(2, bytes([_TCP if flow.reliable else _UDP])),
        _chunk(first, packed(source, version)),
        _chunk(first + 1, packed(target, version)),
        _chunk(7, source_port.to_bytes(2, "big")),
        _chunk(8, target_port.to_bytes(2, "big")),
        _chunk(9, (seconds & 0xFFFFFFFF).to_bytes(4, "big")),
        _chunk(10, micros.to_bytes(4, "big")),
        _chunk(11, bytes([PROTOCOL_SIP])),
        _chunk(12, (node_id & 0xFFFFFFFF).to_bytes(4, "big")),
    ]
    if password:
        chunks.append(_chunk(14, password.encode()[:64]))
    chunks.append(_chunk(17, call_id_of(traced.data)[:256]))
    if node_name:
        chunks.append(_chunk(19, node_name.encode()[:64]))
    chunks.append(_chunk(15, traced.data[:_MOST]))
    body = b"".join(chunks)
    return b"HEP3" + (len(body) + 6).to_bytes(2, "big") + body


def _chunk(kind: int, data: bytes) -> bytes:
    return _CHUNK.pack(0, kind, len(data) + _CHUNK.size) + data


@lru_cache(1024)
def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address for a host that may be a name: then the unspecified one, which is plainly none."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return ipaddress.IPv4Address(0)


def packed(address: ipaddress.IPv4Address | ipaddress.IPv6Address, version: int) -> bytes:
    """An address in network order; an IPv4 address among IPv6 ones as a mapped one."""
    if version == 6 and address.version == 4:
        return bytes(10) + b"\xff\xff" + address.packed
    return address.packed
