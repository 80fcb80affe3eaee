"""Scenes and what belongs to them from YAML: every mistake with its place and a cure. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import fields as parts_of
from typing import Any
from urllib.parse import urlsplit

from ivr.dialplan import positions
from ivr.dialplan.fields import Fields, words
from ivr.dialplan.positions import Node, Scalar, kind
from ivr.dialplan.problems import Findings, Place
from ivr.scenes.model import DO, WHO, Action, Book, Card, Field, Fits, Frame, Line, Offer, Procedure, Scene, Words

SECTIONS = ("scenes", "cards", "procedures", "lines", "actions", "offers", "frames")
FIELD_TYPES = ("text", "number", "choice", "date", "flag")
CHANNELS = ("sip", "webrtc", "callback", "message", "ticket")
MOODS = ("calm", "tense", "angry")
ROLES = ("agent", "senior", "supervisor", "admin", "quality", "field")
SCENE_KEYS = ("title", "like", "for", "who", "do", "procedure", "lines", "actions", "tags")
FIT_KEYS = tuple(one.name for one in parts_of(Fits))
MOST = 2000
"""Entries of one section of a file."""
LONGEST_TEXT = 4000
"""Characters of a card in one language."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*\Z")


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody names something that has to be there."""

    what: str
    """`module`, `procedure`, `line`, `action`, `offer`, `hook`, `queue`, `intent`, `scene`."""
    name: str
    place: Place


@dataclass(slots=True)
class Page:
    """What one file says."""

    file: str
    entries: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: {} for name in SECTIONS})
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    """Section and name to where it stands."""
    uses: list[Use] = field(default_factory=list)
    likes: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Scene to the scene whose rest it takes, and the keys that it has itself."""
    worded: list[tuple[frozenset[str], Place]] = field(default_factory=list)
    """Languages of each text."""


def read_page(text: str, file: str, findings: Findings) -> Page:
    """What a file says; what is wrong with it goes into `findings`. Never raises."""
    page = Page(file)
    root = positions.read(text, findings)
    if root is None:
        return page
    sections = Fields(root, findings, "the file", SECTIONS)
    readers: Mapping[str, Callable[[_Reader, str, Node], Any]] = {
        "scenes": _Reader.scene,
        "cards": _Reader.card,
        "procedures": _Reader.procedure,
        "lines": _Reader.line,
        "actions": _Reader.action,
        "offers": _Reader.offer,
        "frames": _Reader.frame,
    }
    reader = _Reader(page, findings)
    for section in SECTIONS:
        node = sections.get(section)
        if node is not None:
            _entries(section, node, reader, readers[section])
    return page


def _entries(section: str, node: Node, reader: _Reader, read: Callable[[_Reader, str, Node], Any]) -> None:
    findings = reader.findings
    if not isinstance(node, positions.Mapping):
        cure = f"write `{section}:` and under it one name after the other"
        findings.error(node.place, "wrong-type", f"`{section}` must be a mapping, this is {kind(node)}", cure)
        return
    for number, (name, key, inner) in enumerate(node.items()):
        if number == MOST:
            findings.error(key.place, "too-many", f"more than {MOST} {section}", "make several files of it")
            return
        if not _NAME.match(name):
            findings.error(key.place, "bad-name", f"`{name}` is no name here", "small letters, digits and _, a letter first")
            continue
        reader.page.entries[section][name] = read(reader, name, inner)
        reader.page.places[section, name] = key.place


