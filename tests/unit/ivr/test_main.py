"""The command `ivr`: whatever a person can mend is one line on stderr and exit code 1."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.__main__ import main
from tests import forked

ROOT = Path(__file__).parents[3]


class Place:
    """A folder with settings that are right, until a test changes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = {
            "dialplans": str(folder / "small.yaml"),
            "prompts": [],
            "routes": [{"to": "*", "flow": "small"}],
            "sip": {"listen": ["udp://127.0.0.1:0"]},
            "web": {"listen": "127.0.0.1:0"},
            "speech": {"enabled": False},
        }
        (folder / "small.yaml").write_text(
            "flow: small\nlanguages: [en]\ndefaults: { error: end }\nstates:\n  one: { hangup: normal }\n", "utf-8"
        )

    def serve(self, *options: str) -> subprocess.CompletedProcess[str]:
        config = self.folder / "hotline.yaml"
        config.write_text(yaml.safe_dump(self.settings), "utf-8")
        return forked.run("serve", str(config), *options, folder=self.folder, seconds=60)


def taken_port(kind: socket.SocketKind) -> tuple[socket.socket, int]:
    taken = socket.socket(socket.AF_INET, kind)
    taken.bind(("127.0.0.1", 0))
    if kind is socket.SOCK_STREAM:
        taken.listen()
    return taken, taken.getsockname()[1]


def refused(place: Place, *options: str) -> str:
    """The one line that `ivr serve` gave up with."""
    done = place.serve(*options)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "ready" not in done.stdout.splitlines()
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("ivr: ")
    return lines[0]


def change(key: str, value: object) -> Callable[[Place], None]:
    def now(place: Place) -> None:
        place.settings[key] = value

    return now


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (change("agents", [{"id": "em ma"}]), "'em ma' is no name"),
        (change("redis", "nonsense"), "redis: "),
        (change("redis", "redis://u:secret@127.0.0.1:1"), "redis://127.0.0.1:1 does not answer"),
    ],
)
def test_wrong_settings(tmp_path: Path, wrong: Callable[[Place], None], words: str) -> None:
    place = Place(tmp_path)
    wrong(place)
    line = refused(place)
    assert words in line
    assert "secret" not in line


def test_ports_in_use(tmp_path: Path) -> None:
    place = Place(tmp_path)
    web, port = taken_port(socket.SOCK_STREAM)
    with web:
        assert f"127.0.0.1:{port}" in refused(place, "--web", f"127.0.0.1:{port}")
    udp, port = taken_port(socket.SOCK_DGRAM)
    with udp:
        assert str(port) in refused(place, "--sip", f"127.0.0.1:{port}")


def test_a_data_folder_that_is_a_file_and_a_settings_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "--data" in refused(Place(tmp_path), "--data", str(tmp_path / "file"))


def test_a_wrong_flow(tmp_path: Path) -> None:
    place = Place(tmp_path)
    flow = tmp_path / "flow.yaml"
    flow.write_text("flow: telecom\nlanguages: [en]\nstates:\n  one: { sya: hello }\n", "utf-8")
    place.settings["dialplans"] = str(flow)
    assert f"{flow}:4:" in refused(place)


def test_workers_without_redis_are_not_started(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.settings["redis"] = "redis://127.0.0.1:1"
    assert "redis://127.0.0.1:1 does not answer" in refused(place, "--workers", "2")


def test_workers_that_cannot_start_fail_the_command(tmp_path: Path) -> None:
    """A supervisor starts again what failed, not what ended with 0."""
    place = Place(tmp_path)
    (tmp_path / "small.yaml").write_text("flow: small\nstates:\n  one: { sya: hello }\n", "utf-8")
    done = place.serve("--workers", "2")
    assert done.returncode == 1, done.stderr
    assert "small.yaml:1:" in done.stderr
    assert "cannot start (exit code 1)" in done.stderr.splitlines()[-1]
    assert "started again" not in done.stderr


# --- in this process: nothing is started


@pytest.mark.parametrize("arguments", [["serve", "none.yaml"], ["check", "none.yaml", "--prompts", "none"]])
def test_what_is_missing_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_check_says_yes_to_the_flows_that_come_along(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(ROOT / "dialplans"), "--prompts", str(ROOT / "prompts")]) == 0
    assert capsys.readouterr().out == "12 files checked: no problems\n"


