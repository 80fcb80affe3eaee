from __future__ import annotations

import pytest

from ivr.errors import ConfigError
from ivr.settings_media import MediaOptions, check_media
from ivr.wiring_media import codecs_of, media_policy
from telephony.media.codec import Codec


def test_without_settings_every_codec_is_spoken_and_the_cheapest_preferred() -> None:
    policy = media_policy(MediaOptions())
    assert policy.codecs == tuple(Codec) and policy.own_order
    assert codecs_of(MediaOptions().browser_codecs) == (Codec.PCMU, Codec.OPUS)


def test_names_in_either_case() -> None:
    options = MediaOptions(codecs=("Opus", "PCMA"), own_order=False, browser_codecs=("opus",))
    check_media(options, "hotline.yaml")
    assert media_policy(options).codecs == (Codec.OPUS, Codec.PCMA)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (MediaOptions(codecs=("pcmu", "gsm")), "media.codecs: 'gsm' is not one of pcmu, pcma, g722, opus"),
        (MediaOptions(codecs=()), "media.codecs: expected one of pcmu, pcma, g722, opus"),
        (MediaOptions(browser_codecs=("opus", "OPUS")), "media.browser_codecs: a codec stands there twice"),
    ],
)
def test_a_mistake_is_one_clear_line(options: MediaOptions, said: str) -> None:
    with pytest.raises(ConfigError, match="^hotline.yaml: " + said.replace(".", r"\.")):
        check_media(options, "hotline.yaml")