@dataclass(slots=True)
class _Reader:
    page: Page
    findings: Findings

    # --- what stands in a section

    def scene(self, name: str, node: Node) -> Scene:
        fields = Fields(node, self.findings, "a scene", SCENE_KEYS)
        if fields.get("like") is not None:
            like = fields.text("like")
            self.page.likes[name] = (like, frozenset(fields.node.entries))
            self._use("scene", like, fields.get("like"))
        procedure = fields.text("procedure")
        self._use("procedure", procedure, fields.get("procedure"))
        return Scene(
            name,
            self.words(fields, "title", name),
            self.fits(fields.get("for")),
            self._names(fields, "who", "module", WHO),
            self._names(fields, "do", "module", DO),
            procedure,
            self._names(fields, "lines", "line"),
            self._names(fields, "actions", "action"),
            self._names(fields, "tags", ""),
        )

    def card(self, name: str, node: Node) -> Card:
        fields = Fields(node, self.findings, "a card", ("title", "text", "said", "tags", "link"))
        fields.need("title", "title: { zh: 漫游费怎么算, en: How roaming is charged }")
        fields.need("text", "text: { zh: ..., en: ... }")
        link = fields.text("link")
        if link and urlsplit(link).scheme not in ("http", "https"):
            self.findings.error(_at(fields, "link"), "bad-path", f"`{link[:60]}` is no link", "https://HOST/PATH")
            link = ""
        text = self.words(fields, "text")
        for one in text.values():
            if len(one) > LONGEST_TEXT:
                self.findings.error(_at(fields, "text"), "out-of-range", f"a card of {len(one)} characters", "make two of it")
        return Card(
            name, self.words(fields, "title", name), text, self.said(fields.get("said")), self._names(fields, "tags", ""), link
        )

    def procedure(self, name: str, node: Node) -> Procedure:
        fields = Fields(node, self.findings, "a procedure", ("title", "steps"))
        steps, given = {}, fields.need("steps", "steps: { apologise: { zh: 先道歉, en: Apologise } }")
        if isinstance(given, positions.Mapping):
            steps = {step: self.text_of(inner) for step, _, inner in given.items()}
        elif given is not None:
            message = f"`steps` must be a mapping, this is {kind(given)}"
            self.findings.error(given.place, "wrong-type", message, "write `name: { zh: ..., en: ... }` lines")
        return Procedure(name, self.words(fields, "title", name), steps)

    def line(self, name: str, node: Node) -> Line:
        fields = Fields(node, self.findings, "a line", ("text", "said", "within"))
        fields.need("text", "text: { zh: 本次通话会被录音, en: This call is recorded }")
        return Line(name, self.words(fields, "text", name), self.said(fields.get("said")), fields.duration("within", 0.0))

    def action(self, name: str, node: Node) -> Action:
        fields = Fields(node, self.findings, "an action", ("title", "hook", "fields", "confirm", "roles"))
        fields.need("hook", "hook: NAME, of `workbench.hooks` of the settings")
        hook = fields.text("hook")
        self._use("hook", hook, fields.get("hook"))
        given, asked = fields.get("fields"), []
        if isinstance(given, positions.Mapping):
            asked = [self._field(one, inner) for one, _, inner in given.items()]
        elif given is not None:
            message = f"`fields` must be a mapping, this is {kind(given)}"
            self.findings.error(given.place, "wrong-type", message, "write `amount: { type: number, title: ... }` lines")
        return Action(
            name,
            self.words(fields, "title", name),
            hook,
            tuple(asked),
            self.words(fields, "confirm"),
            self._chosen(fields.get("roles"), "role", ROLES),
        )

    def offer(self, name: str, node: Node) -> Offer:
        fields = Fields(node, self.findings, "an offer", ("title", "text", "for", "action"))
        action = fields.text("action")
        self._use("action", action, fields.get("action"))
        return Offer(name, self.words(fields, "title", name), self.words(fields, "text"), self.fits(fields.get("for")), action)

    def frame(self, name: str, node: Node) -> Frame:
        fields = Fields(node, self.findings, "a frame", ("title", "tall"))
        place = fields.place if isinstance(node, positions.Mapping) else node.place
        self.page.uses.append(Use("frame", name, place))
        return Frame(name, self.words(fields, "title", name), fields.flag("tall", False))

    def _field(self, name: str, node: Node) -> Field:
        keys = ("title", "type", "choices", "default", "required", "least", "most")
        fields = Fields(node, self.findings, "a field", keys)
        sort = fields.text("type", "text")
        if sort not in FIELD_TYPES:
            self.findings.unknown(_at(fields, "type"), "type", sort, FIELD_TYPES)
        choices, given = {}, fields.get("choices")
        if isinstance(given, positions.Mapping):
            choices = {one: self.text_of(inner) for one, _, inner in given.items()}
        if sort == "choice" and not choices:
            cure = "choices: { faulty: { zh: 质量问题, en: Faulty } }"
            self.findings.error(fields.place, "missing-key", "a field of type `choice` needs `choices`", cure)
        return Field(
            name,
            self.words(fields, "title", name),
            sort if sort in FIELD_TYPES else "text",
            choices,
            fields.text("default"),
            fields.flag("required", True),
            self._number(fields, "least"),
            self._number(fields, "most"),
        )

    # --- pieces

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
        for language, key, inner in node.items():
            if not _LANGUAGE.match(language):
                self.findings.unknown(key.place, "language", language, ("zh", "en"))
            elif isinstance(inner, Scalar) and inner.text:
                found[language] = inner.text
            else:
                self.findings.error(inner.place, "wrong-type", f"text is needed, this is {kind(inner)}", "quote it")
        self.page.worded.append((frozenset(found), node.place))
        return found

    def said(self, node: Node | None) -> dict[str, tuple[str, ...]]:
        """Language to phrases."""
        if node is None:
            return {}
        if not isinstance(node, positions.Mapping):
            cure = "said: { zh: [漫游费, 出国流量], en: [roaming] }"
            self.findings.error(node.place, "wrong-type", f"`said` must be a mapping, this is {kind(node)}", cure)
            return {}
        found = {}
        for language, key, inner in node.items():
            if not _LANGUAGE.match(language):
                self.findings.unknown(key.place, "language", language, ("zh", "en"))
                continue
            given = words(inner, self.findings, "a phrase")
            for text, place in given:
                if not any(character.isalnum() for character in text) and text:
                    self.findings.error(place, "empty-phrase", f"the phrase `{text}` has no words", "write what people say")
            found[language] = tuple(text for text, _ in given if text)
        return found

    def fits(self, node: Node | None) -> Fits:
        if node is None:
            return Fits()
        fields = Fields(node, self.findings, "`for`", FIT_KEYS)
        known = {"channel": CHANNELS, "mood": MOODS, "role": ROLES}
        found = {
            key: self._chosen(fields.get(key), key, known[key])
            if key in known
            else self._names(fields, key, _USED.get(key, ""))
            for key in FIT_KEYS
        }
        return Fits(**found)

    def _names(self, fields: Fields, key: str, what: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of names, each noted as a use of `what` where that is one."""
        node = fields.get(key)
        if node is None:
            return default
        given = words(node, self.findings, f"`{key}`")
        if what:
            self.page.uses += [Use(what, name, place) for name, place in given if name]
        return tuple(dict.fromkeys(name for name, _ in given if name))

    def _chosen(self, node: Node | None, what: str, known: tuple[str, ...]) -> tuple[str, ...]:
        found = []
        for name, place in () if node is None else words(node, self.findings, f"`{what}`"):
            if name in known:
                found.append(name)
            elif name and what == "channel":
                self.findings.unknown(place, "channel", name, known)
            elif name and what == "mood":
                self.findings.unknown(place, "mood", name, known)
            elif name:
                self.findings.unknown(place, "role", name, known)
        return tuple(found)

    def _number(self, fields: Fields, key: str) -> float | None:
        node = fields.get(key)
        if node is None:
            return None
        if isinstance(node, Scalar) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return float(node.value)
        self.findings.error(node.place, "wrong-type", f"`{key}` must be a number, this is {kind(node)}", "a number")
        return None

    def _use(self, what: str, name: str, node: Node | None) -> None:
        if node is not None and name:
            self.page.uses.append(Use(what, name, node.place))


_USED = {"queue": "queue", "intent": "intent"}


def _at(fields: Fields, key: str) -> Place:
    node = fields.get(key)
    return fields.place if node is None else node.place


def inherited(scenes: Mapping[str, Scene], likes: Mapping[str, tuple[str, frozenset[str]]]) -> dict[str, Scene]:
    """The scenes with what they take from the one they are `like`; in a circle nobody takes anything."""

    def whole(name: str, seen: frozenset[str]) -> Scene:
        scene = scenes[name]
        like, own = likes.get(name, ("", frozenset[str]()))
        if like not in scenes or like in seen:
            return scene
        base = whole(like, seen | {like})
        kept: dict[str, Any] = {"name": scene.name, "fits": scene.fits} | {
            key: getattr(scene, key) for key in own if key in _TAKEN
        }
        return replace(base, **kept)

    return {name: whole(name, frozenset({name})) for name in scenes}


_TAKEN = frozenset(SCENE_KEYS) - {"like", "for"}


def book_of(pages: list[Page]) -> Book:
    """The book that files come to together; of a name that stands twice the first counts."""
    found: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    likes: dict[str, tuple[str, frozenset[str]]] = {}
    for page in pages:
        for section, entries in page.entries.items():
            found[section] |= {name: entry for name, entry in entries.items() if name not in found[section]}
        likes = {**page.likes, **likes}
    found["scenes"] = inherited(found["scenes"], likes)
    return Book(**found)
