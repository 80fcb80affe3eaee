"""At some two hundred calls at the same time, twenty new ones a second, the queue stops: callers hear music for ever while
agents sit idle, and only a restart helps.

Here two hundred callers come at twenty a second into one real queue (flow, session, Redis, matching), while agents come on
duty late: all are on the line at once, then everybody is served once, in the order in which they came, and nothing is left.
"""

from __future__ import annotations

import asyncio
import time

from telephony.fake import FakeLeg
from tests.pains.centre import Centre

CALLS, RATE, AGENTS = 200, 20.0, 40
TALK = 0.3
"""Seconds."""
MOST_SECONDS = 25.0


async def test_two_hundred_at_twenty_a_second_are_all_served(centre: Centre) -> None:
    names = await centre.open(AGENTS, on_duty=False)
    began = time.monotonic()
    contacts: dict[str, FakeLeg] = {}
    for number in range(CALLS):
        leg, contact = centre.call(f"{number:04d}")
        contacts[contact] = leg
        await asyncio.sleep(max(0.0, began + (number + 1) / RATE - time.monotonic()))
    store = centre.house.store
    async with asyncio.timeout(10):
        while len(await store.contact_ids()) < CALLS:  # noqa: ASYNC110  # in Redis
            await asyncio.sleep(0.05)
    assert len(centre.house.switchboard) == CALLS, "all are on the line at the same time"
    for name in names:
        await centre.house.come(name)
    hung_up: set[str] = set()
    async with asyncio.timeout(MOST_SECONDS):
        while len(hung_up) < CALLS:
            for contact, leg in contacts.items():
                if contact not in hung_up and centre.house.talks.has(contact):
                    hung_up.add(contact)
                    asyncio.get_running_loop().call_later(TALK, leg.vanish)
            await asyncio.sleep(0.01)
    took = time.monotonic() - began
    await centre.nothing_left()
    assert sorted(centre.answered()) == sorted(contacts), "each was joined once, nobody twice"
    order = {contact: number for number, contact in enumerate(contacts)}
    served = [order[contact] for contact in centre.rung()]
    late = max(abs(place - number) for place, number in enumerate(served))
    assert late <= AGENTS, "who came first was rung first, but for those who are rung at the same moment"
    assert took < MOST_SECONDS, f"{took:.1f} s"
