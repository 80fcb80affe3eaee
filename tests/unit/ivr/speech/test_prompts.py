"""Prompts: found, read in any format, resampled, levelled, put together from pieces, rendered once."""

from __future__ import annotations

import argparse
import shutil
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.dialplan.events import Prompt, Utterance, Value, Words
from ivr.errors import ConfigError, PromptMissing, SpeechUnavailable
from ivr.speech import prompts, prompts_cli
from ivr.speech.catalog import CATALOG, Entry, read_catalog, text_key, write_catalog
from ivr.speech.music import hold_music, speech_like
from ivr.speech.prompt_faults import faults
from ivr.speech.prompts import PromptLibrary
from ivr.speech.prompts_cli import wanted_recordings
from ivr.speech.recording import MASTER_RATE, PEAK_LEVEL, SPEECH_LEVEL, finish, level, read_recording, resample, write_recording
from ivr.speech.rendering import Studio, Wanted, said_text, wanted_texts, wanted_words
from ivr.speech.values import pieces
from telephony.media.clip import Clip

ROOT = Path(__file__).resolve().parents[4]
OURS = ROOT / "prompts"


def tone(hertz: float, seconds: float = 1.0, rate: int = 8000, amplitude: float = 8000) -> NDArray[np.int16]:
    samples: NDArray[np.int16] = np.rint(
        amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    ).astype(np.int16)
    return samples


