"""For every test: long modules first, and what collecting left behind out of the garbage collector's sight."""

from __future__ import annotations

import gc

import pytest

LONG = (
    "test_admin_page",
    "test_queue",
    "test_workers",
    "test_desk_handoff",
    "test_recognizers",
    "test_crash",
    "test_api_contract",
    "test_wall",
    "test_browser_caller",
    "test_languages",
    "test_speech_barge",
    "test_agent_states",
    "test_versions",
    "test_speech_remote",
    "test_speech_turns",
    "test_desk_bar",
    "test_callbacks",
    "test_inbox",
    "test_phone_account",
    "test_speech_talk",
    "test_node_death",
    "test_redis_away",
    "test_limits",
    "test_main",
    "test_survival",
)
"""Modules of tests that take long: they begin first, so that at the end no worker goes on alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    first = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: first.get(item.path.stem, len(LONG)))


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()
