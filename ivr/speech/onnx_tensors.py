"""The constants of an ONNX model, read from its file without a runtime. Pure.

ONNX is protobuf: messages of numbered fields. The numbers below are those of onnx.proto3 (ModelProto, GraphProto, NodeProto,
AttributeProto, TensorProto).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

FLOAT = 1
"""Of TensorProto.data_type."""

Fields = Mapping[int, list["bytes | int"]]


def tensors(model: bytes, choice: str) -> dict[str, NDArray[np.float32]]:
    """Name to float constant of the branch `choice` ("then_branch", "else_branch") of the model's outermost If nodes.

    Raises ValueError where `model` is not an ONNX file; one without such a branch gives nothing.
    """
    found: dict[str, NDArray[np.float32]] = {}
    for graph in _messages(_fields(model), 7):
        for node in _messages(graph, 1):
            for attribute in _messages(node, 5):
                if attribute.get(1) == [choice.encode()]:
                    found.update(one for branch in _messages(attribute, 6) for one in _constants(branch))
    return found


def _constants(graph: Fields) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for node in _messages(graph, 1):
        for attribute in _messages(node, 5):
            for tensor in _messages(attribute, 5):
                [name], [raw] = tensor.get(8, [b""]), tensor.get(9, [b""])
                if tensor.get(2) == [FLOAT] and isinstance(raw, bytes) and isinstance(name, bytes) and name and raw:
                    shape = [size for size in tensor.get(1, []) if isinstance(size, int)]
                    yield name.decode(), np.frombuffer(raw, "<f4").reshape(shape)


def _messages(fields: Fields, number: int) -> Iterator[Fields]:
    return (_fields(one) for one in fields.get(number, []) if isinstance(one, bytes))


def _fields(message: bytes) -> Fields:
    """Number to the values of a message. Raises ValueError where it is none."""
    fields: dict[int, list[bytes | int]] = defaultdict(list)
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value: bytes | int
        match key & 7:
            case 0:  # wire types: a number
                value, at = _varint(message, at)
            case 2:  # octets with their number before them
                size, at = _varint(message, at)
                value, at = message[at : at + size], at + size
            case 1 | 5 as kind:  # eight octets, four octets
                size = 8 if kind == 1 else 4
                value, at = message[at : at + size], at + size
            case kind:
                raise ValueError(f"no protobuf: wire type {kind}")
        if at > len(message):
            raise ValueError("no protobuf: it ends too early")
        fields[key >> 3].append(value)
    return dict(fields)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where it ends."""
    value = shift = 0
    while at < len(message) and shift < 70:
        octet = message[at]
        value |= (octet & 127) << shift
        at, shift = at + 1, shift + 7
        if octet < 128:
            return value, at
    raise ValueError("no protobuf: a number without an end")
