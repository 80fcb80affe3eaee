"""The arguments of `ivr test`; what it does stands in `ivr.testing`, which no other command has to load."""

from __future__ import annotations

import argparse
from pathlib import Path

DEMO = Path("examples/demo/hotline.yaml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", type=Path, help="*.test.yaml, flows or folders (default: those of --config)")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"settings file: its flows, prompts and environment (default where no path is named: {DEMO}, if there is one)",
    )
    parser.add_argument("-k", dest="name", default="", metavar="WORDS", help="only the cases whose name has these words")
    parser.add_argument("--format", choices=["text", "json", "junit"], default="text")
    parser.add_argument(
        "--fail-under", type=float, default=0.0, metavar="PERCENT", help="fail where states or edges of a flow are below"
    )
    parser.add_argument("--strict", action="store_true", help="count edges of `defaults` for every state that can take them")
    parser.add_argument(
        "--html", type=Path, metavar="DIR", help="write a page with the coverage of every flow to DIR/index.html"
    )
    parser.add_argument("--coverage", type=Path, metavar="FILE", help="write the coverage as JSON, for the diagram")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="play everything N times, to measure it")
    parser.add_argument(
        "--explore", type=int, default=0, metavar="N", help="instead: N calls of random callers through every flow"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random callers (default: 1)")


def run(args: argparse.Namespace) -> int:
    """The exit status: 1 where a case fails, a file is wrong, or the coverage is below what is asked for."""
    from ivr import testing

    if not args.paths and args.config is None and DEMO.is_file():
        args.config = DEMO
    return testing.run(args)
