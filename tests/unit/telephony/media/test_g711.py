from __future__ import annotations

import warnings

import numpy as np
import pytest

from telephony.media import g711

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_OCTET = bytes(range(256))


def test_every_sample_is_compressed_as_the_reference_does() -> None:
    assert g711.encode_pcmu(EVERY_SAMPLE) == audioop.lin2ulaw(EVERY_SAMPLE.tobytes(), 2)
    assert g711.encode_pcma(EVERY_SAMPLE) == audioop.lin2alaw(EVERY_SAMPLE.tobytes(), 2)


def test_every_octet_is_expanded_as_the_reference_does() -> None:
    assert g711.decode_pcmu(EVERY_OCTET).tobytes() == audioop.ulaw2lin(EVERY_OCTET, 2)
    assert g711.decode_pcma(EVERY_OCTET).tobytes() == audioop.alaw2lin(EVERY_OCTET, 2)


def test_silence_is_the_idle_octet() -> None:
    silence = np.zeros(2, np.int16)
    assert (g711.encode_pcmu(silence), g711.encode_pcma(silence)) == (b"\xff\xff", b"\xd5\xd5")


def test_translation_is_decoding_and_encoding() -> None:
    assert EVERY_OCTET.translate(g711.PCMU_TO_PCMA) == g711.encode_pcma(g711.decode_pcmu(EVERY_OCTET))
    assert EVERY_OCTET.translate(g711.PCMA_TO_PCMU) == g711.encode_pcmu(g711.decode_pcma(EVERY_OCTET))


@pytest.mark.parametrize(("there", "back"), [("PCMU_TO_PCMA", "PCMA_TO_PCMU"), ("PCMA_TO_PCMU", "PCMU_TO_PCMA")])
def test_a_second_round_trip_changes_nothing_more(there: str, back: str) -> None:
    """Synchronous tandeming: voice that crosses several bridges is degraded once (G.711 §3.5)."""
    tables = getattr(g711, there), getattr(g711, back)
    once = EVERY_OCTET.translate(tables[0]).translate(tables[1])
    assert once.translate(tables[0]).translate(tables[1]) == once


def test_encoding_takes_samples_that_are_not_contiguous() -> None:
    assert g711.encode_pcmu(EVERY_SAMPLE[::2]) == g711.encode_pcmu(EVERY_SAMPLE[::2].copy())
