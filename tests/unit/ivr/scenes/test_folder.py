"""The sample scenes are right, the schema is current, and a wrong change changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from ivr.dialplan.loader import read_flows
from ivr.dialplan.problems import Problem
from ivr.dialplan.shelf import files_in
from ivr.scenes.folder import Shelf, read_book
from ivr.scenes.model import JUDGED, MODULES
from ivr.scenes.schema import schema, text
from ivr.settings import load_settings
from ivr.wiring_scenes import checked_scenes, scene_folders

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT / "dialplans" / "scenes"


def test_the_samples_have_no_problem() -> None:
    settings = load_settings(ROOT / "examples" / "demo" / "hotline.yaml")
    flows, _ = read_flows([ROOT / "dialplans"])
    files, problems = checked_scenes(settings, [SAMPLES], flows)
    assert problems == []
    assert files == len(files_in([SAMPLES])) == 3


def test_the_samples_say_everything_in_both_languages() -> None:
    book, _, _ = read_book([SAMPLES])
    assert {"hotline", "message", "ticket", "quality", "field", "complaint", "bill", "fault"} <= set(book.scenes)
    texts = [text for card in book.cards.values() for text in (card.title, card.text)]
    assert all(set(text) == {"zh", "en"} for text in texts)
    assert all(set(card.said) == {"zh", "en"} for card in book.cards.values())


def test_the_schema_is_current_and_takes_the_samples() -> None:
    assert (SAMPLES / "schema.json").read_text("utf-8") == text(), "python -m ivr.scenes.schema > dialplans/scenes/schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(text()))
    jsonschema.Draft202012Validator.check_schema(schema())
    for file in files_in([SAMPLES]):
        assert list(validator.iter_errors(yaml.safe_load(file.read_text("utf-8")))) == []
    wrong = {"scenes": {"a": {"who": ["nothing"]}}}
    assert list(validator.iter_errors(wrong))


def test_every_module_is_one_of_the_page() -> None:
    pages = ROOT / "web" / "src"
    desk, quality = ((pages / name).read_text("utf-8") for name in ("desk/modules.tsx", "quality/Listening.tsx"))
    assert [name for name in MODULES if f"  {name}: " not in desk] == list(JUDGED)
    assert all(f'name === "{name}"' in quality for name in JUDGED)


def test_a_wrong_change_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("scenes: { a: { title: One } }", "utf-8")
    shelf = Shelf([tmp_path])
    assert shelf.load() == []
    first = shelf.version
    file.write_text("scenes: { a: { title: One, procedure: none } }", "utf-8")
    assert [problem.code for problem in shelf.load()] == ["unknown-procedure"]
    assert (shelf.version, shelf.book.scenes["a"].title) == (first, {"": "One"})
    file.write_text("scenes: { a: { title: Two } }", "utf-8")
    assert shelf.load() == []
    assert shelf.version != first
    assert shelf.book.scenes["a"].title == {"": "Two"}


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe")
    _, problems, _ = read_book([tmp_path, tmp_path / "absent"])
    assert [problem.code for problem in problems] == ["yaml"]
    assert all(isinstance(problem, Problem) for problem in problems)


@pytest.mark.parametrize(("named", "expected"), [((), ["/d/scenes"]), (("/s",), ["/s"])])
def test_folders_are_beside_the_flows_or_those_of_the_settings(named: tuple[str, ...], expected: list[str]) -> None:
    from dataclasses import replace

    from ivr.settings import Settings
    from ivr.settings_workbench import WorkbenchOptions

    settings = replace(Settings(), dialplans=("/d",), workbench=WorkbenchOptions(scenes=named))
    assert [str(path) for path in scene_folders(settings)] == expected
