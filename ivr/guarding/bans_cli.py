"""`ivr bans list|add|remove|export`."""

from __future__ import annotations

import argparse
import sys
from urllib.parse import quote

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ivr.errors import IvrError
from ivr.guarding import client
from ivr.guarding.nftables import ruleset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the subcommands; `run` takes what it parses."""
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="who is banned, why and until when")
    add = actions.add_parser("add", help="ban an IPv4 address or an IPv6 /64 on every node")
    add.add_argument("source", metavar="ADDRESS")
    add.add_argument("--hours", type=float, default=24.0, help="default: %(default)s")
    add.add_argument("--reason", default="by hand")
    remove = actions.add_parser("remove", help="end a ban everywhere")
    remove.add_argument("source", metavar="ADDRESS")
    export = actions.add_parser("export", help="the bans as text for a firewall")
    export.add_argument("--nftables", action="store_true", required=True, help="for `nft -f -`")
    export.add_argument("--port", type=int, action="append", default=[], help="drop what goes to these ports alone")
    for action in actions.choices.values():
        client.add_arguments(action)


def run(args: argparse.Namespace) -> int:
    """Do what was asked; the exit status. An error is one line on stderr."""
    try:
        node = client.client_of(args)
        match args.action:
            case "list":
                Console().print(_table(node.get("/api/v1/sip/bans")["bans"]))
            case "add":
                body = {"source": args.source, "seconds": args.hours * 3600, "reason": args.reason}
                made = node.send("POST", "/api/v1/sip/bans", body)
                print(f"banned {made['source']} until {made.get('until', 'later')}")
            case "remove":
                node.send("DELETE", f"/api/v1/sip/bans/{quote(args.source, safe='')}")
                print(f"{args.source} may come again")
            case "export":
                sys.stdout.write(ruleset(node.get("/api/v1/sip/bans")["bans"], args.port))
    except IvrError as error:
        sys.stderr.write(f"ivr bans: {error}\n")
        return 1
    return 0


def _table(bans: list[dict[str, object]]) -> Table:
    table = Table(box=SIMPLE_HEAD, caption=None if bans else "nobody is banned")
    for name in ("source", "reason", "since (UTC)", "until (UTC)"):
        table.add_column(name, no_wrap=name == "source")
    table.add_column("times", justify="right")
    for ban in bans:
        since, until = (str(ban[name])[:16].replace("T", " ") for name in ("since", "until"))
        table.add_row(str(ban["source"]), str(ban["reason"]), since, until, str(ban["strikes"]))
    return table
