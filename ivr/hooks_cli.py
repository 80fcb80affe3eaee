"""`ivr hooks`: `catalogue` prints every kind of event, as docs/events.md has it."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The commands below `ivr hooks`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    catalogue = actions.add_parser("catalogue", help="print every kind of event, in Markdown")
    catalogue.set_defaults(run=_catalogue)


def _catalogue(_args: argparse.Namespace) -> int:
    from ivr.hooks.catalogue import markdown

    print(markdown())
    return 0
