"""What is fuzzed: each target reads octets as a far end sends them. A defect is whatever it raises.

Refusals of ours (PeerFault, None, a counted drop) are caught or returned within; sizes are checked where state is kept.
"""

from __future__ import annotations

import contextlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ivr.dialplan.slots import KINDS, SlotType, corrected, keyed, plain
from ivr.dialplan.slots import read as read_slot
from ivr.understanding.mood import mood
from telephony.errors import Misuse, PeerFault
from telephony.media import rtcp, rtp, stun
from telephony.media.codec import Codec
from telephony.media.jitter import MOST_PACKETS, JitterBuffer
from telephony.media.stream import MediaStream
from telephony.sip import digest, numbers, session_timer
from telephony.sip.events import CallOffered
from telephony.sip.flow import Flow
from telephony.sip.framing import Framer
from telephony.sip.grammar import Address, Uri, Via, parameters, split
from telephony.sip.guard import Guard
from telephony.sip.hep import packet
from telephony.sip.identity import Reason, UserToUser, info_of, user_to_user_text
from telephony.sip.incoming import IncomingCall
from telephony.sip.info import digit_of
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.ladder import ladder
from telephony.sip.message import MAX_BYTES, Headers, parse
from telephony.sip.negotiation import MediaPolicy, Negotiation
from telephony.sip.pcap import capture
from telephony.sip.replaces import ReferTo, Replaces
from telephony.sip.sdes import usable
from telephony.sip.sdp import Description
from telephony.sip.suspicion import GuardSettings
from telephony.sip.trace import Trace, redacted
from tests.unit.telephony.sip.peers import CLIENT, Script

MAX_LEN = 4096
"""Octets that a fuzzer makes at most: enough for every rule, short enough for many runs."""
CUT = b"\xfe\xff"
"""Parts datagrams or segments in one input."""


@dataclass(frozen=True, slots=True)
class Target:
    run: Callable[[bytes], None]
    sentences: tuple[bytes, ...] = ()
    """Words that a fuzzer is told of: libFuzzer's dictionary."""


def sip_message(data: bytes) -> None:
    with contextlib.suppress(PeerFault):
        message = parse(data)
        for name in ("via", "sender", "recipient", "call_id", "cseq", "contact", "content_type"):
            with contextlib.suppress(PeerFault):
                getattr(message, name)
        for name in ("max-forwards", "expires", "min-se"):
            with contextlib.suppress(PeerFault):
                message.number(name)
        with contextlib.suppress(PeerFault):
            message.check()
            again = parse(bytes(message))
            again.check()
            assert again.call_id == message.call_id and again.cseq == message.cseq, "what is written reads the same"


def user_agent(data: bytes) -> None:
    """A whole agent, half a second between datagrams; then four minutes pass, in which all it kept must go away."""
    script = Script(trusted=lambda flow: len(data) % 2 == 0)
    agent = script.agent
    offered: list[IncomingCall] = []
    for piece in data.split(CUT)[:16]:
        agent.receive(piece, CLIENT, script.now)
        agent.drain_output()
        offered += [event.call for event in agent.drain_events() if isinstance(event, CallOffered)]
        script.now += 0.5
    for call in offered:
        with contextlib.suppress(Misuse):  # it is over already
            call.reject(486, script.now)
    end = script.now + 240.0
    while (deadline := agent.next_deadline()) <= end:
        agent.handle_timer(deadline)
        agent.drain_output()
        agent.drain_events()
    assert len(agent.core.transactions) == agent.calls == len(agent.core.calls) == 0, "something outlived its timers"


def sdp(data: bytes) -> None:
    for policy in (
        MediaPolicy(tuple(Codec), comfort_noise=True, rtcp=True, answers_ice=True, secrecy=Secrecy(Srtp.OPTIONAL)),
        MediaPolicy(),
    ):
        ours = Negotiation("127.0.0.1", 4000, 1, policy)
        with contextlib.suppress(PeerFault):
            Description.parse(ours.answer(data))
        asking = Negotiation("127.0.0.1", 4000, 1, policy)
        asking.offer()
        with contextlib.suppress(PeerFault):
            asking.take_answer(data)


