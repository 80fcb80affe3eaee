"""What a bridged call costs whose legs speak different codecs, over real UDP sockets on 127.0.0.1, no SIP.

    python -m tests.load.transcode --calls 10 --seconds 10
    python -m tests.load.transcode --pairs PCMU-opus G722-opus --calls 10 --runs 3

The server (our ticker, sockets and streams) is a child process; the far ends are this process: each leg sends its own codec,
a voice with pauses, encoded beforehand. CPU is the server's alone, both directions of a call.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import socket
import sys
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection

from telephony.media.codec import Codec
from telephony.media.coding import make_encoder
from telephony.media.rtp import compose
from telephony.media.stream import MediaStream
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker
from tests.unit.telephony.media.waves import blocks, speech

_HOST = "127.0.0.1"
_PAIRS = ["PCMU-PCMU", "PCMU-PCMA", "PCMU-G722", "PCMU-opus", "G722-opus"]


def serve(pipe: Connection, codecs: list[Codec], far_ports: list[int]) -> None:
    """The child: one leg for each far port, bridged in pairs; answers each message with its CPU seconds and memory."""
    asyncio.run(_serve(pipe, codecs, far_ports))


async def _serve(pipe: Connection, codecs: list[Codec], far_ports: list[int]) -> None:
    ticker = Ticker()
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
        stream.configure(codecs[index % 2], codecs[index % 2].payload_type, 101)
        leg.aim(_HOST, far_port)
        ticker.attach(stream)
        streams.append(stream)
        numbers.append(leg.port)
    for a, b in zip(streams[::2], streams[1::2], strict=True):
        a.forward_to, b.forward_to = b, a
    ticker.start()
    pipe.send(numbers)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, pipe.recv):
        usage = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send((usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    await ticker.close()


class FarEnds:
    """Sends on every leg each 20 ms, spread over time, and counts what comes back."""

    def __init__(self, count: int, codecs: list[Codec]) -> None:
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
        for each in self.sockets:
            each.bind((_HOST, 0))
            each.setblocking(False)
        self.codecs = codecs
        voice = blocks(speech(10), 160)
        self._voices = []
        for codec in codecs:
            encoder = make_encoder(codec)
            self._voices.append([encoder.encode(block) for block in voice])
        self._number = 0
        self.received = 0

    def run(self, seconds: float) -> None:
        """Send and receive for so long; 20 slots of 1 ms each, legs dealt over them."""
        start = time.monotonic()
        for slot in range(round(seconds * 1000)):
            while (left := start + slot * 0.001 - time.monotonic()) > 0:
                time.sleep(min(left, 0.001))
            number = self._number + slot // 20
            for index in range(slot % 20, len(self.sockets), 20):
                codec, voice = self.codecs[index % 2], self._voices[index % 2]
                stamp = number * codec.timestamp_step & 0xFFFFFFFF
                packet = compose(codec.payload_type, False, number & 0xFFFF, stamp, 77, voice[number % len(voice)])
                self.sockets[index].send(packet)
                self._drain(self.sockets[index])
        self._number += round(seconds * 50)

    def _drain(self, each: socket.socket) -> None:
        try:
            while each.recv(2048):
                self.received += 1
        except BlockingIOError:
            return


def measure(codecs: list[Codec], calls: int, seconds: float) -> dict[str, float]:
    """One run."""
    far = FarEnds(calls * 2, codecs)
    here, there = get_context("fork").Pipe()
    far_ports = [each.getsockname()[1] for each in far.sockets]
    child = get_context("fork").Process(target=serve, args=(there, codecs, far_ports), daemon=True)
    child.start()
    for each, port in zip(far.sockets, here.recv(), strict=True):
        each.connect((_HOST, port))
    far.run(2.0)
    here.send(True)
    before, _ = here.recv()
    received, began = far.received, time.monotonic()
    far.run(seconds)
    here.send(True)
    after, memory = here.recv()
    elapsed = time.monotonic() - began
    here.send(False)
    child.join(10)
    for each in far.sockets:
        each.close()
    return {
        "CPU-s per call-minute": (after - before) / calls / elapsed * 60,
        "shortfall %": 100 * max(0.0, 1 - (far.received - received) / (calls * 2 * 50 * elapsed)),
        "memory MB": memory,
    }


def main(arguments: list[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", nargs="+", default=_PAIRS, help="codecs of both legs: PCMU-opus")
    options.add_argument("--calls", type=int, default=10)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--runs", type=int, default=1, help="the median by CPU is shown")
    chosen = options.parse_args(arguments)
    print("| legs | calls | CPU-s per call-minute | shortfall % | memory MB |\n|---|---|---|---|---|")
    for pair in chosen.pairs:
        codecs = [Codec(name) for name in pair.split("-")]
        runs = [measure(codecs, chosen.calls, chosen.seconds) for _ in range(chosen.runs)]
        middle = sorted(runs, key=lambda run: run["CPU-s per call-minute"])[len(runs) // 2]
        print(f"| {pair} | {chosen.calls} | " + " | ".join(f"{value:.3f}" for value in middle.values()) + " |", flush=True)
    print(f"\n{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main(sys.argv[1:])
