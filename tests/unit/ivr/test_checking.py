"""`ivr check` with everything that the settings name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivr.__main__ import main

FLOW = """flow: shop
languages: [en]
defaults: { error: end }
states:
  start:
    go:
      - { if: hours.office.open && flags.new, to: end }
      - { to: end }
"""
SUB = "flow: sub\nlanguages: [en]\ndefaults: { error: end }\nstates: { start: { return: done } }\n"
SETTINGS = """
dialplans: flows
prompts: prompts
environment: env.yaml
routes: [{ to: "*", flow: shop }]
queues: { support: {} }
"""
ENVIRONMENT = "flags: { new: true }\nhours: { office: { open: { daily: 09:00-18:00 } } }\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "flows").mkdir()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "flows" / "shop.yaml").write_text(FLOW, "utf-8")
    (tmp_path / "env.yaml").write_text(ENVIRONMENT, "utf-8")
    path = tmp_path / "hotline.yaml"
    path.write_text(SETTINGS, "utf-8")
    return path


def test_flows_are_checked_against_the_environment(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "1 file checked: no problems\n"
    (config.parent / "env.yaml").write_text(ENVIRONMENT.replace("new", "newer"), "utf-8")
    assert main(["check", "--config", str(config)]) == 1
    said = capsys.readouterr().out
    assert "shop.yaml:7:42: error[unknown-field] `flags` has no `new`" in said
    assert "did you mean `newer`? (docs/check.md#unknown-field)" in said
    assert main(["check", str(config.parent / "flows")]) == 0, "without settings nobody knows the environment"


def test_the_environment_itself_is_checked(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "env.yaml").write_text("flags: { new: maybe }\n", "utf-8")
    assert main(["check", "--config", str(config)]) == 1
    assert "env.yaml:1:15: error[wrong-type]" in capsys.readouterr().out


@pytest.mark.parametrize("beside", ["scenes", "scorecards"])
def test_a_folder_beside_the_flows_is_no_folder_of_flows(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, beside: str
) -> None:
    (config.parent / "flows" / beside).mkdir()
    page = config.parent / "flows" / beside / "one.yaml"
    page.write_text("nothing: of this\n", "utf-8")
    for named in (page.parent, page):
        assert main(["check", str(named)]) == 1
        said = capsys.readouterr().out
        assert f"{beside}/one.yaml:1:1: error[unknown-key]" in said
        assert "a flow needs" not in said
    monkeypatch.chdir(page.parent)
    assert main(["check", "."]) == 1
    assert f"../{beside}/one.yaml:1:1: error" in capsys.readouterr().out


def test_strict_fails_on_warnings(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "flows" / "sub.yaml").write_text(SUB, "utf-8")
    assert main(["check", "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "warning[unused-flow]" in said
    assert said.endswith("2 files checked: 1 warning\n")
    assert main(["check", "--config", str(config), "--strict"]) == 1


def test_every_format_is_printed_alone(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "flows" / "sub.yaml").write_text(SUB, "utf-8")
    assert main(["check", "--config", str(config), "--format", "sarif"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"][0]["ruleId"] == "unused-flow"
    assert main(["check", "--config", str(config), "--format", "github"]) == 0
    assert capsys.readouterr().out.startswith("::warning file=")


def test_the_limit_of_questions_is_an_option(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(config), "--longest", "soon"]) == 1
    assert "--longest: `soon`: write a number with its unit" in capsys.readouterr().err
