"""Settings of where data comes from: `sources` and `profiles`. What they come to is in `ivr.wiring_sources`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from ivr.call import IDENTITIES
from ivr.errors import ConfigError

Plain = str | bool | int | float

KINDS = ("static", "http", "sql", "records")
MOST_BYTES = 4_194_304
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_PATHS = re.compile(r"(?:caller|call|profile)\.[A-Za-z_]\w*(?:\.\w+)*")


@dataclass(frozen=True, slots=True)
class OperationOptions:
    """One thing that a source can be asked; `{name}` and `:name` are arguments."""

    path: str = ""
    """http: `/accounts/{account}/balance`, below `url`."""
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Plain] = field(default_factory=dict)
    """http: sent as a JSON object."""
    repeatable: bool | None = None
    """http: asking twice does no harm; as written nothing, a GET."""
    not_found_status: tuple[int, ...] = (404,)
    sql: str = ""
    """sql: one SELECT with `:arguments`."""
    rows: int = 1
    """sql: 1 gives the columns of the first row, more gives a list of at most so many under `items`."""
    table: str = ""
    """static: path to the part of the file that is meant."""
    key: str = ""
    """static: `{number}`: the entry that is wanted; empty gives all of it."""
    root: str = ""
    """Path in the answer where `map` and `found` begin."""
    found: str = ""
    """Path that must be there and not empty, or nothing was found."""
    not_found: Mapping[str, Plain] = field(default_factory=dict)
    """Path to a value that means that nothing was found."""
    map: Mapping[str, str] = field(default_factory=dict)
    """Name to path in the answer; empty takes everything."""
    ttl: float | None = None
    """Seconds an answer is served again; as written nothing, as the source's `cache.ttl`."""


@dataclass(frozen=True, slots=True)
class RetryOptions:
    times: int = 1
    """Tries after the first; 0 for none. Only what may be repeated is."""
    wait: float = 0.1
    """Seconds before the first of them, doubled with each, and shortened by up to a half by chance."""


@dataclass(frozen=True, slots=True)
class CacheOptions:
    ttl: float = 0.0
    """Seconds an answer is served again; 0 for none."""
    stale: float = 0.0
    """Seconds after that in which it is served while the source does not answer."""
    most: int = 10_000


