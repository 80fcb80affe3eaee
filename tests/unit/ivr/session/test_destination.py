from __future__ import annotations

import pytest

from ivr.errors import Conflict
from ivr.session.destination import Destination, Kind, destination


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("agent:anna", Kind.AGENT, "anna"),
        ("queue:support", Kind.QUEUE, "support"),
        ("flow:main", Kind.FLOW, "main"),
        ("park", Kind.PARK, ""),
        ("park:701", Kind.PARK, "701"),
        ("number:12345", Kind.NUMBER, "12345"),
        (" +8613800138000 ", Kind.NUMBER, "+8613800138000"),
        ("carol", Kind.NUMBER, "carol"),
        ("sip:77@127.0.0.1", Kind.NUMBER, "sip:77@127.0.0.1"),
        ("tel:+8610", Kind.NUMBER, "tel:+8610"),
    ],
)
def test_what_a_person_writes(text: str, kind: Kind, name: str) -> None:
    assert destination(text) == Destination(kind, name)
    assert destination(str(destination(text))) == Destination(kind, name)


@pytest.mark.parametrize(
    "text", ["", "agent:", "queue:a b", "http://x", "sip:a b", 'sip:a@b>;"', "park:x", "1" * 400, "a\r\nb"]
)
def test_what_leads_nowhere(text: str) -> None:
    with pytest.raises(Conflict, match="no destination"):
        destination(text)
