"""Every field of a form has a label in both languages: its name in the file is for the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ivr.accounts.roles import ROLES
from ivr.forms.parts import PARTS

WORDS = Path(__file__).resolve().parents[4] / "web" / "src" / "i18n"


def labelled(language: str) -> set[str]:
    return set(re.findall(r'(?m)^  "([\w.]+)": "', (WORDS / f"admin-{language}.ts").read_text("utf-8")))


def fields(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from fields(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from fields(inner)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_field_has_a_label(language: str) -> None:
    known = labelled(language)
    asked = {name for part in PARTS.values() if part.name != "cards" for name in fields(part.schema)}
    assert {"ring", "hosts", "roles"} <= asked
    assert {name for name in asked if f"field.{name}" not in known and f"part.{name}" not in known} == set()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_role_has_a_name(language: str) -> None:
    assert {role for role in ROLES if f"value.{role}" not in labelled(language)} == set()
