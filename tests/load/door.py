"""What one message costs at the door: `python -m tests.load.door`. No network; the best of seven runs of 20,000."""

from __future__ import annotations

from collections.abc import Callable
from timeit import repeat

from telephony.gateway.sip_door import scanners
from telephony.sip import hep
from telephony.sip.guard import Guard
from telephony.sip.message import parse
from telephony.sip.suspicion import GuardSettings, Rate, Sign
from telephony.sip.trace import Trace, Traced, TraceSettings
from tests.unit.telephony.sip.peers import CLIENT, OFFER, request

COUNT, RUNS = 20_000, 7


def main() -> None:
    plenty = Rate(1e9, 1e9)
    settings = GuardSettings(
        allow=("10.1.0.0/16",), messages=plenty, invites=plenty, registers=plenty, strangers=plenty, octets=plenty
    )
    guard = Guard(settings, scanners())
    guard.ban("10.0.0.1", "test", 0.0, 1e9)
    guard.noticed("10.3.0.1", Sign.AUTHENTICATED, 0.0)
    data = request("INVITE", body=OFFER)
    trace, endless = Trace(), Trace(TraceSettings(budget=1 << 40, most_of_call=1 << 40))
    others = [request("INVITE", call_id=f"c{number}", body=OFFER) for number in range(COUNT)]
    numbers = iter(others * (RUNS + 1))
    one = Traced(0.0, False, CLIENT, data)
    measure("a banned source's message, dropped", lambda: guard.admits(data, "10.0.0.1", 1.0))
    measure("one of an allowed network, let in", lambda: guard.admits(data, "10.1.0.1", 1.0))
    measure("one of a phone with a proven password", lambda: guard.admits(data, "10.3.0.1", 1.0))
    measure("a stranger's, let in", lambda: guard.admits(data, "10.2.0.1", 1.0))
    measure("an IPv6 stranger's, let in", lambda: guard.admits(data, "2001:db8::1", 1.0))
    measure("kept in the trace, one call", lambda: endless.note(1.0, False, CLIENT, data))
    measure("kept in the trace, each a new call, with room made", lambda: trace.note(1.0, False, CLIENT, next(numbers)))
    measure("as a HEP3 packet", lambda: hep.packet(one, 1.0, 1))
    measure("for comparison: read and checked", lambda: parse(data).check())


def measure(what: str, run: Callable[[], object]) -> None:
    seconds = min(repeat(run, number=COUNT, repeat=RUNS)) / COUNT
    print(f"{seconds * 1e6:7.2f} µs  {what}")


if __name__ == "__main__":
    main()
