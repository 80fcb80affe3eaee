"""`ivr trace [CALL]`: the SIP messages of a call as a ladder, or as a capture file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ivr.errors import IvrError
from ivr.guarding import client

_FILE_WIDTH = 160
"""Columns where nobody says how many there are: a Call-ID is there to be copied."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("call", nargs="?", metavar="CALL", help="Call-ID or contact id; none lists the calls that are kept")
    parser.add_argument("--pcap", type=Path, metavar="FILE", help="write a capture file for Wireshark instead")
    parser.add_argument("--full", action="store_true", help="whole messages under each step")
    parser.add_argument("--json", action="store_true", help="what the API answers")
    parser.add_argument("--secrets", action="store_true", help="leave digest answers and SRTP keys in the capture file")
    switch = parser.add_mutually_exclusive_group()
    switch.add_argument("--on", dest="switch", action="store_const", const=True, help="start keeping messages")
    switch.add_argument("--off", dest="switch", action="store_const", const=False, help="stop keeping messages")
    client.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Do what was asked; the exit status. An error is one line on stderr."""
    try:
        node = client.client_of(args)
        if args.switch is not None:
            node.send("PUT", "/api/v1/sip/trace", {"enabled": args.switch})
            print(f"the trace is {'on' if args.switch else 'off'}")
        elif args.call is None:
            _show(args, node.get("/api/v1/sip/trace"), calls_table)
        elif args.pcap is not None:
            path = f"/api/v1/sip/trace/{quote(args.call, safe='')}"
            data = node.octets(path, format="pcap", secrets="1" if args.secrets else "0")
            args.pcap.write_bytes(data)
            print(f"{args.pcap}: {len(data)} octets")
        else:
            found = node.get(f"/api/v1/sip/trace/{quote(args.call, safe='')}")
            _show(args, found, lambda call: drawn(call, args.full))
    except (IvrError, OSError) as error:
        sys.stderr.write(f"ivr trace: {error}\n")
        return 1
    return 0


def _show(args: argparse.Namespace, found: dict[str, Any], draw: Any) -> None:
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        wide = None if sys.stdout.isatty() else _FILE_WIDTH
        Console(width=wide).print(draw(found))


def calls_table(found: dict[str, Any]) -> Table:
    """The calls of which messages are kept, the one that spoke last first."""
    state = "on" if found["enabled"] else "off"
    table = Table(box=None, title=f"trace is {state}, {len(found['calls'])} calls", title_justify="left", pad_edge=False)
    for name in ("began", "first", "peer", "messages", "Call-ID"):
        table.add_column(name, no_wrap=True)
    for call in found["calls"]:
        words = (call["at"], call["first"], call["peer"], str(call["messages"]), call["call_id"])
        table.add_row(*(Text(word) for word in words))
    return table


def drawn(call: dict[str, Any], full: bool = False) -> Group:
    """A ladder: the far ends on the left, this node on the right, time beside each arrow; `full` has the messages below."""
    messages = call["messages"]
    peers = sorted({message["peer"] for message in messages})
    title = Text(f"{call['call_id']}   node {call['node']}   with {', '.join(peers)}")
    table = Table(box=None, title=title, title_justify="left", pad_edge=False)
    table.add_column("s", justify="right", no_wrap=True)
    table.add_column("far end          Hotline", no_wrap=True)
    table.add_column("CSeq", no_wrap=True)
    table.add_column("peer" if len(peers) > 1 else "", no_wrap=True)
    table.add_column("", overflow="fold")
    for message in messages:
        again = " (again)" if message["repeated"] else ""
        detail = Text(message["detail"] + again, style="dim")
        peer = message["peer"] if len(peers) > 1 else ""
        table.add_row(f"{message['after']:.3f}", _arrow(message), Text(message["cseq"]), Text(peer), detail)
    below = [_whole(message) for message in messages] if full else []
    return Group(table, *below)


def _whole(message: dict[str, Any]) -> Text:
    way = "to" if message["sent"] else "from"
    return Text(f"\n{message['after']:.3f} s {way} {message['peer']}\n{_safe(message['text'])}")


def _arrow(message: dict[str, Any]) -> Text:
    word = message["word"][:34] or "?"
    line = "─" * max(1, 36 - len(word))
    half = len(line) // 2
    text = f"{line[:half]} {word} {line[half:]}"
    style = "red" if word[:1] in "456" else "green" if word[:1] == "2" else "yellow" if word[:1] in "13" else "bold"
    return Text(f"◀{text} " if message["sent"] else f" {text}▶", style=style)


def _safe(text: str) -> str:
    """Nothing that a terminal would obey."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "" if letter == "\r" else "?" for letter in text)
