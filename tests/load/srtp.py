"""What SRTP costs: N legs that play and are spoken to, over real UDP sockets on 127.0.0.1, no SIP.

    python -m tests.load.srtp --calls 100 --seconds 6 --runs 3

Both ends are processes of `SipMedia`; offers and answers go through a pipe. CPU and memory are those of one end alone, which
encrypts 50 packets a second for each leg and decrypts as many. Runs alternate, the median by CPU is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import sys
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from telephony.gateway.sip_media import SipMedia
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.net.dtls import Identity
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.negotiation import MediaPolicy
from telephony.sip.sdes import SUITES

HOST = "127.0.0.1"
KINDS = ("plain", *SUITES, "dtls")


def policy_of(kind: str, identity: Identity) -> MediaPolicy:
    """`kind` is one of `KINDS`."""
    if kind == "plain":
        return MediaPolicy((Codec.PCMU,), rtcp=True)
    suites = (kind,) if kind in SUITES else tuple(SUITES)
    secrecy = Secrecy(Srtp.REQUIRED, suites, dtls=kind == "dtls", fingerprint=identity.fingerprint)
    return MediaPolicy((Codec.PCMU,), rtcp=True, secrecy=secrecy)


def resident() -> int:
    """KB of this process in memory."""
    gc.collect()
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def end(pipe: Connection, kind: str, calls: int, low: int, offers: bool) -> None:
    asyncio.run(_end(pipe, kind, calls, low, offers))


async def _end(pipe: Connection, kind: str, calls: int, low: int, offers: bool) -> None:
    """One end: offers or answers, plays, and answers each word of its parent with (CPU seconds, KB, packets heard)."""
    loop, ticker, identity = asyncio.get_running_loop(), Ticker(), Identity()
    ports = RtpPorts(HOST, low, low + 2 * calls + 200, ticker)
    ticker.start()
    before = resident()
    legs = [
        SipMedia(
            HOST,
            ports,
            ticker,
            on_digit=lambda digit: None,
            on_playback=lambda number, completed, milliseconds: None,
            policy=policy_of(kind, identity),
            identity=identity,
        )
        for _ in range(calls)
    ]
    if offers:
        pipe.send([leg.offer() for leg in legs])
        for leg, answer in zip(legs, await loop.run_in_executor(None, pipe.recv), strict=True):
            leg.take_answer(answer, loop.time())
    else:
        offered = await loop.run_in_executor(None, pipe.recv)
        pipe.send([leg.answer(offer, loop.time()) for leg, offer in zip(legs, offered, strict=True)])
    prompt = Clip.tone(440, 30.0)
    for leg in legs:
        leg.stream.play([prompt], repeat=True)
    while await loop.run_in_executor(None, pipe.recv):
        heard = sum(leg.quality()["packets_received"] for leg in legs)
        pipe.send((cpu(), resident() - before, heard))
    await ticker.close()


def measure(kind: str, calls: int, seconds: float) -> dict[str, float]:
    """One run of `calls` legs."""
    context = get_context("fork")
    pipes, children = [], []
    for offers, low in ((True, 20000), (False, 40000)):
        here, there = context.Pipe()
        child = context.Process(target=end, args=(there, kind, calls, low, offers), daemon=True)
        child.start()
        pipes.append(here)
        children.append(child)
    far, near = pipes
    near.send(far.recv())
    far.send(near.recv())
    time.sleep(4.0)
    near.send(True)
    began, before = time.monotonic(), near.recv()
    time.sleep(seconds)
    near.send(True)
    after, elapsed = near.recv(), time.monotonic() - began
    for pipe in pipes:
        pipe.send(False)
    for child in children:
        child.join(10)
    return {
        "CPU-s per call-minute": (after[0] - before[0]) / calls / elapsed * 60,
        "MB a leg": after[1] / calls / 1024,
        "heard %": 100 * (after[2] - before[2]) / (calls * 50 * elapsed),
    }


def main(arguments: Sequence[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=100)
    options.add_argument("--seconds", type=float, default=6.0)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    chosen = options.parse_args(arguments)
    results: dict[str, list[dict[str, float]]] = {kind: [] for kind in chosen.kinds}
    for _ in range(chosen.runs):
        for kind in chosen.kinds:
            results[kind].append(measure(kind, chosen.calls, chosen.seconds))
    for kind, runs in results.items():
        print(f"{kind:24}", "  ".join(f"{name} {median(run[name] for run in runs):.3f}" for name in runs[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
