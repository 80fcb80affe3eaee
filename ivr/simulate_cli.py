"""The arguments of `ivr simulate`; what it does stands in `ivr.simulating`, which no other command has to load."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "flow", nargs="?", default="", metavar="FLOW", help="a file, or the name of a flow of --config or dialplans"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings file: its flows, prompts, environment and customers"
    )
    parser.add_argument(
        "--profile", default="", metavar="FILE|YAML", help="who calls: a YAML or JSON file, or '{name: 王芳, tier: gold}'"
    )
    parser.add_argument(
        "--at", default="", metavar="TIME", help='when: "2026-01-01 09:00", in the flow\'s time zone (default: now)'
    )
    parser.add_argument("--language", default="", help="that is known before the call; without it the flow asks")
    parser.add_argument(
        "--from", dest="number", default="", metavar="NUMBER", help="who calls; with --config its profile is taken"
    )
    parser.add_argument("--called", default="", metavar="NUMBER", help="what was dialled")
    parser.add_argument("--lookups", type=Path, metavar="FILE", help="answers of sources, as under `lookups` in test cases")
    parser.add_argument("--no-speech", action="store_true", help="nothing is recognised: keys alone")
    parser.add_argument("--script", type=Path, metavar="FILE", help="lines to type, one a line; then the call ends")
    parser.add_argument(
        "--audio", type=Path, action="append", default=[], metavar="FILE.wav", help="speak this through the recogniser first"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="data folder with models and records (default: that of --config)"
    )
    parser.add_argument(
        "--trace", default="", metavar="CONTACT_ID", help="replay a recorded call, and show where it would go differently now"
    )
    parser.add_argument("--json", action="store_true", help="with --trace: for programs")


def run(args: argparse.Namespace) -> int:
    """The exit status."""
    if args.trace:
        from ivr.replaying import run as replay

        return replay(args)
    from ivr.simulating import run as simulate

    return simulate(args)
