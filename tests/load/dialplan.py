"""What flows cost: `python -m tests.load.dialplan`. One machine step, and loading and checking a flow of 500 states.

Targets: a step below 0.2 ms at the 99th percentile, load and check below 300 ms. Times are CPU time of this thread, so that
other work on the machine counts little; nobody collects garbage meanwhile, as in a node that has calls (`ivr.heap`). The flow
is read anew each time, with every expression compiled anew; callers come twice, and the second time counts.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import statistics
import sys
import time
from random import Random

from ivr.dialplan import expression
from ivr.dialplan.environment import build_environment
from ivr.dialplan.events import Heard, Pressed, PromptEnded, QueueLeft, TimerFired
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine
from ivr.dialplan.machine import Machine
from ivr.dialplan.problems import Findings
from ivr.dialplan.state import Phase

STATES = 500
STEP_LIMIT, LOAD_LIMIT = 0.2, 300.0
"""Milliseconds."""
ENVIRONMENT = """
flags: { new_menu: { percent: 50 }, beta: { tiers: [gold] } }
hours: { office: { time_zone: Asia/Shanghai, open: { mon-fri: [09:00-12:00, 13:30-18:00] }, holidays: [CN] } }
values: { shop: 示例 }
"""
NOON = 1_700_000_000.0
PROFILE = {"tier": "gold", "area": 3, "outages": [{"area": n} for n in range(5)], "history": ["i1", "i2"] * 10}


def flow(states: int) -> str:
    """A flow of so many states: menus, typed questions, conditions, a queue; every branch leads on."""
    lines = [
        "flow: big",
        "languages: [zh, en]",
        "time_zone: Asia/Shanghai",
        "vars: { n: 0, kind: none }",
        "defaults:",
        "  no_input: { retry: 2, then: goodbye }",
        "  no_match: { retry: [{ zh: 请再说, en: pardon }, { zh: 没听懂, en: what was that }], then: queue }",
        "  error: goodbye",
        "  agent: queue",
        "intents:",
        *(f"  i{n}: {{ zh: [词{n}, 我要词{n}], en: [word {n}, I want word {n}] }}" for n in range(40)),
        "states:",
        "  goodbye: { say: { zh: 再见, en: goodbye }, on: { done: end } }",
        "  queue: { enqueue: { queue: support, priority: \"profile.tier == 'gold' ? 8 : 5\" },"
        " on: { no_agents: goodbye, closed: goodbye, full: goodbye } }",
    ]
    for n in range(states - 2):
        following = f"s{n + 1}" if n + 1 < states - 2 else "goodbye"
        lines.append(_state(n, following))
    return "\n".join(["entry: s0", *lines])


KINDS = (
    """\
  s<0>:
    do: [{ set: { n: "{vars.n + <0>}" } }]
    menu: { say: { zh: "您好{env.shop}", en: "hello {vars.n}" }, options: [i<a>, i<b>] }
    on: { i<a>: <next>, i<b>: { to: <next>, tag: t<0>, set: { kind: k<0> } } }""",
    """\
  s<0>:
    go:
      - { if: "vars.n > <0> && profile.tier == 'gold' && hours.office.open", to: <next> }
      - { if: "profile.outages.exists(o, o.area == <0>)", to: queue }
      - { if: "flags.new_menu || vars.kind == 'k<-1>'", say: { zh: 好, en: good }, to: <next> }
      - { to: <next> }""",
    """\
  s<0>:
    ask: { say: { zh: 号码, en: "your number, {caller.name}" }, into: a<0>, expect: { digits: { min: 4, max: 11 } } }
    on: { done: { to: <next>, say: { zh: 谢谢, en: thanks } } }""",
    """\
  s<0>:
    ask: { say: [{ zh: 对吗, en: is it right }, { digits: slots.a<-1> }], expect: yes_no }
    on: { yes: <next>, no: <next> }""",
)


def _state(n: int, following: str) -> str:
    text = KINDS[n % len(KINDS)]
    for mark, value in (("<0>", n), ("<-1>", n - 1), ("<a>", n % 40), ("<b>", (n + 1) % 40), ("<next>", following)):
        text = text.replace(mark, str(value))
    return text


def around() -> Surroundings:
    environment = build_environment(ENVIRONMENT, Findings("environment.yaml"))
    return Surroundings(queues={"support"}, skills=(), environment=environment)


def loading(text: str, times: int) -> list[float]:
    """Milliseconds of each load and check."""
    found, surroundings = [], around()
    for _ in range(times):
        expression._compile.cache_clear()
        begin = time.thread_time()
        read, problems = examine(text, "big.yaml", surroundings)
        found.append((time.thread_time() - begin) * 1000)
        assert read is not None, problems[:3]
    return found


def stepping(text: str, calls: int, seed: int = 1) -> list[float]:
    """Milliseconds of each step of so many random callers."""
    surroundings = around()
    read, problems = examine(text, "big.yaml", surroundings)
    assert read is not None and surroundings.environment is not None, problems[:3]
    machine, found = Machine(read, surroundings.environment), list[float]()
    for number in [*range(calls), *range(calls)]:
        random = Random(f"{seed}:{number}")
        state, _ = machine.start({"id": str(number), "caller": {"number": str(number)}}, PROFILE, NOON)
        for _ in range(60):
            if state.phase is Phase.ENDED:
                break
            event = _event(random, state.phase)
            begin = time.thread_time()
            state, _ = machine.handle(state, event, NOON + number)
            found.append((time.thread_time() - begin) * 1000)
    return found[len(found) // 2 :]


def _event(random: Random, phase: Phase) -> Heard | Pressed | PromptEnded | QueueLeft | TimerFired:
    if phase is Phase.QUEUE:
        return QueueLeft(random.choice(["served", "closed"]))
    if phase is Phase.INTRO or random.random() < 0.3:
        return PromptEnded(0)
    said = Heard(random.choice(["我要词1", "是的", "不对", "一三八零零", "嗯"]), 0.9, "zh")
    events: list[Heard | Pressed | TimerFired] = [said, Pressed(random.choice("12345#")), Pressed("1"), TimerFired("answer")]
    return random.choice(events)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load.dialplan", description=__doc__)
    parser.add_argument("--profile", action="store_true", help="show where loading spends its time")
    args = parser.parse_args()
    gc.disable()
    text = flow(STATES)
    loading(text, 1)
    if args.profile:
        with cProfile.Profile() as profile:
            loading(text, 3)
        pstats.Stats(profile).sort_stats("tottime").print_stats(35)
        return 0
    loads, steps = loading(text, 7), stepping(text, 300)
    load, step = statistics.median(loads), sorted(steps)[int(len(steps) * 0.99)]
    print(f"load and check {STATES} states ({len(text):,} characters): median {load:.0f} ms, best of 7 {min(loads):.0f} ms")
    print(
        f"{len(steps):,} machine steps: median {statistics.median(steps):.3f} ms, p99 {step:.3f} ms, worst {max(steps):.1f} ms"
    )
    return 0 if load < LOAD_LIMIT and step < STEP_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
