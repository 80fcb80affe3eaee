"""From settings to codecs."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.settings import Settings
from ivr.settings_media import MediaOptions
from telephony.gateway.webrtc import WebRtcGateway
from telephony.media.codec import Codec
from telephony.net.ticker import Ticker
from telephony.sip.negotiation import MediaPolicy

_CODECS = {codec.encoding_name.lower(): codec for codec in Codec}


def codecs_of(names: Iterable[str]) -> tuple[Codec, ...]:
    """Names that `check_media` let pass."""
    return tuple(_CODECS[name.lower()] for name in names)


def media_policy(media: MediaOptions) -> MediaPolicy:
    """What SIP legs may speak."""
    return MediaPolicy(codecs=codecs_of(media.codecs), own_order=media.own_order)


def browser_gateway(settings: Settings, ticker: Ticker, hosts: tuple[str, ...]) -> WebRtcGateway:
    """Legs to browsers at `hosts`."""
    media = settings.media
    return WebRtcGateway(ticker, hosts=hosts, media_timeout=settings.sip.media_timeout, codecs=codecs_of(media.browser_codecs))
