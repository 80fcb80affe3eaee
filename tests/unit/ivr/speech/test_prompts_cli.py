"""`ivr prompts`: rendering that was stopped goes on, a check tells what is wrong or unused, a preview is heard."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.prompt_uses import uses_of
from ivr.speech import prompts_cli, rendering
from ivr.speech.catalog import CATALOG, Entry, read_catalog, text_key, write_catalog
from ivr.speech.prompt_faults import Uses, faults, missing_languages, stale, unused
from ivr.speech.recording import finish, read_recording, write_recording
from ivr.speech.rendering import Wanted
from ivr.speech.values import pieces

RATE = 24_000


def tone(seconds: float = 1.0, rate: int = 8000, amplitude: float = 8000) -> NDArray[np.int16]:
    return np.rint(amplitude * np.sin(2 * np.pi * 300 * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


class ToneVoice:
    """Speaks a tone; is interrupted at the text that it is told."""

    model, licence = "tone", "CC0-1.0"

    def __init__(self, interrupted_at: str = "") -> None:
        self.interrupted_at, self.said = interrupted_at, list[str]()

    def speaker(self, language: str) -> str:
        return "sine"

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        if text == self.interrupted_at:
            raise KeyboardInterrupt
        self.said.append(text)
        return tone(0.4 + len(text) / 10, RATE)


TEXTS = """
hi: { en: Hi there }
welcome: { en: Welcome to our hotline }
goodbye: { en: Goodbye and thank you for calling }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prompt folder with three texts, nothing rendered, and a voice that costs nothing."""
    monkeypatch.setattr(prompts_cli, "wanted_values", lambda languages: [])
    monkeypatch.setattr(prompts_cli, "FLOWS", tmp_path / "none")
    monkeypatch.setattr(rendering, "hold_music", lambda rate: finish(tone(2.0, rate), rate))
    (tmp_path / "texts.yaml").write_text(TEXTS, "utf-8")
    return tmp_path


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str, voice: ToneVoice | None = None) -> int:
    parser = argparse.ArgumentParser()
    prompts_cli.add_arguments(parser)
    monkeypatch.setattr(prompts_cli, "make_voice", lambda name, cache: voice or ToneVoice())
    args = parser.parse_args([options[0], "--directory", str(folder), "--language", "en", *options[1:]])
    return prompts_cli.run(args, uses_of)


def test_rendering_that_was_stopped_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = ToneVoice("Welcome to our hotline")
    assert run(folder, monkeypatch, "render", voice=first) == prompts_cli.INTERRUPTED
    assert "2 rendered, 2 are still missing; the same command goes on" in capsys.readouterr().err
    assert [entry.name for entry in read_catalog(folder / CATALOG)] == ["hi", "music"]
    second = ToneVoice()
    assert run(folder, monkeypatch, "render", voice=second) == 0
    assert second.said == ["Welcome to our hotline", "Goodbye and thank you for calling"]
    assert "2 rendered, 2 were there" in capsys.readouterr().err
    assert run(folder, monkeypatch, "check") == 0


def test_another_rate_renders_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(folder, monkeypatch, "render")
    voice = ToneVoice()
    assert run(folder, monkeypatch, "render", "--rate", "16000", voice=voice) == 0
    assert len(voice.said) == 3
    lasts = len(read_recording(folder / "en" / "hi.wav", 16000)) / 16000
    (entry,) = (one for one in read_catalog(folder / CATALOG) if one.name == "hi")
    assert (folder / "en" / "hi.wav").read_bytes()[24:28] == (16000).to_bytes(4, "little")
    assert entry.seconds == pytest.approx(lasts, abs=0.01)
    assert run(folder, monkeypatch, "render", "--rate", "16000", voice=voice) == 0
    assert len(voice.said) == 3


FLOW = """
flow: small
languages: [en]
intents: { bill: { label: { en: Bill }, en: [my bill] } }
defaults: { error: end }
states:
  hello: { say: [hi, { en: What is it about? }], on: { done: end } }