class ToneVoice:
    """Speaks one second of a tone for any text of the languages it knows; counts what it said."""

    model, licence = "tone", "CC0-1.0"

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def speaker(self, language: str) -> str:
        return "sine" if language in ("zh", "en") else ""

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        self.said.append((text, language))
        silence = np.zeros(12_000, np.int16)
        return np.concatenate([silence, tone(440, 1.0, 24_000), silence])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two prompts with texts, one without a catalogue entry, and music."""
    write_recording(tmp_path / "zh" / "welcome.wav", tone(300))
    write_recording(tmp_path / "en" / "welcome.wav", tone(400))
    write_recording(tmp_path / "zh" / "bye.wav", tone(500, 0.5))
    write_recording(tmp_path / "music.wav", tone(600, 2.0))
    entries = [Entry("welcome", "zh", "您好。", seconds=1.0), Entry("welcome", "en", "Hello!"), Entry("music", "")]
    write_catalog(tmp_path / CATALOG, entries)
    return tmp_path


# --- sound


def test_a_resampled_tone_keeps_its_pitch_its_level_and_its_place() -> None:
    for rate in (8000, 11025, 16000, 22050, 24000, 44100, 48000):
        result = resample(tone(1000, 1.0, rate), rate, 8000)
        assert len(result) == 8000
        middle = slice(200, -200)
        assert np.abs(result[middle].astype(int) - tone(1000)[middle].astype(int)).max() < 60, rate


def test_what_a_telephone_cannot_carry_does_not_fold_back() -> None:
    for rate, hertz in ((16000, 5000), (44100, 6500), (48000, 12000)):
        rms, _ = level(resample(tone(hertz, 1.0, rate), rate, 8000)[200:-200])
        assert rms < -70, (rate, hertz)


def test_resampling_keeps_full_scale_from_wrapping() -> None:
    square = np.where(tone(100, 0.2, 16000) >= 0, 32767, -32768).astype(np.int16)
    result = resample(square, 16000, 8000)
    assert result.max() == 32767
    assert result.min() == -32768


def test_nothing_resamples_to_nothing() -> None:
    assert len(resample(np.zeros(0, np.int16), 16000, 8000)) == 0
    assert len(resample(np.ones(1, np.int16), 44100, 8000)) == 1


def test_a_finished_recording_is_trimmed_and_levelled() -> None:
    silence = np.zeros(8000, np.int16)
    result = finish(np.concatenate([silence, tone(440, 1.0, amplitude=500), silence]), 8000, lead=20, tail=120)
    assert 1.1 < len(result) / 8000 < 1.16
    rms, peak = level(result)
    assert SPEECH_LEVEL - 1.0 < rms < SPEECH_LEVEL + 1.0
    assert peak <= PEAK_LEVEL + 0.1


def test_a_peaky_recording_is_levelled_by_its_peak() -> None:
    clicks = tone(440, 1.0, amplitude=100)
    clicks[4000] = 20_000
    assert abs(level(finish(clicks, 8000))[1] - PEAK_LEVEL) < 0.1


def test_silence_finishes_empty() -> None:
    assert len(finish(np.zeros(8000, np.int16), 8000)) == 0


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_wav_of_any_width_is_read_without_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int, width: int
) -> None:
    path = tmp_path / "any.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(16000)
        values = (np.sin(2 * np.pi * 440 * np.arange(16000) / 16000) * 0.5 * 2 ** (8 * width - 1)).astype("<i8")
        values = values + 128 if width == 1 else values
        raw = values.repeat(channels).view(np.uint8).reshape(-1, 8)[:, :width]
        writer.writeframes(raw.tobytes())
    monkeypatch.setenv("PATH", str(tmp_path))
    samples = read_recording(path)
    assert len(samples) == 8000
    assert 15_500 < np.abs(samples[1000:7000].astype(int)).max() < 17_000


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_other_formats_are_read_by_ffmpeg(tmp_path: Path) -> None:
    from pydub import AudioSegment

    segment = AudioSegment(tone(440, 1.0, 16000).tobytes(), frame_rate=16000, sample_width=2, channels=1)
    segment.export(str(tmp_path / "a.mp3"), format="mp3").close()
    samples = read_recording(tmp_path / "a.mp3")
    assert 0.9 < len(samples) / 8000 < 1.2
    spectrum = np.abs(np.fft.rfft(samples[1000:7000].astype(float)))
    assert abs(spectrum.argmax() * 8000 / 6000 - 440) < 3


@pytest.mark.filterwarnings("ignore:Couldn't find ff")
def test_what_cannot_be_read_names_file_and_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "noise.wav").write_bytes(b"this is no sound")
    (tmp_path / "song.mp3").write_bytes(b"ID3" + bytes(100))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(ConfigError, match=r"noise\.wav"):
        read_recording(tmp_path / "noise.wav")
    with pytest.raises(ConfigError, match=r"song\.mp3: \.mp3 needs ffmpeg: install it"):
        read_recording(tmp_path / "song.mp3")
    with pytest.raises(ConfigError, match="no such file"):
        read_recording(tmp_path / "gone.mp3")


# --- the library


def test_prompts_are_found_by_name_and_language(folder: Path) -> None:
    library = PromptLibrary.load([folder], ["zh", "en"])
    zh, en = library.clips([Prompt("welcome", "zh"), Prompt("welcome", "en")])
    assert (zh.seconds, en.seconds) == (1.0, 1.0)
    assert not np.array_equal(zh.samples, en.samples)
    assert library.names() == {"welcome": {"zh", "en"}, "bye": {"zh"}, "music": {"zh", "en"}}
    assert library.recording("music", "zh").seconds == 2.0
    assert library.recording("music").seconds == 2.0


def test_a_missing_prompt_says_which(folder: Path) -> None:
    library = PromptLibrary.load([folder], ["zh", "en"])
    with pytest.raises(PromptMissing, match=r"'bye' has no recording in 'en'"):
        library.clips([Prompt("bye", "en")])
    with pytest.raises(PromptMissing, match=r"values/3"):
        library.clips([Value("number", "3", "zh")])
    with pytest.raises(PromptMissing, match="kind 'amount' cannot be read") as found:
        library.clips([Value("amount", "much", "zh")])
    assert "much" not in str(found.value), "it may be what a caller said, and the error goes into a log"


def test_only_the_languages_asked_for_are_loaded(folder: Path) -> None:
    assert PromptLibrary.load([folder], ["en"]).names() == {"welcome": {"en"}, "music": {"en"}}


def test_a_later_directory_wins_and_keeps_the_text(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.mktemp("own")
    write_recording(own / "zh" / "welcome.wav", tone(300, 3.0))
    library = PromptLibrary.load([folder, own], ["zh"])
    assert library.recording("welcome", "zh").seconds == 3.0
    assert library.text([Prompt("welcome", "zh")]) == "您好。"


def test_words_are_found_by_their_text(folder: Path) -> None:
    library = PromptLibrary.load([folder], ["zh", "en"])
    assert [clip.name for clip in library.clips([Words("hello", "en")])] == ["welcome"]
    assert [clip.name for clip in library.clips([Words("Hello! Hello.", "en")])] == ["welcome", "welcome"]
    assert library.clips([Words(" … ", "en")]) == []
    with pytest.raises(PromptMissing, match="nobody recorded a text of 9 letters in 'en'"):
        library.clips([Words("Hello you", "en")])


def test_a_voice_speaks_unknown_words_once(folder: Path) -> None:
    voice = ToneVoice()
    library = PromptLibrary.load([folder], ["zh", "en"], voice)
    said: list[Utterance] = [Words("王芳，您好", "zh")]
    assert not library.is_ready(said)
    first = library.clips(said)
    assert library.is_ready(said)
    assert library.clips([Words("王芳您好！", "zh")]) == first
    assert voice.said == [("王芳，您好。", "zh")]
    assert 1.0 < first[0].seconds < 1.2
    with pytest.raises(PromptMissing):
        library.clips([Words("안녕하세요", "ko")])


def test_a_text_without_end_is_refused_before_anything_is_spoken(folder: Path) -> None:
    voice = ToneVoice()
    library = PromptLibrary.load([folder], ["en"], voice)
    with pytest.raises(PromptMissing, match="2000 letters is too long"):
        library.pieces([Words("a" * 2000, "en")])
    assert voice.said == []


def test_what_is_recorded_of_a_text_is_not_spoken_again(folder: Path) -> None:
    """A sentence, and a clause, that there is a recording of; the voice is asked for the rest alone."""
    voice = ToneVoice()
    library = PromptLibrary.load([folder], ["zh", "en"], voice)
    found = library.pieces([Words("Hello! Your parcel number nine left our house today.", "en")])
    assert [one.name if isinstance(one, Clip) else one.text for one in found] == [
        "welcome",
        "Your parcel number nine left our house today.",
    ]
    assert voice.said == []


def test_rendered_words_are_forgotten_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "MOST_RENDERED", 2)
    library = PromptLibrary.load([folder], ["en"], ToneVoice())
    for text in ("one", "two", "one", "three"):
        library.clips([Words(text, "en")])
    assert library.is_ready([Words("one", "en"), Words("three", "en")])
    assert not library.is_ready([Words("two", "en")])


def test_the_transcript_says_what_was_said(folder: Path) -> None:
    library = PromptLibrary.load([folder], ["zh", "en"])
    assert library.text([Prompt("welcome", "zh"), Value("amount", "128.5", "zh")]) == "您好。一百二十八元五角"
    assert library.text([Prompt("welcome", "en"), Value("number", "3", "en"), Words("left", "en")]) == "Hello! three, left"
    assert library.text([Prompt("bye", "zh")]) == "[bye]"
    assert library.text([]) == ""


@pytest.mark.parametrize(
    ("catalog", "message"),
    [
        ("recordings: [", "catalog.yaml"),
        ("[]", "expected a list under 'recordings'"),
        ("recordings: [{name: a}]", "recording 1 needs a name and a language"),
        ("recordings: [{name: a, language: zh, volume: 3}]", "unknown fields: volume"),
        ("recordings: [{name: a, language: zh, seconds: long}]", "seconds is not a number"),
        ("recordings: [{name: gone, language: zh}]", "'gone' has no recording in 'zh'"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_its_place(tmp_path: Path, catalog: str, message: str) -> None:
    (tmp_path / CATALOG).write_text(catalog, "utf-8")
    with pytest.raises(ConfigError, match=message):
        PromptLibrary.load([tmp_path], ["zh"])


def test_a_directory_that_is_missing_or_too_full_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no such prompt directory"):
        PromptLibrary.load([folder / "nowhere"], ["zh"])
    monkeypatch.setattr(prompts, "MOST_SECONDS", 2.5)
    with pytest.raises(ConfigError, match="minutes of prompts"):
        PromptLibrary.load([folder], ["zh"])


def test_two_recordings_of_one_name_are_refused(folder: Path) -> None:
    (folder / "zh" / "bye.mp3").write_bytes(b"")
    with pytest.raises(ConfigError, match="keep one of the two"):
        PromptLibrary.load([folder], ["zh"])


def test_texts_sound_the_same_without_case_width_and_punctuation() -> None:
    assert text_key("Hello,  World!") == text_key("hello world")
    assert text_key("请按１。") == text_key("请按1")
    assert text_key("好的，请稍候。") == text_key("好的请稍候")
    assert text_key("an agent") != text_key("anagent")
    assert text_key("您好") != text_key("再见")


# --- rendering


def test_rendering_is_done_once_and_again_after_a_change(tmp_path: Path) -> None:
    voice = ToneVoice()
    studio = Studio(tmp_path, voice)
    hello = Wanted("hello", "en", "Hello")
    assert studio.missing([hello]) == [hello]
    entry = studio.render(hello)
    assert (entry.voice, entry.model, entry.licence) == ("sine", "tone", "CC0-1.0")
    assert studio.missing([hello]) == []
    changed = Wanted("hello", "en", "Hello there")
    assert studio.missing([changed]) == [changed]
    write_catalog(tmp_path / CATALOG, studio.entries.values())
    assert Studio(tmp_path, voice).missing([hello]) == []
    assert read_catalog(tmp_path / CATALOG) == [entry]


def test_a_persons_recording_is_never_rendered_over(tmp_path: Path) -> None:
    studio = Studio(tmp_path, ToneVoice())
    studio.render(Wanted("hello", "en", "Hello"))
    write_recording(tmp_path / "en" / "hello.wav", tone(700))
    assert studio.missing([Wanted("hello", "en", "Hello there")]) == []
    (tmp_path / "en" / "hello.wav").rename(tmp_path / "en" / "hello.mp3")
    assert studio.missing([Wanted("hello", "en", "Hello there")]) == []


def test_open_chinese_texts_are_closed_for_the_voice() -> None:
    assert said_text(Wanted("values/8", "zh", "八")) == "八。"
    assert said_text(Wanted("bill_is", "zh", "账单金额是")) == "账单金额是，"
    assert said_text(Wanted("bye", "zh", "再见！")) == "再见！"
    assert said_text(Wanted("values/8", "en", "eight")) == "eight"


def test_a_voice_that_says_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = ToneVoice()
    monkeypatch.setattr(voice, "render", lambda text, language: np.zeros(100, np.int16))
    with pytest.raises(SpeechUnavailable, match="says nothing"):
        Studio(tmp_path, voice).render(Wanted("hello", "en", "Hello"))


def test_texts_of_a_flow_are_found_but_not_its_expressions(tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text(
        'a: { say: { zh: 您好, en: Hello } }\nb: [{ say: { zh: "您好！", en: "Hi {name}" } }]\nc: { x: 1 }\n', "utf-8"
    )
    assert [(one.language, text_key(one.text)) for one in wanted_words(flow, ("zh", "en"))] == [("zh", "您好"), ("en", "hello")]


def test_a_flow_is_read_as_the_dialplan_reads_it(tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text("a: { say: { zh: 修好了吗？, en: Is it fixed? } }\n", "utf-8")
    assert [one.text for one in wanted_words(flow, ("zh", "en"))] == ["修好了吗？", "Is it fixed?"]


@pytest.mark.parametrize("texts", ["- a", "a: 1", "a: { zh: '' }", "a: ["])
def test_wrong_texts_are_refused_with_their_place(tmp_path: Path, texts: str) -> None:
    (tmp_path / "texts.yaml").write_text(texts, "utf-8")
    with pytest.raises(ConfigError, match=r"texts\.yaml"):
        wanted_texts(tmp_path / "texts.yaml")


def test_faults_are_named() -> None:
    good = finish(tone(300), 8000)
    assert faults(good, Entry("a", "en", "Hello there")) == []
    assert faults(good[:800], None) == ["only 0.10 s long"]
    assert "clipped" in faults(tone(300, amplitude=32767), None)[0]
    assert "level" in faults(tone(300, amplitude=300), None)[0]
    quiet = np.zeros(4000, np.int16)
    assert "before the first sound" in faults(np.concatenate([quiet, good]), None)[0]
    assert "after the last sound" in faults(np.concatenate([good, quiet, quiet]), None)[0]
    assert "a syllable" in faults(good, Entry("a", "zh", "一" * 40))[0]


def test_the_command_lists_and_checks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    prompts_cli.add_arguments(parser)
    assert prompts_cli.run(parser.parse_args(["list", "--directory", str(folder)])) == 0
    assert "Hello!" in capsys.readouterr().out
    assert prompts_cli.run(parser.parse_args(["check", "--directory", str(folder), "--language", "en"])) == 1
    assert "not rendered" in capsys.readouterr().out
    assert prompts_cli.run(parser.parse_args(["check", "--directory", str(folder), "--flow", "gone.yaml"])) == 1
    assert "gone.yaml: No such file" in capsys.readouterr().err


# --- what we ship


def test_everything_we_ship_is_there_and_sounds_right() -> None:
    entries = {(entry.language, entry.name): entry for entry in read_catalog(OURS / CATALOG)}
    for one in wanted_recordings(OURS, [], ("zh", "en")):
        entry = entries[one.language, one.name]
        assert entry.text == one.text
        assert entry.licence in ("Apache-2.0", "GPL-3.0-or-later")
        samples = read_recording(OURS / one.language / f"{one.name}.wav")
        assert faults(samples, entry) == [], (one.language, one.name)
        assert abs(len(samples) / 8000 - entry.seconds) < 0.02


def test_our_library_reads_values_and_fits_the_limits() -> None:
    library = PromptLibrary.load([OURS], ["zh", "en"])
    names = library.names()
    for language in ("zh", "en"):
        assert all(language in names[piece.name] for piece in pieces(language))
    clips = library.clips([Prompt("bill_is", "zh"), Value("amount", "128.5", "zh")])
    assert 2.0 < sum(clip.seconds for clip in clips) < 6.0
    size = sum(path.stat().st_size for path in OURS.rglob("*.wav"))
    assert size < 20_000_000


def test_the_music_loops_without_a_joint_and_fits_a_telephone() -> None:
    music = hold_music(8000)
    assert 40 < len(music) / 8000 < 65
    steps = np.abs(np.diff(np.concatenate([music[-400:], music[:400]]).astype(int)))
    assert steps[399] <= np.percentile(np.abs(np.diff(music.astype(int))), 99.5)
    levels = [level(part)[0] for part in np.array_split(music, 14)]
    assert max(levels) - min(levels) < 3.0
    assert level(music)[1] < -8.0
    wide = hold_music(16000)
    spectrum = np.abs(np.fft.rfft(wide.astype(float))) ** 2
    hertz = np.fft.rfftfreq(len(wide), 1 / 16000)
    assert spectrum[hertz > 3400].sum() / spectrum.sum() < 1e-6


def test_babble_is_the_same_every_time_and_has_pauses() -> None:
    babble = speech_like(30.0, MASTER_RATE)
    assert np.array_equal(babble, read_recording(ROOT / "examples" / "loadtest" / "prompts" / "load30.wav"))
    quiet = np.abs(babble.reshape(-1, 160)).max(axis=1) < 50
    assert 0.05 < quiet.mean() < 0.6
