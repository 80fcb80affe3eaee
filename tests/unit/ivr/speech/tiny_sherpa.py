"""Three models of a few kilobytes that sherpa-onnx itself loads and runs: they hear tones as signs.

    python -m tests.unit.ivr.speech.tiny_sherpa DIR     # DIR/transducer, DIR/paraformer, DIR/ctc

Their layers are written by hand, not trained: each sign is one band of the features that the library computes. They prove the
engine on the real library (its features, chunks, states, searches, hot words), and say nothing of how well speech is heard.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

TONES: Mapping[str, float] = {"查": 500.0, "账": 800.0, "单": 1150.0, "余": 1600.0, "额": 2150.0, "张": 2700.0}
"""Sign to Hz; all below what a telephone carries."""
SIGNS = tuple(TONES)
BANDS = 80
LOUD = 4.0
"""A band that stands out by as much (natural logarithm of energy) from the mean of all is a tone."""
CHUNK, SHIFT, FOLD = 39, 32, 4
"""Frames a chunk, frames between chunks, frames to one output."""


def tones(text: str, seconds: float = 0.36, gap: float = 0.12, rate: int = 8000) -> NDArray[np.int16]:
    """`text` as its tones, with silence before, between and after."""
    time = np.arange(round(seconds * rate)) / rate
    pause = np.zeros(round(gap * rate))
    pieces = [part for sign in text for part in (np.sin(2 * np.pi * TONES[sign] * time), pause)]
    return np.asarray(8000 * np.concatenate((np.zeros(rate // 4), *pieces, np.zeros(rate // 4))), np.int16)


def _band(hertz: float) -> int:
    """The Mel band (of 80 from 20 to 7600 Hz) that a tone falls into."""

    def mel(value: float) -> float:
        return 1127 * float(np.log1p(value / 700))

    step = (mel(7600) - mel(20)) / (BANDS + 1)
    return round((mel(hertz) - mel(20)) / step) - 1


def _weights(scale: float = 1.0) -> NDArray[np.float32]:
    """80 bands to blank and the signs: how far a sign's band (and its neighbours) stands out from the mean."""
    table = np.full((BANDS, len(SIGNS) + 1), -1 / BANDS, np.float32)
    table[:, 0] = 0
    for number, hertz in enumerate(TONES.values(), start=1):
        band = _band(hertz)
        table[band - 1 : band + 2, number] += 1 / 3
    return np.asarray(scale * table, np.float32)


def _bias(loud: float = LOUD) -> NDArray[np.float32]:
    return np.asarray([loud] + [0.0] * len(SIGNS), np.float32)


def _save(folder: Path, name: str, nodes: Sequence[onnx.NodeProto], inputs: Sequence[tuple[str, int, list[int | str]]],
          outputs: Sequence[tuple[str, int, list[int | str]]], constants: Mapping[str, NDArray[np.generic]],
          facts: Mapping[str, object]) -> None:  # fmt: skip
    graph = helper.make_graph(
        list(nodes),
        name,
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*one) for one in outputs],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {key: str(value) for key, value in facts.items()})
    onnx.checker.check_model(model)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(folder / f"{name}.onnx"))


def _tokens(folder: Path) -> None:
    signs = ["<blk>", *SIGNS, "<unk>"]
    (folder / "tokens.txt").write_text("".join(f"{sign} {number}\n" for number, sign in enumerate(signs)), "utf-8")


def _folded() -> tuple[list[onnx.NodeProto], dict[str, NDArray[np.generic]]]:
    """x [N, CHUNK, 80] to logits [N, SHIFT / FOLD, signs + 1]: every FOLD-th frame of the new ones."""
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "axis", "step"], ["some"]),
        helper.make_node("MatMul", ["some", "weights"], ["scored"]),
        helper.make_node("Add", ["scored", "bias"], ["logits"]),
    ]
    one = {"from": [0], "to": [SHIFT], "axis": [1], "step": [FOLD]}
    constants: dict[str, NDArray[np.generic]] = {key: np.asarray(value, np.int64) for key, value in one.items()}
    return nodes, constants | {"weights": _weights(), "bias": _bias()}


