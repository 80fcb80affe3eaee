"""Files beside the flows, such as scenes and scorecards: what the readers and the checks of all of them share. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ivr.dialplan import positions
from ivr.dialplan.fields import Fields, words
from ivr.dialplan.positions import Node, Scalar, kind
from ivr.dialplan.problems import Findings, Place, Problem

Words = Mapping[str, str]
"""Language to text; under "" what is said in every language."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*\Z")


@dataclass(frozen=True, slots=True)
class Use:
    """Something is named that has to be there."""

    what: str
    """`queue`, `intent`, `line` and so on."""
    name: str
    place: Place


@dataclass(slots=True)
class Sheet:
    """What one file says; its entries are the reader's."""

    file: str
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    """Section and name to where it stands."""
    uses: list[Use] = field(default_factory=list)
    worded: list[tuple[frozenset[str], Place]] = field(default_factory=list)
    """Languages of each text."""


Read = TypeVar("Read", bound=Sheet)


@dataclass(slots=True)
class Reader(Generic[Read]):
    """What is wrong goes into `findings`. Never raises."""

    sheet: Read
    findings: Findings

    def named(
        self, node: Node | None, what: str, most: int, cure: str = "leave some out"
    ) -> Iterator[tuple[str, Scalar, Node]]:
        """The entries of a mapping whose keys are names; `cure` is for more than `most` of them."""
        if node is None:
            return
        if not isinstance(node, positions.Mapping):
            message = f"`{what}` must be a mapping, this is {kind(node)}"
            self.findings.error(node.place, "wrong-type", message, f"write `{what}:` and under it one name after the other")
            return
        for number, (name, key, inner) in enumerate(node.items()):
            if number == most:
                self.findings.error(key.place, "too-many", f"more than {most} {what}", cure)
                return
            if _NAME.match(name):
                yield name, key, inner
            else:
                message = f"`{name}` is no name here"
                self.findings.error(key.place, "bad-name", message, "small letters, digits and _, a letter first")

    def words(self, fields: Fields, key: str, name: str = "") -> Words:
        """A text; where it is left out, what `name` reads as."""
        node = fields.get(key)
        if node is None:
            return {"": name.replace("_", " ")} if name else {}
        return self.text_of(node)

    def text_of(self, node: Node) -> Words:
        """A text, or language to text."""
        if isinstance(node, Scalar) and node.value is not None:
            return {"": node.text}
        if not isinstance(node, positions.Mapping):
            self.findings.error(node.place, "wrong-type", f"text is needed, this is {kind(node)}", "{ zh: ..., en: ... }")
            return {}
        found = {}
        for language, inner in self._languages(node):
            if isinstance(inner, Scalar) and inner.text:
                found[language] = inner.text
            else:
                self.findings.error(inner.place, "wrong-type", f"text is needed, this is {kind(inner)}", "quote it")
        self.sheet.worded.append((frozenset(found), node.place))
        return found

    def said(self, node: Node | None, key: str, cure: str) -> dict[str, tuple[str, ...]]:
        """Language to phrases."""
        if node is None:
            return {}
        if not isinstance(node, positions.Mapping):
            self.findings.error(node.place, "wrong-type", f"`{key}` must be a mapping, this is {kind(node)}", cure)
            return {}
        found = {}
        for language, inner in self._languages(node):
            given = [(text, place) for text, place in words(inner, self.findings, "a phrase") if text]
            for text, place in given:
                if not any(character.isalnum() for character in text):
                    self.findings.error(place, "empty-phrase", f"the phrase `{text}` has no words", "write what people say")
            found[language] = tuple(text for text, _ in given)
        return found

    def names(self, fields: Fields, key: str, what: str = "", default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of names, each noted as a use of `what` where that is one."""
        node = fields.get(key)
        if node is None:
            return default
        given = [(name, place) for name, place in words(node, self.findings, f"`{key}`") if name]
        if what:
            self.sheet.uses += [Use(what, name, place) for name, place in given]
        return tuple(dict.fromkeys(name for name, _ in given))

    def use(self, what: str, name: str, node: Node | None) -> None:
        """Note that `name` has to be there, where it is written."""
        if node is not None and name:
            self.sheet.uses.append(Use(what, name, node.place))

    def _languages(self, node: positions.Mapping) -> Iterator[tuple[str, Node]]:
        for language, key, inner in node.items():
            if _LANGUAGE.match(language):
                yield language, inner
            else:
                self.findings.unknown(key.place, "language", language, ("zh", "en"))


def check_sheets(sheets: Sequence[Sheet], check: Callable[[Use, Findings], None]) -> list[Problem]:
    """Names that stand twice, what `check` says of those that are used, and texts without a language that others have."""
    languages = frozenset().union(*(found for sheet in sheets for found, _ in sheet.worded)) - {""}
    problems: list[Problem] = []
    first: dict[tuple[str, str], str] = {}
    for sheet in sheets:
        findings = Findings(sheet.file)
        for (section, name), place in sheet.places.items():
            if (section, name) in first:
                message = f"`{name}` of `{section}` is also in {first[section, name]}"
                findings.error(place, "duplicate-key", message, "keep one of them")
            first.setdefault((section, name), sheet.file)
        for use in sheet.uses:
            check(use, findings)
        for found, place in sheet.worded:
            if missing := languages - found:
                message = f"this text has no {', '.join(sorted(missing))}"
                findings.warn(place, "missing-language", message, "write it in every language of the house")
        problems += findings.problems
    return problems
