"""The last SIP messages of this node, by call, within a budget of octets. Pure; about a microsecond for each message.

Calls that somebody only tried to make (nothing but a refusal was ever said in them) share a quarter of the budget and are
dropped first, so that a scanner does not push out what an operator wants to see.

What is kept are the octets as they were, but for the keys in an INFO: they may be somebody's PIN. Other secrets are taken out
where messages are shown: `redacted`.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from telephony.sip.flow import Flow

OVERHEAD = 300
"""Octets that one message costs beside its own."""
_SPELLED = b"\r\nCall-ID: "
_CALL_ID = re.compile(rb"\r\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_SECRETS = re.compile(
    rb'((?:response|nonce|cnonce|opaque|rspauth|nextnonce)[ \t]*=[ \t]*)("[^"\r\n]*"|[^\s,;]+)', re.IGNORECASE
)
_CREDENTIALS = re.compile(
    rb"\r\n(?:(?:proxy-)?authorization|(?:www|proxy)-authenticate|(?:proxy-)?authentication-info)[ \t]*:"
    rb"[^\r\n]*(?:\r\n[ \t][^\r\n]*)*",
    re.IGNORECASE,
)
_KEYS = re.compile(rb"((?:^|[\r\n])a=crypto:[^\r\n]*?inline:)[^\r\n|; ]+", re.IGNORECASE)
_PASSWORDS = re.compile(rb"((?:^|[\r\n])a=ice-pwd:)[^\r\n]+", re.IGNORECASE)

_KEY_IN_BODY = re.compile(rb"((?:\A|signal[ \t]*=)\s*)([0-9A-D*#]{1,2})(?![^\s])", re.IGNORECASE)
_DTMF = re.compile(rb"\r\n(?:content-type|c)[ \t]*:[ \t]*application/dtmf", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TraceSettings:
    enabled: bool = True
    budget: int = 16 << 20
    """Octets of all messages that are kept."""
    most_of_call: int = 200
    """Messages of one call; beyond them its oldest are dropped, but never its first."""

    def __post_init__(self) -> None:
        """Raises ValueError for bounds that keep nothing."""
        if self.budget < 65_536 or self.most_of_call < 2:
            raise ValueError("trace: the budget is at least 65536 octets, and a call keeps at least 2 messages")


class Traced(NamedTuple):
    """One message as it went over the wire."""

    at: float
    """Seconds, on the caller's clock."""
    sent: bool
    """True where it went out from us."""
    flow: Flow
    data: bytes


@dataclass(slots=True)
class _Dialogue:
    """The messages with one Call-ID."""

    messages: deque[tuple[float, bool, Flow, bytes]] = field(default_factory=deque)
    octets: int = 0
    kept: bool = False
    dropped: int = 0


