"""SIP as pyVoIP 1.6.8 can read it: one Via, one Contact, one audio stream in µ-law. Pure.

pyVoIP reads headers by their exact spelling, takes a From apart at `sip:`, and turns every stream that it is offered into
sockets. So nothing of a far end's own text reaches it: each message is written anew, from values that were checked.
"""

from __future__ import annotations

from telephony.sip.sdp import Description, Media

PCMU = "PCMU"
EVENT = "TELEPHONE-EVENT"

OFFER = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"  # noqa: E501 - one session description
"""What pyVoIP is offered where the far end left the offer to us."""


def audio_of(body: bytes) -> Media | None:
    """The first stream that pyVoIP can carry: audio, RTP/AVP, with µ-law. Raises MalformedMessage for what is no SDP."""
    for media in Description.parse(body).media:
        if media.kind == "audio" and media.protocol == "RTP/AVP" and media.port and payload_type(media, PCMU) == "0":
            return media
    return None


def payload_type(media: Media, encoding: str) -> str | None:
    """The format number of an encoding at 8 kHz, None where it was not offered; µ-law needs no rtpmap (RFC 3551 §6)."""
    named = {"0": PCMU}
    for value in media.values("rtpmap"):
        number, _, text = value.partition(" ")
        name, _, rate = text.strip().partition("/")
        named[number] = name.upper() if rate.partition("/")[0] == "8000" else ""
    return next((one for one in media.formats if named.get(one) == encoding), None)


def description(media: Media) -> bytes:
    """`media` with its µ-law and its keys alone. The address is ours: pyVoIP sends no voice itself."""
    keys = payload_type(media, EVENT)
    formats = "0" if keys is None else f"0 {keys}"
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {media.port} RTP/AVP {formats}",
        "a=rtpmap:0 PCMU/8000",
    ]
    if keys is not None:
        lines.append(f"a=rtpmap:{keys} telephone-event/8000")
    return "\r\n".join([*lines, "a=sendrecv", ""]).encode()


def request(method: str, call_id: str, body: bytes = b"") -> bytes:
    """An INVITE or BYE of a far end that has the name of its call."""
    return _message(f"{method} sip:line@127.0.0.1 SIP/2.0", f"1 {method}", call_id, body, to_tag="" if body else ";tag=line")


def response(status: int, reason: str, call_id: str, cseq: str, body: bytes = b"") -> bytes:
    """An answer to a request of pyVoIP; `cseq` is that request's."""
    return _message(f"SIP/2.0 {status} {reason}", cseq, call_id, body, to_tag=";tag=far")


def _message(start: str, cseq: str, call_id: str, body: bytes, to_tag: str) -> bytes:
    lines = [
        start,
        "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKdialect",
        "From: <sip:far@127.0.0.1>;tag=far" if to_tag != ";tag=far" else "From: <sip:line@127.0.0.1>;tag=line",
        f"To: <sip:line@127.0.0.1>{to_tag}" if to_tag != ";tag=far" else "To: <sip:far@127.0.0.1>;tag=far",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq}",
        "Contact: <sip:far@127.0.0.1>",
    ]
    if body:
        lines.append("Content-Type: application/sdp")
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body
