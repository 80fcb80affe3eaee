"""Who hears whom, proven with a tone for each member and a spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from telephony.errors import Misuse
from telephony.media.mixer import Mixer, Role
from tests.unit.telephony.media.sounds import Voice, frames, levels, pcm, sine

TONE = {"anna": 400.0, "bert": 700.0, "cleo": 1100.0, "dora": 1500.0}


def run(mixer: Mixer, seconds: float = 0.4) -> dict[str, Voice]:
    """What each member heard while everybody spoke a tone of their own at -20 dBm0."""
    said = {name: list(frames(pcm(sine(hertz, seconds, -20.0)))) for name, hertz in TONE.items() if name in mixer}
    heard: dict[str, list[Voice]] = {name: [] for name in mixer.members}
    for index in range(round(seconds / 0.02)):
        for name, frame in mixer.mix({name: said[name][index] for name in said}).items():
            heard[name].append(frame)
    return {name: np.concatenate(parts) for name, parts in heard.items()}


def hears(voice: Voice) -> set[str]:
    """Whose tones are in it at full strength; the others must be 40 dB down."""
    found = dict(zip(TONE, levels(voice, *TONE.values()), strict=True))
    assert all(abs(level + 20) < 0.5 or level < -60 for level in found.values()), found
    return {name for name, level in found.items() if level > -21}


def meeting(*names: str) -> Mixer:
    mixer = Mixer()
    for name in names:
        mixer.join(name)
    return mixer


def test_each_member_hears_exactly_the_others() -> None:
    heard = run(meeting("anna", "bert", "cleo"))
    assert {name: hears(voice) for name, voice in heard.items()} == {
        "anna": {"bert", "cleo"},
        "bert": {"anna", "cleo"},
        "cleo": {"anna", "bert"},
    }


def test_a_listener_hears_all_and_is_heard_by_none() -> None:
    mixer = meeting("anna", "bert")
    mixer.join("dora", Role.LISTENER)
    heard = run(mixer)
    assert hears(heard["dora"]) == {"anna", "bert"}
    assert hears(heard["anna"]) == {"bert"} and hears(heard["bert"]) == {"anna"}


def test_a_whisper_is_heard_by_one_only_then_a_barge_by_all() -> None:
    mixer = meeting("anna", "bert", "cleo")
    mixer.join("dora", Role.COACH, coached="bert")
    heard = run(mixer)
    assert hears(heard["bert"]) == {"anna", "cleo", "dora"}
    assert hears(heard["anna"]) == {"bert", "cleo"} and hears(heard["cleo"]) == {"anna", "bert"}
    assert hears(heard["dora"]) == {"anna", "bert", "cleo"}
    mixer.role("dora", Role.SPEAKER)
    assert hears(run(mixer)["anna"]) == {"bert", "cleo", "dora"}


def test_two_supervisors_do_not_hear_each_others_whispers() -> None:
    mixer = meeting("anna", "bert")
    mixer.join("cleo", Role.COACH, coached="anna")
    mixer.join("dora", Role.LISTENER)
    heard = run(mixer)
    assert hears(heard["dora"]) == {"anna", "bert"} and hears(heard["cleo"]) == {"anna", "bert"}


def test_mute_deafen_and_own_gains() -> None:
    mixer = meeting("anna", "bert", "cleo")
    mixer.mute("anna")
    mixer.deafen("bert")
    heard = run(mixer)
    assert hears(heard["cleo"]) == {"bert"} and hears(heard["bert"]) == set() and hears(heard["anna"]) == {"bert", "cleo"}
    mixer.mute("anna", False)
    mixer.deafen("bert", False)
    mixer.gain("anna", "bert", 0.5)
    halved, whole = levels(run(mixer)["anna"], TONE["bert"], TONE["cleo"])
    assert halved == pytest.approx(-26, abs=0.3) and whole == pytest.approx(-20, abs=0.3)
    mixer.gain("anna", "bert", None)
    assert hears(run(mixer)["anna"]) == {"bert", "cleo"}


def test_a_lone_member_hears_music_that_goes_on_where_it_stopped() -> None:
    music = np.arange(1, 481, dtype=np.int16)
    mixer = Mixer(music=music)
    mixer.join("anna")
    assert mixer.mix({})["anna"].tolist() == list(range(1, 161))
    mixer.join("bert")
    assert not mixer.mix({})["anna"].any()
    mixer.leave("bert")
    mixer.join("dora", Role.LISTENER)
    assert mixer.mix({})["anna"].tolist() == list(range(161, 321)), "who only listens is no company"
    mixer.mix({})
    assert mixer.mix({})["anna"].tolist() == list(range(1, 161))


def test_members_come_and_go_and_the_loudest_clip() -> None:
    mixer = meeting("anna", "bert", "cleo")
    loud = np.full(160, 30000, np.int16)
    assert mixer.mix({"anna": loud, "bert": loud})["cleo"].tolist() == [32767] * 160
    mixer.leave("bert")
    mixer.leave("bert")
    assert mixer.mix({"anna": loud})["cleo"].tolist() == [30000] * 160 and set(mixer.members) == {"anna", "cleo"}


def test_levels_rise_at_once_and_fall_slowly() -> None:
    mixer = meeting("anna", "bert")
    mixer.mix({"anna": next(frames(pcm(sine(1000, 0.02, -20.0))))})
    assert mixer.levels()["anna"] == pytest.approx(-23.2, abs=0.2), "dBm0 - 3.17"
    mixer.mix({})
    assert mixer.levels()["anna"] == pytest.approx(-24.7, abs=0.2)
    for _ in range(60):
        mixer.mix({})
    assert mixer.levels()["anna"] == -100.0 == mixer.levels()["bert"]


def test_what_cannot_be_is_refused() -> None:
    mixer = Mixer(limit=2)
    mixer.join("anna")
    with pytest.raises(Misuse, match="already"):
        mixer.join("anna")
    with pytest.raises(Misuse, match="to coach"):
        mixer.join("dora", Role.COACH, coached="nobody")
    mixer.join("dora", Role.COACH, coached="anna")
    with pytest.raises(Misuse, match="full"):
        mixer.join("bert")
    with pytest.raises(Misuse, match="not in"):
        mixer.mute("bert")
    mixer.leave("anna")
    assert mixer.members["dora"].role is Role.LISTENER
    assert Mixer().mix({}) == {}
