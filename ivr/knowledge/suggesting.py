"""Which cards stand before an agent: found anew whenever something is said. Knows no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.knowledge.index import NEVER_USED, Document, Found, Index, Uses

LAST = 4
"""Utterances of caller and agent that are looked at; the newest weighs most."""
MOST_TEXT = 600
"""Characters of one of them."""
MOST_SHOWN = 3


@dataclass(slots=True)
class Cards:
    """The cards of a node: its index, and what agents made of them."""

    index: Index = field(default_factory=lambda: Index(()))
    uses: dict[str, Uses] = field(default_factory=dict)

    def take(self, documents: Iterable[Document]) -> None:
        """Put other cards in force. Some tenths of a second for thousands."""
        self.index = Index(tuple(documents))

    def counted(self, marks: Mapping[str, Mapping[str, int]]) -> None:
        """`marks`: card to `opened`, `useful`, `useless` to the number of contacts."""
        self.uses = {
            name: Uses(sum(values.values()), values.get("useful", 0), values.get("useless", 0))
            for name, values in marks.items()
        }

    def marked(self, name: str, before: str, value: str) -> None:
        """One mark changed during a contact."""
        now = self.uses.get(name, NEVER_USED)
        change = {key: (value == key) - (before == key) for key in ("useful", "useless")}
        opened = now.opened + bool(value) - bool(before)
        self.uses[name] = Uses(opened, now.useful + change["useful"], now.useless + change["useless"])

    def of(self, contact: Mapping[str, Any]) -> list[Found]:
        """The cards for a contact as a desk shows it, the surest first."""
        said = [
            str(turn.get("text") or "")[:MOST_TEXT]
            for turn in (contact.get("turns") or ())[-3 * LAST :]
            if isinstance(turn, Mapping) and turn.get("speaker") != "bot" and turn.get("medium") != "keys"
        ]
        intent = contact.get("intent")
        wish = [str(intent.get("label") or intent.get("name") or "")] if isinstance(intent, Mapping) else []
        return self.index.heard([*reversed(said[-LAST:]), *wish], self.uses, MOST_SHOWN)


@dataclass(slots=True)
class Suggesting:
    """Pushes `cards` to a desk whenever others come first than before."""

    cards: Cards
    push: Callable[[str, str, Mapping[str, Any]], None]
    """(agent, kind, data)"""
    _shown: dict[str, tuple[str, Sequence[str]]] = field(default_factory=dict)

    def seen(self, agent_id: str, kind: str, contact: Mapping[str, Any] | None) -> None:
        """Something was pushed to the desk of an agent; `contact` is what that shows now. Well under a millisecond."""
        if kind not in ("contact", "turn") or not self.cards.index.documents:
            return
        if contact is None:
            self._shown.pop(agent_id, None)
            return
        contact_id = str(contact.get("id", ""))
        if contact.get("phase") in ("wrap_up", "ended"):
            return
        found = self.cards.of(contact)
        names = [one.name for one in found]
        before_id, before = self._shown.get(agent_id, ("", ()))
        if before_id == contact_id and (names == list(before) or not names):
            return
        if before_id != contact_id and not names:
            return
        self._shown[agent_id] = (contact_id, names)
        told = [{"name": one.name, "why": one.why} for one in found]
        self.push(agent_id, "cards", {"contact_id": contact_id, "cards": told})
