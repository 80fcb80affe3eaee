"""A caller who turns out to be somebody: what changes in the call, its record and on the agent's screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ivr.session.knowing import identified

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession


def identify(session: CallSession, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make `found` the caller's profile, in place of the one before; returns it in its normal form."""
    session.call = identified(session.call, found, session.machine.flow, session.services.clock())
    session.record(profile=dict(session.call.profile), caller_name=session.call.caller.name)
    session.show()
    return session.call.profile
