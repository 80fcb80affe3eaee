"""`ivr flows`: versions of flows on a running node and, with it, on all of them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivr.errors import ConfigError, IvrError
from ivr.guarding import client

ADMIN = "/api/v1/admin"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the subcommands; `run` takes what it parses."""
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="what is live, rolled out and scheduled")
    actions.add_parser("nodes", help="what each node runs, and what it refused")
    _versions(actions)
    _publish(actions)
    rollout = _of_flow(actions, "rollout", "give a version to so many callers; 100 makes it live, 0 ends the roll-out")
    rollout.add_argument("number", type=int)
    rollout.add_argument("percent", type=float)
    back = _of_flow(actions, "rollback", "make an older version live, at once and on every node")
    back.add_argument("number", type=int, nargs="?", help="default: the one before, or the end of the roll-out that goes on")
    back.add_argument("--note", default="")
    cancel = _of_flow(actions, "cancel", "take back what is to begin or to end by itself")
    cancel.add_argument("number", type=int)
    retire = _of_flow(actions, "retire", "let no new call begin with a flow whose file is gone")
    retire.add_argument("--note", default="")
    for action in actions.choices.values():
        client.add_arguments(action)


def _of_flow(actions: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text)
    parser.add_argument("flow")
    return parser


def _versions(actions: Any) -> None:
    versions = _of_flow(actions, "versions", "every publish of a flow, the newest first")
    versions.add_argument("--limit", type=int, default=20, help="default: %(default)s")
    show = _of_flow(actions, "show", "the text of a version")
    show.add_argument("side", nargs="?", default="live", help="a number, live, draft or file (default: live)")
    diff = _of_flow(actions, "diff", "what differs between two versions")
    diff.add_argument("before", nargs="?", default="live", help="a number, live, draft or file (default: live)")
    diff.add_argument("after", nargs="?", default="file", help="likewise (default: file)")


