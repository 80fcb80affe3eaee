from __future__ import annotations

import time
from random import random

import pytest

from ivr.profile.answer import SourceFailed
from ivr.profile.breaker import Breaker
from ivr.profile.cache import Cache
from ivr.profile.http_source import HttpBackend, HttpService
from ivr.profile.lookups import Sources
from ivr.profile.source import Limits, Source
from tests.unit.ivr.profile.crm import Crm
from tests.unit.ivr.profile.fakes import source


def http(crm: Crm) -> Source:
    backend = HttpBackend(HttpService(crm.url + "/api"), {})
    limits = Limits(retry_wait=0.0)
    return Source("orders", "http", backend, {}, limits, breaker=Breaker(), cache=Cache(), clock=time.monotonic, chance=random)


async def test_a_name_that_is_none_is_an_error() -> None:
    sources = Sources()
    assert (await sources.get("crm", "profile", {}, 1)).outcome == "error"
    assert (await sources.request("crm", "GET", "/", None, 1)).outcome == "error"
    assert sources.metrics() == "" and sources.view() == []


async def test_a_flow_sends_a_request() -> None:
    async with Crm() as crm:
        sources = Sources({"orders": http(crm)})
        crm.answer = lambda target: {"id": 7}
        answer = await sources.request("orders", "POST", "/orders/12%2F3?notify=yes", {"n": 1}, 1)
        assert (answer.outcome, answer.result) == ("found", {"id": 7})
        assert [(method, target, body) for method, target, _, body in crm.requests] == [
            ("POST", "/api/orders/12%2F3?notify=yes", b'{"n": 1}')
        ]
        crm.mode = "not_found"
        assert (await sources.request("orders", "DELETE", "/orders/1", None, 1)).outcome == "not_found"
        await sources.close()


async def test_only_a_get_is_sent_twice() -> None:
    async with Crm("error_500") as crm:
        sources = Sources({"orders": http(crm)})
        assert (await sources.request("orders", "POST", "/x", {}, 1)).outcome == "error"
        assert len(crm.requests) == 1
        assert (await sources.request("orders", "GET", "/x", None, 1)).outcome == "error"
        assert len(crm.requests) == 3
        await sources.close()


@pytest.mark.parametrize(("method", "path"), [("GET", "//evil.example/x"), ("GET", "/a/../b"), ("TRACE", "/x")])
async def test_a_request_that_might_lead_elsewhere_is_not_sent(method: str, path: str) -> None:
    async with Crm() as crm:
        sources = Sources({"orders": http(crm)})
        assert (await sources.request("orders", method, path, None, 1)).outcome == "error"
        assert crm.requests == []
        await sources.close()


async def test_a_request_to_what_is_no_service_is_an_error() -> None:
    one, backend = source({})
    assert (await Sources({"crm": one}).request("crm", "GET", "/x", None, 1)).outcome == "error"
    assert backend.asked == []


async def test_figures_and_view_name_no_caller() -> None:
    one, _ = source({"name": "Ann"}, SourceFailed("status 500"), failures=1)
    sources = Sources({"crm": one})
    for _ in range(3):
        await sources.get("crm", "profile", {"number": "+8613800138000"}, 1)
    lines = sources.metrics().splitlines()
    assert 'hotline_source_answers_total{source="crm",outcome="found"} 1' in lines
    assert 'hotline_source_answers_total{source="crm",outcome="down"} 1' in lines
    assert 'hotline_source_circuit_open{source="crm"} 1' in lines
    assert 'hotline_source_seconds{source="crm",quantile="0.5"} 0' in lines
    (view,) = sources.view()
    assert (view["circuit"], view["last_failure"], view["asked"]) == ("open", "status 500", 2)
    assert "138" not in str(view) + sources.metrics() and "Ann" not in str(view)
    assert sources.operations == {"crm": frozenset({"profile", "once"})} and "crm" in sources
