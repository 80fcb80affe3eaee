"""Triggers that all flows share: read as in a flow, in any language, or refused with place and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialplan.triggers_file import load_triggers, read_triggers
from ivr.errors import DialplanError


def written(folder: Path, text: str) -> Path:
    path = folder / "triggers.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_has_triggers_in_any_language(tmp_path: Path) -> None:
    found = load_triggers(written(tmp_path, "triggers:\n  hesitation:\n  price: { zh: [涨价了], ko: [비싸요], tag: price }\n"))
    assert set(found) == {"hesitation", "price"}
    assert found["price"].phrases == {"zh": ("涨价了",), "ko": ("비싸요",)}
    assert found["hesitation"].phrases["en"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("triggers:\n  hesitatoin:\n", "unknown-trigger", 2),
        ("triggers:\n  price: { zh: [贵], tag: x }\n", "short-phrase", 2),
        ("flow: x\ntriggers: { hesitation: }\n", "wrong-type", 1),
        ("- hesitation\n", "wrong-type", 1),
        ("triggers: {\n", "yaml", 2),
        ("", "empty", 1),
    ],
)
def test_what_is_wrong_has_its_place_and_cure(tmp_path: Path, text: str, code: str, line: int) -> None:
    path = written(tmp_path, text)
    found = read_triggers(path)[1]
    assert (found[0].code, found[0].line, found[0].file) == (code, line, str(path))
    assert found[0].cure
    with pytest.raises(DialplanError, match=r"triggers\.yaml:"):
        load_triggers(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DialplanError, match="cannot be read"):
        load_triggers(tmp_path / "none.yaml")
