"""What media alone costs: N calls over real UDP sockets on 127.0.0.1, no SIP.

    python tests/load/pump.py playback --calls 200 --seconds 10
    python tests/load/pump.py bridge --calls 100 --reader loop
    python tests/load/pump.py silent kept --calls 100

The server (our ticker, sockets and streams) is a child process; the far ends are this process, which sends 50 packets a
second for each leg and takes the kernel's receive stamps (SO_TIMESTAMPNS) of what comes back, so that its own lateness does
not show in the gaps. `--reader loop` reads the server's sockets by `loop.add_reader`, to compare.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection

from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.rtp import compose
from telephony.media.stream import MediaStream
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker

_SO_TIMESTAMPNS = 35
_HOST = "127.0.0.1"


class LoopReader(Ticker):
    """A ticker that leaves reading to the event loop: one call-back for each packet."""

    def watch(self, fd: int, reader: Callable[[float], None]) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(fd, lambda: reader(loop.time()))

    def unwatch(self, fd: int) -> None:
        asyncio.get_running_loop().remove_reader(fd)


def _cpu() -> tuple[float, float]:
    """Seconds in Python and in the kernel."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime, usage.ru_stime


def serve(pipe: Connection, mode: str, reader: str, far_ports: list[int]) -> None:
    """The child: one leg for each far port; answers "cpu" with CPU seconds so far and the ticker's metrics."""
    asyncio.run(_serve(pipe, mode, reader, far_ports))


async def _serve(pipe: Connection, mode: str, reader: str, far_ports: list[int]) -> None:
    ticker = LoopReader() if reader == "loop" else Ticker()
    ports = RtpPorts(_HOST, 20000, 60000, ticker)
    streams: list[MediaStream] = []
    numbers: list[int] = []
    for index, far_port in enumerate(far_ports):
        leg = ports.open(lambda data, now: None)
        stream = MediaStream(
            ssrc=index + 1,
            sequence=0,
            timestamp=0,
            transmit=leg.send,
            on_digit=lambda digit: None,
            on_playback=lambda number, completed, milliseconds: None,
        )
        leg.receive = stream.receive
        stream.configure(Codec.PCMU, 0, 101)
        leg.aim(_HOST, far_port)
        ticker.attach(stream)
        streams.append(stream)
        numbers.append(leg.port)
    ticker.start()
    if mode == "playback":
        prompt = Clip.tone(440, 30.0)
        for stream in streams:
            stream.play([prompt], repeat=True)
    elif mode == "kept":
        for stream in streams:
            stream.keeping = True
    elif mode == "bridge":
        for a, b in zip(streams[::2], streams[1::2], strict=True):
            a.forward_to, b.forward_to = b, a
    pipe.send(numbers)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, pipe.recv):
        pipe.send((_cpu(), ticker.metrics()))
    await ticker.close()


