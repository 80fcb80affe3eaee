"""One node of `tests.load.chaos`: the real store, router and matching; callers and agents are scripted. Killed at any instant.

What its callers see is written to a ledger, a line at a time and at once, so that it outlives the node.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress

from ivr.acd.model import Contact, Need
from ivr.acd.place import Offered, Place, Refused
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable
from ivr.nodes.redis_client import redis_client

QUEUES = ("sales", "support", "bank")
AT_ONCE = 30
"""Callers on the line."""

Ledger = Callable[[str, str], None]


async def call(router: Router, name: str, dice: random.Random, ledger: Ledger) -> None:
    """One caller's life, told to the ledger: `enter`, one of `answered abandoned overflowed`, and `told` once Redis knows."""
    needs = tuple(Need(skill, dice.randint(1, 5)) for skill in dice.sample(["a", "b"], dice.randint(0, 1)))
    contact = Contact(name, dice.choice(QUEUES), round(time.time(), 3), needs, dice.randint(4, 6), node=router.node)
    hurry = dice.random() < 0.15
    why = dice.choice(["abandoned", "overflowed"])
    ledger("enter", name)
    async with router.place(contact) as place:
        try:
            async with asyncio.timeout(dice.uniform(0.02, 1.0) if hurry else 300.0):
                await answered(place, dice)
        except TimeoutError:
            ledger(why, name)
            if await ended(place, why):
                ledger("told", name)
            return
        await asyncio.sleep(dice.uniform(0.0, 0.3))
        ledger("answered", name)
        if await ended(place, "served"):
            ledger("told", name)


async def answered(place: Place, dice: random.Random) -> None:
    """Until an agent talks; on the way some decline, some do not hear it, and some have no audio."""
    async for event in place:
        if isinstance(event, Refused):
            raise TimeoutError
        if not isinstance(event, Offered):
            continue
        await asyncio.sleep(dice.uniform(0.0, 0.05))
        luck = dice.random()
        if luck > 0.15:
            if await place.accepted(event.agent_id):
                if luck > 0.18:
                    return
                await place.declined("media", event.agent_id)
        elif event.agent_id in place.rung:
            await place.declined(dice.choice(["declined", "missed"]), event.agent_id)


async def ended(place: Place, outcome: str) -> bool:
    """Whether Redis was told; else the router owes it."""
    try:
        await place.left(outcome)
    except StoreUnavailable:
        return False
    return True


async def run(options: argparse.Namespace) -> None:
    redis = redis_client(options.redis)
    router = Router(AcdStore(redis), options.name)
    ledger_file = os.open(options.ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def ledger(what: str, who: str) -> None:
        os.write(ledger_file, (json.dumps([what, who]) + "\n").encode())

    serving = asyncio.create_task(router.run())
    lines = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        dice = random.Random(f"{options.seed}:{options.name}:{options.life}:{number}")
        try:
            await call(router, f"{options.name}-{options.life}-{number}", dice, ledger)
        finally:
            lines.release()

    async with asyncio.TaskGroup() as callers:
        for number in range(options.contacts):
            await lines.acquire()
            callers.create_task(one(number))
    while router.mending.owes:  # noqa: ASYNC110  # the router's tick pays
        await asyncio.sleep(0.1)
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    await redis.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for word in ("name", "redis", "ledger", "seed"):
        parser.add_argument(f"--{word}", required=True)
    for word in ("life", "contacts"):
        parser.add_argument(f"--{word}", required=True, type=int)
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(run(parser.parse_args()))
