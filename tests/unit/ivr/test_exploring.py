"""`ivr test --explore`: random callers from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivr.__main__ import main
from tests.unit.ivr.dialplan.flows import ROOT

FAULTY = """
flow: faulty
languages: [en]
defaults: { error: end }
states:
  one: { ask: { say: { en: Shall we }, expect: yes_no }, on: { yes: two, no: end, no_input: end, no_match: end } }
  two: { do: [{ say: [{ amount: profile.name }] }], hangup: normal }
"""


def ivr(*arguments: object) -> int:
    return main(["test", *map(str, arguments)])


def test_what_goes_wrong_is_printed_as_a_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "faulty.yaml").write_text(FAULTY, "utf-8")
    assert ivr(tmp_path, "--explore", 40) == 1
    out = capsys.readouterr().out
    assert "FAIL faulty: the flow failed in state `two`" in out
    assert '  - name: "found by seed 1, call' in out
    assert ivr(tmp_path, "--explore", 40, "--format", "json") == 1
    [found] = json.loads(capsys.readouterr().out)
    assert (found["flow"], found["failures"][0]["kind"]) == ("faulty", "fault")


def test_a_sound_flow_passes_with_callers_like_those_of_its_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert ivr(ROOT / "dialplans" / "telecom.yaml", "--explore", 20, "--seed", 3) == 0
    assert "telecom: 20 random callers" in capsys.readouterr().out


def test_nothing_to_explore_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivr(tmp_path, "--explore", 5) == 1
    assert "no flow there" in capsys.readouterr().err
    (tmp_path / "broken.yaml").write_text("flow: [", "utf-8")
    assert ivr(tmp_path, "--explore", 5) == 1
    assert "broken.yaml:" in capsys.readouterr().out