def sdes_keys(data: bytes) -> None:
    values = data.decode("utf-8", "replace").split("\n")
    assert len(usable(values, ("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"))) <= len(values)


def slots(data: bytes) -> None:
    """What a caller says or keys, as every type of slot; the first octet tells the language."""
    language, text = ("zh", "en")[data[:1] > b"m"], data[1:].decode("utf-8", "replace")
    now = datetime(2026, 11, 22, 14, 20, tzinfo=UTC)
    for name in KINDS:
        slot = SlotType(name)
        about = slot.about(language, now)
        for found in (read_slot(slot, text, about), corrected(slot, "2026-11-25T15:30", text, about)):
            assert found is None or (0 < found.sure <= 1 and found.end <= len(plain(text)))
        keyed(slot, text[:70], about)
    assert mood(text, language) in ("", "calm", "tense", "angry")


def rtp_packets(data: bytes) -> None:
    """A stream and a jitter buffer that hear packets, cut by CUT."""
    heard: list[object] = []
    stream = MediaStream(
        ssrc=1, sequence=1, timestamp=1, transmit=heard.append, on_digit=heard.append, on_playback=lambda *_: None
    )
    stream.configure(Codec.PCMU, 0, 101)
    frames = 0

    def listen(frame: object) -> None:
        nonlocal frames
        frames += 1

    stream.listener = listen
    buffer = JitterBuffer()
    pieces = data.split(CUT)[:64]
    for number, piece in enumerate(pieces):
        stream.receive(piece, number * 0.02)
        if (found := rtp.parse(piece)) is not None and len(found.payload) <= 480:
            buffer.put(Codec.PCMU, found.payload, found.sequence, found.timestamp, found.ssrc, number * 0.02)
            assert buffer.depth <= MOST_PACKETS
        assert len(buffer.get(number * 0.02).frame) == 160
    assert frames <= len(data) // 160 + 12 * len(pieces) + 1, "more voice was made than came and may be filled in"
    stream.quality()


def rtcp_packets(data: bytes) -> None:
    reporter = rtcp.Reporter()
    for number, piece in enumerate(data.split(CUT)[:16]):
        found = rtcp.parse(piece)
        assert len(found.blocks) <= len(piece) // 24
        reporter.heard(piece, 1, now=number * 5.0, wall=1_700_000_000 + number * 5.0)
        assert reporter.round_trip is None or 0 <= reporter.round_trip <= rtcp.MAX_ROUND_TRIP


def stun_checks(data: bytes) -> None:
    """Datagrams as they come, and with a right length and signature: what is behind the signature is fuzzed too."""
    for piece in data.split(CUT)[:16]:
        stun.read_check(piece, "password")
        body = piece[: len(piece) & ~3]
        head = struct.pack("!HHI", 1, len(body) + 24, stun.MAGIC) + b"transactions"
        signature = hmac.new(b"password", head + body, "sha1").digest()
        check = stun.read_check(head + body + struct.pack("!HH", 8, 20) + signature, "password")
        if check is not None:
            for host in ("192.0.2.1", "2001:db8::1"):
                assert stun.is_stun(stun.success(check, (host, 4000), "password"))


def framing(data: bytes) -> None:
    """However a stream is cut into segments, the same messages come out of it, or the same refusal.

    What stands before the fault in its very segment may be lost with the connection.
    """
    whole, torn = _framed([data])
    pieces, torn_too = _framed([data[at : at + 7] for at in range(0, len(data), 7)])
    assert torn == torn_too
    assert torn or whole == pieces


def _framed(segments: list[bytes]) -> tuple[list[bytes], bool]:
    framer = Framer()
    found: list[bytes] = []
    try:
        for segment in segments:
            found += framer.feed(segment)
            assert framer.pending <= MAX_BYTES + len(segment)
    except PeerFault:
        return found, True
    return found, False


