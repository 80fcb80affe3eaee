"""Garbage that the kernel drops before it wakes us: a socket filter for SIP over UDP (Linux, classic BPF).

A datagram passes where its first octet can begin a SIP message (a letter, which every method and "SIP/2.0" begins with) and
the next three are printable, or where it is a keep-alive of CR and LF. Of random octets one in a hundred passes.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys

_SO_ATTACH_FILTER = 26
_SO_MEMINFO = 55
_DROPS = 8
"""Place of SK_MEMINFO_DROPS in what SO_MEMINFO gives."""
_UDP_HEADER = 8
"""Octets before the payload, as a UDP socket's filter sees a datagram."""

_LOAD_BYTE, _OR, _SUB, _RETURN = 0x30, 0x44, 0x14, 0x06
_JUMP_EQUAL, _JUMP_GREATER_EQUAL = 0x15, 0x35
_ALL = 0xFFFFFFFF


def _program() -> list[tuple[int, int, int, int]]:
    """Instructions as (code, jump if true, jump if false, operand). A load beyond the datagram's end drops it."""
    printable = [
        instruction
        for at in (1, 2, 3)
        for instruction in (
            (_LOAD_BYTE, 0, 0, _UDP_HEADER + at),
            (_SUB, 0, 0, 0x20),
            (_JUMP_GREATER_EQUAL, 3 * (3 - at) + 1, 0, 0x5F),
        )
    ]
    drop = len(printable) + 1
    return [
        (_LOAD_BYTE, 0, 0, _UDP_HEADER),
        (_JUMP_EQUAL, drop + 5, 0, 0x0D),
        (_JUMP_EQUAL, drop + 4, 0, 0x0A),
        (_OR, 0, 0, 0x20),
        (_SUB, 0, 0, ord("a")),
        (_JUMP_GREATER_EQUAL, drop, 0, 26),
        *printable,
        (_JUMP_GREATER_EQUAL, 1, 1, 0),  # all is well: over the drop
        (_RETURN, 0, 0, 0),
        (_RETURN, 0, 0, _ALL),
    ]


def drop_what_is_not_sip(bound: socket.socket) -> bool:
    """Attach the filter. False where the system has no such thing; then every datagram is read, as before."""
    if not sys.platform.startswith("linux"):
        return False
    program = b"".join(struct.pack("=HBBI", *instruction) for instruction in _program())
    kept = ctypes.create_string_buffer(program)
    argument = struct.pack("@HP", len(program) // 8, ctypes.addressof(kept))
    try:
        bound.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, argument)
    except OSError:
        return False
    return True


def dropped(bound: socket.socket) -> int:
    """Datagrams that the kernel dropped for this socket: by the filter, or with its buffer full; 0 where it cannot tell."""
    try:
        found = bound.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * (_DROPS + 1))
    except OSError:
        return 0
    values = struct.unpack(f"={len(found) // 4}I", found)
    return values[_DROPS] if len(values) > _DROPS else 0
