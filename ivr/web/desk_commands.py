"""What pages of agents may say (docs/desk-protocol.md), as tables."""

from __future__ import annotations

from collections.abc import Mapping

COMMANDS: Mapping[str, Mapping[str, int]] = {
    "set_state": {"state": 20, "reason": 100},
    "extend_wrap_up": {},
    "why_no_calls": {},
    "hold": {"contact_id": 64},
    "resume_call": {"contact_id": 64},
    "hang_up": {"contact_id": 64},
    "dtmf": {"contact_id": 64, "digits": 32},
    "note": {"contact_id": 64, "text": 10000},
    "wrap_up": {"contact_id": 64, "disposition": 120, "note": 10000, "follow_up": 40},
    "transfer": {"contact_id": 64, "to": 260},
    "consult": {"contact_id": 64, "to": 260},
    "toggle": {"contact_id": 64},
    "three_way": {"contact_id": 64},
    "complete": {"contact_id": 64},
    "back": {"contact_id": 64},
    "park": {"contact_id": 64, "slot": 16},
    "pick_up": {"slot": 16},
    "record": {"contact_id": 64, "action": 10},
    "announce": {"contact_id": 64, "prompt": 64},
    "monitor": {"contact_id": 64, "mode": 10},
    "reattach": {"contact_id": 64},
    "dial": {"to": 260},
    "redial": {},
    "directory": {"query": 64},
}
"""What goes to `AgentActions` as it is: its fields, in order, with the most characters each may have."""

NOTE = "note"

NOTED: Mapping[str, int] = {"note": 1, "wrap_up": 2}
"""Those that carry the note as typed, and where it stands among their fields."""

OF_THE_CALL = frozenset(kind for kind, fields in COMMANDS.items() if "contact_id" in fields) - set(NOTED) | {"show"}
"""Those that work on the node that has the call; their first field is the contact."""

PAGE_ANSWERS = frozenset({"monitor", "reattach", "dial", "redial"})
"""Those that need an answer of the page to an audio offer: they go on beside whatever else the page says."""

MOST_OPENING = 4
"""Of those, by one desk at the same time: each may open audio."""

SHOW = "show"
"""What a desk asks for by itself, of a contact whose picture it has not."""

OF_THE_PAGE = frozenset({"monitor", "reattach"})
"""Those that open the audio of the page that asks, be it a desk or the wall."""

AT_WALL_SAY = frozenset(
    {"monitor", "media_answer", "ping", "reattach", "hold", "resume_call", "hang_up", "dtmf", "transfer", "note", "wrap_up"}
)
"""What a supervisor's page at the wall may say: in talks of others, and of a caller whom it took."""
