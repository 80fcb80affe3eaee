from __future__ import annotations

from pathlib import Path

import pytest

from ivr.call import Caller
from ivr.errors import ConfigError
from ivr.profile.identity import normal_number
from ivr.profile.sources import StaticProfiles


@pytest.mark.parametrize(
    ("written", "normal"),
    [("+86 138-0013 8000", "8613800138000"), ("008613800138000", "8613800138000"), ("1001", "1001"), ("alice", "alice")],
)
def test_numbers_meet_in_one_form(written: str, normal: str) -> None:
    assert normal_number(written) == normal


async def test_a_customer_is_found_however_the_number_is_written(tmp_path: Path) -> None:
    path = tmp_path / "customers.yaml"
    path.write_text('"+8613800138000": {name: 李强, tier: gold}\n', "utf-8")
    profiles = StaticProfiles.load(path)
    assert (await profiles.find(Caller("008613800138000")))["name"] == "李强"
    assert await profiles.find(Caller("1")) == {}


def test_a_wrong_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "customers.yaml"
    path.write_text("- 1\n", "utf-8")
    with pytest.raises(ConfigError, match="expected a number"):
        StaticProfiles.load(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        StaticProfiles.load(tmp_path / "none.yaml")