def _begun() -> tuple[list[onnx.NodeProto], dict[str, NDArray[np.generic]]]:
    """x [N, CHUNK, 80] to logits: a sign where a frame has it and the one FOLD frames before has not.

    Two signs that are alike loud share their chance, and then neither is likelier than blank.
    """
    make = helper.make_node
    nodes = [
        make("MatMul", ["x", "weights"], ["scored"]), make("Add", ["scored", "bias"], ["each"]),
        make("Softmax", ["each"], ["chance"], axis=-1),
        make("Slice", ["chance", "from", "to", "axis", "step"], ["before"]),
        make("Slice", ["chance", "later", "end", "axis", "step"], ["after"]),
        make("Sub", ["after", "before"], ["changed"]), make("Mul", ["changed", "signs"], ["new"]),
        make("Add", ["new", "blank"], ["logits"]),
    ]  # fmt: skip
    one = {"from": [0], "to": [SHIFT], "later": [FOLD], "end": [SHIFT + FOLD], "axis": [1], "step": [FOLD]}
    constants: dict[str, NDArray[np.generic]] = {key: np.asarray(value, np.int64) for key, value in one.items()}
    constants |= {"weights": _weights(), "bias": _bias(), "blank": _bias(6.2)}
    return nodes, constants | {"signs": np.asarray([0] + [12] * len(SIGNS), np.float32)}


