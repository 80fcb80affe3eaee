"""The other process of `test_survival`: takes dumped calls from stdin and goes on with them; prints what is not the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ivr.dialplan import events
from ivr.dialplan.environment import NOTHING
from ivr.rehearsing import House, Theatre


def main() -> None:
    """Read `{config, files, flow, calls: [{flags, values, state, event, now, after}]}`, print a list of differences."""
    job: dict[str, Any] = json.load(sys.stdin)
    house = House.of(Path(job["config"]))
    theatre = Theatre.load([Path(file) for file in job["files"]], House(environment=house.environment or NOTHING, prompts=()))
    wrong: list[str] = []
    for call in job["calls"]:
        machine = theatre.machine(job["flow"], call["flags"], call["values"])
        state = machine.restore(call["state"])
        if state.to_dict() != call["state"]:
            wrong.append(f"{call['state']['state']}: not the same after it was restored")
        event = getattr(events, call["event"][0])(**call["event"][1])
        after, _ = machine.handle(state, event, call["now"])
        if json.loads(json.dumps(after.to_dict())) != call["after"]:
            wrong.append(f"{call['state']['state']}: goes another way at {event}")
    json.dump({"restored": len(job["calls"]), "wrong": wrong}, sys.stdout)


if __name__ == "__main__":
    main()
