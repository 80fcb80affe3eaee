"""Files are replaced wholly or not at all, and tell whose change they are."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ivr.dialplan.loader import FlowStore
from ivr.publishing.files import FlowFiles, git_notes
from tests.unit.ivr.publishing.town import ONE, TWO, WRONG


def files(folder: Path) -> FlowFiles:
    return FlowFiles(FlowStore([folder]), "host")


def test_files_are_read_with_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ONE, "utf-8")
    (tmp_path / "b.yaml").write_text(WRONG.replace("flow: small", "flow: other"), "utf-8")
    (tmp_path / "a.test.yaml").write_text("flow: small\n", "utf-8")
    read = files(tmp_path).read()
    assert {name: (one.place, one.text) for name, one in read.files.items()} == {"small": (f"host:{tmp_path}/a.yaml", ONE)}
    assert [problem.code for problem in read.problems] == ["unknown-state"]


def test_a_file_is_replaced_with_its_mode_and_through_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    real.write_text(ONE, "utf-8")
    real.chmod(0o600)
    link.symlink_to(real)
    files(tmp_path).write(link, TWO)
    assert link.is_symlink()
    assert real.read_text("utf-8") == TWO
    assert real.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.yaml", "real.yaml"]


def test_what_cannot_be_written_leaves_the_old_text_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(ONE, "utf-8")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files(tmp_path).write(path, TWO)
    assert path.read_text("utf-8") == ONE
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there_or_not_text_has_no_text(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    assert files(tmp_path).text(tmp_path / "a.yaml") is None
    assert files(tmp_path).text(tmp_path / "b.yaml") is None
    assert files(tmp_path).path_for("new") == tmp_path / "new.yaml"
    assert FlowFiles(FlowStore([tmp_path / "b.yaml"])).path_for("new") is None


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_committed_file_is_noted_by_its_commit(tmp_path: Path) -> None:
    path, other = tmp_path / "small.yaml", tmp_path / "other.yaml"
    path.write_text(ONE, "utf-8")
    assert git_notes([path]) == {}, "no work tree"
    identity = ["-c", "user.name=Anna", "-c", "user.email=anna@example.org"]
    for command in (["init", "-q"], ["add", "small.yaml"], [*identity, "commit", "-q", "-m", "Greet shorter\n\nLong words."]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    other.write_text(TWO, "utf-8")
    assert git_notes([path, other]) == {path: "Greet shorter"}
    path.write_text(TWO, "utf-8")
    assert git_notes([path]) == {}, "it was changed since"
