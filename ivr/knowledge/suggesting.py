"""Which cards stand before an agent: found anew whenever something is said. Knows no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ivr.knowledge.index import NEVER_USED, Document, Found, Index, Uses
from ivr.knowledge.meaning import Near

LAST = 4
"""Utterances of caller and agent that are looked at; the newest weighs most."""
MOST_TEXT = 600
"""Characters of one of them."""
MOST_SHOWN = 3
LIGHT = 500
"""Cards up to which words are looked for at once; above, and where meanings are compared, in a thread."""


class Mind(Protocol):
    """`ivr.knowledge.minding.Minding`."""

    @property
    def ready(self) -> bool: ...

    def near(self, texts: Sequence[str]) -> Sequence[Near | None]: ...


def _nobody_waits() -> None:
    """Stands where nothing is looked for in a thread."""


@dataclass(slots=True)
class Cards:
    """The cards of a node: its index, and what agents made of them."""

    index: Index = field(default_factory=lambda: Index(()))
    uses: dict[str, Uses] = field(default_factory=dict)
    mind: Mind | None = None
    """None: cards are found by words alone."""

    @property
    def light(self) -> bool:
        """Whether finding cards takes less than a millisecond."""
        return (self.mind is None or not self.mind.ready) and len(self.index.documents) <= LIGHT

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

    def search(self, query: str, tags: Iterable[str], most: int) -> list[Found]:
        """The best for a query, the most used without one. Some milliseconds, and more where meanings are compared."""
        near = self.mind.near([query])[0] if self.mind is not None and query.strip() else None
        return self.index.search(query, self.uses, tags, most, near)

    def heard(self, said: Sequence[str]) -> list[Found]:
        """The cards for what was said, the newest first, the surest first."""
        near = self.mind.near(said) if self.mind is not None else ()
        return self.index.heard(said, self.uses, MOST_SHOWN, near)

    def of(self, contact: Mapping[str, Any]) -> list[Found]:
        """The cards for a contact as a desk shows it, the surest first."""
        return self.heard(said_in(contact))


def said_in(contact: Mapping[str, Any]) -> list[str]:
    """What cards are looked for by: the last that caller and agent said, the newest first, and the wish."""
    said = [
        str(turn.get("text") or "")[:MOST_TEXT]
        for turn in (contact.get("turns") or ())[-3 * LAST :]
        if isinstance(turn, Mapping) and turn.get("speaker") != "bot" and turn.get("medium") != "keys"
    ]
    intent = contact.get("intent")
    wish = [str(intent.get("label") or intent.get("name") or "")] if isinstance(intent, Mapping) else []
    return [*reversed(said[-LAST:]), *wish]


@dataclass(slots=True)
class Suggesting:
    """Pushes `cards` to a desk whenever others come first than before."""

    cards: Cards
    push: Callable[[str, str, Mapping[str, Any]], None]
    """(agent, kind, data)"""
    _shown: dict[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
    _here: dict[str, str] = field(default_factory=dict)
    """Agent to the contact that the desk shows."""
    _wanted: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    """Agent to contact and words that are to be looked at in a thread; what is newer replaces what waits."""
    wake: Callable[[], None] = _nobody_waits
    """Called when there is something in `waiting`."""

    def seen(self, agent_id: str, kind: str, contact: Mapping[str, Any] | None) -> None:
        """Something was pushed to the desk of an agent; `contact` is what that shows now. Well under a millisecond."""
        if kind not in ("contact", "turn") or not self.cards.index.documents:
            return
        if contact is None:
            self._shown.pop(agent_id, None)
            self._here.pop(agent_id, None)
            self._wanted.pop(agent_id, None)
            return
        contact_id = str(contact.get("id", ""))
        if contact.get("phase") in ("wrap_up", "ended"):
            return
        self._here[agent_id] = contact_id
        said = said_in(contact)
        if self.cards.light:
            self.found(agent_id, contact_id, self.cards.heard(said))
            return
        self._wanted[agent_id] = (contact_id, said)
        self.wake()

    def waiting(self) -> tuple[str, str, list[str]] | None:
        """Agent, contact and words that are to be given to `Cards.heard` in a thread, and then to `found`."""
        agent_id = next(iter(self._wanted), None)
        return None if agent_id is None else (agent_id, *self._wanted.pop(agent_id))

    def found(self, agent_id: str, contact_id: str, found: Sequence[Found]) -> None:
        """Put them forward where the desk still shows that contact, and other cards."""
        if self._here.get(agent_id) != contact_id:
            return
        names = [one.name for one in found]
        before_id, before = self._shown.get(agent_id, ("", ()))
        if not names or (before_id == contact_id and names == list(before)):
            return
        self._shown[agent_id] = (contact_id, names)
        told = [{"name": one.name, "why": one.why} for one in found]
        self.push(agent_id, "cards", {"contact_id": contact_id, "cards": told})