def digest_headers(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    authenticator = digest.Authenticator("hotline", b"secret", lambda: "t")
    account = digest.Account("6001", "right")
    with contextlib.suppress(PeerFault):
        authenticator.verify(text, "REGISTER", lambda user: account if user == "6001" else None, 100.0)
    with contextlib.suppress(PeerFault):
        made = digest.credentials([text], "REGISTER", "sip:x", account, "cn")
        digest.parse(made)


def words(data: bytes) -> None:
    """URI, address, Via, parameters, lists: what is written reads the same."""
    text = data.decode("utf-8", "surrogateescape")
    with contextlib.suppress(PeerFault):
        uri = Uri.parse(text)
        assert Uri.parse(str(uri)) == uri
    with contextlib.suppress(PeerFault):
        address = Address.parse(text)
        again = Address.parse(str(address))
        assert again.uri == address.uri and again.tag == address.tag
    with contextlib.suppress(PeerFault):
        Via.parse(text)
    with contextlib.suppress(PeerFault):
        parameters(text)
    for separator in (",", ";"):
        with contextlib.suppress(PeerFault):
            assert separator.join(split(text, separator)) == text


def call_headers(data: bytes) -> None:
    """Identity, Diversion, History-Info, User-to-User, Refer-To, Replaces, Session-Expires, Reason."""
    text = data.decode("utf-8", "surrogateescape")
    for read in (ReferTo.parse, Replaces.parse, UserToUser.parse, Reason.parse_all, user_to_user_text):
        with contextlib.suppress(PeerFault):
            read(text)
    names = ("p-asserted-identity", "p-preferred-identity", "diversion", "history-info", "user-to-user", "privacy", "reason")
    headers = Headers({name: [text] for name in names} | {"from": ["<sip:a@b>;tag=1"]})
    for trusted in (True, False):
        with contextlib.suppress(PeerFault):
            info_of(headers, trusted=trusted)
    for name in ("session-expires", "min-se"):
        timers = Headers({"session-expires": ["1800"], "supported": ["timer"]} | {name: [text]})
        with contextlib.suppress(PeerFault):
            session_timer.as_server(timers, 1800, 90)
        with contextlib.suppress(PeerFault):
            session_timer.as_client(timers)


def dialled(data: bytes) -> None:
    """Numbers as people and phones write them, and keys by INFO."""
    text = data.decode("utf-8", "replace")[:256]
    for region in ("", "DE"):
        with contextlib.suppress(PeerFault):
            numbers.e164(text, region)
        with contextlib.suppress(PeerFault):
            numbers.number_class(text, region)
    numbers.fits(text, ("+49*", "0900*"))
    for kind in ("application/dtmf-relay", "application/dtmf"):
        digit_of(kind, data)


def door(data: bytes) -> None:
    """Guard, trace, ladder, capture file and HEP of any octets."""
    guard, trace = Guard(GuardSettings(allow=()), ("friendly-scanner",)), Trace()
    for number, piece in enumerate(data.split(CUT)[:16]):
        flow = Flow("udp", piece[:40].decode("latin-1"), 5060, "127.0.0.1", 5060)
        guard.admits(piece, flow.host, float(number))
        trace.note(float(number), bool(number % 2), flow, piece)
        redacted(piece)
    for call_id, _, count in list(trace.calls()):
        messages = trace.of(call_id)
        assert len(messages) == count == len(ladder(messages))
        capture(messages, 0.0)
        for one in messages:
            packet(one, 0.0, 1)


def _request_words() -> tuple[bytes, ...]:
    return tuple(
        word.encode()
        for word in (
            "INVITE sip:", " SIP/2.0\r\n", "Via: SIP/2.0/UDP ", ";branch=z9hG4bK", ";rport", "From: ", "To: ", ";tag=",
            "Call-ID: ",
            "CSeq: ", "Contact: ", "Record-Route: ", "Route: ", "Max-Forwards: ", "Content-Length: ", "Require: 100rel\r\n",
            "Supported: timer, replaces\r\n", "Session-Expires: ", "Refer-To: ", "Replaces: ", "RSeq: ", "RAck: ", "Expires: ",
            "Content-Type: application/sdp\r\n", "\r\n\r\n", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "REFER", "NOTIFY",
            "SUBSCRIBE", "REGISTER", "OPTIONS", "SIP/2.0 200 OK\r\n",
        )
    )  # fmt: skip


_SDP_WORDS = (
    b"v=0\r\n", b"o=- 1 1 IN IP4 ", b"c=IN IP6 ", b"m=audio ", b" RTP/SAVPF ", b"a=rtpmap:", b"opus/48000/2",
    b"telephone-event/",
    b"a=fmtp:", b"a=sendonly\r\n", b"a=inactive\r\n", b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:", b"a=fingerprint:sha-256 ",
    b"a=setup:active\r\n", b"a=ice-ufrag:", b"a=ice-pwd:", b"a=candidate:", b"a=rtcp-mux\r\n", b"a=rtcp:", b"a=mid:",
    b"a=group:BUNDLE ",
)  # fmt: skip
_CALL_WORDS = (
    b"<sip:", b"?Replaces=", b"%3Bto-tag%3D", b";to-tag=", b";from-tag=", b";refresher=uac", b";encoding=hex", b"index=1",
)  # fmt: skip
_DIGEST_WORDS = (
    b"Digest ",
    b"realm=",
    b"nonce=",
    b"qop=auth",
    b"nc=00000001",
    b"response=",
    b"algorithm=SHA-256",
    b"stale=true",
)

_SLOT_WORDS = tuple(
    text.encode()
    for text in (
        *("两百五", "二十八块五", "一万零五十", "幺", "不是", "是", "不对", "后天", "下周三", "下午三点半", "十五号"),
        *("月底", "京A", "半", "个", "到", "double ", "twenty ", "hundred ", "and a half ", "half past "),
        *("next monday ", "march ", "no i meant ", "not ", "in ", " to "),
    )
)
TARGETS: dict[str, Target] = {
    "sip_message": Target(sip_message, _request_words()),
    "user_agent": Target(user_agent, (*_request_words(), CUT)),
    "sdp": Target(sdp, _SDP_WORDS),
    "sdes_keys": Target(sdes_keys, (b"1 AES_CM_128_HMAC_SHA1_80 inline:", b"|2^20|1:4", b"AEAD_AES_128_GCM", b" FEC_ORDER=")),
    "rtp_packets": Target(rtp_packets, (b"\x80\x00", b"\x80\xe5", CUT)),
    "rtcp_packets": Target(rtcp_packets, (b"\x81\xc8\x00\x0c", b"\x81\xc9\x00\x07", b"\x81\xcb\x00\x01", CUT)),
    "stun_checks": Target(stun_checks, (b"\x00\x06\x00\x04", b"\x00\x25\x00\x00", b"\x00\x08\x00\x14", b"!\x12\xa4B", CUT)),
    "framing": Target(framing, (b"\r\n\r\n", b"Content-Length: ", b"l: ", b"\r\n")),
    "digest_headers": Target(digest_headers, _DIGEST_WORDS),
    "words": Target(words, (b"sip:", b"sips:", b"tel:", b"<", b">", b'"', b";lr", b"SIP/2.0/UDP ", b"[2001:db8::1]", b"%40")),
    "call_headers": Target(call_headers, _CALL_WORDS),
    "dialled": Target(dialled, (b"+49", b"00", b";phone-context=", b"Signal=", b"\r\nDuration=")),
    "slots": Target(slots, _SLOT_WORDS),
    "door": Target(door, (b"Call-ID: ", b"User-Agent: ", b"Authorization: Digest nonce=", b"a=crypto:1 X inline:", CUT)),
}  # fmt: skip
