"""`ivr bench`: measures hearing, understanding and queues on this machine, with cases of one's own."""

from __future__ import annotations

import argparse

from ivr import asr_arguments, intent_bench, mood_bench, queue_bench, slots_bench


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")
    intent = kinds.add_parser("intent", help="how often a flow knows what callers want")
    intent_bench.add_arguments(intent)
    intent.set_defaults(run=intent_bench.run)
    mood = kinds.add_parser("mood", help="how often words alone tell how callers feel")
    mood_bench.add_arguments(mood)
    mood.set_defaults(run=mood_bench.run)
    slots = kinds.add_parser("slots", help="how often digits, dates, amounts and the like are read as they were meant")
    slots_bench.add_arguments(slots)
    slots.set_defaults(run=slots_bench.run)
    asr = kinds.add_parser("asr", help="what recognition hears of recordings, how soon and at what cost")
    asr_arguments.add_bench(asr)
    queue = kinds.add_parser("queue", help="how soon a freed agent has the next caller, with thousands waiting")
    queue_bench.add_arguments(queue)
    queue.set_defaults(run=queue_bench.run)