class Trace:
    def __init__(self, settings: TraceSettings | None = None) -> None:
        self.settings = settings or TraceSettings()
        self.enabled = self.settings.enabled
        """May be switched while calls run."""
        self.octets = 0
        self.dropped = 0
        """Messages that had to make room."""
        self._kept: OrderedDict[bytes, _Dialogue] = OrderedDict()
        self._fleeting: OrderedDict[bytes, _Dialogue] = OrderedDict()
        self._fleeting_octets = 0
        self._budget, self._fleeting_budget = self.settings.budget, self.settings.budget // 4
        self._most_of_call = self.settings.most_of_call

    def __len__(self) -> int:
        """Calls of which something is kept."""
        return len(self._kept) + len(self._fleeting)

    def note(self, at: float, sent: bool, flow: Flow, data: bytes) -> None:
        """Keep a message. One without a Call-ID is not kept."""
        if not self.enabled:
            return
        if data.startswith(b"INFO "):
            data = without_keys(data)
        begin = data.find(_SPELLED) + 11
        call_id = data[begin : data.find(b"\r\n", begin)] if begin > 10 else call_id_of(data)
        size = len(data) + OVERHEAD
        dialogue = self._kept.get(call_id)
        if dialogue is not None:
            self._kept.move_to_end(call_id)
        elif call_id:
            dialogue = self._fleeting.get(call_id)
            if dialogue is None:
                dialogue = self._fleeting[call_id] = _Dialogue()
            self._fleeting_octets += size
        else:
            return
        messages = dialogue.messages
        messages.append((at, sent, flow, data))
        dialogue.octets += size
        self.octets += size
        if sent and not dialogue.kept and _matters(data):
            self._promote(call_id, dialogue)
        if len(messages) > self._most_of_call:
            self._shorten(dialogue)
        if self.octets > self._budget or self._fleeting_octets > self._fleeting_budget:
            self._make_room()

    def of(self, call_id: str) -> list[Traced]:
        """The messages with this Call-ID, in the order in which they went; none where nothing is kept."""
        key = call_id.encode("utf-8", "surrogateescape")
        dialogue = self._kept.get(key) or self._fleeting.get(key)
        return [Traced(*one) for one in dialogue.messages] if dialogue is not None else []

    def calls(self) -> Iterator[tuple[str, Traced, int]]:
        """Call-ID, first message and count of messages of each call, the one that spoke last first."""
        for table in (self._kept, self._fleeting):
            for key in reversed(list(table)):
                dialogue = table[key]
                yield key.decode("utf-8", "surrogateescape"), Traced(*dialogue.messages[0]), len(dialogue.messages)

    def clear(self) -> None:
        self._kept.clear()
        self._fleeting.clear()
        self.octets = self._fleeting_octets = 0

    def _promote(self, call_id: bytes, dialogue: _Dialogue) -> None:
        del self._fleeting[call_id]
        self._fleeting_octets -= dialogue.octets
        self._kept[call_id] = dialogue
        dialogue.kept = True

    def _shorten(self, dialogue: _Dialogue) -> None:
        first = dialogue.messages.popleft()
        gone = dialogue.messages.popleft()
        dialogue.messages.appendleft(first)
        self._forget(dialogue, len(gone[3]) + OVERHEAD, 1)

    def _make_room(self) -> None:
        while self._fleeting and self._fleeting_octets > self._fleeting_budget:
            _, gone = self._fleeting.popitem(last=False)
            self._forget(gone, gone.octets, len(gone.messages))
        while self.octets > self._budget:
            table = self._fleeting or self._kept
            _, gone = table.popitem(last=False)
            self._forget(gone, gone.octets, len(gone.messages))

    def _forget(self, dialogue: _Dialogue, octets: int, count: int) -> None:
        self.octets -= octets
        dialogue.octets -= octets
        if not dialogue.kept:
            self._fleeting_octets -= octets
        self.dropped += count


def call_id_of(data: bytes) -> bytes:
    """The Call-ID of a message that need not be sound, b"" where it has none."""
    found = _CALL_ID.search(data)
    return found[1].strip() if found else b""


def without_keys(data: bytes) -> bytes:
    """An INFO that carries a key, with `?` in its place; any other message as it is."""
    if not data.startswith(b"INFO ") or _DTMF.search(data) is None:
        return data
    head, blank, body = data.partition(b"\r\n\r\n")
    return head + blank + _KEY_IN_BODY.sub(lambda found: found[1] + b"?" * len(found[2]), body)


def _matters(data: bytes) -> bool:
    """True for a request of ours, and for a response that lets something happen."""
    return not data.startswith(b"SIP/2.0 ") or data[8:9] in (b"1", b"2")


def redacted(data: bytes) -> bytes:
    """A message fit for other eyes: no digest answer, no nonce, no SRTP key, no ICE password."""
    head, blank, body = data.partition(b"\r\n\r\n")
    head = _CREDENTIALS.sub(lambda line: _SECRETS.sub(rb'\1"..."', line[0]), b"\r\n" + head)[2:]
    return head + blank + _PASSWORDS.sub(rb"\1...", _KEYS.sub(rb"\1...", body))
