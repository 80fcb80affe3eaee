"""`ivr diagram`: a flow as a picture."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ivr.dialplan.diagram import Look, Texts
from ivr.dialplan.diagram_svg import draw
from ivr.dialplan.loader import load
from ivr.errors import ConfigError, DialplanError
from ivr.guarding import client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` its options; `run` takes what it parses."""
    parser.add_argument("flow", type=Path, metavar="FLOW", help="a flow's file")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the SVG there (default: standard output)")
    parser.add_argument("--language", default="", help="of the words: zh or en (default: the flow's first)")
    parser.add_argument("--right", action="store_true", help="from left to right instead of downward")
    parser.add_argument("--inherited", action="store_true", help="draw the edges that every state inherits, too")
    parser.add_argument("--coverage", type=Path, metavar="FILE", help="colours by what tests came to: JSON of `ivr test`")
    parser.add_argument("--counts", action="store_true", help="callers now and today, asked of a running node")
    parser.add_argument("--prompts", type=Path, action="append", help="folders whose texts.yaml says what prompts say")
    client.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Draw; the exit status. Raises IvrError in one line for what a person can mend."""
    flow = load(args.flow)
    coverage = None if args.coverage is None else _coverage(args.coverage, flow.name)
    counts = client.client_of(args).get(f"/api/v1/admin/flows/{flow.name}/counts") if args.counts else None
    texts = texts_of(args.prompts or [path for path in (Path("prompts"),) if path.is_dir()])
    language = args.language or flow.languages[0]
    look = Look(language, args.inherited, args.right, texts, counts, coverage, standalone=True)
    try:
        svg = draw(flow, look).svg
    except ValueError as error:
        raise DialplanError(f"{args.flow}: {error}; split the flow", ()) from None
    if args.output is None:
        sys.stdout.write(svg)
        return 0
    try:
        args.output.write_text(svg, "utf-8")
    except OSError as error:
        raise ConfigError(f"{args.output}: {error.strerror}; name another file with -o") from None
    print(f"{args.output}: {len(flow.states)} states of {flow.name}")
    return 0


def texts_of(folders: list[Path]) -> Texts:
    """What prompts say, by the `texts.yaml` of prompt folders. Raises ConfigError."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in (folder / "texts.yaml" for folder in folders):
        if path.is_file():
            try:
                data = yaml.safe_load(path.read_text("utf-8"))
            except (OSError, ValueError, yaml.YAMLError) as error:
                raise ConfigError(f"{path}: {' '.join(str(error).split())}") from None
            rows = data if isinstance(data, Mapping) else {}
            found |= {str(name): texts for name, texts in rows.items() if isinstance(texts, Mapping)}
    return lambda name, language: str(found.get(name, {}).get(language, ""))


def _coverage(path: Path, flow: str) -> Mapping[str, Any]:
    """`{states, edges}` of the flow, of the whole file or under `coverage` or the flow's name. Raises ConfigError."""
    try:
        data: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}; name a file that `ivr test --coverage` wrote") from None
    for key in ("coverage", "flows", flow):
        if isinstance(data, Mapping) and isinstance(data.get(key), Mapping):
            data = data[key]
    if not isinstance(data, Mapping) or not all(isinstance(data.get(name), Mapping) for name in ("states", "edges")):
        raise ConfigError(f"{path}: no `states` and `edges` of {flow} in it; name a file that `ivr test` wrote")
    return data
