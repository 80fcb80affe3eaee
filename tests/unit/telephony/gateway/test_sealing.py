"""Sealed files: what was written comes back, and nothing else does."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, cast

import pytest

from telephony.gateway.sealing import CHUNK, SealBroken, SealedWriter, is_sealed, key_of, unseal

KEY = bytes(range(32))


class Kept(io.BytesIO):
    """A file that can be looked at after it was closed."""

    def close(self) -> None:
        self.left = self.getvalue()
        super().close()


def sealed(*parts: bytes, finish: bool = True) -> bytes:
    out = Kept()
    writer = SealedWriter(cast(BinaryIO, out), KEY)
    for part in parts:
        writer.write(part)
        writer.flush()
    if not finish:
        return out.getvalue()
    writer.close()
    return out.left


def opened(data: bytes, key: bytes = KEY, whole: bool = True) -> bytes:
    return b"".join(unseal(io.BytesIO(data), key, whole=whole))


def test_what_goes_in_comes_out() -> None:
    parts = [os.urandom(size) for size in (1, 0, CHUNK * 2 + 5, 100)]
    data = sealed(*parts)
    assert is_sealed(data) and opened(data) == b"".join(parts)
    assert parts[2][:50] not in data and sealed(b"x") != sealed(b"x")
    assert opened(sealed()) == b""


def test_a_file_that_a_crash_cut_short_gives_what_was_flushed() -> None:
    data = sealed(b"first", b"second", finish=False)
    assert opened(data, whole=False) == b"firstsecond"
    assert opened(data[:-3], whole=False) == b"first"
    with pytest.raises(SealBroken, match="cut short"):
        opened(data)


@pytest.mark.parametrize("at", [0, 9, 40, 41, 46, -1])
def test_a_changed_octet_is_seen(at: int) -> None:
    data = bytearray(sealed(b"some sound", b"more"))
    data[at] ^= 1
    with pytest.raises(SealBroken):
        opened(bytes(data))


def test_swapped_chunks_another_key_and_no_sealed_file() -> None:
    head, chunk = 40, 5 + 16 + 4
    data = sealed(b"aaaa", b"bbbb")
    swapped = data[:head] + data[head + chunk : head + 2 * chunk] + data[head : head + chunk] + data[head + 2 * chunk :]
    for wrong, key in ((swapped, KEY), (data, bytes(32)), (b"RIFF....", KEY), (b"", KEY)):
        with pytest.raises(SealBroken):
            opened(wrong, key)


def test_keys_are_hexadecimal_or_base64() -> None:
    assert key_of("00" * 31 + "ff\n") == bytes(31) + b"\xff"
    assert key_of("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") == KEY
    for wrong in ("", "secret", "zz" * 32, "AAEC"):
        with pytest.raises(ValueError, match="32 octets"):
            key_of(wrong)
