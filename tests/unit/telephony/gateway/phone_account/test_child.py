"""What guards the child: its memory, and its end with the parent's."""

from __future__ import annotations

import asyncio
import socket
import sys

from telephony.gateway.phone_account.notes import Beat, RegistrationChanged, Setup, decode, encode

ALLOCATE = """
from telephony.gateway.phone_account.child import limit_memory
import io
limit_memory(128 * 2**20)
kept = bytearray(64 * 2**20)
try:
    io.BytesIO().write(bytes(600 * 2**20))
except MemoryError:
    print("refused")
"""


async def test_six_hundred_megabytes_are_refused() -> None:
    """What pyVoIP asks for when an RTP timestamp jumps far, should it ever again."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ALLOCATE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert out == b"refused\n", err


async def test_a_child_without_a_parent_ends() -> None:
    ours, theirs = socket.socketpair()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telephony.gateway.phone_account.child", str(theirs.fileno()), pass_fds=(theirs.fileno(),)
    )
    theirs.close()
    reader, writer = await asyncio.open_connection(sock=ours)
    setup = Setup("127.0.0.1", 9, "pbx", "4000", "x", "", "", "127.0.0.1", 0, max_calls=2, memory=2**28)
    writer.write(encode(setup))
    first = decode(await asyncio.wait_for(reader.readline(), 20))
    assert isinstance(first, Beat | RegistrationChanged)
    writer.close()
    await writer.wait_closed()
    assert await asyncio.wait_for(process.wait(), 10) == 0
