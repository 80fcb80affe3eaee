"""One node as a process: `python -m tests.pains.node URL PREFIX NAME`. Contacts come as lines on its standard input; each
is kept in the queue, taken as soon as it is offered, talked with for a moment, given back. All of it is told line by line.
"""

from __future__ import annotations

import asyncio
import sys

from redis.asyncio import Redis

from ivr.acd.model import Contact
from ivr.acd.place import Offered
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore

TALK = 0.05
"""Seconds."""


def say(*words: str) -> None:
    print(*words, flush=True)


async def serve(router: Router, contact: str) -> None:
    async with router.place(Contact(contact, "q", router.store.now(), node=router.node)) as place:
        say("waits", contact)
        async for event in place:
            if isinstance(event, Offered) and await place.accepted():
                say("talks", contact, event.agent_id)
                await asyncio.sleep(TALK)
                await place.finished("served")
                say("served", contact)
                return


async def main(url: str, prefix: str, name: str) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    router = Router(AcdStore(Redis.from_url(url), prefix=prefix), name)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(router.run())
        say("ready")
        while line := (await reader.readline()).decode().strip():
            group.create_task(serve(router, line))
        running.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
