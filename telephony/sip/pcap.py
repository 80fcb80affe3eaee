"""Traced messages as a capture file: classic pcap, raw IP (LINKTYPE_RAW), each message one UDP datagram. Pure.

What came over a connection stands in it as a datagram too: its segments and their numbers are not known here, and every
reader shows it. IP and UDP headers are made up, with the right lengths and checksums.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from telephony.sip.hep import address_of, packed
from telephony.sip.trace import Traced

_FILE = Struct("<IHHiIII")
_RECORD = Struct("<IIII")
_IPV4 = Struct("!BBHHHBBH4s4s")
_IPV6 = Struct("!IHBB16s16s")
_UDP = Struct("!HHHH")
_LINKTYPE_RAW = 101
_SNAP = 0xFFFF
_PROTOCOL = 17


def capture(messages: Iterable[Traced], wall: float) -> bytes:
    """A pcap file. `wall` is what is added to a message's time for seconds since the Unix epoch."""
    parts = [_FILE.pack(0xA1B2C3D4, 2, 4, 0, 0, _SNAP, _LINKTYPE_RAW)]
    for number, traced in enumerate(messages):
        data = datagram(traced, number)
        seconds, micros = divmod(round((traced.at + wall) * 1_000_000), 1_000_000)
        parts.append(_RECORD.pack(seconds & 0xFFFFFFFF, micros, len(data), len(data)) + data)
    return b"".join(parts)


def datagram(traced: Traced, number: int = 0) -> bytes:
    """One IP packet. A message too long for one is cut."""
    flow = traced.flow
    far, near = address_of(flow.host), address_of(flow.local_host)
    version = 6 if 6 in (far.version, near.version) else 4
    payload = traced.data[: _SNAP - 48]
    ends = (packed(near, version), packed(far, version)), (flow.local_port, flow.port)
    (source, target), (source_port, target_port) = ends if traced.sent else (ends[0][::-1], ends[1][::-1])
    length = _UDP.size + len(payload)
    pseudo = source + target + length.to_bytes(4, "big") + _PROTOCOL.to_bytes(4, "big")
    header = _UDP.pack(source_port, target_port, length, 0)
    checksum = _checksum(pseudo + header + payload) or 0xFFFF  # 0 would say that there is none (RFC 768)
    udp = _UDP.pack(source_port, target_port, length, checksum) + payload
    if version == 6:
        return _IPV6.pack(6 << 28, length, _PROTOCOL, 64, source, target) + udp
    fields = (0x45, 0, _IPV4.size + length, number & 0xFFFF, 0, 64, _PROTOCOL)
    checksum = _checksum(_IPV4.pack(*fields, 0, source, target))
    return _IPV4.pack(*fields, checksum, source, target) + udp


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    # 2**16 is 1 modulo 0xFFFF, so the ones' complement sum of the words is the whole number modulo 0xFFFF.
    total = int.from_bytes(data, "big")
    folded = total % 0xFFFF
    return ~(folded or (0xFFFF if total else 0)) & 0xFFFF
