"""Settings that are allowed and hardly meant: what `ivr check` warns of."""

from __future__ import annotations

from urllib.parse import urlsplit

from ivr.settings import Settings
from ivr.settings_net import parse_listen
from ivr.settings_secrecy import listener_of


def keys_in_the_open(settings: Settings) -> list[str]:
    """Where SRTP is insisted on while its keys (SDES) travel over UDP or TCP: whoever reads along can decrypt."""
    media, found = settings.media, list[str]()
    if media.dtls:
        return []
    hears = {address.partition("://")[0] for address in settings.sip.listen}
    bare = " and ".join(sorted(hears & {"udp", "tcp"}))
    if media.srtp == "required" and bare:
        found.append(
            f"media.srtp: required, and over {bare} anybody on the way can read the keys of SDES; use tls, or media.dtls"
        )
    for text, mode in media.srtp_listeners.items():
        if mode == "required" and text.partition(":")[0] in ("udp", "tcp"):
            found.append(f"media.srtp_listeners: {text}: anybody on the way can read the keys of SDES; use tls, or media.dtls")
    for one in settings.sip.accounts:
        if one.srtp == "required" and "tls" not in hears:
            found.append(f"sip.accounts: {one.user}: srtp is required, and no tls listener hides its keys")
    for name, trunk in settings.trunks.items():
        if trunk.srtp == "required" and trunk.transport != "tls":
            found.append(f"trunks.{name}: srtp is required, and without `transport: tls` its keys travel in the open")
    return found


def data_in_the_open(settings: Settings) -> list[str]:
    """Sources that are asked over plain HTTP beyond this machine: whoever reads along has callers' data, and the token."""
    found = []
    for name, one in settings.sources.items():
        parts = urlsplit(one.url)
        host = parts.hostname or ""
        if one.kind != "http" or parts.scheme != "http" or host == "localhost" or host.startswith("127.") or host == "::1":
            continue
        what = "the token and callers' data travel" if one.token or one.headers else "callers' data travels"
        found.append(f"sources.{name}.url: {what} in the open to {host}; use https")
    return found


def missing_listeners(settings: Settings) -> list[str]:
    """Listeners whose SRTP is set and that are not there."""
    there = {(one.transport, one.port) for one in (parse_listen(text, "sip.listen") for text in settings.sip.listen)}
    named = {text: listener_of(text, "media.srtp_listeners") for text in settings.media.srtp_listeners}
    return [
        f"media.srtp_listeners: {text}: there is no such listener in sip.listen, so this changes nothing"
        for text, listener in named.items()
        if listener not in there
    ]
