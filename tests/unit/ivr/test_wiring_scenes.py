"""Knowledge cards as a form: the file changes in few places, whole or not at all, and only where the desk would take it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivr.errors import NotFound, Stale
from ivr.forms.desk import FormDesk, InvalidForm
from ivr.scenes.checking import House
from ivr.scenes.folder import read_book
from ivr.wiring_scenes import cards_file, check_cards

CARDS = """\
# words of callers
cards:
  roaming: # abroad
    title: { zh: 漫游费, en: Roaming }
    text: { zh: "按当地计费。", en: "Charged by country." }
    said: { zh: [漫游], en: [been abroad, roaming] }
  password:
    title: { zh: 密码, en: Password }
    text: { zh: "本人办理。", en: "In person." }
"""
HOUSE = House(frozenset(), frozenset(), frozenset(), frozenset())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "scenes"
    folder.mkdir()
    (folder / "10-hotline.yaml").write_text("procedures: {}\n", "utf-8")
    (folder / "20-knowledge.yaml").write_text(CARDS, "utf-8")
    return folder


def forms_of(folder: Path) -> FormDesk:
    file = cards_file([folder])
    assert file is not None
    check = {"scenes": lambda trial: check_cards([folder], file, trial, HOUSE)}
    return FormDesk(folder / "none.yaml", None, folder.parent / "history", check, str, scenes=file)


def test_the_file_with_cards_is_the_one_that_is_edited(folder: Path, tmp_path: Path) -> None:
    assert cards_file([folder]) == folder / "20-knowledge.yaml"
    (folder / "20-knowledge.yaml").unlink()
    assert cards_file([folder]) == folder / "cards.yaml", "the first card makes a file"
    assert cards_file([tmp_path / "nowhere"]) is None
    with pytest.raises(NotFound, match="no folder for scenes"):
        FormDesk(tmp_path / "s.yaml", None, tmp_path, {}, str).read("cards")


def test_a_card_is_changed_where_it_stands_and_nothing_else(folder: Path) -> None:
    forms = forms_of(folder)
    found = forms.read("cards")
    assert found["value"]["password"]["title"]["en"] == "Password", "it is the name of a card, no secret"
    value: dict[str, Any] = found["value"]
    value["roaming"]["said"]["en"] = ["been abroad", "data abroad"]
    value["spam"] = {
        "title": {"zh": "骚扰电话", "en": "Unwanted calls"},
        "text": {"zh": "免费拦截。\n回复关键字。", "en": "Blocked for free."},
    }
    done = forms.write("cards", value, found["stamp"], "root")
    assert done["restart"] == []
    text = (folder / "20-knowledge.yaml").read_text("utf-8")
    assert text.startswith("# words of callers\ncards:\n  roaming: # abroad\n    title: { zh: 漫游费, en: Roaming }\n")
    book, problems, _ = read_book([folder])
    assert problems == []
    assert book.cards["roaming"].said["en"] == ("been abroad", "data abroad")
    assert book.cards["spam"].text["zh"] == "免费拦截。\n回复关键字。"
    (kept,) = (folder.parent / "history").iterdir()
    assert kept.read_text("utf-8") == f"# before root changed it\n{CARDS}"
    with pytest.raises(Stale):
        forms.write("cards", {}, found["stamp"], "bob")


def test_what_the_desk_would_not_take_is_refused_with_its_place(folder: Path) -> None:
    forms = forms_of(folder)
    found = forms.read("cards")
    with pytest.raises(InvalidForm) as caught:
        forms.write("cards", {**found["value"], "Bad Name": found["value"]["roaming"]}, found["stamp"], "root")
    (problem, *_) = caught.value.problems
    assert problem["path"] == ["Bad Name"]
    assert problem["file"].endswith("20-knowledge.yaml")
    long = {**found["value"]["roaming"], "text": {"zh": "长" * 5000, "en": "x"}}
    with pytest.raises(InvalidForm) as caught:
        forms.write("cards", {**found["value"], "roaming": long}, found["stamp"], "root")
    assert caught.value.problems[0]["path"][:2] == ["roaming", "text"]
    assert (folder / "20-knowledge.yaml").read_text("utf-8") == CARDS
    assert sorted(path.name for path in folder.iterdir()) == ["10-hotline.yaml", "20-knowledge.yaml"], "no trial is left"


def test_the_first_card_makes_the_file(folder: Path) -> None:
    (folder / "20-knowledge.yaml").unlink()
    forms = forms_of(folder)
    found = forms.read("cards")
    assert found["value"] == {}
    one = {"title": {"zh": "退款", "en": "Refund"}, "text": {"zh": "三十天内。", "en": "Within 30 days."}}
    forms.write("cards", {"refund": one}, found["stamp"], "root")
    assert read_book([folder])[0].cards["refund"].title["en"] == "Refund"
