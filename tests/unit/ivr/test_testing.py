"""`ivr test`: the conversations of the samples, and what the command does with files that are wrong."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from ivr.__main__ import main
from ivr.rehearsing import House, Theatre, understand
from ivr.testing import run_files, test_files
from tests.unit.ivr.dialplan.flows import ROOT

test_files.__test__ = False  # type: ignore[attr-defined]

SAMPLES = sorted((ROOT / "dialplans").glob("*.yaml"))
TESTS = [path for path in SAMPLES if path.name.endswith(".test.yaml")]
DEMO = House.of(ROOT / "examples" / "demo" / "hotline.yaml")
FLOW = """
flow: small
languages: [en]
defaults: { error: end, no_input: end, no_match: { retry: 1, then: end } }
states:
  one: { ask: { say: { en: Shall we begin }, expect: yes_no }, on: { yes: two, no: end } }
  two: { do: [{ say: { en: "{flags.new ? 'new' : 'old'} {env.name}" } }], hangup: normal }
"""
CASES = """
flow: small
given: { flags: { new: false } }
cases:
  - { name: yes it begins, call: [{ hears: shall we begin }, { says: "yes" }, { hears: old }] }
  - { name: no it does not, call: [{ says: "no" }], then: { ended: flow } }
  - { name: new, given: { flags: { new: true }, values: { name: Eve } }, call: [{ presses: 1 }, { hears: new Eve }] }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(FLOW, "utf-8")
    (tmp_path / "small.test.yaml").write_text(CASES, "utf-8")
    return tmp_path


def ivr(*arguments: object) -> int:
    return main(["test", *map(str, arguments)])


@pytest.mark.parametrize("path", TESTS, ids=[path.name for path in TESTS])
def test_a_sample_can_have_all_of_its_conversations_and_nothing_in_it_is_untried(path: Path) -> None:
    outcome = run_files([path], DEMO)
    assert [result.verdict.message for result in outcome.failed] == []
    assert outcome.problems == []
    for coverage in outcome.coverages.values():
        assert ([state.name for state in coverage.missed_states], [point.key for point in coverage.missed]) == ([], [])


def test_every_sample_has_its_test() -> None:
    flows = [path for path in SAMPLES if path not in TESTS]
    assert [path.name for path in flows if path.with_name(f"{path.stem}.test.yaml") not in TESTS] == []


def test_a_folder_is_played_and_the_coverage_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivr(folder) == 0
    out = capsys.readouterr().out
    assert "small: states 2/2 100 %, edges 3/7 42.9 %" in out
    assert "never taken: * error, * no_input, * no_match, * no_match:1" in out
    assert "3 passed, 0 failed" in out
    assert ivr(folder, "--fail-under", 50) == 1


def test_chosen_cases_are_played_without_the_coverage_of_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivr(folder / "small.yaml", "-k", "YES") == 0
    out = capsys.readouterr().out
    assert "1 passed" in out
    assert "never" not in out


def test_words_that_choose_nothing_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivr(folder / "small.yaml", "-k", "nothing of the kind") == 1
    assert "no case has 'nothing of the kind' in its name" in capsys.readouterr().err


def test_a_failing_case_is_told_in_every_format(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = folder / "small.test.yaml"
    cases.write_text(CASES.replace("hears: old", "hears: young"), "utf-8")
    assert ivr(cases) == 1
    assert "expected to hear “young”" in capsys.readouterr().out
    assert ivr(cases, "--format", "json") == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["passed"], data["failed"], data["cases"][0]["at"]["line"]) == (2, 1, 5)
    assert ivr(cases, "--format", "junit") == 1
    assert 'failures="1"' in capsys.readouterr().out


def test_the_coverage_is_written_for_the_diagram(folder: Path) -> None:
    assert ivr(folder, "--coverage", folder / "coverage.json") == 0
    data = json.loads((folder / "coverage.json").read_text("utf-8"))
    assert data["small"]["states"] == {"one": 3, "two": 2}
    assert data["small"]["edges"] == {"one yes": 2, "one no": 1, "two hangup!": 2}


def test_what_is_wrong_with_a_file_is_one_message_with_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "small.test.yaml").write_text(CASES.replace("flow: small", "flow: smal"), "utf-8")
    assert ivr(folder) == 1
    out = capsys.readouterr().out
    assert "small.test.yaml:2:7: error[unknown-flow] there is no flow `smal`" in out
    assert "did you mean `small`?" in out
    (folder / "small.test.yaml").write_bytes(b"\xff\xfe")
    assert ivr(folder) == 1
    assert "not UTF-8" in capsys.readouterr().out
    (folder / "small.yaml").write_text("flow: [", "utf-8")
    (folder / "small.test.yaml").write_text(CASES, "utf-8")
    assert ivr(folder) == 1
    assert "small.yaml:" in capsys.readouterr().out


def test_where_there_are_no_tests_the_error_says_where_they_belong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivr(tmp_path) == 1
    assert "they stand beside the flow" in capsys.readouterr().err
    assert ivr(tmp_path / "nothing.test.yaml") == 1
    assert "no such file" in capsys.readouterr().err


def test_words_are_understood_as_in_a_real_call() -> None:
    flow = Theatre.load([ROOT / "dialplans" / "telecom.yaml"], House()).flow("telecom")
    machine = Theatre({"telecom": flow}).machine("telecom", {}, {})
    assert machine.flow is flow
    assert understand("xyz", ()) == ("", 0.9, ())


def test_a_page_shows_the_coverage_in_both_languages(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = folder / "small.test.yaml"
    cases.write_text(CASES.replace("hears: old", "hears: <young>"), "utf-8")
    assert ivr(cases, "--html", folder / "page") == 1
    text = (folder / "page" / "index.html").read_text("utf-8")
    assert "<svg" in text
    assert "从未走过" in text
    assert "never taken" in text
    assert "“&lt;young&gt;”" in text
    assert '<span class="chip good">yes <b>2</b></span>' in text
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert ivr(cases, "--html", cases) == 1
    assert "--html:" in capsys.readouterr().err


def test_everything_can_be_played_again_and_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ivr(folder, "--repeat", 3) == 0
    assert "9 passed" in capsys.readouterr().out


def test_a_thousand_conversations_take_less_than_ten_seconds() -> None:
    """On the processor's clock, loading included; what was measured stands in docs/testing-flows.md."""
    began = time.process_time()
    outcome = run_files([ROOT / "dialplans"], DEMO, times=8)
    assert len(outcome.results) >= 1000
    assert (time.process_time() - began) * 1000 / len(outcome.results) < 10.0
