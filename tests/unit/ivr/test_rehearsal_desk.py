"""The tests beside the flows: kept, and run on a text that nobody published."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from ivr.dialplan.lint import Surroundings
from ivr.errors import Conflict, Stale
from ivr.rehearsal_desk import RehearsalDesk, wording_of
from ivr.web.admin_work import run_here

FLOW = """\
flow: small
languages: [en]
defaults: { error: end }
states:
  hello:
    go: [{ if: flags.early, to: early }, { to: late }]
  early: { do: [{ say: { en: "Good {env.word}" } }], hangup: normal }
  late: { do: [{ say: { en: Good evening } }], hangup: normal }
"""
CASES = """\
flow: small
cases:
  - name: early
    given: { flags: { early: true }, values: { word: morning } }
    call: [{ hears: Good morning }]
  - name: late
    call: [{ hears: Good night }]
"""


def desk(folder: Path, **files: str) -> RehearsalDesk:
    return RehearsalDesk([folder], [], lambda name: files.get(name, ""), Surroundings, lambda: files, run_here)


def test_cases_run_with_their_flags_and_values(tmp_path: Path) -> None:
    found = desk(tmp_path).run("small", FLOW, CASES)
    assert (found["passed"], found["failed"], found["left_out"]) == (1, 1, 0), found
    (good, bad) = found["cases"]
    assert good["ok"] and good["log"] == []
    assert not bad["ok"] and "Good night" in bad["message"] and bad["at"]["line"] == 7 and bad["log"]
    assert found["coverage"]["states"] == {"hello": 2, "early": 1, "late": 1}


@pytest.mark.parametrize(
    ("text", "test"), [("flow: [", CASES), (FLOW, "cases: ["), (FLOW, ""), (FLOW.replace("to: late", "to: lat"), CASES)]
)
def test_wrong_texts_are_told_and_nothing_runs(tmp_path: Path, text: str, test: str) -> None:
    found = desk(tmp_path).run("small", text, test)
    assert found["cases"] == [] and found["coverage"] is None
    assert found["problems"] or not test


def test_a_flow_may_call_the_others_that_are_live(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("flow: other\nlanguages: [en]\ndefaults: { error: end }\nstates:\n  a: { return: done }\n", "utf-8")
    text = "flow: small\nlanguages: [en]\ndefaults: { error: end }\nstates:\n  a: { call: other, on: { done: end } }\n"
    test = "flow: small\ncases:\n  - { name: through, call: [{ waits: 1s }], then: { ended: flow } }\n"
    found = desk(tmp_path, other=str(other)).run("small", text, test)
    assert [one for one in found["problems"] if one["severity"] == "error"] == []
    assert (found["passed"], found["failed"]) == (1, 0), found["cases"]
    missing = desk(tmp_path).run("small", text, test)
    assert "unknown-flow" in [one["code"] for one in missing["problems"]]


def test_tests_are_kept_beside_the_flow(tmp_path: Path) -> None:
    own = desk(tmp_path, small=str(tmp_path / "here.yaml"))
    assert own.read("small") is None
    saved = own.write("small", CASES, "")
    assert saved["problems"] == [] and (tmp_path / "here.test.yaml").read_text("utf-8") == CASES
    with pytest.raises(Stale) as caught:
        own.write("small", "other", "")
    assert (caught.value.theirs, caught.value.yours) == (CASES, "other")
    assert own.write("small", "flow: [", saved["stamp"])["problems"]
    assert desk(tmp_path).write("new", CASES, "")["stamp"]
    assert (tmp_path / "new.test.yaml").is_file()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="none"):
        desk(tmp_path / "none").write("small", CASES, "")
    binary = tmp_path / "small.test.yaml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(Conflict):
        desk(tmp_path).read("small")


def test_words_of_recordings_are_read_once_for_each_version(tmp_path: Path) -> None:
    texts = tmp_path / "texts.yaml"
    texts.write_text("a: { en: Hello }\n", "utf-8")
    first: Any = wording_of([str(tmp_path)])
    assert wording_of([str(tmp_path)]) is first


def test_of_two_who_save_at_once_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = desk(tmp_path)
    stamp = tests.write("small", "cases: []\n", "")["stamp"]
    read, both = RehearsalDesk.read, Barrier(2)

    def together(self: RehearsalDesk, flow: str) -> dict[str, Any] | None:
        found = read(self, flow)
        with suppress(BrokenBarrierError):
            both.wait(0.5)
        return found

    monkeypatch.setattr(RehearsalDesk, "read", together)

    def save(text: str) -> str:
        try:
            tests.write("small", text, stamp)
        except Stale:
            return "told"
        return "saved"

    with ThreadPoolExecutor(2) as people:
        assert sorted(people.map(save, ["cases: [] # one\n", "cases: [] # two\n"])) == ["saved", "told"]
