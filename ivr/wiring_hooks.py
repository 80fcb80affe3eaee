"""From settings to webhooks that are told what happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from ivr.hooks.gathering import Gathering
from ivr.hooks.house import HookHouse
from ivr.hooks.outbox import HookOutbox
from ivr.hooks.sending import HookSender, Target
from ivr.settings_hooks import HookOptions
from ivr.stores import Stores
from ivr.web.parts import WebParts


@dataclass(frozen=True, slots=True)
class HookParts:
    house: HookHouse

    def web(self, parts: WebParts) -> WebParts:
        return replace(parts, hooks=self.house)

    def metrics(self) -> str:
        """Prometheus text."""
        return self.house.sender.metrics()


def hook_parts(options: Sequence[HookOptions], stores: Stores, stack: AsyncExitStack, start: Callable[..., None]) -> HookParts:
    """Started by `start`; where no hook is set nothing is gathered."""
    hooks = {one.name: one.events for one in options}
    targets = {one.name: Target(one.name, one.url, one.secret, one.timeout) for one in options}
    outbox = HookOutbox(stores.engine, time.time)
    sender = HookSender(outbox, targets, time.time)
    stack.push_async_callback(sender.close)
    if hooks:
        start(Gathering(stores.redis, stores.engine, hooks, time.time, stores.acd.prefix).run(), sender.run())
    return HookParts(HookHouse(outbox, sender, hooks))
