"""How calls end, in the words of flows and of the wire."""

from __future__ import annotations

from telephony.leg import EndCause

OURS = frozenset({EndCause.FAILED, EndCause.SHUTDOWN})
"""Ends that are nobody's wish: a caller who had not been served counts as lost."""

CAUSES = {"normal": EndCause.RELEASED, "rejected": EndCause.DECLINED, "busy": EndCause.BUSY}
STATUS = {"normal": 480, "rejected": 603, "busy": 486}
"""Cause of a flow's `hangup` to what ends a leg: its cause, and the final response where it was not taken."""
