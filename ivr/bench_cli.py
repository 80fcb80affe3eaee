"""`ivr bench`: measures hearing and understanding on this machine, with cases of one's own."""

from __future__ import annotations

import argparse

from ivr import asr_bench, intent_bench, mood_bench


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")
    intent = kinds.add_parser("intent", help="how often a flow knows what callers want")
    intent_bench.add_arguments(intent)
    intent.set_defaults(run=intent_bench.run)
    mood = kinds.add_parser("mood", help="how often words alone tell how callers feel")
    mood_bench.add_arguments(mood)
    mood.set_defaults(run=mood_bench.run)
    asr = kinds.add_parser("asr", help="what recognition hears of recordings, how soon and at what cost")
    asr_bench.add_arguments(asr)
    asr.set_defaults(run=asr_bench.run)
