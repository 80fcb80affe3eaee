"""Who sees every turn of a call, in this order: what is private is taken out first, so that nobody after it has it."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.session import feelings, triggering
from ivr.session.turns import Opening

OPENINGS: Sequence[Opening] = (
    # redaction, then mood, then triggers: one line each, `module.opened`
    feelings.opened,
    triggering.opened,
)