@dataclass(frozen=True, slots=True)
class BreakerOptions:
    failures: int = 5
    """In a row; then nobody is asked for `rest`."""
    rest: float = 10.0
    """Seconds; then one question at a time finds out."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    kind: str
    """`static`, `http`, `sql` or `records`."""
    url: str = ""
    """http: `https://crm.example.org/api`; sql: `sqlite:///billing.db`, `postgresql://...`; may be `env:NAME`."""
    token: str = ""
    """http: sent as `Authorization: Bearer`; `env:NAME`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """http: sent with each question; values may be `env:NAME`."""
    ca: str = ""
    """http: file of the certificates that the far end is checked by."""
    file: str = ""
    """static: a YAML file; it is read again when it changes."""
    timeout: float = 2.0
    connections: int = 20
    """Questions at the same time."""
    max_bytes: int = 262_144
    """http: an answer with more octets is refused."""
    retry: RetryOptions = RetryOptions()
    cache: CacheOptions = CacheOptions()
    breaker: BreakerOptions = BreakerOptions()
    operations: Mapping[str, OperationOptions] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What one source gives to a profile."""

    source: str
    get: str = "profile"
    """Its operation."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Name to `caller.number`, `call.called` or `profile.area`; `number` and `key` are given always."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Field of the profile to path in the answer; empty takes everything."""


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    sources: tuple[ReadOptions, ...] = ()
    """All that can begin at once does; a field is taken from the first that has it."""
    by: tuple[str, ...] = ("caller.number",)
    """What stands for the caller: the first of them that is there."""
    within: float = 0.3
    """Seconds until the call goes on with what has come."""
    otherwise: Mapping[str, Plain] = field(default_factory=dict)
    """Fields that no source gives."""
    combine: tuple[str, ...] = ("history", "contacts", "open", "outages", "products")
    """Lists that every source adds to."""


_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "url": ("http", "sql"),
    "token": ("http",),
    "headers": ("http",),
    "ca": ("http",),
    "max_bytes": ("http",),
    "file": ("static",),
}
_OPERATION_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "path": ("http",),
    "method": ("http",),
    "query": ("http",),
    "body": ("http",),
    "repeatable": ("http",),
    "not_found_status": ("http",),
    "sql": ("sql",),
    "rows": ("sql",),
    "table": ("static",),
    "key": ("static",),
}


def check_sources(sources: Mapping[str, SourceOptions], profiles: str | ProfileOptions, file: str) -> None:
    """What no single value shows. Raises ConfigError in one line that names the place and the cure."""
    for name, source in sources.items():
        _check_source(source, name, f"{file}: sources.{name}")
    if isinstance(profiles, ProfileOptions):
        _check_profiles(profiles, sources, f"{file}: profiles")


def _check_source(source: SourceOptions, name: str, place: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{place}: a name is made of letters, digits and _, a letter first")
    if source.kind not in KINDS:
        raise ConfigError(f"{place}.kind: '{source.kind}' is not one of {', '.join(KINDS)}{_near(source.kind, KINDS)}")
    _only(source, _OF_KIND, source.kind, place)
    for key in ("url", "file"):
        if source.kind in _OF_KIND[key] and not getattr(source, key):
            raise ConfigError(f"{place}: a source of kind {source.kind} needs `{key}`")
    if source.kind == "http":
        _check_url(source.url, f"{place}.url")
    if source.kind == "records" and source.operations:
        raise ConfigError(f"{place}.operations: our own records know one, `profile`; leave them out")
    if source.kind == "sql" and not source.operations:
        raise ConfigError(f"{place}: add `operations`, such as balance: {{ sql: 'SELECT ... WHERE account = :account' }}")
    _between(f"{place}.timeout", source.timeout, 0.01, 60.0, "s")
    _between(f"{place}.connections", source.connections, 1, 200)
    _between(f"{place}.max_bytes", source.max_bytes, 1024, MOST_BYTES)
    _between(f"{place}.retry.times", source.retry.times, 0, 5)
    _between(f"{place}.cache.most", source.cache.most, 1, 1_000_000)
    _between(f"{place}.breaker.failures", source.breaker.failures, 1, 1000)
    for operation, options in source.operations.items():
        _check_operation(options, operation, source.kind, f"{place}.operations.{operation}")


def _check_operation(options: OperationOptions, name: str, kind: str, place: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{place}: a name is made of letters, digits and _, a letter first")
    _only(options, _OPERATION_OF_KIND, kind, place)
    for key in ("path", "sql"):
        if kind in _OPERATION_OF_KIND[key] and not getattr(options, key):
            raise ConfigError(f"{place}: an operation of kind {kind} needs `{key}`")
    if options.method not in ("GET", "POST"):
        raise ConfigError(f"{place}.method: '{options.method}' is not GET or POST; a lookup only asks")
    if options.body and options.method == "GET":
        raise ConfigError(f"{place}.body: a GET has no body; add `method: POST`, or use `query`")
    _between(f"{place}.rows", options.rows, 1, 200)
    for status in options.not_found_status:
        _between(f"{place}.not_found_status", status, 200, 499)


def _check_url(url: str, place: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ConfigError(f"{place}: not an address such as https://crm.example.org/api") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{place}: expected http://HOST[:PORT][/PATH] or https://")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigError(f"{place}: no password and no query here; secrets belong into `token` or `headers`, as env:NAME")


def _check_profiles(profiles: ProfileOptions, sources: Mapping[str, SourceOptions], place: str) -> None:
    if not profiles.sources:
        raise ConfigError(f"{place}: add `sources: [{{ source: NAME }}]`, or name a file of customers")
    for number, read in enumerate(profiles.sources):
        here = f"{place}.sources[{number}]"
        if read.source not in sources:
            raise ConfigError(f"{here}: there is no source '{read.source}'{_near(read.source, sources)}")
        known = {"profile"} if sources[read.source].kind in ("records", "static") else set[str]()
        known |= set(sources[read.source].operations)
        if read.get not in known:
            raise ConfigError(f"{here}.get: '{read.source}' has no operation '{read.get}'{_near(read.get, known)}")
        for name, path in read.arguments.items():
            if not _PATHS.fullmatch(path) or (not path.startswith("profile.") and path not in IDENTITIES):
                raise ConfigError(f"{here}.arguments.{name}: '{path}' is not profile.FIELD or one of {', '.join(IDENTITIES)}")
    for path in profiles.by:
        if path not in IDENTITIES:
            raise ConfigError(f"{place}.by: '{path}' is not one of {', '.join(IDENTITIES)}{_near(path, IDENTITIES)}")
    _between(f"{place}.within", profiles.within, 0.01, 10.0, "s")


def _only(options: Any, kinds: Mapping[str, tuple[str, ...]], kind: str, place: str) -> None:
    """Refuse what means nothing for this kind of source."""
    for item in fields(options):
        written = item.default if item.default is not item.default_factory else None
        value = getattr(options, item.name)
        if item.name in kinds and kind not in kinds[item.name] and value not in (written, {}, ()):
            raise ConfigError(f"{place}.{item.name}: means nothing for kind {kind}, only for {' and '.join(kinds[item.name])}")


def _between(place: str, value: float, low: float, high: float, unit: str = "") -> None:
    if not low <= value <= high:
        raise ConfigError(f"{place}: from {low:g}{unit} to {high:g}{unit}, found {value:g}{unit}")


def _near(name: str, known: Mapping[str, Any] | tuple[str, ...] | set[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean '{near[0]}'?" if near else f"; there are: {', '.join(sorted(known)) or 'none'}"
