"""A model folder with our length of pieces in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.speech.vosk_folder import FRAMES, tuned


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for name, text in {
        "am/final.mdl": "network",
        "conf/mfcc.conf": "--num-ceps=40\n",
        "conf/model.conf": "--beam=10.0",
    }.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "model"


def test_a_model_is_loaded_with_longer_pieces_and_stays_as_it_is(model: Path) -> None:
    with tuned(model) as folder:
        assert (folder / "conf/model.conf").read_text("utf-8") == f"--beam=10.0\n--frames-per-chunk={FRAMES}\n"
        assert (folder / "conf/mfcc.conf").read_text("utf-8") == "--num-ceps=40\n"
        assert (folder / "am/final.mdl").read_text("utf-8") == "network"
    assert not folder.exists()
    assert (model / "conf/model.conf").read_text("utf-8") == "--beam=10.0"


def test_what_the_maker_has_set_stands(model: Path) -> None:
    (model / "conf/model.conf").write_text("--frames-per-chunk=51\n", "utf-8")
    with tuned(model) as folder:
        assert folder == model


def test_an_old_layout_is_loaded_as_it_is(model: Path) -> None:
    (model / "conf/model.conf").unlink()
    with tuned(model) as folder:
        assert folder == model
    assert model.is_dir()
