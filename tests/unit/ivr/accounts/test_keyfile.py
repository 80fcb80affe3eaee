"""The key of the data folder is made once, read by its owner alone, and never replaced by another."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from ivr.accounts.keyfile import NAME, key_of_file
from ivr.errors import ConfigError


def test_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    assert key_of_file(tmp_path, make=False) is None
    assert list(tmp_path.iterdir()) == []
    key = key_of_file(tmp_path, make=True)
    assert key is not None and len(key) == 32
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert key_of_file(tmp_path, make=True) == key_of_file(tmp_path, make=False) == key
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_one_that_others_could_read_is_taken_from_them(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("ab" * 32 + "\n", "ascii")
    (tmp_path / NAME).chmod(0o644)
    assert key_of_file(tmp_path, make=True) == bytes([0xAB] * 32)
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "ab" * 31, "no key at all", "\u00e4" * 64])
def test_a_spoilt_one_is_told_and_never_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"accounts\.key: .*backup"):
        key_of_file(tmp_path, make=True)
    assert (tmp_path / NAME).read_text("utf-8") == text


def test_of_two_with_the_same_number_that_begin_at_once_both_have_what_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Containers that share the folder: each is process 1."""
    token_hex, others = secrets.token_hex, list[bytes | None]()

    def in_between(octets: int) -> str:
        monkeypatch.setattr(secrets, "token_hex", token_hex)
        others.append(key_of_file(tmp_path, make=True))
        return token_hex(octets)

    monkeypatch.setattr(secrets, "token_hex", in_between)
    key = key_of_file(tmp_path, make=True)
    assert [key] == others == [key_of_file(tmp_path, make=False)]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
