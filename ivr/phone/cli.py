"""The command line of `ivr phone call`, `ivr phone answer` and `ivr phone register`; loads what they need when they run."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from telephony.media.codec import Codec

CODECS = {codec.value.lower(): codec for codec in Codec}
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The three subcommands of `ivr phone`."""
    commands = parser.add_subparsers(dest="phone", required=True, metavar="COMMAND")
    call = commands.add_parser("call", help="call somebody; exit code 0 if it was answered (and heard, with --expect-audio)")
    call.add_argument("target", help="sip:1000@HOST[:PORT][;transport=tcp|tls]")
    call.add_argument(
        "--wait", type=seconds_of, default=60.0, metavar="TIME", help="give up after so long without an answer (60s)"
    )
    _add_voice(call, 30.0)
    _add_line(call)
    answer = commands.add_parser("answer", help="wait for calls and answer them; one report a line, or a few lines each")
    answer.add_argument("--listen", action="append", default=[], metavar="URL", help="udp://HOST:PORT; again for more")
    answer.add_argument("--register", default="", metavar="URI", help="be called as sip:USER@HOST[:PORT]")
    answer.add_argument("--calls", type=int, default=1, metavar="N", help="end after so many calls; 0 for never (1)")
    answer.add_argument("--after", type=seconds_of, default=0.0, metavar="TIME", help="ring for so long first (0s)")
    _add_voice(answer, 0.0)
    _add_line(answer)
    register = commands.add_parser("register", help="see whether a registrar takes a user and a password")
    register.add_argument("target", help="sip:USER@HOST[:PORT][;transport=tcp|tls]")
    _add_line(register)
    parser.set_defaults(run=run)


def _add_voice(parser: argparse.ArgumentParser, seconds: float) -> None:
    parser.add_argument("--play", type=Path, metavar="FILE", help="say this: WAV of any rate, or what ffmpeg reads")
    parser.add_argument("--repeat", action="store_true", help="say it again and again")
    parser.add_argument("--keys", default="", metavar="KEYS", help="press 12# a second after the answer, or 2s:1,5s:#")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep what is heard as WAV")
    text = f"{seconds:g}s" if seconds else "0, for when the far end does"
    parser.add_argument("--seconds", type=seconds_of, default=seconds, metavar="TIME", help=f"hang up after so long ({text})")
    parser.add_argument(
        "--expect-audio",
        type=float,
        nargs="?",
        const=0.1,
        metavar="SHARE",
        help="fail unless so much of the time is no silence (0.1)",
    )


def _add_line(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", default="", help="who we are; with --password, who may call")
    parser.add_argument("--password", default="", help="for digest")
    parser.add_argument("--display", default="", metavar="NAME", help="name shown to the other end")
    parser.add_argument("--host", default="", metavar="ADDRESS", help="our own address (that which packets leave from)")
    parser.add_argument("--codec", action="append", default=[], choices=sorted(CODECS), help="again for more, best first")
    parser.add_argument("--ca", default="", metavar="FILE", help="PEM of authorities that prove a TLS server")
    parser.add_argument("--insecure", action="store_true", help="take any certificate of a TLS server")
    parser.add_argument("--srtp", nargs="?", const="required", default="off", choices=["off", "optional", "required"])
    parser.add_argument(
        "--json", action="store_true", help="a JSON object instead of text; so it is where stdout is no terminal"
    )


def run(args: argparse.Namespace) -> int:
    """One of the subcommands. Raises ConfigError for what a person can mend."""
    from ivr.phone.commands import run as run_command

    return run_command(args)


def seconds_of(text: str) -> float:
    """`15`, `15s`, `300ms`, `2m` as seconds, for argparse."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a time such as 300ms, 15s or 2m")
    return float(found[1]) * _UNITS[found[2] or "s"]
