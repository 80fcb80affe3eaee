"""`ivr bench`: measures hearing and understanding on this machine, with cases of one's own."""

from __future__ import annotations

import argparse

from ivr import intent_bench


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")
    intent = kinds.add_parser("intent", help="how often a flow knows what callers want")
    intent_bench.add_arguments(intent)
    intent.set_defaults(run=intent_bench.run)
