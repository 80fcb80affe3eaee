"""What is learnt from examples: told apart, kept as a file, quick to ask."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ivr.understanding.classifier import OUT_OF_SCOPE, Mind, Model, from_bytes, to_bytes
from ivr.understanding.features import counted, stem
from ivr.understanding.training import Example, train

SAID = {
    "bill": ["check my bill", "how much is my bill", "why was i charged", "the charges on my bill", "查账单", "这个月的账单"],
    "fault": ["my internet is down", "no signal", "the line is dead", "it is broken", "宽带坏了", "上不了网"],
    OUT_OF_SCOPE: ["what is the weather", "tell me a joke", "who won the match", "讲个笑话", "天气怎么样", "几点的火车"],
}
EXAMPLES = [Example(text, name, text) for name, texts in SAID.items() for text in texts]


@pytest.fixture(scope="module")
def model() -> Model:
    return train(EXAMPLES, SAID)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("could you check the bill", "bill"),
        ("i was charged twice", "bill"),
        ("查章单", "bill"),
        ("the signal is broken", "fault"),
        ("网上不了", "fault"),
        ("a joke about the weather", OUT_OF_SCOPE),
    ],
)
def test_other_words_mean_the_same(model: Model, said: str, meant: str) -> None:
    assert Mind((model,), 4.0).likely(said)[0][0] == meant


def test_likelihoods_are_shares_of_what_may_be_meant(model: Model) -> None:
    mind = Mind((model,), 4.0)
    assert sum(share for _, share in mind.likely("my bill")) == pytest.approx(1)
    assert [name for name, _ in mind.likely("my bill", {"fault"})] == ["fault"]
    assert mind.likely("my bill", set()) == []
    assert Mind((), 4.0).likely("my bill") == []


def test_strange_words_make_everything_less_likely(model: Model) -> None:
    mind = Mind((model,), 4.0)
    known = dict(mind.likely("check my bill"))["bill"]
    strange = dict(mind.likely("check my bill xylophone quetzal bramble"))["bill"]
    assert strange < known


def test_a_model_is_the_same_from_its_file(model: Model) -> None:
    again = from_bytes(to_bytes(model))
    pieces = counted("check my bill")
    assert again.names == model.names
    assert np.allclose(again.margins(pieces), model.margins(pieces), atol=0.01)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"x" * 100])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no trained model"):
        from_bytes(data)


def test_the_same_examples_make_the_same_model(model: Model) -> None:
    assert np.array_equal(train(EXAMPLES, SAID).weights, model.weights)


def test_a_flow_that_stands_alone_tells_out_of_scope_beside_its_own() -> None:
    own = [one for one in EXAMPLES if one.name != OUT_OF_SCOPE]
    alone = train(EXAMPLES, {one.name for one in own}, alone=True)
    assert set(alone.names) == set(SAID)
    mind = Mind((alone,), 10.0)
    assert mind.likely("could you check the bill")[0][0] == "bill"


def test_names_with_many_patterns_are_taken_less_readily() -> None:
    """`out_of_scope` weighs more beside names that know many ways of being said."""

    def line(ways: int) -> float:
        own = [Example(f"{name} number {chr(97 + way)}", name, str(way)) for name in ("bill", "fault") for way in range(ways)]
        none = [one for one in EXAMPLES if one.name == OUT_OF_SCOPE]
        told = train([*own, *none], ["bill", "fault"], alone=True)
        return float(told.margins({})[told.names.index(OUT_OF_SCOPE)])

    assert line(2) < line(20)


def test_one_text_takes_little_time(model: Model) -> None:
    mind = Mind((model,), 4.0)
    mind.likely("warm")
    began = time.process_time()
    for number in range(200):
        mind.likely(f"could you please tell me number {number} about my bill")
    assert (time.process_time() - began) / 200 < 0.005


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("查一百二十块", "查35块"),
        ("I can't log in", "i cannot log in"),
        ("what's my bill", "what is my bill"),
        ("um my bill", "my bill"),
        ("呃查账单", "查账单"),
        ("pay twenty dollars", "pay 20 dollars"),
        ("查帐单", "查账单"),
    ],
)
def test_what_sounds_the_same_counts_the_same(one: str, other: str) -> None:
    assert counted(one) == counted(other)


def test_homophones_share_their_sounds() -> None:
    shared = set(counted("查章单")) & set(counted("查账单"))
    assert any(piece.startswith("p") for piece in shared)


def test_endings() -> None:
    assert {stem(word) for word in ("bill", "bills", "billed", "billing")} == {"bill"}
    assert stem("is") == "is"


def test_long_and_empty_texts_are_bounded() -> None:
    assert len(counted("账" * 100_000)) < 100
    assert counted("") == {}
    assert counted("!!!") == {}
