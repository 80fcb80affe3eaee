"""What the counters of the store must add up to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr.acd.model import Contact, ContactState

LEFT = ("abandoned", "overflowed", "callback", "served", "lost")
"""How a contact may leave that nobody talks to: it gave up, a rule took it elsewhere, it is called back, it was served by other
means, or its node died."""


def imbalance(totals: Mapping[str, int], contacts: Iterable[Contact]) -> list[str]:
    """The sums that do not hold, with both sides; none where every offer and every contact is accounted for once.

    `contacts` is everybody who is in the store at that moment.
    """
    there = list(contacts)
    ringing = sum(len(contact.rung) for contact in there if contact.state is ContactState.OFFERED)
    talking = sum(contact.state is ContactState.CONNECTED for contact in there)

    def of(*names: str) -> int:
        return sum(totals.get(name, 0) for name in names)

    sums = {
        "offers = answered + declined + missed + withdrawn + ringing": (
            of("offers"),
            of("answered", "declined", "missed", "withdrawn") + ringing,
        ),
        "enqueued + requeued = answered + those who left + waiting": (
            of("enqueued", "requeued"),
            of("answered", *LEFT) + len(there) - talking,
        ),
        "answered = ended + requeued + talking": (of("answered"), of("ended", "requeued") + talking),
    }
    return [f"{words}: {left} = {right}" for words, (left, right) in sums.items() if left != right]
