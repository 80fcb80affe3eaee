"""For every test: what collecting and importing left behind is out of the collector's sight, so that no walk repeats it."""

from __future__ import annotations

import gc

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()
