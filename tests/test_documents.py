"""What README.md and docs/ name is there: files, pictures, headings, routes, commands and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from ivr.__main__ import COMMANDS
from ivr.settings import Settings
from tests.unit.ivr.web.access import table

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PICTURES = ("img", "charts")
WHOLE = "/api/v1/"
"""Paths below it are meant whole, whatever stands in `{}` of the route or in capitals of the page."""


@cache
def text(page: Path) -> str:
    return page.read_text("utf-8")


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"(?ms)^```.*?^```", "", text(page))


def anchors(page: Path) -> set[str]:
    """The headings as GitHub links to them."""
    heads = re.findall(r"(?m)^#+ (.+)$", prose(page))
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", head) for head in heads]
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in plain}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """(file, anchor) of every link to something in the repository."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), f"{page.name} links to {target.name}"
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), f"{page.name} links to {target.name}#{anchor}"


def test_every_picture_is_shown_somewhere() -> None:
    shown = {target for page in PAGES for target, _ in links(page)}
    there = {one for folder in PICTURES for one in (ROOT / "docs" / folder).iterdir()}
    assert there and {one.name for one in there - shown} == set()


def test_every_page_is_named_by_the_readme() -> None:
    named = {target for target, _ in links(PAGES[0])}
    assert {page.name for page in PAGES[1:] if page not in named} == set()


# --- routes


@cache
def routes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(method, pattern of its paths)."""
    found = []
    for line, _ in table():
        method, path = line.split(" ", 1)
        found.append((method, re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path)))))
    return tuple(found)


def named_routes(page: Path) -> Iterator[tuple[str, str]]:
    """(method or "", path) of every route that the page writes out; what is optional or below it is left off."""
    for method, path in re.findall(rf"(?:\b(GET|POST|PUT|DELETE) )?({WHOLE}[\w/.{{}}-]+)", text(page)):
        yield method, path.rstrip("./")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_route_is_there(page: Path) -> None:
    for method, path in named_routes(page):
        fits = [one for one, pattern in routes() if pattern.fullmatch(path)]
        begun = any(pattern.pattern.startswith(re.escape(path) + "/") for _, pattern in routes())
        assert method in fits if method else fits or begun, f"{page.name}: {method} {path}".replace("  ", " ")


def test_routes_are_looked_for() -> None:
    assert sum(len(list(named_routes(page))) for page in PAGES) > 50


# --- commands


@cache
def options() -> frozenset[str]:
    """Of all commands together: to read those of each takes half of the server."""
    return frozenset(
        one for file in (ROOT / "ivr").rglob("*.py") for one in re.findall(r'"(--[a-z-]+)"', file.read_text("utf-8"))
    )


def named_commands(page: Path) -> Iterator[list[str]]:
    """The words after `ivr`: a command, perhaps one of its own, options and the rest."""
    for line in re.findall(r"(?m)(?:`|^)(?:\.venv/bin/)?ivr ([a-z][^`#\n]*)", text(page)):
        yield re.split(r"[\s=]+", re.sub(r"[\[\](),;|]|\.(?=\s|$)", " ", line).strip())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_and_option_is_there(page: Path) -> None:
    for command, *words in named_commands(page):
        assert command in COMMANDS, f"{page.name}: there is no ivr {command}"
        asked = {word for word in words if re.fullmatch(r"--[a-z-]+", word)}
        unknown = {word for word in asked if not {word, word.replace("--no-", "--")} & options()}
        assert not unknown, f"{page.name}: ivr {command} has no {unknown}"


# --- settings

OTHERWISE = {"accounts.key": "a file of the data folder"}
ALSO_OF_CONTACTS = "handover"
"""Settings and what goes with a contact have this name in common."""


def settings(kind: Any, name: str = "") -> Iterator[str]:
    """Dotted names of the settings, as far as they are classes and not lists or maps by name."""
    hints = get_type_hints(kind)
    for one in fields(kind):
        path = f"{name}.{one.name}".lstrip(".")
        yield path
        for inner in (hints[one.name], *get_args(hints[one.name])):
            if is_dataclass(inner):
                yield from settings(inner, path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_setting_is_there(page: Path) -> None:
    known = set(settings(Settings))
    groups = {name for name in known if any(other.startswith(f"{name}.") for other in known)}
    for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)(?::[^`]*)?`", prose(page)):
        group = name.rpartition(".")[0]
        elsewhere = name in OTHERWISE or group == ALSO_OF_CONTACTS
        assert name in known or group not in groups or elsewhere, f"{page.name}: there is no setting {name}"
