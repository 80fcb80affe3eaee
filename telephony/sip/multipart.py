"""Bodies of several parts (RFC 2046 §5.1, RFC 5621): SDP with something beside it. Pure; any input costs linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from telephony.errors import MalformedMessage
from telephony.sip.grammar import parameters, unquoted
from telephony.sip.message import Request

SDP = "application/sdp"
MAX_PARTS = 8
"""Parts that are looked at; what follows is ignored."""
_BOUNDARY = re.compile(r"[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]")


@dataclass(frozen=True, slots=True)
class Part:
    content_type: str
    """Media type in lower case without parameters."""
    body: bytes = field(repr=False)


def compose(sdp: bytes, beside: Part, boundary: str) -> tuple[str, bytes]:
    """Content-Type and body of `sdp` with a part that a far end may ignore (`handling=optional`, RFC 3204 §4).

    `boundary` is a random token; it must not stand in either part, so it has 16 characters or more.
    """
    mark = b"--" + boundary.encode("ascii")
    pieces = (
        mark,
        b"Content-Type: application/sdp\r\nContent-Disposition: session;handling=required\r\n",
        sdp.rstrip(b"\r\n") + b"\r\n",
        mark,
        f"Content-Type: {beside.content_type}\r\nContent-Disposition: info;handling=optional\r\n".encode("ascii"),
        beside.body,
        mark + b"--\r\n",
    )
    return f'multipart/mixed;boundary="{boundary}"', b"\r\n".join(pieces)


def parts_of(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a multipart body in their order; nested ones stay whole. Raises MalformedMessage without a boundary."""
    kind, semicolon, tail = content_type.partition(";")
    if not kind.strip().lower().startswith("multipart/"):
        raise MalformedMessage("not a body of several parts")
    boundary = unquoted(parameters(semicolon + tail).get("boundary") or "")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise MalformedMessage("a body of several parts has no boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii"), MAX_PARTS + 1)
    found = []
    for piece in pieces[1 : MAX_PARTS + 1]:
        if piece.startswith(b"--"):
            break
        head, blank, content = piece.partition(b"\r\n\r\n")
        if blank:
            found.append(Part(_type_of(head), content))
    return tuple(found)


def unwrap(request: Request) -> tuple[Part, ...]:
    """Leave of a request's multipart body its SDP alone; returns the other parts. Without effect on any other body.

    One without SDP, or that cannot be read, stays as it is: then the request is refused for its type.
    """
    content_type = request.headers.get("content-type")
    if not content_type.strip().lower().startswith("multipart/"):
        return ()
    try:
        parts = parts_of(content_type, request.body)
    except MalformedMessage:
        return ()
    sdp = next((part for part in parts if part.content_type == SDP), None)
    if sdp is None:
        return ()
    request.headers.set("Content-Type", SDP)
    request.__dict__.pop("content_type", None)  # read once; it is another now
    request.body = sdp.body
    return tuple(part for part in parts if part is not sdp)


def plain(request: Request, sdp: bytes) -> None:
    """Take everything but the SDP out of a request of ours: its far end does not take more."""
    request.headers.set("Content-Type", SDP)
    request.__dict__.pop("content_type", None)
    request.body = sdp


def is_composed(request: Request) -> bool:
    return request.headers.get("content-type").startswith("multipart/")


def _type_of(head: bytes) -> str:
    found = re.search(rb"(?:^|\r\n)content-type[ \t]*:[ \t]*([^;\r\n]{0,128})", head, re.IGNORECASE)
    return found[1].strip().lower().decode("ascii", "replace") if found else "text/plain"
