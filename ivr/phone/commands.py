"""What `ivr phone call`, `ivr phone answer` and `ivr phone register` do."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from ivr.errors import ConfigError
from ivr.phone.calling import Calling, Plan
from ivr.phone.cli import CODECS
from ivr.phone.keys import parse_keys
from ivr.phone.line import Line, LineOptions, local_address, parse_uri, speaks_tls
from ivr.phone.report import Progress, Report
from ivr.speech.recording import read_recording
from telephony.gateway.sip_leg import SipLeg
from telephony.leg import EndCause
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.sip.digest import Account
from telephony.sip.keying import Srtp

REGISTER_WAIT = 10.0


def run(args: argparse.Namespace) -> int:
    """One of the subcommands. Raises ConfigError for what a person can mend."""
    work = {"call": call, "answer": answer, "register": register}[args.phone]
    return asyncio.run(_interruptible(work(args)))


async def _interruptible(work: Coroutine[Any, Any, int]) -> int:
    """Ctrl-C and SIGTERM end the call in order, with its report."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 130


async def call(args: argparse.Namespace) -> int:
    target = parse_uri(args.target)
    plan = replace(_plan(args), wait=args.wait)
    options = replace(_options(args), host=args.host or local_address(target), tls=speaks_tls(target))
    progress = Progress(sys.stderr)
    try:
        async with Line(options) as line:
            report = await Calling(line.dial(str(target)), plan, progress.say).run()
    finally:
        progress.stop()
    _print(report, args)
    return 0 if _good(report, args.expect_audio) else 1


async def answer(args: argparse.Namespace) -> int:
    if args.calls < 0:
        raise ConfigError(f"--calls: {args.calls} is less than 0")
    plan = replace(_plan(args), after=args.after)
    options = replace(_options(args), listen=tuple(args.listen), tls=any(one.startswith("tls:") for one in args.listen))
    if args.register:
        uri = parse_uri(args.register)
        user = args.user or uri.user
        account = Account(user, args.password) if args.password else None
        options = replace(options, user=user, account=account, registrar=str(uri), host=args.host or local_address(uri))
        options = replace(options, tls=options.tls or speaks_tls(uri))
    elif not args.listen:
        options = replace(options, listen=("udp://127.0.0.1:5066", "tcp://127.0.0.1:5066"))
    offered: asyncio.Queue[SipLeg] = asyncio.Queue()
    progress = Progress(sys.stderr)
    good, taken = True, 0
    try:
        async with Line(options, offered.put_nowait) as line:
            if options.registrar and (why := await line.registered(REGISTER_WAIT)):
                raise ConfigError(f"--register: {options.registrar}: {why}")
            print(f"ready {' '.join(line.addresses)}", file=sys.stderr, flush=True)
            while not args.calls or taken < args.calls:
                progress.say("waiting for a call")
                leg = await offered.get()
                taken += 1
                report = await Calling(leg, _numbered(plan, taken, args.calls), progress.say).run()
                progress.stop()
                _print(report, args)
                good = good and _good(report, args.expect_audio)
    finally:
        progress.stop()
    return 0 if good else 1


async def register(args: argparse.Namespace) -> int:
    uri = parse_uri(args.target)
    account = Account(args.user or uri.user, args.password) if args.password else None
    host = args.host or local_address(uri)
    options = replace(_options(args), registrar=str(uri), account=account, host=host, tls=speaks_tls(uri))
    began = asyncio.get_running_loop().time()
    async with Line(options) as line:
        why = await line.registered(REGISTER_WAIT)
        took = round((asyncio.get_running_loop().time() - began) * 1000, 1)
        state = "not registered" if why else "registered"
        if _as_json(args):
            print(json.dumps({"target": str(uri), "state": state.replace(" ", "_"), "status": why or "200 OK", "ms": took}))
        else:
            print(f"{uri}: {state}{f': {why}' if why else f' in {took:g} ms'}")
    return 1 if why else 0


def _options(args: argparse.Namespace) -> LineOptions:
    return LineOptions(
        host=args.host,
        user=args.user or "phone",
        display=args.display,
        account=Account(args.user, args.password) if args.user and args.password else None,
        codecs=tuple(CODECS[name] for name in args.codec) or (Codec.PCMU, Codec.PCMA),
        srtp=Srtp(args.srtp),
        ca=args.ca,
        verify=not args.insecure,
    )


def _plan(args: argparse.Namespace) -> Plan:
    clips = (Clip.from_pcm(read_recording(args.play), args.play.name),) if args.play is not None else ()
    return Plan(clips, args.repeat, parse_keys(args.keys), args.record, args.seconds)


def _numbered(plan: Plan, number: int, calls: int) -> Plan:
    """A recording of its own for each of several calls: `out-2.wav`."""
    if plan.record is None or calls == 1:
        return plan
    return replace(plan, record=plan.record.with_stem(f"{plan.record.stem}-{number}"))


def _good(report: Report, expected: float | None) -> bool:
    if not report.answered or report.cause in (EndCause.FAILED.value, EndCause.MEDIA_LOST.value):
        return False
    return expected is None or (report.heard is not None and report.heard.voiced_share >= expected)


def _as_json(args: argparse.Namespace) -> bool:
    return bool(args.json) or not sys.stdout.isatty()


def _print(report: Report, args: argparse.Namespace) -> None:
    print(report.to_json() if _as_json(args) else report.to_text(), flush=True)
