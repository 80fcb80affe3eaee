"""A traced call as rows of a ladder: when, from whom to whom, what. Pure; `ivr trace` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telephony.sip.trace import Traced, redacted


@dataclass(frozen=True, slots=True)
class Rung:
    """One message."""

    after: float
    """Seconds since the first message of the call."""
    sent: bool
    peer: str
    """The far end: `transport host:port`."""
    word: str
    """Method, or status and reason."""
    cseq: str
    detail: str
    """What matters about it: SDP, a reason, where it is transferred to."""
    text: str
    """The whole message without its secrets."""
    repeated: bool = False
    """The same octets went the same way before: a retransmission."""


def ladder(messages: Sequence[Traced]) -> list[Rung]:
    """The rungs of one call, in order."""
    seen: set[tuple[bool, bytes]] = set()
    rungs = []
    for one in messages:
        key = one.sent, one.data
        rungs.append(_rung(one, messages[0].at, key in seen))
        seen.add(key)
    return rungs


def _rung(one: Traced, start: float, repeated: bool) -> Rung:
    text = redacted(one.data).decode("utf-8", "replace")
    head, _, body = text.partition("\r\n\r\n")
    lines = head.split("\r\n")
    first = lines[0]
    word = first.partition(" ")[2] if first.startswith("SIP/2.0 ") else first.partition(" ")[0]
    host = f"[{one.flow.host}]" if ":" in one.flow.host else one.flow.host
    return Rung(
        after=max(0.0, one.at - start),
        sent=one.sent,
        peer=f"{one.flow.transport} {host}:{one.flow.port}",
        word=_printable(word)[:80],
        cseq=_printable(_header(lines, "cseq"))[:40],
        detail=_printable(_detail(first, lines, body))[:160],
        text=text,
        repeated=repeated,
    )


def _detail(first: str, lines: Sequence[str], body: str) -> str:
    parts = []
    if not first.startswith("SIP/2.0 "):
        parts.append(first.split(" ")[1] if first.count(" ") > 1 else "")
    parts += [f"{name}: {value}" for name in ("reason", "refer-to", "replaces") if (value := _header(lines, name))]
    media = [line[2:] for line in body.splitlines() if line.startswith("m=")]
    direction = [line[2:] for line in body.splitlines() if line in ("a=sendonly", "a=recvonly", "a=inactive")]
    if media:
        parts.append("SDP " + ", ".join([*media[:3], *direction[:1]]))
    return "; ".join(part for part in parts if part)


def _header(lines: Sequence[str], name: str) -> str:
    for line in lines[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return ""


def _printable(text: str) -> str:
    """Nothing that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