def transducer(folder: Path) -> Path:
    """An LSTM transducer by its interface: the state is passed on untouched, a sign is not said twice in a row."""
    size = len(SIGNS) + 1
    nodes, constants = _begun()
    nodes[-1].output[0] = "encoder_out"
    nodes = [*nodes, helper.make_node("Identity", ["h"], ["next_h"]), helper.make_node("Identity", ["c"], ["next_c"])]
    state: list[int | str] = [1, "N", 4]
    _save(
        folder, "encoder", nodes,
        [("x", TensorProto.FLOAT, ["N", CHUNK, BANDS]), ("h", TensorProto.FLOAT, state), ("c", TensorProto.FLOAT, state)],
        [("encoder_out", TensorProto.FLOAT, ["N", SHIFT // FOLD, size]), ("next_h", TensorProto.FLOAT, state),
         ("next_c", TensorProto.FLOAT, state)],
        constants,
        {"model_type": "lstm", "num_encoder_layers": 1, "T": CHUNK, "decode_chunk_len": SHIFT, "rnn_hidden_size": 4,
         "d_model": 4},
    )  # fmt: skip
    said = -12 * np.eye(size, dtype=np.float32)
    said[0] = 0
    _save(
        folder, "decoder",
        [helper.make_node("Gather", ["said", "y"], ["each"]), helper.make_node("Squeeze", ["each", "one"], ["decoder_out"])],
        [("y", TensorProto.INT64, ["N", 1])], [("decoder_out", TensorProto.FLOAT, ["N", size])],
        {"said": said, "one": np.asarray([1], np.int64)},
        {"vocab_size": size, "context_size": 1},
    )  # fmt: skip
    _save(
        folder, "joiner", [helper.make_node("Add", ["encoder_out", "decoder_out"], ["logit"])],
        [("encoder_out", TensorProto.FLOAT, ["N", size]), ("decoder_out", TensorProto.FLOAT, ["N", size])],
        [("logit", TensorProto.FLOAT, ["N", size])], {}, {"joiner_dim": size},
    )  # fmt: skip
    _tokens(folder)
    return folder


def ctc(folder: Path) -> Path:
    """A zipformer2 CTC model by its interface, with one layer whose states are passed on untouched."""
    size = len(SIGNS) + 1
    shapes: dict[str, list[int | str]] = {
        "key": [2, "N", 4], "nonlin": [1, "N", 2, 3], "value1": [2, "N", 4], "value2": [2, "N", 4],
        "conv1": ["N", 4, 1], "conv2": ["N", 4, 1], "embed": ["N", 128, 3, 19],
    }  # fmt: skip
    nodes, constants = _folded()
    nodes.append(helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=-1))
    nodes += [helper.make_node("Identity", [name], [f"next_{name}"]) for name in (*shapes, "processed")]
    kinds = {name: (TensorProto.FLOAT, shape) for name, shape in shapes.items()} | {"processed": (TensorProto.INT64, ["N"])}
    _save(
        folder, "model", nodes,
        [("x", TensorProto.FLOAT, ["N", CHUNK, BANDS]), *((name, *kind) for name, kind in kinds.items())],
        [("log_probs", TensorProto.FLOAT, ["N", SHIFT // FOLD, size]), *((f"next_{n}", *kind) for n, kind in kinds.items())],
        constants,
        {"model_type": "zipformer2", "encoder_dims": 4, "query_head_dims": 4, "value_head_dims": 4, "num_heads": 1,
         "num_encoder_layers": 1, "cnn_module_kernels": 3, "left_context_len": 2, "T": CHUNK, "decode_chunk_len": SHIFT},
    )  # fmt: skip
    _tokens(folder)
    return folder


def paraformer(folder: Path) -> Path:
    """A streaming paraformer by its interface: a token fires where a frame has another sign than the one before it."""
    size, width = len(SIGNS) + 1, 7 * BANDS
    weights = np.zeros((width, size), np.float32)
    weights[3 * BANDS : 4 * BANDS] = _weights(1 / np.sqrt(size))  # the middle frame of seven; the library scales by the root
    names = {"zero": [0], "first": [1], "last": [-1], "end": [1 << 30], "axis": [1]}
    constants: dict[str, NDArray[np.generic]] = {key: np.asarray(value, np.int64) for key, value in names.items()}
    constants |= {"weights": weights, "bias": _bias(), "sharp": np.asarray(50, np.float32), "half": np.asarray(0.5, np.float32)}
    constants |= {"signs": np.asarray([0] + [1] * len(SIGNS), np.float32), "two": np.asarray([2], np.int64)}
    make = helper.make_node
    nodes = [
        make("MatMul", ["x", "weights"], ["scored"]), make("Add", ["scored", "bias"], ["logits"]),
        make("Mul", ["logits", "sharp"], ["sharpened"]), make("Softmax", ["sharpened"], ["enc"], axis=-1),
        make("Slice", ["enc", "zero", "last", "axis"], ["before"]), make("Slice", ["enc", "first", "end", "axis"], ["after"]),
        make("Sub", ["after", "before"], ["changed"]), make("Relu", ["changed"], ["begun"]),
        make("Mul", ["begun", "signs"], ["new"]),
        make("ReduceSum", ["new", "two"], ["rising"], keepdims=0), make("Slice", ["rising", "zero", "first", "axis"], ["head"]),
        make("Sub", ["head", "head"], ["none"]), make("Concat", ["none", "rising"], ["alphas"], axis=1),
        make("Identity", ["x_len"], ["enc_len"]),
    ]  # fmt: skip
    _save(
        folder, "encoder", nodes,
        [("x", TensorProto.FLOAT, [1, "T", width]), ("x_len", TensorProto.INT32, [1])],
        [("enc", TensorProto.FLOAT, [1, "T", size]), ("enc_len", TensorProto.INT32, [1]),
         ("alphas", TensorProto.FLOAT, [1, "T"])],
        constants,
        {"model_type": "paraformer", "vocab_size": size, "lfr_window_size": 7, "lfr_window_shift": 6,
         "encoder_output_size": size,
         "decoder_num_blocks": 1, "decoder_kernel_size": 3, "neg_mean": ",".join(["0"] * width),
         "inv_stddev": ",".join(["1"] * width)},
    )  # fmt: skip
    cache: list[int | str] = [1, size, 2]
    _save(
        folder, "decoder",
        [make("Identity", ["embeds"], ["logits"]), make("ArgMax", ["embeds"], ["ids"], axis=-1, keepdims=0),
         make("Identity", ["cache"], ["next_cache"])],
        [("enc", TensorProto.FLOAT, [1, "T", size]), ("enc_len", TensorProto.INT32, [1]),
         ("embeds", TensorProto.FLOAT, [1, "U", size]), ("embeds_len", TensorProto.INT32, [1]),
         ("cache", TensorProto.FLOAT, cache)],
        [("logits", TensorProto.FLOAT, [1, "U", size]), ("ids", TensorProto.INT64, [1, "U"]),
         ("next_cache", TensorProto.FLOAT, cache)],
        {}, {},
    )  # fmt: skip
    _tokens(folder)
    return folder


if __name__ == "__main__":
    for build in (transducer, paraformer, ctc):
        sys.stdout.write(f"{build(Path(sys.argv[1]) / build.__name__)}\n")
