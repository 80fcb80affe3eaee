from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.call import Call, Caller
from ivr.checking import check_dialplans
from ivr.errors import ConfigError
from ivr.profile.sql_source import SqlBackend
from ivr.records.database import open_database, sqlite_url
from ivr.settings import Settings, load_settings
from ivr.settings_sources import OperationOptions, ProfileOptions, ReadOptions, SourceOptions
from ivr.wiring import overridden
from ivr.wiring_sources import check_questions, operations_of, profile_sources_of, source_parts, sources_of
from tests.unit.ivr.profile.crm import Crm

FLOW = """
flow: telecom
languages: [en]
profile: { lookup: [crm] }
defaults: { error: end }
states:
  main: { do: [answer], hangup: normal }
"""


def http(url: str, **operation: str) -> SourceOptions:
    return SourceOptions("http", url=url, operations={"profile": OperationOptions(**{"path": "/c/{number}", **operation})})  # type: ignore[arg-type]


async def test_every_kind_is_made_and_asked(tmp_path: Path) -> None:
    (tmp_path / "outages.yaml").write_text("outages: { 朝阳: [{ text: 抢修中 }] }", "utf-8")
    with sqlite3.connect(tmp_path / "billing.db") as connection:
        connection.execute("CREATE TABLE bills (number TEXT, amount NUMERIC)")
        connection.execute("INSERT INTO bills VALUES ('1001', 96.8)")
    async with Crm() as crm, AsyncExitStack() as stack:
        engine = await open_database(sqlite_url(tmp_path))
        stack.push_async_callback(engine.dispose)
        bill = OperationOptions(sql="SELECT amount AS bill FROM bills WHERE number = :number")
        area = OperationOptions(table="outages", key="{area}", map={"outages": "."})
        operation = OperationOptions(path="/c/{number}", root="data", map={"name": "name", "area": "district", "tier": "level"})
        settings = Settings(
            sources={
                "crm": SourceOptions("http", url=crm.url, token="s3cret", operations={"profile": operation}),
                "billing": SourceOptions("sql", url="sqlite:///billing.db", operations={"profile": bill}),
                "outages": SourceOptions("static", file="outages.yaml", operations={"by_area": area}),
                "ours": SourceOptions("records"),
            },
            profiles=ProfileOptions(
                (
                    ReadOptions("crm"),
                    ReadOptions("billing"),
                    ReadOptions("outages", "by_area", {"area": "profile.area"}),
                    ReadOptions("ours"),
                ),
                within=5.0,
            ),
        )
        whole = overridden(settings, tmp_path / "hotline.yaml", None, None, None)
        parts = await source_parts(whole, stack, engine)
        profile = await parts.profiles.find_for(Call("c", Caller("1001"), "", 0.0))
        assert profile == {
            "name": "王芳",
            "area": "朝阳",
            "tier": "gold",
            "bill": 96.8,
            "outages": [{"text": "抢修中"}],
            "known": True,
        }
        assert crm.requests[0][2]["authorization"] == "Bearer s3cret"
        assert 'hotline_source_answers_total{source="ours",outcome="not_found"} 1' in parts.metrics()
        assert [one["name"] for one in parts.sources.view()] == ["crm", "billing", "outages", "ours"]
        assert "s3cret" not in str(parts.sources.view())


async def test_a_file_of_customers_is_a_source_too(tmp_path: Path) -> None:
    (tmp_path / "who.yaml").write_text('"1001": { name: Alice, history: [{ topic: bill, at: 1 }] }', "utf-8")
    settings = overridden(Settings(profiles="who.yaml"), tmp_path / "hotline.yaml", None, None, None)
    async with AsyncExitStack() as stack:
        parts = await source_parts(settings, stack, None)
        profile = await parts.profiles.find(Caller("1001"))
    assert (profile["name"], profile["history"], profile["known"]) == ("Alice", ["bill"], True)
    assert profile_sources_of(settings) == {"customers"} and operations_of(settings) == {"customers": {"profile"}}


