"""What estimates cost with 10,000 waiting: `python -m tests.load.estimates`. CPU time of one round, and of its longest step."""

from __future__ import annotations

import gc
import random
import time

from ivr.acd.bench import SKILLS
from ivr.acd.estimate import estimate
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Queue, needs_of
from ivr.acd.outlook import Outlook

NOW = 1_790_000_000.0
CONTACTS, AGENTS, KINDS = 10_000, 1_000, 50


def outlook() -> Outlook:
    """A thousand agents who talk, of fifty sets of skills, and ten thousand callers of fifty kinds."""
    found = Outlook(None, [Queue("q", wrap_up_seconds=0)])
    dice = random.Random(1)
    for _ in range(100):
        found.pace.talked("q", dice.expovariate(1 / 240))
    for number in range(AGENTS):
        skills = random.Random(number % KINDS)
        levels = {skill: skills.randint(1, 9) for skill in skills.sample(SKILLS, 8)}
        held = {f"h{number}": ContactState.CONNECTED}
        found.put_agent(Agent(f"a{number}", skills=levels, state=AgentState.IN_CALL, since=NOW - 60, held=held), NOW)
        talking = Contact(f"h{number}", "q", NOW - 90, state=ContactState.CONNECTED, agent=f"a{number}")
        found.put_contact(talking, NOW)
    for number in range(CONTACTS):
        wish = random.Random(number % KINDS)
        needs = needs_of({skill: wish.randint(1, 4) for skill in wish.sample(SKILLS, 2)})
        found.put_contact(
            Contact(f"c{number}", "q", NOW - CONTACTS / 50 + number / 50, needs, priority=dice.randint(4, 6)), NOW
        )
    return found


def main() -> None:
    began = time.process_time()
    floor = outlook()
    print(f"{CONTACTS} contacts and {AGENTS} agents put in: {time.process_time() - began:.2f} s")
    gc.collect()
    gc.freeze()  # as a server does with what stays
    for _ in range(5):
        steps, round_ = [], estimate(floor, NOW, random.Random(2).random)
        found = None
        while found is None:
            before = time.thread_time()
            found = next(round_)
            steps.append(time.thread_time() - before)
        told = sum(at is not None for curve in found.curves.values() for _, at in curve)
        print(
            f"a round: {sum(steps) * 1000:.0f} ms in {len(steps)} steps, longest {max(steps) * 1000:.2f} ms, {told} points told"
        )


if __name__ == "__main__":
    main()
