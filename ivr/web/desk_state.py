"""What one agent's page shows and has not had yet. Pure: no socket, no clock.

Events are numbered without a gap; the last `KEPT` are kept so that a page that was away gets what it missed. The numbers
start from the time the desk was made (milliseconds), so a page that knew an earlier run of the server is never given the wrong
ones: it gets a fresh snapshot.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

KEPT = 300
MOST_TOLD = 50
"""Hints and triggers of a contact that are shown."""

Message = dict[str, Any]
Watch = Callable[[str, str, Mapping[str, Any] | None], None]
"""Sees (agent, kind of what was pushed, the contact as the desk shows it then). Raises nothing, takes under a millisecond."""


def nobody_watches(agent_id: str, kind: str, contact: Mapping[str, Any] | None) -> None:
    """Stands where nothing is put before agents."""


class DeskState:
    """One agent's desk. `first` is the number before the first event; `settings` goes into each snapshot as it is."""

    def __init__(self, first: int, settings: Mapping[str, Any]) -> None:
        self.seq = first
        self._settings = dict(settings)
        self._kept: deque[Message] = deque(maxlen=KEPT)
        self.agent: dict[str, Any] | None = None
        self.queues: list[Any] = []
        self.contact: dict[str, Any] | None = None
        self.ring: dict[str, Any] | None = None
        self.consult: dict[str, Any] | None = None
        self.recording = "off"
        self.monitor: dict[str, Any] | None = None
        """The talk of somebody else that this supervisor is in."""
        self.cards: dict[str, Any] | None = None
        """The knowledge cards that were put forward last."""

    def apply(self, kind: str, data: Mapping[str, Any], at: float) -> Message:
        """Take one event into the picture and return its message; `at` is epoch seconds."""
        if kind == "queues":  # the same figures on hundreds of desks, many times a second: nobody changes them
            self.queues = data.get("queues", [])
        else:
            self._picture(kind, copy.deepcopy(dict(data)))
        self.seq += 1
        message = {"seq": self.seq, "type": kind, "at": at, "data": data}
        self._kept.append(message)
        return message

    def refresh(self, agent: Mapping[str, Any] | None, queues: Any) -> None:
        """Take what changed while nobody looked; it goes out with the next snapshot."""
        if agent is not None:
            self._agent(dict(agent))
        if isinstance(queues, list):
            self.queues = queues

    def resume(self, seq: int, at: float) -> list[Message]:
        """What a page that has had everything up to `seq` must get: the events since, or one snapshot."""
        if seq == self.seq and seq:
            return []
        if self._kept and self._kept[0]["seq"] - 1 <= seq < self.seq:
            return [message for message in self._kept if message["seq"] > seq]
        return [self.snapshot(at)]

    def snapshot(self, at: float) -> Message:
        """The whole picture, under the number of the last event in it."""
        data = {
            "agent": self.agent,
            "queues": self.queues,
            "contact": self.contact,
            "ring": self.ring,
            "consult": self.consult,
            "recording": self.recording,
            "monitor": self.monitor,
            "cards": self.cards,
            "settings": self._settings,
        }
        return {"seq": self.seq, "type": "snapshot", "at": at, "data": copy.deepcopy(data)}

    def reply(self, request: str, error: str | None, at: float) -> Message:
        """The answer to a request. It takes no number of its own and is not repeated after a reconnect."""
        data = {"id": request, "ok": True} if error is None else {"id": request, "ok": False, "error": error}
        return {"seq": self.seq, "type": "reply", "at": at, "data": data}

    def forget(self) -> None:
        """What is shown is old, for the page was elsewhere: whoever comes gets a snapshot without it."""
        self.contact = self.ring = self.consult = self.monitor = self.cards = None
        self.recording = "off"
        self._kept.clear()
        self.seq += 1

    def noted(self, contact_id: str, text: str) -> None:
        """Keep a note as typed, so that a reloaded page has it."""
        if self.contact is not None and self.contact.get("id") == contact_id:
            self.contact["note"] = text

    def _picture(self, kind: str, data: dict[str, Any]) -> None:
        match kind:
            case "agent":
                self._agent(data)
            case "contact":
                self._contact(data)
            case "turn":
                self._turn(data)
            case "measures" | "hint" | "trigger":
                self._told(kind, data)
            case "cards":
                self.cards = data
            case "consult":
                self.consult = None if data.get("state") in ("back", "failed", "complete") else data
            case "recording":
                self.recording = str(data.get("state"))
            case "monitor":
                self.monitor = None if data.get("mode") == "off" else data
            case "ring":
                self.ring = data
            case "ring_stopped":
                self._ring_stopped(data)

    def _agent(self, agent: dict[str, Any]) -> None:
        self.agent = agent
        over = agent.get("state") not in ("wrap_up", "in_call")
        if over and self.contact is not None and self.contact.get("phase") == "wrap_up":
            self.contact = None

    def _contact(self, contact: dict[str, Any]) -> None:
        same = self.contact is not None and self.contact.get("id") == contact.get("id")
        if not same or contact.get("phase") in ("wrap_up", "ended"):
            self.consult, self.recording = None, "off"
        if same and self.contact is not None and not contact.get("note"):
            contact["note"] = self.contact.get("note", "")  # typed here, and saved past whoever tells the contact
        if contact.get("phase") != "ended":
            self.contact = contact
        elif self.contact is not None and self.contact.get("id") == contact.get("id"):
            self.contact = self.ring = None

    def _turn(self, data: dict[str, Any]) -> None:
        if self.contact is None or self.contact.get("id") != data.get("contact_id"):
            return
        turns: list[Any] = self.contact.setdefault("turns", [])
        index = min(int(data.get("index", len(turns))), len(turns))
        turns[index : index + 1] = [data.get("turn")]

    def _told(self, kind: str, data: dict[str, Any]) -> None:
        """What a talk tells belongs to what is handed over, so that a fresh page has it."""
        if self.contact is None or self.contact.get("id") != data.get("contact_id"):
            return
        handover: dict[str, Any] = self.contact.setdefault("handover", {})
        if kind == "measures":
            handover["talk"] = data.get("talk")
        else:
            handover[f"{kind}s"] = [*handover.get(f"{kind}s", ()), data.get(kind)][-MOST_TOLD:]

    def _ring_stopped(self, data: dict[str, Any]) -> None:
        if self.ring is not None and self.ring.get("contact_id") == data.get("contact_id"):
            self.ring = None
        here = self.contact is not None and self.contact.get("id") == data.get("contact_id")
        if here and data.get("reason") != "accepted":
            self.contact = None
