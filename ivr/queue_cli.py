"""`ivr queue`: `replay` plays a recorded or a made-up day against changed rules."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The commands below `ivr queue`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    replay = actions.add_parser("replay", help="play a day of callers again under other rules, and compare")
    replay.add_argument("--config", type=Path, metavar="FILE", help="settings with the rules of now (A)")
    replay.add_argument("--against", type=Path, metavar="FILE", help="settings with the rules to compare (B)")
    replay.add_argument("--data", type=Path, metavar="DIR", help="records here instead of where the settings of A say")
    replay.add_argument("--day", metavar="YYYY-MM-DD", help="the recorded day (default: yesterday)")
    replay.add_argument("--generated", action="store_true", help="a made-up day instead; without --config with made-up agents")
    replay.add_argument("--contacts", type=int, default=0, metavar="N", help="callers of the made-up day (default: enough)")
    replay.add_argument("--agents", type=int, default=60, metavar="N", help="made-up agents (default: 60)")
    replay.add_argument("--seed", type=int, default=1, metavar="N", help="of the made-up day (default: 1)")
    replay.add_argument("--within", default="20s", metavar="DURATION", help="promise of the service level (default: 20s)")
    replay.add_argument("--no-estimates", action="store_true", help="do not measure estimated waits: twice as fast and more")
    replay.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw waits, and estimates against truth")
    replay.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    replay.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from ivr import queue_replay

    return queue_replay.run(args)
