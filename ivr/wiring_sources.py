"""From settings to where data is looked up and how profiles are put together."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import ConfigError
from ivr.profile import records_source
from ivr.profile.asking import PathText, Text, base_url
from ivr.profile.breaker import Breaker
from ivr.profile.cache import Cache
from ivr.profile.http_source import HttpBackend, HttpQuestion, HttpService
from ivr.profile.joined import JoinedProfiles, Read
from ivr.profile.lookups import Sources
from ivr.profile.records_source import RecordsBackend
from ivr.profile.shape import Path as Steps
from ivr.profile.shape import Shape, path_of
from ivr.profile.source import Backend, Limits, Operation, Source
from ivr.profile.sql_source import SqlBackend, SqlQuestion, async_url, parameters_of
from ivr.profile.static_source import StaticBackend, StaticQuestion
from ivr.records.callers import CallerReader
from ivr.session.services import Services
from ivr.settings import Settings
from ivr.settings_sources import OperationOptions, ProfileOptions, ReadOptions, SourceOptions
from ivr.web.parts import WebParts

FILE_SOURCE = "customers"
"""What a file under `profiles` is called as a source."""
BY_NUMBER = OperationOptions(key="{number}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SourceParts:
    """Sources and profiles, started."""

    sources: Sources
    profiles: JoinedProfiles

    def services(self, services: Services) -> Services:
        return replace(services, sources=self.sources, profiles=self.profiles)

    def web(self, parts: WebParts) -> WebParts:
        return replace(parts, sources=self.sources.view)

    def metrics(self) -> str:
        """Prometheus text."""
        return self.sources.metrics()


async def source_parts(settings: Settings, stack: AsyncExitStack, engine: AsyncEngine | None) -> SourceParts:
    """Make every source; `stack` closes them. Raises ConfigError. Without an `engine` our own records know nobody."""
    options, profiles = sources_of(settings)
    check_questions(options, profiles)
    places = {name: f"sources.{name}" if name in settings.sources else "profiles" for name in options}
    sources = Sources({name: await _source(name, one, engine, places[name]) for name, one in options.items()})
    stack.push_async_callback(sources.close)
    return SourceParts(sources, _profiles(sources, profiles))


def sources_of(settings: Settings) -> tuple[dict[str, SourceOptions], ProfileOptions]:
    """The sources and profiles that settings come to: a file of customers is a source as well, asked by number."""
    options = {name: _whole(one) for name, one in settings.sources.items()}
    if isinstance(settings.profiles, ProfileOptions):
        return options, settings.profiles
    if not settings.profiles:
        return options, ProfileOptions()
    options.setdefault(FILE_SOURCE, _whole(SourceOptions("static", file=settings.profiles)))
    return options, ProfileOptions((ReadOptions(FILE_SOURCE),))


def _whole(options: SourceOptions) -> SourceOptions:
    """With the operation `profile` that a kind has without being told."""
    if options.kind == "records":
        return replace(options, operations={records_source.OPERATION: OperationOptions()})
    if options.kind == "static":
        return replace(options, operations={records_source.OPERATION: BY_NUMBER, **options.operations})
    return options


def operations_of(settings: Settings) -> dict[str, frozenset[str]]:
    """Source to what it can be asked, for the check of flows."""
    return {name: frozenset(one.operations) for name, one in sources_of(settings)[0].items()}


def profile_sources_of(settings: Settings) -> frozenset[str]:
    """The sources that profiles are put together from."""
    return frozenset(read.source for read in sources_of(settings)[1].sources)


def based_sources(settings: Settings, base: Path) -> Settings:
    """Settings whose files of data are taken from the folder `base`."""
    sources = {name: _based(one, base) for name, one in settings.sources.items()}
    profiles = settings.profiles
    if isinstance(profiles, str) and profiles:
        profiles = os.path.normpath(base / profiles)
    return replace(settings, sources=sources, profiles=profiles)


def _based(one: SourceOptions, base: Path) -> SourceOptions:
    url = one.url
    scheme, slashes, path = url.partition(":///")
    if one.kind == "sql" and slashes and scheme.startswith("sqlite") and path and not path.startswith("/"):
        url = f"{scheme}:///{os.path.normpath(base / path)}"
    file, ca = (os.path.normpath(base / path) if path else "" for path in (one.file, one.ca))
    return replace(one, url=url, file=file, ca=ca)


# --- checking


def check_questions(options: Mapping[str, SourceOptions], profiles: ProfileOptions) -> None:
    """Read every path, statement and address. Raises ConfigError with the place."""
    for name, one in options.items():
        place = f"sources.{name}"
        if one.kind == "http":
            _told(f"{place}.url", base_url, one.url)
        if one.kind == "sql":
            _told(f"{place}.url", async_url, one.url)
        for operation, what in one.operations.items():
            _shape(what, f"{place}.operations.{operation}")
            _question(one.kind, what, f"{place}.operations.{operation}")
    for number, read in enumerate(profiles.sources):
        _read(read, f"profiles.sources[{number}]")


def _told(place: str, read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None


def _paths(values: Mapping[str, str], place: str) -> dict[str, Steps]:
    return {name: _told(f"{place}.{name}", path_of, text) for name, text in values.items()}


def _texts(values: Mapping[str, Any], place: str) -> dict[str, Text]:
    return {name: _told(f"{place}.{name}", Text.parse, str(text)) for name, text in values.items()}


def _shape(options: OperationOptions, place: str) -> Shape:
    return Shape(
        root=_told(f"{place}.root", path_of, options.root) if options.root else (),
        fields=_paths(options.map, f"{place}.map"),
        found=_told(f"{place}.found", path_of, options.found) if options.found else None,
        not_found={_told(f"{place}.not_found", path_of, path): value for path, value in options.not_found.items()},
    )


def _question(kind: str, options: OperationOptions, place: str) -> Any:
    """How an operation is asked, in the form that its kind of backend takes."""
    if kind == "http":
        return HttpQuestion(
            path=_told(f"{place}.path", PathText.parse, options.path),
            method=options.method,
            query=_texts(options.query, f"{place}.query"),
            body=_texts(options.body, f"{place}.body") if options.method == "POST" else None,
            not_found=frozenset(options.not_found_status),
        )
    if kind == "sql":
        _told(f"{place}.sql", parameters_of, options.sql)
        return SqlQuestion(options.sql, options.rows)
    if kind == "static":
        table = _told(f"{place}.table", path_of, options.table) if options.table else ()
        return StaticQuestion(table, _told(f"{place}.key", Text.parse, options.key) if options.key else None)
    return None


def _read(options: ReadOptions, place: str) -> Read:
    given = {name: tuple(path.split(".")) for name, path in options.arguments.items()}
    return Read(options.source, options.get, given, _paths(options.fields, f"{place}.fields"))


# --- making


def _profiles(sources: Sources, options: ProfileOptions) -> JoinedProfiles:
    reads = [_read(read, f"profiles.sources[{number}]") for number, read in enumerate(options.sources)]
    return JoinedProfiles(
        sources, reads, by=options.by, within=options.within, otherwise=options.otherwise, combined=options.combine
    )


async def _source(name: str, options: SourceOptions, engine: AsyncEngine | None, place: str) -> Source:
    questions = {key: _question(options.kind, one, f"{place}.operations.{key}") for key, one in options.operations.items()}
    operations = {key: _operation(options.kind, one, f"{place}.operations.{key}") for key, one in options.operations.items()}
    return Source(
        name,
        options.kind,
        await asyncio.to_thread(_backend, options, questions, engine, place),
        operations,
        Limits(
            timeout=options.timeout,
            connections=options.connections,
            tries=1 + options.retry.times,
            retry_wait=options.retry.wait,
            ttl=options.cache.ttl,
        ),
        breaker=Breaker(options.breaker.failures, options.breaker.rest),
        cache=Cache(options.cache.stale, options.cache.most),
        clock=time.monotonic,
        chance=random.random,
    )


def _operation(kind: str, options: OperationOptions, place: str) -> Operation:
    asks_only = kind != "http" or options.method == "GET"
    return Operation(_shape(options, place), options.ttl, asks_only if options.repeatable is None else options.repeatable)


def _backend(options: SourceOptions, questions: Mapping[str, Any], engine: AsyncEngine | None, place: str) -> Backend:
    match options.kind:
        case "http":
            service = _service(options, place)
            with _as_config(f"{place}.ca"):
                return HttpBackend(service, questions)
        case "sql":
            with _as_config(f"{place}.url"):
                return SqlBackend(options.url, questions, timeout=options.timeout, connections=options.connections)
        case "records":
            if engine is None:
                raise ConfigError(f"{place}: there are no records here")
            return RecordsBackend(CallerReader(engine))
        case _:
            with _as_config(place):
                return StaticBackend(Path(options.file), questions, time.monotonic)


def _service(options: SourceOptions, place: str) -> HttpService:
    headers = dict(options.headers)
    if options.token:
        headers["authorization"] = f"Bearer {options.token}"
    for name, value in headers.items():
        if not (name.isascii() and name.replace("-", "").isalnum()) or not value.isascii() or not value.isprintable():
            raise ConfigError(f"{place}.headers: '{name}' is no header, or its value has characters that no header takes")
    return HttpService(
        url=_told(f"{place}.url", base_url, options.url),
        headers=headers,
        max_bytes=options.max_bytes,
        timeout=options.timeout,
        authority=options.ca,
    )


@contextmanager
def _as_config(place: str) -> Iterator[None]:
    try:
        yield
    except (ConfigError, ValueError, OSError) as error:
        raise ConfigError(f"{place}: {error}") from error
