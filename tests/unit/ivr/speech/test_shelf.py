"""The prompts library: what is there and missing, recordings replaced and brought back, and nothing lost on the way."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from ivr.errors import Conflict, NotFound, PromptMissing, SpeechUnavailable, Stale, Unreadable
from ivr.speech.catalog import Entry, read_catalog, write_catalog
from ivr.speech.prompts import PromptLibrary
from ivr.speech.recording import write_recording
from ivr.speech.rendering import file_hash
from ivr.speech.shelf import PromptShelf
from ivr.speech.shelf_files import KEPT
from ivr.speech.uploading import wav_of


def tone(seconds: float = 1.0, rate: int = 8_000, hertz: float = 400.0) -> NDArray[np.int16]:
    wave_form: NDArray[np.int16] = (np.sin(np.arange(round(seconds * rate)) * (2 * np.pi * hertz / rate)) * 6000).astype(
        np.int16
    )
    return wave_form


@dataclass
class Upload:
    data: bytes
    trim: bool = True
    level: bool = True
    rate: int = 16_000
    source: str = "upload"


class Robot:
    model, licence = "robot 1", "MIT"

    def speaker(self, language: str) -> str:
        return {"zh": "xiao", "en": "joe"}.get(language, "")

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        return tone(0.1 * len(text), 24_000)


def edit(text: str, wanted: Any) -> str:
    return str(yaml.safe_dump(wanted, allow_unicode=True))


class Now:
    def __init__(self) -> None:
        self.time = 1_790_000_000.0

    def __call__(self) -> float:
        self.time += 1.0
        return self.time


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    (folder / "zh").mkdir(parents=True)
    (folder / "en").mkdir()
    (folder / "texts.yaml").write_text("welcome: { zh: 您好, en: Hello }\nbye: { zh: 再见, en: Bye }\n", "utf-8")
    entries = []
    for language, name, text in (("zh", "welcome", "您好"), ("en", "welcome", "Hello"), ("en", "values/1", "one")):
        path = folder / language / f"{name}.wav"
        write_recording(path, tone(0.5), 8_000)
        entries.append(Entry(name, language, text, "joe", "robot 1", "MIT", "k", file_hash(path), 0.5))
    write_recording(folder / "music.wav", tone(1.0), 8_000)
    write_catalog(folder / "catalog.yaml", entries)
    return folder


USES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "welcome": [{"flow": "telecom", "file": "t.yaml", "state": "hello", "line": 3, "column": 5}]
}


def shelf(folder: Path, voice: Any = None, *more: Path) -> PromptShelf:
    folders = [folder, *more]

    def library() -> PromptLibrary:
        return PromptLibrary.load(folders, ["zh", "en"], voice)

    history = folder.parent / "history"
    return PromptShelf(folders, history, voice or Robot(), library, lambda: USES, yaml.safe_load, edit, Now())


def test_what_is_there_and_what_is_missing(folder: Path) -> None:
    prompts = {one["name"]: one for one in shelf(folder).prompts()}
    assert list(prompts) == ["bye", "music", "welcome"]
    assert prompts["bye"]["missing"] == ["en", "zh"] and prompts["bye"]["texts"] == {"zh": "再见", "en": "Bye"}
    assert prompts["music"]["missing"] == [] and list(prompts["music"]["recordings"]) == ["-"]
    welcome = prompts["welcome"]["recordings"]["zh"]
    assert (welcome["source"], welcome["voice"], welcome["rate"], welcome["seconds"]) == ("rendered", "joe", 8000, 0.5)
    assert welcome["level"] == pytest.approx(-17.7, abs=0.2) and welcome["writable"] is True
    assert prompts["welcome"]["used_by"][0]["state"] == "hello"
    assert "values/1" in [one["name"] for one in shelf(folder).prompts(values=True)]


def test_a_recording_is_replaced_and_brought_back(folder: Path) -> None:
    desk = shelf(folder)
    before = (folder / "zh" / "welcome.wav").read_bytes()
    stamp = desk.prompt("welcome")["recordings"]["zh"]["stamp"]
    found = desk.put("welcome", "zh", Upload(wav_of(tone(1.0, 16_000), 16_000)), stamp, "root")
    new = found["recordings"]["zh"]
    assert (new["source"], new["by"], new["rate"], new["voice"], new["versions"]) == ("upload", "root", 16_000, "", 1)
    assert found["history"][0]["what"] == "replaced"
    assert len(PromptLibrary.load([folder], ["zh", "en"]).recording("welcome", "zh").samples) == pytest.approx(8_000, abs=1200)
    back = desk.undo("welcome", "zh", "", new["stamp"], "root")
    assert len(back["history"]) == 2
    with wave.open(str(folder / "zh" / "welcome.wav")) as file, wave.open(io.BytesIO(before)) as old:
        assert file.readframes(99_999) == old.readframes(99_999)
    again = desk.undo("welcome", "zh", back["history"][0]["version"], None, "root")
    assert again["recordings"]["zh"]["rate"] == 16_000


def test_a_new_prompt_is_recorded(folder: Path) -> None:
    found = shelf(folder).put("bye", "en", Upload(wav_of(tone(), 8_000), source="microphone"), "", "root")
    assert found["missing"] == ["zh"] and found["recordings"]["en"]["source"] == "microphone"
    entry = next(one for one in read_catalog(folder / "catalog.yaml") if one.name == "bye")
    assert (entry.text, entry.audio) == ("Bye", "")  # so that `ivr prompts render` keeps it


def test_a_stale_recording_is_not_replaced(folder: Path) -> None:
    desk = shelf(folder)
    attempts: list[Callable[[], object]] = [
        lambda: desk.put("welcome", "zh", Upload(wav_of(tone(), 8_000)), "other", "root"),
        lambda: desk.render("welcome", "zh", "", "", "other", "root"),
        lambda: desk.remove("welcome", "zh", "other", "root"),
        lambda: desk.put("bye", "zh", Upload(wav_of(tone(), 8_000)), "other", "root"),
    ]
    for do in attempts:
        with pytest.raises(Stale) as caught:
            do()
        assert caught.value.stamp in ("", file_hash(folder / "zh" / "welcome.wav"))


def test_a_recording_of_another_format_makes_room(folder: Path) -> None:
    (folder / "zh" / "welcome.wav").rename(folder / "zh" / "welcome.WAV")
    found = shelf(folder).put("welcome", "zh", Upload(wav_of(tone(), 8_000)), None, "root")
    assert found["recordings"]["zh"]["versions"] == 1
    assert [one.name for one in (folder / "zh").glob("welcome*")] == ["welcome.wav"]


def test_a_removed_recording_can_be_brought_back(folder: Path) -> None:
    desk = shelf(folder)
    assert desk.remove("welcome", "zh", None, "root")["missing"] == ["zh"]
    PromptLibrary.load([folder], ["zh", "en"])  # the catalogue names nothing that is gone
    with pytest.raises(NotFound):
        desk.remove("welcome", "zh", None, "root")
    with pytest.raises(NotFound):
        desk.sound("welcome", "zh")
    assert desk.undo("welcome", "zh", "", "", "root")["missing"] == []


def test_the_voice_speaks_a_prompt(folder: Path) -> None:
    desk = shelf(folder)
    found = desk.render("bye", "zh", "", "", None, "root")
    new = found["recordings"]["zh"]
    assert (new["source"], new["voice"], new["model"], new["by"]) == ("rendered", "xiao", "robot 1", "root")
    assert desk.voices()[0] == {"language": "en", "name": "joe", "model": "robot 1", "licence": "MIT"}
    with pytest.raises(SpeechUnavailable):
        desk.render("bye", "zh", "", "somebody", None, "root")
    with pytest.raises(Conflict, match="text"):
        desk.render("nothing", "zh", "", "", None, "root")
    with pytest.raises(Conflict, match="text"):
        desk.render("bye", "zh", "长" * 501, "", None, "root")


def test_a_new_text_makes_the_recording_outdated(folder: Path) -> None:
    desk = shelf(folder)
    found = desk.write("welcome", "zh", "您好，欢迎", "您好", "root")
    assert found["texts"]["zh"] == "您好，欢迎" and found["recordings"]["zh"]["outdated"] is True
    assert yaml.safe_load((folder / "texts.yaml").read_text("utf-8"))["welcome"] == {"zh": "您好，欢迎", "en": "Hello"}
    with pytest.raises(Stale) as caught:
        desk.write("welcome", "zh", "x", "您好", "root")
    assert caught.value.theirs == "您好，欢迎"
    desk.render("welcome", "zh", "", "", None, "root")
    assert desk.prompt("welcome")["recordings"]["zh"]["outdated"] is False


def test_sound_is_given_as_it_is_or_as_a_telephone_hears_it(folder: Path) -> None:
    desk = shelf(folder)
    desk.put("welcome", "zh", Upload(wav_of(tone(1.0, 16_000), 16_000)), None, "root")
    for rate, wanted in ((0, 16_000), (8_000, 8_000)):
        with wave.open(io.BytesIO(desk.sound("welcome", "zh", rate=rate))) as file:
            assert file.getframerate() == wanted
    version = desk.prompt("welcome")["history"][0]["version"]
    with wave.open(io.BytesIO(desk.sound("welcome", "zh", version))) as file:
        assert file.getnframes() == 4_000


def test_a_text_is_heard_before_it_is_kept(folder: Path) -> None:
    with wave.open(io.BytesIO(shelf(folder).preview("您好", "zh"))) as file:
        assert file.getnframes() == 4_000
    with pytest.raises(PromptMissing):
        shelf(folder).preview("没有人录过", "zh")
    with pytest.raises(PromptMissing):
        shelf(folder).preview("...", "zh")


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "a//b", ".hidden", "a/b/c/d/e", "a b", "a\x00b", "", "x" * 99]
)
def test_names_that_lead_elsewhere_are_refused(folder: Path, name: str) -> None:
    desk, upload = shelf(folder), Upload(wav_of(tone(), 8_000))
    for do in (
        lambda: desk.put(name, "zh", upload, None, "root"),
        lambda: desk.sound(name, "zh"),
        lambda: desk.remove(name, "zh", None, "root"),
        lambda: desk.undo(name, "zh", "", None, "root"),
        lambda: desk.write(name, "zh", "x", "", "root"),
        lambda: desk.prompt(name),
    ):
        with pytest.raises(NotFound):
            do()
    assert not (folder.parent / "x.wav").exists()


@pytest.mark.parametrize("language", ["..", "../zh", "zh/../..", "ZH", "", "z"])
def test_languages_that_lead_elsewhere_are_refused(folder: Path, language: str) -> None:
    with pytest.raises(NotFound):
        shelf(folder).put("bye", language, Upload(wav_of(tone(), 8_000)), None, "root")
    with pytest.raises(NotFound):
        shelf(folder).sound("welcome", "zh", "../../../etc/passwd")


def test_what_is_no_audio_changes_nothing(folder: Path) -> None:
    before = (folder / "zh" / "welcome.wav").read_bytes()
    with pytest.raises(Unreadable):
        shelf(folder).put("welcome", "zh", Upload(b"no audio"), None, "root")
    assert (folder / "zh" / "welcome.wav").read_bytes() == before
    assert not (folder.parent / "history").exists()


def test_only_so_many_old_recordings_are_kept(folder: Path) -> None:
    desk = shelf(folder)
    for number in range(KEPT + 3):
        desk.put("welcome", "zh", Upload(wav_of(tone(0.3, hertz=300 + 9 * number), 8_000)), None, "root")
    assert desk.prompt("welcome")["recordings"]["zh"]["versions"] == KEPT


def test_a_folder_of_your_own_lies_over_the_others(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "zh").mkdir(parents=True)
    desk = shelf(folder, None, own)
    desk.put("bye", "zh", Upload(wav_of(tone(), 8_000)), None, "root")
    assert (own / "zh" / "bye.wav").is_file()
    desk.put("welcome", "zh", Upload(wav_of(tone(), 8_000)), None, "root")
    assert not (own / "zh" / "welcome.wav").exists()  # it could be written where it was


def test_a_damaged_journal_does_no_harm(folder: Path) -> None:
    desk = shelf(folder)
    desk.put("welcome", "zh", Upload(wav_of(tone(), 8_000)), None, "root")
    journal = folder.parent / "history" / "zh" / "welcome" / "journal.jsonl"
    journal.write_text("not json\n[1]\n{}\n" + journal.read_text("utf-8"), "utf-8")
    assert len(desk.prompt("welcome")["history"]) == 1


def test_a_name_without_language_never_reaches_into_one(folder: Path) -> None:
    """`-` and `zh/welcome` would be the file of `zh` and `welcome`, put there without its stamp and history."""
    before = (folder / "zh/welcome.wav").read_bytes()
    with pytest.raises(Conflict, match="no language"):
        shelf(folder).put("zh/welcome", "-", Upload(wav_of(tone(), 8_000)), None, "root")
    assert (folder / "zh/welcome.wav").read_bytes() == before


def test_names_that_look_alike_have_their_own_history(folder: Path) -> None:
    prompts = shelf(folder)
    for _ in range(2):
        prompts.put("a/b", "zh", Upload(wav_of(tone(), 8_000)), None, "root")
    prompts.put("a--b", "zh", Upload(wav_of(tone(), 8_000)), None, "root")
    assert len(prompts.prompt("a/b")["history"]) == 2 and len(prompts.prompt("a--b")["history"]) == 1


def test_a_name_longer_than_a_file_may_have_is_none(folder: Path) -> None:
    name = "/".join(["名" * 80] * 4)
    for do in (lambda: shelf(folder).prompt(name), lambda: shelf(folder).sound(name, "zh", "20260131T140000-ab12")):
        with pytest.raises(NotFound):
            do()
