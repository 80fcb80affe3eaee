"""Scenes from YAML: what is right is read, what is wrong has its place and a cure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialplan.problems import Findings
from ivr.scenes.checking import House, check_pages
from ivr.scenes.model import DO, WHO, Book, Fits
from ivr.scenes.reading import Page, book_of, read_page

WHOLE = """
scenes:
  hotline: { title: { zh: 热线, en: Hotline }, lines: [recorded] }
  bill:
    like: hotline
    for: { intent: bill, tier: [gold, silver] }
    do: [procedure, "frame:crm"]
    procedure: bill
cards:
  roaming:
    { title: Roaming, text: { zh: 文, en: text }, said: { en: [roaming], zh: 漫游 }, tags: bill, link: "https://a.example/x" }
procedures:
  bill: { title: Bill, steps: { second: B, first: { zh: 一, en: A } } }
lines:
  recorded: { text: Recorded, within: 90s, said: { en: [is recorded] } }
actions:
  refund:
    hook: shop
    roles: senior
    fields:
      amount: { type: number, least: 1, most: 200.5, default: slots.amount }
      why: { type: choice, choices: { late: { zh: 晚, en: Late } }, required: false }
offers:
  loyalty: { title: Ten per cent, for: { mood: [angry] }, action: refund }
frames:
  crm: { title: Old, tall: true }
"""


def read(text: str, file: str = "a.yaml") -> tuple[Page, list[str]]:
    findings = Findings(file)
    page = read_page(text, file, findings)
    return page, [f"{one.line}:{one.code}" for one in findings.problems]


def checked(*texts: str, house: House | None = None) -> list[str]:
    pages = [read(text, f"{number}.yaml")[0] for number, text in enumerate(texts)]
    return [f"{one.file[0]}:{one.line} {one.severity} {one.code}" for one in check_pages(pages, house or House())]


def test_everything_is_read() -> None:
    page, problems = read(WHOLE)
    assert problems == []
    book = book_of([page])
    assert book.scenes["hotline"].who == WHO
    assert book.scenes["hotline"].do == DO
    bill = book.scenes["bill"]
    assert (bill.do, bill.lines, bill.procedure) == (("procedure", "frame:crm"), ("recorded",), "bill")
    assert bill.fits == Fits(intent=("bill",), tier=("gold", "silver"))
    assert bill.fits.named == 2
    assert bill.title == {"zh": "热线", "en": "Hotline"}, "what it does not say itself comes from the scene that it is like"
    card = book.cards["roaming"]
    assert (card.title, card.said, card.tags) == ({"": "Roaming"}, {"en": ("roaming",), "zh": ("漫游",)}, ("bill",))
    assert list(book.procedures["bill"].steps) == ["second", "first"], "in the order in which they are written"
    assert book.lines["recorded"].within == 90.0
    amount, why = book.actions["refund"].fields
    assert (amount.type, amount.least, amount.most, amount.default) == ("number", 1.0, 200.5, "slots.amount")
    assert (why.required, why.choices) == (False, {"late": {"zh": "晚", "en": "Late"}})
    assert book.offers["loyalty"].fits.mood == ("angry",)
    assert book.frames["crm"].tall


def test_a_page_is_told_no_texts_of_cards_and_steps_in_their_order() -> None:
    told = book_of([read(WHOLE)[0]]).to_dict()
    assert told["cards"] == [{"name": "roaming", "title": {"": "Roaming"}, "tags": ["bill"]}]
    assert [step["name"] for step in told["procedures"][0]["steps"]] == ["second", "first"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("scenes: [a]", "1:wrong-type"),
        ("scene: {}", "1:unknown-key"),
        ("scenes: { Bill: {} }", "1:bad-name"),
        ("scenes: { a: { for: { chanel: [sip] } } }", "1:unknown-key"),
        ("scenes: { a: { for: { channel: [fax] } } }", "1:unknown-channel"),
        ("scenes: { a: { for: { mood: [sad] } } }", "1:unknown-mood"),
        ("actions: { a: { hook: x, roles: [boss] } }", "1:unknown-role"),
        ("cards: { a: { title: x } }", "1:missing-key"),
        ("cards: { a: { title: x, text: y, said: [x] } }", "1:wrong-type"),
        ("cards: { a: { title: x, text: y, said: { en: ['...'] } } }", "1:empty-phrase"),
        ("cards: { a: { title: x, text: y, link: 'javascript:alert(1)' } }", "1:bad-path"),
        ("cards: { a: { title: { english: x }, text: y } }", "1:unknown-language"),
        (f"cards: {{ a: {{ title: x, text: {'y' * 4001} }} }}", "1:out-of-range"),
        ("procedures: { a: { steps: [x] } }", "1:wrong-type"),
        ("lines: { a: { text: x, within: soon } }", "1:bad-duration"),
        ("actions: { a: { fields: {} } }", "1:missing-key"),
        ("actions: { a: { hook: x, fields: { n: { type: money } } } }", "1:unknown-type"),
        ("actions: { a: { hook: x, fields: { n: { type: choice } } } }", "1:missing-key"),
        ("actions: { a: { hook: x, fields: { n: { least: much } } } }", "1:wrong-type"),
        ("frames: { a: { tall: yes } }", "1:wrong-type"),
        ("a: [", "2:yaml"),
    ],
)
def test_a_mistake_has_its_place(text: str, problem: str) -> None:
    assert problem in read(text)[1]


def test_names_that_lead_nowhere_are_found() -> None:
    text = """
scenes:
  a: { like: b, who: [mod, "frame:x"], procedure: p, lines: [l], actions: [t], for: { queue: [q], intent: [i] } }
offers: { o: { action: t } }
actions: { k: { hook: h } }
frames: { f: {} }
"""
    house = House(queues={"support"}, intents={"bill"}, hooks=(), frames={"other"})
    codes = sorted(line.rsplit(" ", 1)[1].removeprefix("unknown-") for line in checked(text, house=house))
    twice = ["action", "action", "frame", "frame"]
    assert codes == sorted(["scene", "procedure", "queue", "intent", "module", "line", "hook", *twice])


def test_a_name_twice_is_an_error_and_a_missing_language_a_warning() -> None:
    one, two = "lines: { a: { text: { zh: 一, en: one } } }", "lines: { a: { text: { en: one } } }"
    assert checked(one, two) == ["1:1 error duplicate-key", "1:1 warning missing-language"]
    assert checked("lines: { a: { text: plain } }", one) == ["1:1 error duplicate-key"], "text without languages is for all"


def test_scenes_that_are_like_each_other_end() -> None:
    book = book_of([read("scenes: { a: { like: b, lines: [x] }, b: { like: a, tags: [t] } }")[0]])
    assert book.scenes["a"].lines == ("x",)
    assert book.scenes["b"].tags == ("t",)


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.text("ab:{}[]-, \n", max_size=6), lambda inner: st.lists(inner, max_size=3).map(str), max_leaves=5))
def test_whatever_is_written_raises_nothing(value: str) -> None:
    for section in ("scenes", "cards", "actions", "frames"):
        page, _ = read(f"{section}:\n  a: {value}")
        assert isinstance(book_of([page]), Book)
