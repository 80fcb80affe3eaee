"""Scorecards from YAML: every mistake with its place and a cure. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import fields as parts_of

from ivr.dialplan import positions
from ivr.dialplan.fields import Fields
from ivr.dialplan.positions import Node
from ivr.dialplan.problems import Findings
from ivr.dialplan.sheets import Reader, Sheet
from ivr.quality.model import KINDS, Card, Choice, Question, Section, When
from ivr.quality.reading_rules import Rules

CARD_KEYS = ("title", "when", "pass", "sections")
SECTION_KEYS = ("title", "questions")
QUESTION_KEYS = ("title", "guide", "kind", "weight", "fatal", "not_applicable", "choices", "auto", "only_if")
WHEN_KEYS = tuple(one.name for one in parts_of(When))
CHANNELS = ("sip", "webrtc", "phone", "callback", "outbound", "message", "ticket")
MOST_CARDS = 100
MOST_QUESTIONS = 60
"""Of one card: nobody answers more."""
MOST_WEIGHT = 1000


@dataclass(slots=True)
class Page(Sheet):
    """What one file says."""

    cards: dict[str, Card] = field(default_factory=dict)


def read_page(text: str, file: str, findings: Findings) -> Page:
    """What a file says; what is wrong with it goes into `findings`. Never raises."""
    page = Page(file)
    root = positions.read(text, findings)
    if root is None:
        return page
    node = Fields(root, findings, "the file", ("scorecards",)).need("scorecards", "scorecards: and under it one card")
    if node is None:
        return page
    reader = _Reader(page, findings)
    for name, key, inner in reader.named(node, "scorecards", MOST_CARDS):
        page.cards[name], page.places["scorecards", name] = reader.card(name, inner), key.place
    return page


class _Reader(Reader[Page]):
    def card(self, name: str, node: Node) -> Card:
        fields = Fields(node, self.findings, "a scorecard", CARD_KEYS)
        sections = tuple(
            self._section(one, inner)
            for one, _, inner in self.named(
                fields.need("sections", "sections: { opening: { questions: ... } }"), "sections", 20
            )
        )
        card = Card(
            name,
            self.words(fields, "title", name),
            self._when(fields.get("when")),
            fields.number("pass", 80.0, 0, 100),
            sections,
        )
        self._whole(card, fields)
        return card

    def _whole(self, card: Card, fields: Fields) -> None:
        """What no single question shows."""
        asked = [question.name for question in card.questions()]
        if len(asked) > MOST_QUESTIONS:
            message = f"{len(asked)} questions; {MOST_QUESTIONS} at most"
            self.findings.error(fields.place, "too-many", message, "make two cards of it")
        for twice in sorted({one for one in asked if asked.count(one) > 1}):
            cure = "answers are kept by the name of their question: give one of them another"
            self.findings.error(fields.place, "duplicate-key", f"two questions are named `{twice}`", cure)
        if asked and not any(question.weight for question in card.questions()):
            cure = "weight: 10 for at least one of them"
            self.findings.error(fields.place, "out-of-range", "every question weighs 0: there is nothing to score", cure)

    def _section(self, name: str, node: Node) -> Section:
        fields = Fields(node, self.findings, "a section", SECTION_KEYS)
        given = fields.need("questions", "questions: { greeting: { title: { zh: 问候, en: Greeting } } }")
        questions = tuple(self._question(one, inner) for one, _, inner in self.named(given, "questions", MOST_QUESTIONS))
        return Section(name, self.words(fields, "title", name), questions)

    def _question(self, name: str, node: Node) -> Question:
        fields = Fields(node, self.findings, "a question", QUESTION_KEYS)
        fields.need("title", "title: { zh: 坐席是否问候, en: Did the agent greet? }")
        sort = fields.text("kind", "yes_no")
        if sort not in KINDS:
            self.findings.unknown(fields.at("kind"), "kind", sort, KINDS)
            sort = "yes_no"
        choices = self._choices(fields, sort)
        absent = fields.flag("not_applicable", fields.get("only_if") is not None)
        rules = Rules(self.sheet, self.findings)
        if fields.get("only_if") is not None and not absent:
            cure = "leave `not_applicable: false` out"
            self.findings.error(fields.at("only_if"), "wrong-type", "`only_if` answers `not applicable`", cure)
        return Question(
            name,
            self.words(fields, "title", name),
            self.words(fields, "guide"),
            sort,
            fields.number("weight", 1.0, 0, MOST_WEIGHT),
            fields.flag("fatal", False),
            absent,
            choices,
            rules.answer(fields.get("auto"), sort, tuple(one.name for one in choices)),
            rules.condition(fields.get("only_if")),
        )

    def _choices(self, fields: Fields, sort: str) -> tuple[Choice, ...]:
        node = fields.get("choices")
        if sort != "choice":
            if node is not None:
                cure = "kind: choice, or no `choices`"
                self.findings.error(node.place, "wrong-type", f"a question of kind `{sort}` has no choices", cure)
            return ()
        found = []
        for name, _, inner in self.named(node, "choices", 10):
            of = Fields(inner, self.findings, "a choice", ("title", "points"))
            of.need("points", "points: 0.5, from 0 for the worst to 1 for the best")
            found.append(Choice(name, self.words(of, "title", name), of.number("points", 0.0, 0, 1)))
        if len(found) < 2:
            cure = "choices: { good: { title: ..., points: 1 }, poor: { title: ..., points: 0 } }"
            self.findings.error(fields.place, "missing-key", "a question of kind `choice` needs `choices`, two or more", cure)
        return tuple(found)

    def _when(self, node: Node | None) -> When:
        if node is None:
            return When()
        fields = Fields(node, self.findings, "`when`", WHEN_KEYS)
        return When(**{key: self.names(fields, key, key if key in _USED else "") for key in WHEN_KEYS})


_USED = ("queue", "flow", "intent", "channel")


def merged(pages: list[Page]) -> Mapping[str, Card]:
    """The cards of all files; of a name that stands twice the first counts."""
    found: dict[str, Card] = {}
    for page in pages:
        found |= {name: card for name, card in page.cards.items() if name not in found}
    return found
