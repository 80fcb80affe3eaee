"""Every source of a node by name: what the steps `lookup` and `http` ask, and what administrators see of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ivr.profile.answer import ERROR, OUTCOMES, Answer, SourceFailed, Unaskable
from ivr.profile.breaker import Circuit
from ivr.profile.http_source import HttpBackend, check_request
from ivr.profile.shape import Shape
from ivr.profile.source import Operation, Source

_ONCE = Operation(repeatable=False)
_READ = Operation()


class Sources:
    """Answers within the time given, whatever the far ends do. No method raises for what they did."""

    def __init__(self, sources: Mapping[str, Source] | None = None) -> None:
        self._sources = dict(sources or {})

    def __contains__(self, name: str) -> bool:
        return name in self._sources

    @property
    def operations(self) -> dict[str, frozenset[str]]:
        """Source to what it can be asked."""
        return {name: frozenset(source.operations) for name, source in self._sources.items()}

    async def get(self, source: str, operation: str, arguments: Mapping[str, Any], seconds: float) -> Answer:
        """Look something up. `seconds` bounds the wait; the source's own timeout may end it earlier."""
        found = self._sources.get(source)
        if found is None:
            return Answer(ERROR, why=f"there is no source {source[:64]}")
        return await found.get(operation, arguments, seconds)

    async def request(self, service: str, method: str, path: str, body: Any, seconds: float) -> Answer:
        """Send a request to a source of kind http, below its address; never twice, never remembered unless it is a GET.

        `path` begins with a slash; everything in it that a caller gave is percent-encoded already.
        """
        found = self._sources.get(service)
        if found is None or not isinstance(backend := found.backend, HttpBackend):
            return Answer(ERROR, why=f"there is no source {service[:64]} of kind http")
        try:
            check_request(method, path, body)
        except Unaskable as error:
            return Answer(ERROR, why=str(error))

        async def send() -> Mapping[str, Any]:
            try:
                return Shape().of(await backend.request(method, path, body))
            except Unaskable as error:
                raise SourceFailed(str(error), alive=True) from error

        answer = await found.ask(send, _READ if method == "GET" else _ONCE, seconds)
        found.tally.answers[answer.outcome] += 1
        return answer

    def metrics(self) -> str:
        """Prometheus text."""
        lines: list[str] = []
        for name, help_text, values in (
            ("answers_total counter", "outcome", lambda one: {key: one.tally.answers[key] for key in OUTCOMES}),
            ("asked_total counter", "", lambda one: {"": one.tally.asked}),
            ("retries_total counter", "", lambda one: {"": one.tally.retries}),
            ("cached_total counter", "", lambda one: {"": one.tally.cached}),
            ("stale_total counter", "", lambda one: {"": one.tally.stale}),
            ("circuit_opened_total counter", "", lambda one: {"": one.breaker.opened}),
            ("circuit_open gauge", "", lambda one: {"": int(one.circuit is not Circuit.CLOSED)}),
            ("under_way gauge", "", lambda one: {"": one.under_way}),
            ("seconds summary", "quantile", _quantiles),
        ):
            lines += self._family(name, help_text, values)
        return "".join(f"{line}\n" for line in lines)

    def _family(self, name: str, label: str, values: Callable[[Source], Mapping[str, float]]) -> list[str]:
        found = []
        for source in self._sources.values():
            for key, value in values(source).items():
                more = f',{label}="{key}"' if label else ""
                found.append(f'hotline_source_{name.split()[0]}{{source="{source.name}"{more}}} {value:g}')
        return [f"# TYPE hotline_source_{name}", *found] if found else []

    def view(self) -> list[dict[str, Any]]:
        """What `/api/v1/sources` shows: no address, no argument, no answer."""
        return [_view(source) for source in self._sources.values()]

    async def close(self) -> None:
        for source in self._sources.values():
            await source.close()


def _quantiles(source: Source) -> dict[str, float]:
    found = {share: source.tally.percentile(float(share)) for share in ("0.5", "0.95", "0.99")}
    return {share: value for share, value in found.items() if value is not None}


def _view(source: Source) -> dict[str, Any]:
    tally = source.tally
    return {
        "name": source.name,
        "kind": source.kind,
        "operations": sorted(source.operations),
        "circuit": source.circuit.value,
        "answers": {outcome: tally.answers[outcome] for outcome in OUTCOMES},
        "asked": tally.asked,
        "retries": tally.retries,
        "cached": tally.cached,
        "stale": tally.stale,
        "opened": source.breaker.opened,
        "under_way": source.under_way,
        "remembered": len(source.cache),
        "p50_ms": _ms(tally.percentile(0.5)),
        "p95_ms": _ms(tally.percentile(0.95)),
        "last_failure": tally.last_failure,
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
