"""The version of a flow that one call keeps, from before its profile is read to its end."""

from __future__ import annotations

from ivr.call import Call
from ivr.dialplan.loader import FlowStore
from ivr.dialplan.machine import Machine


class Pin:
    """Holds one machine at a time, counted in the store until it is let go."""

    def __init__(self, flows: FlowStore) -> None:
        self._flows = flows
        self._machine: Machine | None = None

    def take(self, call: Call) -> Machine:
        """The machine of the version that this caller gets, in place of the one before. Raises NotFound."""
        self.release()
        self._machine = self._flows.begin(call.flow, call.caller.number or call.id)
        return self._machine

    def release(self) -> None:
        if self._machine is not None:
            self._flows.finish(self._machine.flow)
            self._machine = None
