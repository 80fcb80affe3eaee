"""The command lines of `ivr bench asr` and `ivr asr serve`; what they need is loaded when they run."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

FEEDS = ("native8k", "resample", "bandfill")
CHANNELS = ("telephone", "clean", "noise20", "noise10", "loss1", "loss3")


def add_bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--audio", type=Path, default=Path("tests/audio"), metavar="DIR", help="recordings with an index.json")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file: its models (default: examples/demo)")
    parser.add_argument("--models-dir", type=Path, metavar="DIR", help="where models are kept (default: as the settings say)")
    parser.add_argument(
        "--engine", choices=("vosk", "sherpa", "remote", "whisper"), help="of --model (default: told by its files)"
    )
    parser.add_argument(
        "--model", action="append", default=[], metavar="[LANGUAGE=]NAME", help="instead of those of the settings"
    )
    parser.add_argument("--aliases", action="append", default=[], metavar="LANGUAGE=FILE", help="spellings for unknown words")
    parser.add_argument("--feed", action="append", default=[], choices=FEEDS, help="default: each")
    parser.add_argument("--language", action="append", default=[], metavar="LANGUAGE", help="only these")
    parser.add_argument("--voice", action="append", default=[], metavar="NAME", help="only recordings of these voices")
    parser.add_argument("--channel", action="append", default=[], choices=CHANNELS, help="telephone: all of its")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most so many recordings a language")
    parser.add_argument("--free", action=argparse.BooleanOptionalAction, default=True, help="hear freely as well (dear)")
    parser.add_argument("--live", action="store_true", help="in real time through workers, with voice gate and end of speech")
    parser.add_argument("--at-once", type=int, default=6, metavar="N", help="turns at the same time with --live (default: 6)")
    parser.add_argument("--misses", action="store_true", help="list what was not heard right")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")

    def run(args: argparse.Namespace) -> int:
        from ivr import asr_bench

        return asr_bench.run(args)

    parser.set_defaults(run=run)


def add_serve(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="asr", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve", help="answer other nodes: `speech.models: {zh: {engine: remote, url: ws://HOST:PORT/zh}}`"
    )
    serve.add_argument("config", nargs="?", type=Path, help="settings file: its speech.models (default: examples/demo)")
    serve.add_argument("--listen", default="127.0.0.1:2700", metavar="HOST:PORT", help="default: %(default)s")
    serve.add_argument("--language", action="append", default=[], help="default: those of the settings' models, else zh and en")
    serve.add_argument("--models-dir", type=Path, metavar="DIR", help="where models are kept (default: as the settings say)")
    serve.add_argument("--threads", type=int, default=os.cpu_count() or 1, metavar="N", help="default: %(default)s, one a core")

    def run(args: argparse.Namespace) -> int:
        from ivr import asr_cli

        return asr_cli.run(args)

    parser.set_defaults(run=run)
