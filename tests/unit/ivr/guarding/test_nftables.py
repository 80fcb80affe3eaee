from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from ivr.guarding.nftables import ruleset

BANS = [
    {"source": "192.0.2.1", "seconds_left": 600},
    {"source": "192.0.2.77", "seconds_left": 0},
    {"source": "2001:db8:1:2::/64", "seconds_left": 86_400},
]


def test_the_ruleset_names_every_ban_with_what_is_left_of_it() -> None:
    text = ruleset(BANS, [5060, 5061])
    assert "elements = { 192.0.2.1 timeout 600s, 192.0.2.77 timeout 1s }" in text
    assert "elements = { 2001:db8:1:2::/64 timeout 86400s }" in text
    assert text.count("th dport { 5060, 5061 } counter drop") == 2
    assert text.startswith("table inet hotline\ndelete table inet hotline\n"), "it can be loaded again and again"
    assert text.count("{") == text.count("}")


def test_without_bans_and_ports() -> None:
    text = ruleset([])
    assert "elements" not in text and "dport" not in text
    assert re.search(r"ip saddr @banned4 counter drop\n\t\tip6 saddr @banned6 counter drop", text)


def test_only_addresses_get_into_it() -> None:
    with pytest.raises(ValueError):
        ruleset([{"source": "192.0.2.1 }; flush ruleset; #", "seconds_left": 1}])


@pytest.mark.skipif(shutil.which("nft") is None, reason="nft is not installed: apt install nftables checks the syntax too")
@pytest.mark.parametrize("text", [ruleset([]), ruleset(BANS), ruleset(BANS, [5060])])
def test_nft_takes_it(text: str) -> None:
    checked = subprocess.run(["nft", "--check", "-f", "-"], input=text, text=True, capture_output=True, timeout=10)
    if "Operation not permitted" in checked.stderr:
        pytest.skip("nft --check needs the right to open a netlink socket: run it as root")
    assert checked.returncode == 0, checked.stderr
