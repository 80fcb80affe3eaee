"""What `ivr serve` prints when it is up: where to call, where to click, who may sign in, and what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def banner(
    *,
    sip: Sequence[str],
    web: str,
    passwords: Mapping[str, str],
    languages: Sequence[str],
    models: Mapping[str, str],
    data: str,
    new_token: bool,
) -> str:
    """The text, without a line feed at its end.

    `passwords` are those made at this start; `models` says which model hears which of the `languages`.
    """
    lines = ["", "  Hotline is up.", ""]
    lines += [f"  Dial            {address}" for address in sip]
    lines += [
        f"  Start page      {web}/",
        f"  Call by browser {web}/call",
        f"  Agent's desk    {web}/desk",
        f"  Wallboard       {web}/wall",
        f"  Quality         {web}/quality",
        f"  Administration  {web}/admin",
    ]
    if passwords:
        lines += ["", "  Demo accounts (passwords are new at each start):"]
        width = max(map(len, passwords))
        lines += [f"    {name:<{width}}  {password}" for name, password in passwords.items()]
    lines += ["", "  Speech:"]
    for language in languages:
        model = models.get(language)
        lines.append(f"    {language}  {model}" if model else f"    {language}  no model: callers press keys instead")
    if any(language not in models for language in languages):
        lines += ["    add one with: .venv/bin/ivr models list, then .venv/bin/ivr models install NAME"]
    lines += [
        "",
        f"  Data in {data}; API token in {data}/admin-token{' (new)' if new_token else ''}",
        "  Ctrl-C drains and ends.",
        "",
    ]
    return "\n".join(lines)


def dialled(listeners: Iterable[tuple[str, str, int]]) -> list[str]:
    """What a phone dials to reach listeners of these transports, hosts and ports. Browsers' WebSockets are not dialled."""
    return sorted(
        {
            f"sip:hotline@{host}:{port}" + (";transport=tls" if transport == "tls" else "")
            for transport, host, port in listeners
            if transport not in ("ws", "wss")
        }
    )