async def test_without_settings_nobody_is_known() -> None:
    async with AsyncExitStack() as stack:
        parts = await source_parts(Settings(), stack, None)
        assert await parts.profiles.find(Caller("1001")) == {"known": False}


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (http("http://x", path="customers"), r"sources\.a\.operations\.profile\.path: .*one slash"),
        (http("http://x", path="/c/{number"), "stands in braces"),
        (http("http://x", root="a b"), r"profile\.root: 'a b' is not a path"),
        (replace(http("http://x"), operations={"p": OperationOptions(path="/", map={"n": ".."})}), r"p\.map\.n: '\.\.' is not"),
        (SourceOptions("sql", url="nonsense", operations={"p": OperationOptions(sql="SELECT 1")}), "expected a database URL"),
        (SourceOptions("sql", url="sqlite:///x", operations={"p": OperationOptions(sql="DROP TABLE x")}), "only read"),
        (SourceOptions("static", file="x", operations={"p": OperationOptions(key="{")}), "stands in braces"),
    ],
)
def test_a_question_that_cannot_be_asked_is_told_with_its_place(source: SourceOptions, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        check_questions(*sources_of(Settings(sources={"a": source})))


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (SourceOptions("static", file="/nowhere/x.yaml"), r"sources\.a: /nowhere/x\.yaml: cannot be read"),
        (replace(http("https://x"), ca="/nowhere/ca.pem"), r"sources\.a\.ca: "),
        (replace(http("http://x"), headers={"a b": "c"}), "is no header"),
        (replace(http("http://x"), token="a\nb"), "is no header"),
        (SourceOptions("records"), "no records here"),
        (
            SourceOptions("sql", url="mysql+aiomysql://x/y", operations={"p": OperationOptions(sql="SELECT 1")}),
            "needs the package",
        ),
    ],
)
async def test_what_cannot_be_started_is_told_with_its_place(source: SourceOptions, complaint: str) -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError, match=complaint):
            await source_parts(Settings(sources={"a": source}), stack, None)


def test_a_path_of_a_database_is_beside_the_settings(tmp_path: Path) -> None:
    sql = SourceOptions("sql", url="sqlite:///data/b.db", operations={"p": OperationOptions(sql="SELECT 1")})
    for url, whole in (("sqlite:///data/b.db", f"sqlite:///{tmp_path}/data/b.db"), ("sqlite:////b.db", "sqlite:////b.db")):
        settings = Settings(sources={"a": replace(sql, url=url)})
        assert overridden(settings, tmp_path / "x.yaml", None, None, None).sources["a"].url == whole
        assert SqlBackend(whole, {}, timeout=1, connections=1)


def check(tmp_path: Path, settings: str, capsys: pytest.CaptureFixture[str]) -> str:
    (tmp_path / "flows").mkdir(exist_ok=True)
    (tmp_path / "flows" / "telecom.yaml").write_text(FLOW, "utf-8")
    config = tmp_path / "hotline.yaml"
    config.write_text(settings, "utf-8")
    load_settings(config)
    check_dialplans([tmp_path / "flows"], "text", None, config)
    return capsys.readouterr().out


def test_ivr_check_knows_sources_and_their_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = "sources: { crm: { kind: http, url: 'http://127.0.0.1', operations: { profile: { path: '/c/{number}' } } } }\n"
    assert "no problems" in check(tmp_path, good, capsys)
    far = good.replace("http://127.0.0.1", "http://crm.example.org")
    assert "warning: sources.crm.url: callers' data travels in the open to crm.example.org; use https" in check(
        tmp_path, far, capsys
    )
    assert "the token and callers' data" in check(tmp_path, far.replace("kind: http,", "kind: http, token: abc,"), capsys)
    assert "there is no source `crm`" in check(tmp_path, "sources: { crn: { kind: records } }\n", capsys)
    with pytest.raises(ConfigError, match=r"hotline\.yaml: sources\.crm\.operations\.profile\.path"):
        check(tmp_path, good.replace("/c/", "c/"), capsys)