"""


def test_check_tells_whom_no_flow_needs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flow = folder / "flows" / "small.yaml"
    flow.parent.mkdir()
    flow.write_text(FLOW, "utf-8")
    assert run(folder, monkeypatch, "render", "--flow", str(flow)) == 0
    for name, text in (
        ("words/old", "What was it about?"),
        ("words/label", "Bill"),
        ("again", "All right, please say it again."),
    ):
        write_recording(folder / "en" / f"{name}.wav", finish(tone(len(text) / 15), 8000))
        entries = [*read_catalog(folder / CATALOG), Entry(name, "en", text)]
        write_catalog(folder / CATALOG, entries)
    capsys.readouterr()
    assert run(folder, monkeypatch, "check", "--flow", str(flow)) == 0
    out = capsys.readouterr().out
    assert "en/words/old.wav: no flow uses it (“What was it about?”)" in out
    assert "en/goodbye.wav: no flow uses it\n" in out
    assert "words/label" not in out and "again.wav" not in out and "hi.wav" not in out
    assert "0 problems, 3 unused, 0 texts of flows are left to the voice" in out
    flow.write_text(FLOW.replace("What is it about?", "Is it fixed?"), "utf-8")
    assert run(folder, monkeypatch, "check", "--flow", str(flow.parent)) == 0, (
        "a folder of flows asks for no recording of its texts"
    )
    assert "4 unused, 1 texts of flows are left to the voice" in capsys.readouterr().out
    assert run(folder, monkeypatch, "check", "--flow", str(flow)) == 1
    assert "not rendered" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"), [("flow: x\nstates: {}\n", "wrong.yaml:"), (None, "wrong.yaml: no such flow or folder")]
)
def test_a_flow_that_is_wrong_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str | None, message: str
) -> None:
    if text is not None:
        (folder / "flows").mkdir()
        (folder / "flows" / "wrong.yaml").write_text(text, "utf-8")
    assert run(folder, monkeypatch, "check", "--flow", str(folder / ("flows" if text else "wrong.yaml"))) == 1
    assert message in capsys.readouterr().err or text is None


def test_a_preview_is_what_a_caller_hears(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(folder, monkeypatch, "render")
    for piece in pieces("en"):
        if piece.name in ("values/2", "values/yuan"):
            write_recording(folder / "en" / f"{piece.name}.wav", tone(0.3))
    output = folder / "heard.wav"

    def preview(what: str) -> int:
        return run(folder, monkeypatch, "preview", "--output", str(output), what)

    assert preview("hi") == 0
    assert f"{output}: 1.2 s, Hi there" in capsys.readouterr().out
    assert np.array_equal(read_recording(output), read_recording(folder / "en" / "hi.wav"))
    assert preview("amount:2") == 0
    assert "two yuan" in capsys.readouterr().out
    assert len(read_recording(output)) == 4800
    assert preview("Good morning Mister Wang, how are you?") == 0
    assert "Good morning Mister Wang, how are you?" in capsys.readouterr().out
    assert preview("amount:much") == 1
    assert preview("?!") == 1
    monkeypatch.setattr(prompts_cli, "PLAYERS", (("no-such-player",),))
    assert run(folder, monkeypatch, "preview", "hi", "--output", str(output), "--play") == 1
    assert "no-such-player is installed" in capsys.readouterr().err


# --- faults


def test_cracks_and_holes_are_found() -> None:
    good = finish(tone(1.0), 8000)
    assert faults(good, None) == []
    square = np.where(tone() > 0, 32767, -32768).astype(np.int16)
    assert "clipped in" in faults(square, None)[0]
    assert faults(np.zeros(8000, np.int16), None) == ["1.0 s of nothing but silence"]
    hole = np.concatenate([good, np.zeros(16_000, np.int16), good])
    assert faults(hole, None) == ["2.0 s of silence within it"]
    assert faults(np.tile(good, 60), None) == [
        f"{60 * len(good) / 8000:.0f} s long: nobody listens for more than 45 s; part it"
    ]
    assert faults(np.tile(good, 60), Entry("music", "")) == []


def test_a_persons_recording_of_an_older_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hi.wav"
    write_recording(path, tone())
    files, entry = {("en", "hi"): path}, Entry("hi", "en", "Hi there", audio="the one that was rendered")
    assert list(stale(files, {("en", "hi"): entry}, [Wanted("hi", "en", "Hi there!")])) == []
    (told,) = stale(files, {("en", "hi"): entry}, [Wanted("hi", "en", "Good morning")])
    assert told == f"{path}: says “Hi there”, and its text is “Good morning” now: record it again"


def test_a_language_is_missed_where_it_is_needed() -> None:
    path = Path("x.wav")
    files = {("zh", "hi"): path, ("en", "hi"): path, ("zh", "bye"): path, ("", "music"): path, ("zh", "words/1"): path}
    assert list(missing_languages(files, ("zh", "en"), None)) == ["bye: no recording in en"]
    assert list(missing_languages(files, ("zh", "en"), Uses({"bye": ["zh"]}, ()))) == []
    assert list(missing_languages(files, ("zh", "en"), Uses({"bye": ["zh", "en"]}, ()))) == ["bye: no recording in en"]


def test_pieces_of_values_are_for_everybody() -> None:
    files = {("zh", "values/1"): Path("1.wav"), ("zh", "spare"): Path("spare.wav")}
    assert list(unused(files, {}, Uses({}, ()))) == ["spare.wav: no flow uses it"]


def test_what_our_flows_say_is_recorded_and_nothing_else() -> None:
    root = Path(__file__).resolve().parents[4]
    uses = uses_of([root / "dialplans"])
    texts = {(entry.language, entry.name): entry.text for entry in read_catalog(root / "prompts" / CATALOG)}
    files: dict[tuple[str, str], Path] = {key: Path(f"{key[0]}/{key[1]}") for key in texts}
    assert list(unused(files, texts, uses)) == []
    assert ("zh", text_key("哪一项不对？")) in uses.others


def test_nothing_is_read_where_no_flow_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Iterable[Path]] = []
    run(folder, monkeypatch, "render")
    parser = argparse.ArgumentParser()
    prompts_cli.add_arguments(parser)
    args = parser.parse_args(["check", "--directory", str(folder), "--language", "en"])
    assert prompts_cli.run(args, lambda paths: asked.append(paths) or Uses({}, ())) == 0  # type: ignore[func-returns-value]
    assert asked == []
