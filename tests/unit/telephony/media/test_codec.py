from __future__ import annotations

from telephony.media.codec import Codec


def test_payload_types_and_clocks_of_rfc_3551_and_7587() -> None:
    assert [(c.payload_type, c.rtpmap, c.clock_rate, c.sample_rate, c.channels, c.timestamp_step) for c in Codec] == [
        (0, "PCMU/8000", 8000, 8000, 1, 160),
        (8, "PCMA/8000", 8000, 8000, 1, 160),
        (9, "G722/8000", 8000, 16000, 1, 160),
        (111, "opus/48000/2", 48000, 48000, 2, 960),
    ]


def test_only_opus_has_parameters() -> None:
    assert [codec.fmtp for codec in Codec][:3] == ["", "", ""]
    assert "useinbandfec=1" in Codec.OPUS.fmtp.split(";") and "stereo=0" in Codec.OPUS.fmtp.split(";")


def test_a_codec_is_found_by_its_name() -> None:
    assert Codec("opus") is Codec.OPUS and Codec("PCMA").encoding_name == "PCMA"
