"""`ivr records`: remove what is too old, and all that is known of one caller; `--dry-run` only counts."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

from ivr.errors import ConfigError
from ivr.profile.identity import forms, identifies, normal_number
from ivr.records.database import open_database, sqlite_url
from ivr.records.retention import KINDS, Removed, Retention
from ivr.settings import Settings, load_settings
from ivr.settings_privacy import period
from ivr.wiring import overridden
from ivr.wiring_privacy import retention_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The commands below `ivr records`."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    purge = commands.add_parser("purge", help="remove what is older than a period")
    purge.add_argument("--older", metavar="PERIOD", help="90d, 12w, 6m or 3y; without it as `retention` of the settings says")
    purge.add_argument("--kind", action="append", choices=KINDS, help="what; several times for several (default: all)")
    forget = commands.add_parser("forget", help="remove everything of one caller")
    forget.add_argument("number", help="as it is in the records, or written otherwise: +8613800138000, 138-0013-8000")
    for one in (purge, forget):
        one.add_argument("--config", type=Path, metavar="FILE", required=True, help="settings file")
        one.add_argument("--data", type=Path, metavar="DIR", help="live state and records here instead")
        one.add_argument("--dry-run", action="store_true", help="only count")
        one.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises ConfigError and StoreUnavailable."""
    settings = overridden(load_settings(args.config), args.config, None, None, args.data)
    older = _older(args, settings) if args.action == "purge" else {}
    removed = asyncio.run(_work(args, settings, older))
    print(f"{'would remove' if args.dry_run else 'removed'}: {removed}")
    return 0


def _older(args: argparse.Namespace, settings: Settings) -> dict[str, float]:
    """Kind to seconds."""
    if args.older is None:
        kept = settings.retention.seconds()
        chosen = {kind: seconds for kind, seconds in kept.items() if not args.kind or kind in args.kind}
        if not chosen:
            raise ConfigError("nothing is removed by age: give --older 90d, or write `retention` in the settings")
        return chosen
    try:
        return dict.fromkeys(args.kind or KINDS, period(args.older))
    except ValueError as error:
        raise ConfigError(f"--older: {error}") from None


async def _work(args: argparse.Namespace, settings: Settings, older: dict[str, float]) -> Removed:
    data = Path(settings.data)
    url = settings.database or sqlite_url(data)
    if not settings.database and not (data / "records.sqlite").exists():
        raise ConfigError(f"{data}: there are no records; name the folder by --data, or `database` in the settings")
    engine = await open_database(url)
    try:
        retention = retention_of(settings, engine)
        if args.action == "purge":
            now = time.time()
            return await retention.purge({kind: now - seconds for kind, seconds in older.items()}, dry_run=args.dry_run)
        return await _forget(retention, args.number, dry_run=args.dry_run)
    finally:
        await engine.dispose()


async def _forget(retention: Retention, number: str, *, dry_run: bool) -> Removed:
    if not identifies(number):
        raise ConfigError(f"'{number}' is no number of one caller")
    bare = normal_number(number)
    spellings = dict.fromkeys((*forms(number), *(forms(f"86{bare}") if len(bare) == 11 and bare.startswith("1") else ())))
    if bare.startswith("86") and len(bare) == 13:
        spellings[bare[2:]] = None
    return await retention.forget(list(spellings), dry_run=dry_run)