class FarEnds:
    """The generator: sends on every leg each 20 ms, spread over time, and notes when packets arrive."""

    def __init__(self, count: int) -> None:
        self.sockets: list[socket.socket] = []
        for _ in range(count):
            each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            each.bind((_HOST, 0))
            each.setblocking(False)
            each.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self.sockets.append(each)
        self.arrivals: list[list[float]] = [[] for _ in self.sockets]
        self.by_fd = dict(zip((each.fileno() for each in self.sockets), self.arrivals, strict=True))
        self.socket_of = {each.fileno(): each for each in self.sockets}
        self.poll = select.epoll()
        for each in self.sockets:
            self.poll.register(each.fileno(), select.EPOLLIN)
        self.worst_lateness = 0.0

    def run(self, seconds: float) -> None:
        """Send and receive for so long; 20 slots of 1 ms each, legs dealt over them."""
        slots = [self.sockets[slot::20] for slot in range(20)]
        payload = bytes(160)
        start = time.monotonic()
        for slot in range(round(seconds * 1000)):
            due = start + slot * 0.001
            while (left := due - time.monotonic()) > 0:
                time.sleep(min(left, 0.001))
            self.worst_lateness = max(self.worst_lateness, time.monotonic() - due)
            number = self.first + slot // 20
            packet = compose(0, False, number & 0xFFFF, number * 160, 77, payload)
            for each in slots[slot % 20]:
                each.send(packet)
            if slot % 5 == 0:
                self.collect()
        self.first += round(seconds * 50)

    first = 0

    def collect(self) -> None:
        for fd, _ in self.poll.poll(0):
            _, stamps, _, _ = self.socket_of[fd].recvmsg(512, 64)
            for _, kind, data in stamps:
                if kind == _SO_TIMESTAMPNS:
                    whole, nanoseconds = struct.unpack("qq", data)
                    self.by_fd[fd].append(whole + nanoseconds * 1e-9)


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def measure(mode: str, calls: int, seconds: float, reader: str) -> dict[str, float]:
    """One run; CPU is the server's alone."""
    far = FarEnds(calls * 2 if mode == "bridge" else calls)
    here, there = get_context("fork").Pipe()
    child = get_context("fork").Process(
        target=serve, args=(there, mode, reader, [each.getsockname()[1] for each in far.sockets]), daemon=True
    )
    child.start()
    for each, port in zip(far.sockets, here.recv(), strict=True):
        each.connect((_HOST, port))
    far.run(2.0)
    for arrivals in far.arrivals:
        arrivals.clear()
    here.send(True)
    before, _ = here.recv()
    began = time.monotonic()
    far.run(seconds)
    here.send(True)
    after, metrics = here.recv()
    elapsed = time.monotonic() - began
    here.send(False)
    child.join(10)
    gaps = [b - a for arrivals in far.arrivals for a, b in pairwise(arrivals)]
    expected = 0 if mode == "silent" else len(far.sockets) * 50 * elapsed
    received = sum(map(len, far.arrivals))
    return {
        "CPU-s per call-minute": (sum(after) - sum(before)) / calls / elapsed * 60,
        "of it kernel": (after[1] - before[1]) / calls / elapsed * 60,
        "gap p50 ms": _percentile(gaps, 0.50) * 1000,
        "gap p99 ms": _percentile(gaps, 0.99) * 1000,
        "gap max ms": max(gaps, default=float("nan")) * 1000,
        "shortfall %": 100 * max(0.0, 1 - received / expected) if expected else 0.0,
        "tick late p99 ms": float(metrics["late_p99_ms"]),
        "skipped": float(metrics["skipped_periods"]),
        "generator late ms": far.worst_lateness * 1000,
    }


def main(arguments: list[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("mode", choices=["playback", "bridge", "silent", "kept"], nargs="+")
    options.add_argument("--calls", type=int, default=200)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--reader", choices=["epoll", "loop"], nargs="+", default=["epoll"])
    options.add_argument("--runs", type=int, default=1, help="the median by CPU is shown")
    chosen = options.parse_args(arguments)
    header = False
    for mode in chosen.mode:
        results: dict[str, list[dict[str, float]]] = {reader: [] for reader in chosen.reader}
        for _ in range(chosen.runs):  # alternating, so that other work on the machine meets both alike
            for reader in chosen.reader:
                results[reader].append(measure(mode, chosen.calls, chosen.seconds, reader))
        for reader, runs in results.items():
            middle = sorted(runs, key=lambda run: run["CPU-s per call-minute"])[len(runs) // 2]
            if not header:
                print("| mode | calls | reader | " + " | ".join(middle) + " |")
                print("|---" * (len(middle) + 3) + "|")
                header = True
            figures = " | ".join(
                f"{value:.4f}" if "CPU" in name or "kernel" in name else f"{value:.2f}" for name, value in middle.items()
            )
            print(f"| {mode} | {chosen.calls} | {reader} | {figures} |", flush=True)
    load = os.getloadavg()[0]
    print(f"\n{os.cpu_count()} cores, load average {load:.1f}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main(sys.argv[1:])
