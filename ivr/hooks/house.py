"""A node's webhooks as the API sees them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ivr.errors import NotFound
from ivr.hooks.catalogue import KINDS
from ivr.hooks.outbox import HookOutbox
from ivr.hooks.sending import HookSender


@dataclass(frozen=True, slots=True)
class HookHouse:
    outbox: HookOutbox
    sender: HookSender
    hooks: Mapping[str, Sequence[str]]
    """Name to the kinds that it wants."""

    async def view(self) -> dict[str, Any]:
        """`{hooks, kinds}`: where each leads, without what may be secret in its address, and what waits for it."""
        figures = await self.outbox.figures()
        none = {"waiting": 0, "sent": 0, "dead": 0, "last_at": None}
        rows = []
        for name, patterns in self.hooks.items():
            parts = urlsplit(self.sender.targets[name].url)
            where = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
            rows.append({"name": name, "where": where, "events": list(patterns), **none, **figures.get(name, {})})
        return {"hooks": rows, "kinds": [{"name": one.name, "when": one.when} for one in KINDS]}

    def known(self, name: str) -> str:
        """The name itself. Raises NotFound where the settings have no such hook."""
        if name not in self.hooks:
            raise NotFound(f"there is no webhook {name[:64]}; `webhooks` of the settings names them")
        return name

    async def ping(self, name: str) -> dict[str, Any]:
        """Try a hook out: `{taken, status, reason, seconds}`."""
        began = time.monotonic()
        answer = await self.sender.ping(self.known(name))
        seconds = round(time.monotonic() - began, 3)
        return {"taken": answer.taken, "status": answer.status, "reason": answer.reason, "seconds": seconds}
