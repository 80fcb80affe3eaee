from __future__ import annotations

import pytest

from ivr.errors import ConfigError
from ivr.phone.keys import FIRST, parse_keys


@pytest.mark.parametrize(
    ("text", "pressed"),
    [
        ("", ()),
        ("12#", ((FIRST, "12#"),)),
        ("ab*", ((FIRST, "AB*"),)),
        ("2s:1,5s:#", ((2.0, "1"), (5.0, "#"))),
        ("1m:1, 500ms:23", ((0.5, "23"), (60.0, "1"))),
        ("1.5s:7", ((1.5, "7"),)),
    ],
)
def test_keys(text: str, pressed: tuple[tuple[float, str], ...]) -> None:
    assert parse_keys(text) == pressed


@pytest.mark.parametrize("text", ["x", "2s:", "2:1", "1,2", "2s:1,", "-1s:1", "1s:1" + ",1s:1" * 64, "1" * 65])
def test_what_is_no_key_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"\A--keys: [^\n]*12#[^\n]*\Z"):
        parse_keys(text)
