"""What a bridge between a telephone and a browser costs: N calls over real UDP sockets on 127.0.0.1, PCMU both sides, no SIP.

    python -m tests.load.browser_bridge --calls 50 --seconds 10 --runs 3

The server is one process: `SipMedia` towards telephones, `WebRtcGateway` towards browsers, a bridge for each pair. The far
ends are another: telephones that speak plain RTP, and browsers that speak ICE, DTLS and SRTP through `SecureChannel`. CPU and
memory are the server's alone, both directions of a call; one in which less than 97 % of the packets arrived is no measurement.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection

from telephony.gateway.aiortc_seam import Certificate, SecureChannel
from telephony.gateway.bridge import MediaBridge
from telephony.gateway.sip_media import SipMedia
from telephony.gateway.webrtc import WebRtcGateway, WebRtcLeg
from telephony.gateway.webrtc_sdp import offer_text, parse_answer
from telephony.leg import Party
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.stream import MediaStream
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker
from telephony.sip.negotiation import MediaPolicy
from tests.load.srtp import cpu, resident

HOST = "127.0.0.1"
POLICY = MediaPolicy((Codec.PCMU,), rtcp=True)


def telephones(ticker: Ticker, calls: int, low: int) -> list[SipMedia]:
    ports = RtpPorts(HOST, low, low + 2 * calls + 200, ticker)
    return [
        SipMedia(
            HOST,
            ports,
            ticker,
            on_digit=lambda digit: None,
            on_playback=lambda number, completed, milliseconds: None,
            policy=POLICY,
        )
        for _ in range(calls)
    ]


def serve(pipe: Connection, calls: int) -> None:
    """The server; answers each word of its parent with CPU seconds and KB so far."""
    asyncio.run(_serve(pipe, calls))


async def _serve(pipe: Connection, calls: int) -> None:
    loop, ticker = asyncio.get_running_loop(), Ticker()
    ticker.start()
    gateway = WebRtcGateway(ticker, hosts=(HOST,), codecs=(Codec.PCMU,), answer_timeout=120, setup_timeout=120)
    before = resident()
    legs: list[WebRtcLeg] = []
    bridges = []
    for phone in telephones(ticker, calls, 20000):
        leg, text = await gateway.offer(Party("load"), Party("load"))
        pipe.send((phone.offer(), text))
        sip, browser = await loop.run_in_executor(None, pipe.recv)
        phone.take_answer(sip, loop.time())
        await leg.accept_answer(browser)
        leg.answer()
        legs.append(leg)
        bridges.append(MediaBridge(phone.stream, leg.media))
    pipe.send(None)
    while await loop.run_in_executor(None, pipe.recv):
        pipe.send((cpu(), resident() - before, sum(leg.channel.rejected + leg.channel.unsent for leg in legs)))
    await gateway.close()
    await ticker.close()


def speak(pipe: Connection, calls: int) -> None:
    """Telephones and browsers; answers each word of its parent with the packets that both kinds heard."""
    asyncio.run(_speak(pipe, calls))


async def _speak(pipe: Connection, calls: int) -> None:
    loop, ticker, certificate = asyncio.get_running_loop(), Ticker(), Certificate()
    ticker.start()
    prompt = Clip.tone(440, 30.0)
    streams: list[MediaStream] = []
    channels: list[SecureChannel] = []
    connecting: list[asyncio.Task[None]] = []
    for phone in telephones(ticker, calls, 40000):
        sip, text = await loop.run_in_executor(None, pipe.recv)
        answer = phone.answer(sip, loop.time())
        stream, channel, answered = await browse(text, certificate, ticker, connecting)
        pipe.send((answer, answered))
        streams += [phone.stream, stream]
        channels.append(channel)
    await asyncio.gather(*connecting)
    for stream in streams:
        stream.play([prompt], repeat=True)
    while await loop.run_in_executor(None, pipe.recv):
        heard = [stream.quality()["packets_received"] for stream in streams]
        pipe.send((sum(heard[::2]), sum(heard[1::2])))
    for channel in channels:
        await channel.close()
    await ticker.close()


async def browse(
    text: str, certificate: Certificate, ticker: Ticker, connecting: list[asyncio.Task[None]]
) -> tuple[MediaStream, SecureChannel, str]:
    """A browser that answers the offer `text`: its voice, its connection under way, its answer."""
    loop = asyncio.get_running_loop()
    stream = MediaStream(
        ssrc=1,
        sequence=0,
        timestamp=0,
        transmit=lambda packet: channel.send_rtp(packet),
        on_digit=lambda digit: None,
        on_playback=lambda number, completed, milliseconds: None,
    )
    channel = SecureChannel(
        certificate,
        (HOST,),
        (),
        on_rtp=lambda packet, *_: stream.receive(packet, loop.time()),
        on_rtcp=lambda packet, *_: None,
        on_closed=lambda in_order, detail: None,
        sockets=ticker,
    )
    channel._ice.ice_controlling = False
    remote = parse_answer(text.replace("a=setup:actpass", "a=setup:passive"), (Codec.PCMU,))
    stream.configure(Codec.PCMU, 0, remote.telephone_event)
    ticker.attach(stream)
    answer = offer_text(await channel.gather(), session=1, ssrc=1, codecs=(Codec.PCMU,))
    await channel.add_remote(remote.ice)
    connecting.append(asyncio.create_task(channel.connect(remote.ice, we_are_client=True)))
    return stream, channel, answer.replace("a=setup:actpass", "a=setup:active")


def measure(calls: int, seconds: float) -> dict[str, float]:
    """One run of `calls` bridges."""
    context = get_context("fork")
    (server, server_end), (far, far_end) = context.Pipe(), context.Pipe()
    children = [
        context.Process(target=serve, args=(server_end, calls), daemon=True),
        context.Process(target=speak, args=(far_end, calls), daemon=True),
    ]
    for child in children:
        child.start()
    while (offered := server.recv()) is not None:
        far.send(offered)
        server.send(far.recv())
    time.sleep(3.0)
    for pipe in (server, far):
        pipe.send(True)
    began, before, heard = time.monotonic(), server.recv(), far.recv()
    time.sleep(seconds)
    for pipe in (server, far):
        pipe.send(True)
    after, heard_after = server.recv(), far.recv()
    elapsed = time.monotonic() - began
    for pipe in (server, far):
        pipe.send(False)
    for child in children:
        child.join(20)
    telephone, browser = (100 * (b - a) / calls / elapsed / 50 for a, b in zip(heard, heard_after, strict=True))
    return {
        "CPU-s per call-minute": (after[0] - before[0]) / calls / elapsed * 60,
        "MB a bridge": after[1] / 1024 / calls,
        "telephones heard %": telephone,
        "browsers heard %": browser,
        "packets refused": after[2],
    }


def main(arguments: list[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=50)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--runs", type=int, default=1, help="each is shown")
    chosen = options.parse_args(arguments)
    for number in range(chosen.runs):
        figures = measure(chosen.calls, chosen.seconds)
        if not number:
            print("| calls | " + " | ".join(figures) + " |")
            print("|---" * (len(figures) + 1) + "|")
        print(f"| {chosen.calls} | " + " | ".join(f"{value:.3f}" for value in figures.values()) + " |", flush=True)
    print(f"\n{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main(sys.argv[1:])
