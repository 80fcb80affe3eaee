from __future__ import annotations

from telephony.media.codec import Codec


def test_static_payload_types_of_rfc_3551() -> None:
    assert [(c.payload_type, c.encoding_name, c.clock_rate) for c in Codec] == [(0, "PCMU", 8000), (8, "PCMA", 8000)]