def _publish(actions: Any) -> None:
    publish = actions.add_parser("publish", help="publish files, together or not at all")
    publish.add_argument("files", nargs="+", type=Path, metavar="FILE")
    publish.add_argument("--note", default="")
    publish.add_argument("--percent", type=float, default=100.0, help="of the callers (default: all)")
    publish.add_argument("--at", metavar="TIME", help="begin then: `2027-01-01 00:00` in the flow's time zone")
    publish.add_argument("--until", metavar="TIME", help="then go back to what is live now")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; the exit status. An error is one line on stderr."""
    try:
        node = client.client_of(args)
        if args.action in ("list", "nodes"):
            _house(node, args.action)
        elif args.action in ("versions", "show", "diff"):
            _read(node, args)
        else:
            _change(node, args)
    except IvrError as error:
        sys.stderr.write(f"ivr flows: {error}\n")
        return 1
    return 0


def _house(node: client.NodeClient, action: str) -> None:
    if action == "list":
        Console().print(_flows(node.get(f"{ADMIN}/flows")["flows"]))
    else:
        status = node.get(f"{ADMIN}/nodes")
        Console().print(_nodes(status["nodes"], status["serial"]))


def _read(node: client.NodeClient, args: argparse.Namespace) -> None:
    flow = f"{ADMIN}/flows/{quote(args.flow, safe='')}"
    if args.action == "versions":
        Console().print(_listed(node.get(f"{flow}/versions", limit=str(args.limit))["versions"]))
    elif args.action == "diff":
        sys.stdout.write(node.get(f"{flow}/diff", **{"from": args.before, "to": args.after})["unified"])
    elif args.side.isdecimal():
        sys.stdout.write(node.get(f"{flow}/versions/{args.side}")["text"])
    else:
        lines = node.get(f"{flow}/diff", **{"from": args.side, "to": args.side})["lines"]
        sys.stdout.write("".join(f"{line['text']}\n" for line in lines))


def _change(node: client.NodeClient, args: argparse.Namespace) -> None:
    if args.action == "publish":
        for made in node.send("POST", f"{ADMIN}/publish", _order(args))["versions"]:
            print(_told(made))
        return
    flow = f"{ADMIN}/flows/{quote(args.flow, safe='')}"
    match args.action:
        case "rollout":
            print(_told(node.send("POST", f"{flow}/rollout", {"number": args.number, "percent": args.percent})))
        case "rollback":
            body = {"note": args.note} | ({"number": args.number} if args.number is not None else {})
            print(_told(node.send("POST", f"{flow}/rollback", body)))
        case "cancel":
            node.send("DELETE", f"{flow}/schedule/{args.number}")
            print(f"{args.flow}: version {args.number} neither begins nor ends by itself any more")
        case "retire":
            node.send("DELETE", f"{flow}?note={quote(args.note, safe='')}")
            print(f"{args.flow} is retired: no new call begins with it")


def _order(args: argparse.Namespace) -> dict[str, Any]:
    """The body of a publish. Raises ConfigError and DialplanError."""
    from ivr.dialplan.loader import load  # no other command needs it

    texts: dict[str, str] = {}
    for path in args.files:
        name = load(path).name
        if name in texts:
            raise ConfigError(f"{path}: the flow `{name}` is in two of these files")
        texts[name] = path.read_text("utf-8")
    return {"texts": texts, "note": args.note, "percent": args.percent, "at": args.at, "until": args.until}


def _told(made: Mapping[str, Any]) -> str:
    what = {"live": "is live", "rollout": f"is for {made['percent']:g} % of the callers"}.get(made["state"], made["state"])
    if made["state"] == "scheduled":
        what = f"begins at {_time(made['from'])}"
    return f"{made['flow']}: version {made['number']} ({made['version']}) {what}"


def _flows(flows: Sequence[Mapping[str, Any]]) -> Table:
    """Without the columns that have nothing to say, so that the others fit."""
    rows = []
    for one in flows:
        live, out, draft = one["live"] or {}, one.get("roll_out"), one["draft"]
        row = (
            one["name"],
            str(live.get("number", "-")),
            live.get("by", ""),
            _time(live.get("at")),
            live.get("note", ""),
            f"{out['number']} to {out['percent']:g} %" if out else "",
            ", ".join(f"{later['number']} at {_time(later['from'])}" for later in one.get("scheduled", ())),
            draft["by"] if draft else "",
            one.get("drift") or _elsewhere(one["file"], one["name"]),
        )
        rows.append(row)
    names = ("flow", "live", "by", "at", "note", "rolled out", "to come", "draft", "file")
    said = [place for place in range(len(names)) if not rows or any(row[place] for row in rows)]
    table = _table([names[place] for place in said])
    for row in rows:
        table.add_row(*(_one_line(row[place]) if names[place] == "note" else row[place] for place in said))
    return table


def _elsewhere(file: str, flow: str) -> str:
    """The name of a flow's file, "" where it is what one expects."""
    name = PurePath(file).name
    return "" if name in (f"{flow}.yaml", f"{flow}.yml") else name


def _one_line(note: str) -> Text:
    """A note in the room that there is."""
    return Text(" ".join(note.split()), no_wrap=True, overflow="ellipsis")


def _listed(versions: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(("number", "version", "state", "by", "at", "lines", "calls", "note"))
    for one in versions:
        state = f"{one['state']} {one['percent']:g} %" if one["state"] == "rollout" else one["state"]
        if one["state"] == "scheduled":
            state = f"from {_time(one['from'])}"
        if one["state"] == "live" and one["until"]:
            state = f"live until {_time(one['until'])}"
        lines = f"+{one['added']} -{one['removed']}"
        calls = "" if one["calls"] is None else str(one["calls"])
        note = one["reason"] or one["note"]
        table.add_row(str(one["number"]), one["version"], state, one["author"], _time(one["at"]), lines, calls, note)
    return table


def _nodes(nodes: Sequence[Mapping[str, Any]], serial: int) -> Table:
    table = _table(("node", "up", "change", "refused"))
    for one in nodes:
        behind = "" if one["serial"] == serial else f" of {serial}"
        refused = "; ".join(f"{flow}: {why}" for flow, why in one["refused"].items())
        table.add_row(one["node"], "yes" if one["up"] else "no", f"{one['serial']}{behind}", refused)
    return table


def _table(names: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for name in names:
        table.add_column(name, no_wrap=name in ("flow", "live", "version", "number", "at"))
    return table


def _time(seconds: float | None) -> str:
    """In the time zone of the machine that asks."""
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
