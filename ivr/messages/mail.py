"""The mailbox: an e-mail becomes a message of the thread that it goes on."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from ivr.messages.desk import MessageDesk
from ivr.messages.mail_reader import read_apart
from ivr.messages.model import Placing

_OURS = re.compile(r"<[0-9.]+\.([0-9a-f]{16})@hotline>")


class Mailbox:
    """Where customers write to: takes e-mails, whoever brings them."""

    def __init__(self, address: str, desk: MessageDesk, placing: Placing, most: int = 0) -> None:
        """`most`: octets of a file that comes along; 0: files are named alone."""
        self.address, self._desk, self._placing, self._most = address, desk, placing, most
        self._reading = asyncio.Lock()

    async def take(self, data: bytes) -> str:
        """Take one e-mail; returns the thread, "" for what nobody wrote (an automatic answer, a list, our own).

        Raises StoreUnavailable, OSError where it must be brought again later.
        """
        async with self._reading:
            found = await read_apart(data, self.address, most=self._most)
        if found is None:
            return ""
        incoming, references = found
        thread = await self._desk.store.by_reference(ours_in(references), references)
        if thread is not None and thread["channel"] == "email":
            incoming = replace(incoming, thread=thread["id"])
        row, _ = await self._desk.incoming(incoming, self._placing)
        return str(row["id"])


def ours_in(references: list[str]) -> list[str]:
    """Ids of our own messages among these Message-IDs."""
    return [found[1] for one in references if (found := _OURS.fullmatch(one))]
