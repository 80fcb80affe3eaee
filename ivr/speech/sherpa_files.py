"""What a sherpa-onnx model folder holds, as its files are named, and how it is loaded.

A folder has `tokens.txt` and encoder, decoder and joiner (a transducer), encoder and decoder (a paraformer) or one file (CTC).
Of two versions of a file the quantised one (`.int8.onnx`) is taken: on a CPU it is the faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.errors import ConfigError

RATE = 16000
ACTIVE_PATHS = 4
HOT_WORD_SCORE = 1.5


@dataclass(frozen=True, slots=True)
class SherpaFiles:
    kind: str
    """`transducer`, `paraformer` or `ctc`."""
    folder: Path
    parts: tuple[Path, ...]
    """Encoder, decoder and joiner; encoder and decoder; or the one file."""
    tokens: frozenset[str]
    unit: str
    """`cjkchar`, `bpe` or `cjkchar+bpe`: how hot words are cut into tokens."""
    upper: bool
    """The model writes capital letters only."""
    bpe_vocab: str = ""
    """File that cuts words into pieces; without it a `bpe` model takes no hot words."""

    @property
    def takes_hot_words(self) -> bool:
        return self.kind == "transducer" and (self.unit == "cjkchar" or bool(self.bpe_vocab))

    def spells(self, word: str) -> bool:
        """Whether the model has signs for every letter of `word`."""
        text = word.upper() if self.upper else word
        if self.unit == "cjkchar":
            return all(char in self.tokens or char == " " for char in text)
        letters = {char for token in self.tokens for char in token}
        return all(char in letters or char == " " for char in text)

    def load(self) -> Any:
        """An OnlineRecognizer with one thread. sherpa-onnx ends the process where a file is not what it should be."""
        from sherpa_onnx import OnlineRecognizer

        tokens, parts = str(self.folder / "tokens.txt"), [str(part) for part in self.parts]
        common: dict[str, Any] = {"num_threads": 1, "sample_rate": RATE, "provider": "cpu"}
        if self.kind == "ctc":
            return OnlineRecognizer.from_zipformer2_ctc(tokens, parts[0], **common)
        if self.kind == "paraformer":
            return OnlineRecognizer.from_paraformer(tokens, parts[0], parts[1], **common)
        return OnlineRecognizer.from_transducer(
            tokens,
            *parts,
            **common,
            decoding_method="modified_beam_search",
            max_active_paths=ACTIVE_PATHS,
            hotwords_score=HOT_WORD_SCORE,
            modeling_unit=self.unit,
            bpe_vocab=self.bpe_vocab,
        )


def read_files(folder: Path) -> SherpaFiles:
    """The files of a model folder. Raises ConfigError where they are not those of a streaming model."""
    parts = {name: _pick(folder, name) for name in ("encoder", "decoder", "joiner")}
    encoder, decoder, joiner = parts["encoder"], parts["decoder"], parts["joiner"]
    chosen: tuple[Path, ...]
    if encoder and decoder and joiner:
        kind, chosen = "transducer", (encoder, decoder, joiner)
    elif encoder and decoder:
        kind, chosen = "paraformer", (encoder, decoder)
    elif alone := _pick(folder, "model") or _pick(folder, "ctc"):
        kind, chosen = "ctc", (alone,)
    else:
        raise ConfigError(
            f"{folder}: no streaming sherpa-onnx model: needed are tokens.txt and encoder*.onnx, decoder*.onnx and "
            "joiner*.onnx, or model*.onnx"
        )
    try:
        lines = (folder / "tokens.txt").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{folder / 'tokens.txt'}: {error}") from error
    tokens = frozenset(line.rsplit(maxsplit=1)[0].strip() for line in lines if line.strip())
    vocab = folder / "bpe.vocab"
    return SherpaFiles(kind, folder, chosen, tokens, _unit(tokens), _upper(tokens), str(vocab) if vocab.is_file() else "")


def _pick(folder: Path, name: str) -> Path | None:
    """The file with `name` in its name, the quantised one first."""
    found = sorted(path for path in folder.glob("*.onnx") if name in path.name.lower())
    return next((path for path in found if ".int8." in path.name), found[0] if found else None)


def _unit(tokens: frozenset[str]) -> str:
    chinese = any("一" <= token[:1] <= "鿿" for token in tokens)
    pieces = any(token.startswith("▁") and len(token) > 1 for token in tokens)
    if chinese:
        return "cjkchar+bpe" if pieces else "cjkchar"
    return "bpe"


def _upper(tokens: frozenset[str]) -> bool:
    letters = [char for token in tokens if not token.startswith("<") for char in token if char.isascii() and char.isalpha()]
    return bool(letters) and all(char.isupper() for char in letters)
