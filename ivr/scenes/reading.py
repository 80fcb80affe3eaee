"""Scenes and what belongs to them from YAML: every mistake with its place and a cure. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import fields as parts_of
from typing import Any
from urllib.parse import urlsplit

from ivr.dialplan import positions
from ivr.dialplan.fields import Fields, words
from ivr.dialplan.positions import Node, kind
from ivr.dialplan.problems import Findings
from ivr.dialplan.sheets import Reader, Sheet, Use
from ivr.scenes.model import DO, WHO, Action, Book, Card, Field, Fits, Frame, Line, Offer, Procedure, Scene

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
SAID = "said: { zh: [漫游费, 出国流量], en: [roaming] }"


@dataclass(slots=True)
class Page(Sheet):
    """What one file says."""

    entries: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: {} for name in SECTIONS})
    likes: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Scene to the scene whose rest it takes, and the keys that it has itself."""


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
        for name, key, inner in reader.named(sections.get(section), section, MOST, "make several files of it"):
            page.entries[section][name] = readers[section](reader, name, inner)
            page.places[section, name] = key.place
    return page


class _Reader(Reader[Page]):
    # --- what stands in a section

    def scene(self, name: str, node: Node) -> Scene:
        fields = Fields(node, self.findings, "a scene", SCENE_KEYS)
        if fields.get("like") is not None:
            like = fields.text("like")
            self.sheet.likes[name] = (like, frozenset(fields.node.entries))
            self.use("scene", like, fields.get("like"))
        procedure = fields.text("procedure")
        self.use("procedure", procedure, fields.get("procedure"))
        return Scene(
            name,
            self.words(fields, "title", name),
            self.fits(fields.get("for")),
            self.names(fields, "who", "module", WHO),
            self.names(fields, "do", "module", DO),
            procedure,
            self.names(fields, "lines", "line"),
            self.names(fields, "actions", "action"),
            self.names(fields, "tags"),
        )

    def card(self, name: str, node: Node) -> Card:
        fields = Fields(node, self.findings, "a card", ("title", "text", "said", "tags", "link"))
        fields.need("title", "title: { zh: 漫游费怎么算, en: How roaming is charged }")
        fields.need("text", "text: { zh: ..., en: ... }")
        link = fields.text("link")
        if link and urlsplit(link).scheme not in ("http", "https"):
            self.findings.error(fields.at("link"), "bad-path", f"`{link[:60]}` is no link", "https://HOST/PATH")
            link = ""
        text = self.words(fields, "text")
        for one in text.values():
            if len(one) > LONGEST_TEXT:
                self.findings.error(fields.at("text"), "out-of-range", f"a card of {len(one)} characters", "make two of it")
        return Card(
            name,
            self.words(fields, "title", name),
            text,
            self.said(fields.get("said"), "said", SAID),
            self.names(fields, "tags"),
            link,
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
        return Line(
            name, self.words(fields, "text", name), self.said(fields.get("said"), "said", SAID), fields.duration("within", 0.0)
        )

    def action(self, name: str, node: Node) -> Action:
        fields = Fields(node, self.findings, "an action", ("title", "hook", "fields", "confirm", "roles"))
        fields.need("hook", "hook: NAME, of `workbench.hooks` of the settings")
        hook = fields.text("hook")
        self.use("hook", hook, fields.get("hook"))
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
        self.use("action", action, fields.get("action"))
        return Offer(name, self.words(fields, "title", name), self.words(fields, "text"), self.fits(fields.get("for")), action)

    def frame(self, name: str, node: Node) -> Frame:
        fields = Fields(node, self.findings, "a frame", ("title", "tall"))
        place = fields.place if isinstance(node, positions.Mapping) else node.place
        self.sheet.uses.append(Use("frame", name, place))
        return Frame(name, self.words(fields, "title", name), fields.flag("tall", False))

    def _field(self, name: str, node: Node) -> Field:
        keys = ("title", "type", "choices", "default", "required", "least", "most")
        fields = Fields(node, self.findings, "a field", keys)
        sort = fields.text("type", "text")
        if sort not in FIELD_TYPES:
            self.findings.unknown(fields.at("type"), "type", sort, FIELD_TYPES)
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
            fields.number("least", None),
            fields.number("most", None),
        )

    # --- pieces

    def fits(self, node: Node | None) -> Fits:
        if node is None:
            return Fits()
        fields = Fields(node, self.findings, "`for`", FIT_KEYS)
        known = {"channel": CHANNELS, "mood": MOODS, "role": ROLES}
        found = {
            key: self._chosen(fields.get(key), key, known[key]) if key in known else self.names(fields, key, _USED.get(key, ""))
            for key in FIT_KEYS
        }
        return Fits(**found)

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


_USED = {"queue": "queue", "intent": "intent"}


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
