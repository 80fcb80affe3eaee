"""What a browser fetches before it shows a page: 150 KB gzipped at most, and all of it from here."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[4] / "ivr" / "web" / "static"
MOST = 150_000
PAGES = sorted(STATIC.glob("*.html"))

pytestmark = pytest.mark.skipif(not PAGES, reason="the pages are not built: make pages")


def fetched(page: Path) -> dict[str, int]:
    """Address to gzipped octets of a page and of everything that it loads at once."""
    text = page.read_text("utf-8")
    found = {page.name: len(gzip.compress(text.encode(), 9))}
    for address in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert address.startswith("/"), f"{page.name} loads {address} from elsewhere"
        found[address] = len(gzip.compress((STATIC / address.lstrip("/")).read_bytes(), 9))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_small_and_comes_from_here_alone(page: Path) -> None:
    parts = fetched(page)
    largest = sorted(parts.items(), key=lambda one: -one[1])[:4]
    print(f"{page.stem}: {sum(parts.values()) / 1000:.0f} KB")
    assert sum(parts.values()) < MOST, f"{page.name}: {sum(parts.values())} octets gzipped; most of it: {largest}"
    assert len(parts) > 2
