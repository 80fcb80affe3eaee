"""One question and its answer on a local stream socket: JSON with its length before it, then samples."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

LENGTH = struct.Struct("!I")
LONGEST = 1 << 20
"""Octets of one part: a minute of samples."""


def send(link: socket.socket, told: Mapping[str, Any], octets: bytes = b"") -> None:
    body = json.dumps({**told, "octets": len(octets)}, ensure_ascii=False).encode()
    link.sendall(LENGTH.pack(len(body)) + body + octets)


def receive(link: socket.socket) -> tuple[dict[str, Any], bytes]:
    """What `send` sent. Raises ConnectionError where the other end is gone, ValueError for what is none of ours."""
    size = LENGTH.unpack(_exactly(link, LENGTH.size))[0]
    told = json.loads(_exactly(link, size))
    if not isinstance(told, dict):
        raise ValueError("not an object")
    return told, _exactly(link, int(told.get("octets", 0)))


def _exactly(link: socket.socket, count: int) -> bytes:
    if not 0 <= count <= LONGEST:
        raise ValueError(f"{count} octets")
    parts = bytearray()
    while len(parts) < count:
        part = link.recv(count - len(parts))
        if not part:
            raise ConnectionError("the other end is gone")
        parts += part
    return bytes(parts)
