"""TLS for SIP: contexts from files that may be replaced while we run, and whom a certificate proves (RFC 5922)."""

from __future__ import annotations

import ipaddress
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509

from telephony.errors import MalformedMessage, TransportError
from telephony.sip.grammar import Uri

logger = logging.getLogger(__name__)

SOON = timedelta(days=14)
"""Before its end a certificate is warned of."""

Certificate = Mapping[str, Any]
"""As `SSLSocket.getpeercert` gives it; empty where none was asked for or checked."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    certificate: str = ""
    """PEM file: our certificate, then those between it and its authority. Needed to listen."""
    key: str = ""
    """PEM file of the private key; empty where the certificate's file holds it too."""
    ca: str = ""
    """PEM file or folder of the authorities that prove servers we call; empty: those of the system."""
    client_ca: str = ""
    """PEM file or folder of authorities; with it, whoever connects must show a certificate of theirs."""
    verify: bool = True
    """Check the certificates of servers that we call."""

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.certificate, self.key, self.ca, self.client_ca)))


class Tls:
    """Both contexts, made of the files as they stand. Raises TransportError, in one clear line, where they cannot be used."""

    def __init__(self, settings: TlsSettings) -> None:
        self.settings = settings
        self._stamps = _stamps(settings)
        self.server = _server(settings)
        """None without a certificate: then there is nothing to listen with."""
        self.client = _client(settings)
        _warn(settings)

    def refresh(self, *, force: bool = False) -> bool:
        """Take files that have changed since; connections that stand keep what they have. True where new ones are in use.

        Files that cannot be used are told in the log, once, and the old ones stay in use.
        """
        stamps = _stamps(self.settings)
        if stamps == self._stamps and not force:
            return False
        self._stamps = stamps
        try:
            self.server, self.client = _server(self.settings), _client(self.settings)
        except TransportError as error:
            logger.error("tls: the old certificate stays in use: %s", error)
            return False
        logger.info("tls: %s is in use", self.settings.certificate or "the list of authorities")
        _warn(self.settings)
        return True


def check_files(settings: TlsSettings, now: datetime | None = None) -> None:
    """Raises TransportError, in one clear line, for files that are missing, expired, or do not belong together."""
    _server(settings)
    _client(settings)
    if not settings.certificate:
        return
    now = now or datetime.now(UTC)
    certificate = _own(settings)
    if now > certificate.not_valid_after_utc:
        raise TransportError(f"certificate {settings.certificate}: expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
    if now < certificate.not_valid_before_utc:
        raise TransportError(
            f"certificate {settings.certificate}: not valid before {certificate.not_valid_before_utc:%Y-%m-%d}"
        )


def _own(settings: TlsSettings) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(Path(settings.certificate).read_bytes())
    except (OSError, ValueError) as error:
        raise TransportError(f"certificate {settings.certificate}: {error}") from error


def _warn(settings: TlsSettings) -> None:
    """Say in the log that the certificate is over, or will be soon: it is used all the same, other listeners need it not."""
    if not settings.certificate:
        return
    end = _own(settings).not_valid_after_utc
    left = end - datetime.now(UTC)
    if left < SOON:
        logger.warning(
            "tls: certificate %s: %s on %s", settings.certificate, "ends" if left > timedelta() else "expired", end.date()
        )


def names_of(certificate: Certificate) -> tuple[str, ...]:
    """The identities that a certificate proves, lower case (RFC 5922 §7.1).

    SIP domains of its alternative names; without any, host names and addresses; without alternative names, its common name.
    """
    alternatives = certificate.get("subjectAltName", ())
    if domains := [domain for kind, value in alternatives if kind == "URI" and (domain := _domain(value))]:
        return tuple(domains)
    if alternatives:
        return tuple(_host(value) for kind, value in alternatives if kind in ("DNS", "IP Address"))
    subject = [pair for part in certificate.get("subject", ()) for pair in part]
    return tuple(value.lower() for kind, value in subject if kind == "commonName")


def proves(certificate: Certificate, name: str) -> bool:
    """True where a certificate stands for the domain or address `name`.

    A host name may have `*` as its first label: RFC 5922 §7.2 forbids it, and large carriers have no others.
    """
    name = _host(name)
    wild = "*." + name.partition(".")[2] if "." in name and not _is_ip(name) else name
    return any(one in (name, wild) for one in names_of(certificate))


def _domain(uri: str) -> str:
    """The host of a `sip:` URI without a user, else ""."""
    try:
        found = Uri.parse(uri)
    except MalformedMessage:
        return ""
    return _host(found.host) if found.scheme == "sip" and not found.user else ""


def _host(text: str) -> str:
    """One spelling for each address and name."""
    text = text.strip().strip("[]").rstrip(".").lower()
    return str(ipaddress.ip_address(text)) if _is_ip(text) else text


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _server(settings: TlsSettings) -> ssl.SSLContext | None:
    if not settings.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    _load_chain(context, settings)
    if settings.client_ca:
        _load_authorities(context, settings.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _client(settings: TlsSettings) -> ssl.SSLContext:
    """Names are checked by `proves`: the library knows no SIP domains."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    if not settings.verify:
        context.verify_mode = ssl.CERT_NONE
    if settings.ca:
        _load_authorities(context, settings.ca)
    else:
        context.load_default_certs()
    if settings.certificate:
        _load_chain(context, settings)  # for servers that want to know who calls
    return context


def _load_chain(context: ssl.SSLContext, settings: TlsSettings) -> None:
    for name, path in (("certificate", settings.certificate), ("key", settings.key)):
        if path and not Path(path).is_file():
            raise TransportError(f"{name} {path}: there is no such file")
    try:
        # The password keeps OpenSSL from asking for one at the terminal.
        context.load_cert_chain(settings.certificate, settings.key or None, password=lambda: b"-")
    except ssl.SSLError as error:
        key = settings.key or settings.certificate
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TransportError(f"key {key}: does not belong to the certificate {settings.certificate}") from error
        raise TransportError(f"certificate {settings.certificate}, key {key}: {_why(error)}") from error
    except OSError as error:
        raise TransportError(f"certificate {settings.certificate}: {error.strerror}") from error


def _load_authorities(context: ssl.SSLContext, path: str) -> None:
    place = Path(path)
    try:
        if place.is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except FileNotFoundError as error:
        raise TransportError(f"authorities {path}: there is no such file or folder") from error
    except OSError as error:
        raise TransportError(f"authorities {path}: {_why(error)}") from error


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (
            "not PEM, or a key with a password" if error.reason in (None, "NO_START_LINE", "BAD_DECRYPT") else str(error.reason)
        )
    return error.strerror or str(error)


def _stamps(settings: TlsSettings) -> tuple[tuple[int, int, int], ...]:
    """What changes when a file does: its time, size and number; links are followed, as certificate robots use them."""
    found = []
    for path in settings.files:
        try:
            one = Path(path).stat()
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((one.st_mtime_ns, one.st_size, one.st_ino))
    return tuple(found)
