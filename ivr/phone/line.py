"""One telephone line: a gateway of its own that calls, is called and registers, and takes whoever calls it for a friend."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from ivr.errors import ConfigError
from ivr.phone.certificate import self_signed
from telephony.errors import MalformedMessage, TelephonyError
from telephony.gateway.sip import SipGateway, SipSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.sip_wire import Listener, WireSettings
from telephony.leg import Party
from telephony.media.codec import Codec
from telephony.net.ticker import Ticker
from telephony.net.tls import TlsSettings
from telephony.sip.digest import Account
from telephony.sip.grammar import Uri
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.negotiation import MediaPolicy
from telephony.sip.registration import RegistrationState
from telephony.sip.trunk import Health, RegistrationOptions, TrunkOptions

REGISTRAR = "registrar"
_LISTEN = re.compile(r"(udp|tcp|tls)://(\[[0-9a-fA-F:]+\]|[^:/\s\[\]]+):(\d{1,5})")


@dataclass(frozen=True, slots=True)
class LineOptions:
    listen: tuple[str, ...] = ()
    """`udp://HOST:PORT` and the like; none: any port of the address that calls leave from."""
    host: str = ""
    """Our address; "" for the one that packets to the far end leave from."""
    user: str = "phone"
    """Who calls."""
    display: str = ""
    account: Account | None = field(default=None, repr=False)
    """What challenges are answered with."""
    registrar: str = ""
    """URI of who is registered where: `sip:6001@pbx:5060`; "" for no registration."""
    codecs: tuple[Codec, ...] = (Codec.PCMU, Codec.PCMA)
    srtp: Srtp = Srtp.OFF
    media_timeout: float = 30.0
    tls: bool = False
    """Speak TLS too: for `;transport=tls` and `sips:`."""
    ca: str = ""
    """PEM file of the authorities that prove servers; "" for those of the system."""
    verify: bool = True
    """Check the certificates of servers."""


class Line:
    """`async with` opens it. `on_call` gets each leg that is offered."""

    def __init__(self, options: LineOptions, on_call: Callable[[SipLeg], None] = lambda leg: leg.hang_up(status=486)) -> None:
        self.options = options
        self._on_call = on_call
        self._ticker = Ticker()
        self._gateway: SipGateway | None = None
        self._folder: TemporaryDirectory[str] | None = None

    @property
    def gateway(self) -> SipGateway:
        assert self._gateway is not None
        return self._gateway

    @property
    def caller(self) -> Party:
        return Party(self.options.user, self.options.display)

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as `udp://HOST:PORT`."""
        return [f"{one.transport}://{one.host}:{one.port}" for one in self.gateway.listeners]

    async def __aenter__(self) -> Self:
        """Raises ConfigError, in one line, where an address cannot be used."""
        options = self.options
        trunks = (_registration(options),) if options.registrar else ()
        try:
            settings = SipSettings(
                listeners=_listeners(options),
                wire=WireSettings(tls=self._tls()),
                trusted_networks=("0.0.0.0/0", "::/0"),
                realm="phone.invalid",
                media_timeout=options.media_timeout,
                media=MediaPolicy(codecs=options.codecs, secrecy=Secrecy(srtp=options.srtp)),
                trunks=trunks,
                account=options.account,
            )
            self._gateway = SipGateway(settings, self._ticker, self._on_call)
            self._ticker.start()
            await self._gateway.start()
        except (TelephonyError, ValueError) as error:
            await self._ticker.close()
            raise ConfigError(str(error)) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.gateway.close()
        await self._ticker.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _tls(self) -> TlsSettings:
        options = self.options
        if not options.tls:
            return TlsSettings()
        self._folder = TemporaryDirectory(prefix="ivr-phone-")
        return TlsSettings(certificate=self_signed(Path(self._folder.name)), ca=options.ca, verify=options.verify)

    def dial(self, target: str) -> SipLeg:
        return self.gateway.dial(target, self.caller)

    async def registered(self, seconds: float) -> str:
        """Wait for the first registration; "" where it stands, else why not."""
        registration = self.gateway.trunks[REGISTRAR].registration
        assert registration is not None
        until = asyncio.get_running_loop().time() + seconds
        while not registration.registered:
            if registration.state is RegistrationState.FAILED:
                return registration.detail
            if asyncio.get_running_loop().time() > until:
                return f"no answer within {seconds:g} s"
            await asyncio.sleep(0.02)  # it tells nobody when it changes
        return ""


def _registration(options: LineOptions) -> TrunkOptions:
    uri = parse_uri(options.registrar)
    registrar = str(Uri("sip", "", uri.host, uri.port, uri.parameters))
    return TrunkOptions(
        name=REGISTRAR,
        domain=uri.host,
        account=options.account,
        registration=RegistrationOptions((registrar,), uri.user, expires=300),
        health=Health(interval=0.0),
    )


def speaks_tls(uri: Uri) -> bool:
    return uri.scheme == "sips" or uri.transport == "tls"


def parse_uri(text: str) -> Uri:
    """A SIP URI with a user. Raises ConfigError in one line."""
    try:
        uri = Uri.parse(text if ":" in text.partition("@")[0] else f"sip:{text}")
    except MalformedMessage as error:
        raise ConfigError(f"'{text}': {error}; write it as sip:1000@127.0.0.1:5060") from None
    if uri.scheme not in ("sip", "sips") or not uri.user or not uri.host:
        raise ConfigError(f"'{text}' is not a SIP URI with a user; write it as sip:1000@127.0.0.1:5060")
    return uri


def local_address(uri: Uri) -> str:
    """The address that packets to the host of `uri` leave from; nothing is sent. Raises ConfigError."""
    host = uri.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, uri.port or 5060, type=socket.SOCK_DGRAM)
    except OSError:
        return "0.0.0.0"  # a name with SRV alone: the gateway looks it up
    family, _, _, _, address = found[0]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(address)
        except OSError as error:
            raise ConfigError(f"there is no way to {host}: {error.strerror}") from None
        return str(probe.getsockname()[0])


def _listeners(options: LineOptions) -> tuple[Listener, ...]:
    if not options.listen:
        transports = ("udp", "tcp", "tls") if options.tls else ("udp", "tcp")
        return tuple(Listener(one, options.host or "127.0.0.1", 0) for one in transports)
    listeners = []
    for text in options.listen:
        found = _LISTEN.fullmatch(text)
        if found is None or int(found[3]) > 65535:
            raise ConfigError(f"--listen: '{text}' is not udp://HOST:PORT, tcp:// or tls://")
        listeners.append(Listener(found[1], found[2].strip("[]"), int(found[3])))
    return tuple(listeners)
