"""Bans as a ruleset for `nft -f`: a table of its own, a set for each family with timeouts, one rule each. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

TABLE = "hotline"


def ruleset(bans: Iterable[Mapping[str, Any]], ports: Iterable[int] = ()) -> str:
    """Text for `nft -f -`: replaces the table of an earlier export, so that it can be run again and again.

    `bans` are those of `GET /api/v1/sip/bans`. `ports` limits the rules to SIP ports; none closes the door altogether.
    """
    groups: dict[int, list[str]] = {4: [], 6: []}
    for ban in bans:
        source = ipaddress.ip_network(str(ban["source"]))
        groups[source.version].append(f"{source if source.version == 6 else source.network_address} timeout {_left(ban)}s")
    wanted = sorted(set(ports))
    match = f" th dport {{ {', '.join(map(str, wanted))} }}" if wanted else ""
    if match:
        match = " meta l4proto { tcp, udp }" + match
    lines = [f"table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{"]
    for version, kind in ((4, "ipv4_addr"), (6, "ipv6_addr")):
        elements = f"\n\t\telements = {{ {', '.join(groups[version])} }}" if groups[version] else ""
        flags = "timeout" if version == 4 else "interval, timeout"
        lines.append(f"\tset banned{version} {{\n\t\ttype {kind}\n\t\tflags {flags}{elements}\n\t}}")
    lines.append("\tchain input {")
    lines.append("\t\ttype filter hook input priority -10; policy accept;")
    lines.append(f"\t\tip saddr @banned4{match} counter drop")
    lines.append(f"\t\tip6 saddr @banned6{match} counter drop")
    lines.append("\t}\n}")
    return "\n".join(lines) + "\n"


def _left(ban: Mapping[str, Any]) -> int:
    return max(1, int(ban["seconds_left"]))
