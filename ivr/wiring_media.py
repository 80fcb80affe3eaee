"""From settings of voice to what telephony takes."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.settings import Settings
from ivr.settings_media import MediaOptions
from ivr.settings_secrecy import listener_of, mode_of
from telephony.gateway.aiortc_seam import IceServer
from telephony.gateway.media_rules import SrtpRules
from telephony.gateway.webrtc import WebRtcGateway
from telephony.media.codec import Codec
from telephony.net.ticker import Ticker
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.negotiation import MediaPolicy

_CODECS = {codec.encoding_name.lower(): codec for codec in Codec}


def codecs_of(names: Iterable[str]) -> tuple[Codec, ...]:
    """Names that `check_media` let pass."""
    return tuple(_CODECS[name.lower()] for name in names)


def media_policy(media: MediaOptions) -> MediaPolicy:
    """What SIP legs may speak."""
    return MediaPolicy(
        codecs=codecs_of(media.codecs),
        own_order=media.own_order,
        comfort_noise=media.comfort_noise,
        keepalive=media.keepalive == "silence",
        rtcp=media.rtcp,
        secrecy=Secrecy(srtp_of(media.srtp), media.srtp_suites, media.dtls),
        answers_ice=media.ice,
    )


def srtp_of(value: str | bool) -> Srtp:
    """A mode that was checked."""
    return Srtp(mode_of(value, "srtp"))


def srtp_rules(settings: Settings) -> SrtpRules:
    """Listeners and accounts whose calls are secret otherwise than the rest."""
    return SrtpRules(
        listeners={
            listener_of(text, "media.srtp_listeners"): srtp_of(mode) for text, mode in settings.media.srtp_listeners.items()
        },
        accounts={one.user: srtp_of(one.srtp) for one in settings.sip.accounts if one.srtp != ""},
    )


def browser_gateway(settings: Settings, ticker: Ticker, hosts: tuple[str, ...]) -> WebRtcGateway:
    """Legs to browsers at `hosts`."""
    media = settings.media
    return WebRtcGateway(
        ticker,
        hosts=hosts,
        ice_servers=tuple(IceServer(one.url, one.username, one.password) for one in settings.web.ice_servers),
        media_timeout=settings.sip.media_timeout,
        codecs=codecs_of(media.browser_codecs),
    )


def page_ice_servers(settings: Settings) -> list[dict[str, str]]:
    """The same servers as a page wants them (RTCIceServer of W3C WebRTC §4.2.2)."""
    return [
        {"urls": one.url} | ({"username": one.username, "credential": one.password} if one.username else {})
        for one in settings.web.ice_servers
    ]
