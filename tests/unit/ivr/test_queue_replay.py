"""`ivr queue replay` as a person types it."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import insert

from ivr.__main__ import main
from ivr.records.database import open_database, sqlite_url
from ivr.records.schema import agent_states, contacts

SETTINGS = """
dialplans: flows
routes: [{{ to: "*", flow: main }}]
data: data
queues:
  support: {{ wrap_up: 10s{more} }}
agents:
  - {{ id: ann, password: random, skills: {{ dsl: 5 }} }}
  - {{ id: bob, password: random }}
{agents}
"""


def settings(folder: Path, name: str = "a.yaml", more: str = "", agents: str = "") -> Path:
    (folder / "flows").mkdir(exist_ok=True)
    file = folder / name
    file.write_text(SETTINGS.format(more=more, agents=agents), "utf-8")
    return file


def replay(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main(["queue", "replay", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_made_up_day_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chart = tmp_path / "charts" / "day.svg"
    first, second = settings(tmp_path), settings(tmp_path, "b.yaml", ", max_waiting: 1")
    options = ("--generated", "--contacts", "90", "--config", first, "--against", second, "--plot", chart, "--json")
    code, out, _ = replay(capsys, *options)
    told = json.loads(out)
    assert (code, told["callers"]) == (0, 90)
    a, b = told["results"]
    assert (a["rules"], b["rules"]) == (str(first), str(second))
    assert a["callers"] == b["callers"] == 90
    assert a["overflowed"] == 0 < b["overflowed"]
    assert a["estimate_at_entry"]["told"] > 0
    root = ElementTree.fromstring(chart.read_text("utf-8"))
    assert len(root.findall("{http://www.w3.org/2000/svg}svg")) == 2


def test_a_table_for_people(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    code, out, _ = replay(capsys, "--generated", "--agents", "4", "--contacts", "40", "--no-estimates", "--within", "30s")
    assert code == 0
    assert "a made-up day of 40 callers" in out
    assert "within 30 s" in out
    assert "gave up" in out


def yesterday(after: float) -> float:
    day = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return day.timestamp() + after


async def fill(folder: Path) -> None:
    """A day on which ann served one after the other, and one gave up."""
    engine = await open_database(sqlite_url(folder))
    plain = dict.fromkeys(("caller_name", "called", "flow", "flow_version", "correlation", "note", "node"), "")
    empty = {"slots": {}, "tags": [], "profile": {}, "quality": {}, "caller_number": "1", "language": "en", "channel": "voice"}
    asked = {"needs": [["dsl", 3]], "relax": [], "priority": 6, "language": "", "excluded": [], "prefer": [], "prefer_until": 0}
    try:
        async with engine.begin() as connection:
            for number in range(20):
                at = yesterday(36_000.0 + 60.0 * number)
                row = {**plain, **empty, "id": f"c{number}", "queue": "support", "started_at": at - 5, "queued_at": at}
                row |= {"queueing": {**asked, "only": []}, "wait_seconds": 30.0, "disposition": "abandoned"}
                if number != 7:
                    row |= {"disposition": "served", "agent_id": "ann", "connected_at": at + 30.0, "talk_seconds": 40.0}
                await connection.execute(insert(contacts).values(**row))
            for agent, state, after in (
                ("ann", "available", 30_000.0),
                ("zoe", "available", 30_000.0),
                ("ann", "offline", 50_000.0),
            ):
                row = {
                    "id": f"{agent}{after}",
                    "agent_id": agent,
                    "at": yesterday(after),
                    "state": state,
                    "reason": "",
                    "by": "",
                }
                await connection.execute(insert(agent_states).values(**row))
    finally:
        await engine.dispose()


def test_yesterday_as_it_was_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    asyncio.run(fill(tmp_path / "data"))
    code, out, _ = replay(capsys, "--config", settings(tmp_path), "--data", tmp_path / "data", "--json")
    told = json.loads(out)
    assert code == 0
    [result] = told["results"]
    assert result["callers"] == 20
    assert result["served"] + result["abandoned"] == 20
    assert list(result["classes"]) == ["support dsl 3 priority 6"]
    assert any("zoe" in note for note in told["notes"])
    assert any("bob" in note for note in told["notes"])
    code, _, err = replay(capsys, "--config", settings(tmp_path), "--data", tmp_path / "data", "--day", "2001-01-01")
    assert (code, "nobody came to a queue on 2001-01-01" in err) == (1, True)


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        ((), "--config FILE, or say --generated"),
        (("--generated", "--day", "2026-01-01"), "--day is for recorded days"),
        (("--generated", "--contacts", "-5"), "--contacts: -5"),
        (("--generated", "--agents", "0"), "--agents: 0"),
        (("--generated", "--within", "soon"), "--within: `soon`"),
        (("--config", "nowhere.yaml"), "nowhere.yaml"),
    ],
)
def test_what_makes_no_sense_is_one_line(options: tuple[str, ...], cure: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = replay(capsys, *options)
    assert (code, out) == (1, "")
    assert cure in err
    assert len(err.splitlines()) == 1


def test_agents_and_queues_that_do_not_exist_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = settings(tmp_path, "odd.yaml", ", strategy: sequential, order: [nobody]")
    code, _, err = replay(capsys, "--generated", "--config", settings(tmp_path), "--against", odd)
    assert code == 1
    assert "queues.support: there is no agent 'nobody'" in err
    renamed = settings(tmp_path, "renamed.yaml")
    renamed.write_text(renamed.read_text("utf-8").replace("support:", "help:"), "utf-8")
    code, _, err = replay(capsys, "--generated", "--contacts", "5", "--config", settings(tmp_path), "--against", renamed)
    assert code == 1
    assert "renamed.yaml: callers of the day asked for what these rules do not have: queue support" in err


def test_no_records_and_a_chart_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = replay(capsys, "--config", settings(tmp_path), "--data", tmp_path / "none")
    assert code == 1
    assert "there are no records" in err
    (tmp_path / "file").write_text("")
    plot = tmp_path / "file" / "x.svg"
    code, _, err = replay(capsys, "--generated", "--agents", "2", "--contacts", "3", "--no-estimates", "--plot", plot)
    assert code == 1
    assert "--plot:" in err