def test_check_knows_the_queues_and_skills_of_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow = tmp_path / "a.yaml"
    flow.write_text((ROOT / "dialplans" / "telecom.yaml").read_text("utf-8").replace("queue: care", "queue: caer"), "utf-8")
    place = ["check", str(flow), "--prompts", str(ROOT / "prompts")]
    assert main(place) == 0
    assert main([*place, "--config", str(ROOT / "examples" / "demo" / "hotline.yaml")]) == 1
    said = capsys.readouterr().out
    assert "there is no queue `caer`\n    did you mean `care`?" in said
    assert said.splitlines()[-1].startswith("1 file checked: 1 error")  # and a warning before a year's holidays are known


def test_a_folder_without_flows_is_not_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path)]) == 1
    assert "no flow there" in capsys.readouterr().err


def test_check_names_place_and_cure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow = tmp_path / "a.yaml"
    flow.write_text(
        "flow: a\nlanguages: [en]\nstates:\n  one: { say: hi, on: { done: tow } }\n  two: { hangup: normal }\n", "utf-8"
    )
    assert main(["check", str(flow), "--prompts", str(ROOT / "prompts")]) == 1
    assert f"{flow}:4:" in capsys.readouterr().out
    assert main(["check", str(flow), "--prompts", str(ROOT / "prompts"), "--format", "json"]) == 1
    problems = json.loads(capsys.readouterr().out)
    problem = next(one for one in problems if one["severity"] == "error" and one["line"] == 4)
    assert problem["file"] == str(flow)
    assert problem["column"] > 1
    assert problem["cure"]


def test_an_unknown_command_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["srve"])
    assert caught.value.code == 2
    assert "serve" in capsys.readouterr().err


def test_an_interrupt_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("ivr.checking.check_dialplans", interrupted)
    assert main(["check", os.devnull]) == 130


def trunk_settings(tmp_path: Path, more: str) -> Path:
    config = tmp_path / "hotline.yaml"
    config.write_text(
        f"""
name: t
dialplans: {ROOT / "examples/trunk/dialplan"}
prompts: {ROOT / "prompts"}
routes: [{{ to: "*", flow: forward }}]
queues: {{ support: {{}} }}
agents: [{{ id: a, name: A, password: x, skills: {{ support: 5 }} }}]
{more}
""",
        "utf-8",
    )
    return config


def test_check_takes_flows_and_prompts_of_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the folder it is called in are others."""
    assert main(["check", "--config", str(ROOT / "examples/loadtest/hotline.yaml")]) == 0
    assert capsys.readouterr().out == "1 file checked: no problems\n"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("trunks: { a: {} }", "trunks.a: neither calls out"),
        ("recording: { folder: rec, encrypt_key: abc }", "recording.encrypt_key: "),
        ("sip: { guard: { ban: 1h, ban_most: 1m } }", "sip.guard.ban_most: must not be below"),
    ],
)
def test_check_names_the_settings_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, said: str) -> None:
    config = trunk_settings(tmp_path, more)
    assert main(["check", "--config", str(config)]) == 1
    assert capsys.readouterr().err.startswith(f"ivr: {config}: {said}")


def test_check_counts_what_is_wrong_in_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits = "outbound: { limits: [{ name: a, who: ['flow:*'], money_per_day: 1 }] }"
    config = trunk_settings(tmp_path, f"{limits}\nmedia: {{ srtp_listeners: {{ 'tls:5099': required }} }}")
    assert main(["check", "--config", str(config)]) == 1
    said = capsys.readouterr().out
    assert f"{config}: warning: media.srtp_listeners: tls:5099: there is no such listener" in said
    assert said.endswith("1 file checked: 1 error, 1 warning\n")
    assert main(["check", "--config", str(config), "--format", "json"]) == 1
    assert {one["severity"] for one in json.loads(capsys.readouterr().out)} == {"error", "warning"}
