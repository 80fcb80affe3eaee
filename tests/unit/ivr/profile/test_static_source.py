from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ivr.errors import ConfigError
from ivr.profile.answer import NotThere
from ivr.profile.asking import Text
from ivr.profile.static_source import StaticBackend, StaticQuestion
from tests.unit.ivr.profile.fakes import Clock

FILE = """
customers:
  "+8613800138000": {name: 李强, area: 朝阳}
  "1001": {name: Alice}
outages:
  朝阳: [{text: 抢修中}]
blocked: ["+86 139 0000 0000", "+8610*", 4711]
"""
NUMBER = Text.parse("{number}")
QUESTIONS = {
    "profile": StaticQuestion(("customers",), NUMBER),
    "outages": StaticQuestion(("outages",), Text.parse("{area}")),
    "blocked": StaticQuestion(("blocked",), NUMBER),
    "everything": StaticQuestion(),
    "nothing": StaticQuestion(("nothing",), NUMBER),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "data.yaml"
    path.write_text(FILE, "utf-8")
    return path


async def find(backend: StaticBackend, operation: str, **arguments: Any) -> Any:
    return await backend.fetch(operation, arguments)


async def test_an_entry_is_found_however_its_key_is_written(path: Path) -> None:
    backend = StaticBackend(path, QUESTIONS, Clock())
    assert (await find(backend, "profile", number="008613800138000"))["name"] == "李强"
    assert (await find(backend, "outages", area="朝阳")) == [{"text": "抢修中"}]
    assert set(await find(backend, "everything")) == {"customers", "outages", "blocked"}


async def test_a_list_tells_what_is_listed_with_prefixes_too(path: Path) -> None:
    backend = StaticBackend(path, QUESTIONS, Clock())
    assert (await find(backend, "blocked", number="8613900000000"))["listed"] is True
    assert (await find(backend, "blocked", number="+861055512345"))["key"] == "8610*"
    assert (await find(backend, "blocked", number=4711))["listed"] is True


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("profile", {"number": "1"}),
        ("profile", {}),
        ("profile", {"number": ""}),
        ("blocked", {"number": "861"}),
        ("blocked", {"number": "*"}),
        ("nothing", {"number": "1"}),
    ],
)
async def test_what_is_not_there_is_not_there(path: Path, operation: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(NotThere):
        await find(StaticBackend(path, QUESTIONS, Clock()), operation, **arguments)


async def test_a_changed_file_is_read_again_and_a_broken_one_is_not(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    backend = StaticBackend(path, QUESTIONS, clock)
    path.write_text(FILE.replace("Alice", "Alina"), "utf-8")
    os.utime(path, ns=(1, 1))
    assert (await find(backend, "profile", number="1001"))["name"] == "Alice", "looked a moment ago"
    clock.now += 1.0
    assert (await find(backend, "profile", number="1001"))["name"] == "Alina"
    for broken in ("{", "x: [" + "1"):
        path.write_text(broken, "utf-8")
        clock.now += 1.0
        assert (await find(backend, "profile", number="1001"))["name"] == "Alina"
    assert "what it said before stays" in caplog.text
    path.unlink()
    clock.now += 1.0
    assert (await find(backend, "profile", number="1001"))["name"] == "Alina"


@pytest.mark.parametrize("content", [None, "{", "a: *b", "\x01"])
def test_a_file_that_cannot_be_read_is_refused_at_the_start(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "x.yaml"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=r"x\.yaml"):
        StaticBackend(path, QUESTIONS, Clock())


async def test_an_empty_file_knows_nobody(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("", "utf-8")
    with pytest.raises(NotThere):
        await find(StaticBackend(path, {"profile": StaticQuestion((), NUMBER)}, Clock()), "profile", number="1")
