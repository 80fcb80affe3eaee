"""`ivr diagram`: a file comes out, and what is wrong is said in one line."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ivr.__main__ import main

FLOW = """flow: f
languages: [zh, en]
defaults: { error: end }
states:
  a: { do: [{ say: welcome }], goto: b }
  b: { hangup: normal }
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "texts.yaml").write_text("welcome: { zh: 您好, en: Hello }\n", "utf-8")
    path = tmp_path / "f.yaml"
    path.write_text(FLOW, "utf-8")
    return path


def test_the_picture_is_written(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = source.with_suffix(".svg")
    assert main(["diagram", str(source), "-o", str(out), "--prompts", str(source.parent / "p")]) == 0
    assert capsys.readouterr().out == f"{out}: 2 states of f\n"
    assert "您好" in out.read_text("utf-8") and ElementTree.parse(out) is not None


def test_it_goes_to_standard_output_in_the_wanted_language(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", str(source), "--language", "en", "--prompts", str(source.parent / "p")]) == 0
    assert "Hello" in capsys.readouterr().out


def test_coverage_colours_it(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coverage = source.parent / "c.json"
    coverage.write_text(json.dumps({"coverage": {"f": {"states": {"a": 1}, "edges": {}}}}), "utf-8")
    assert main(["diagram", str(source), "--coverage", str(coverage)]) == 0
    assert "covered" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"states": 1, "edges": {}}', "[" * 100_000])
def test_coverage_that_is_none_is_refused(source: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    coverage = source.parent / "c.json"
    coverage.write_text(content, "utf-8")
    assert main(["diagram", str(source), "--coverage", str(coverage)]) == 1
    assert "c.json" in capsys.readouterr().err


def test_a_wrong_flow_is_said_with_its_place(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source.write_text(FLOW.replace("goto: b", "goto: c"), "utf-8")
    assert main(["diagram", str(source)]) == 1
    assert "f.yaml:5:" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_said(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", str(source), "-o", str(source.parent / "no" / "x.svg")]) == 1
    assert "-o" in capsys.readouterr().err
