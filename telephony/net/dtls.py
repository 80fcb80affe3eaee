"""The DTLS handshake that gives SRTP its keys (RFC 5763, RFC 5764), by OpenSSL.

Datagrams in, datagrams out; no socket, no clock.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from telephony.sip.sdes import SUITES

MTU = 1200
"""Octets of a datagram: fits through every tunnel."""

LIFE = datetime.timedelta(days=30)
_DTLS_1_2 = 0xFEFD
_HASHES: dict[str, Callable[[bytes], bytes]] = {
    "sha-512": lambda data: hashlib.sha512(data).digest(),
    "sha-384": lambda data: hashlib.sha384(data).digest(),
    "sha-256": lambda data: hashlib.sha256(data).digest(),
}
"""Best first; SHA-1 and older ones prove nothing any more (RFC 8122 §5)."""

_PROFILES = {
    "SRTP_AEAD_AES_128_GCM": ("AEAD_AES_128_GCM", 16, 12),
    "SRTP_AEAD_AES_256_GCM": ("AEAD_AES_256_GCM", 32, 12),
    "SRTP_AES128_CM_SHA1_80": ("AES_CM_128_HMAC_SHA1_80", 16, 14),
    "SRTP_AES128_CM_SHA1_32": ("AES_CM_128_HMAC_SHA1_32", 16, 14),
}
"""OpenSSL's name to ours, octets of key and of salt; in the order of our liking: GCM costs less."""

_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True, slots=True)
class Keys:
    """What a handshake came to: one crypto suite, and master key with master salt for either direction."""

    suite: str
    ours: bytes = field(repr=False)
    theirs: bytes = field(repr=False)


class Identity:
    """A self-signed certificate, made at the start; its fingerprint in the description is what proves it."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hotline")])
        now = datetime.datetime.now(datetime.UTC)
        made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - LIFE, now + 12 * LIFE)
        certificate = made.sign(key, hashes.SHA256())
        self.fingerprint = f"sha-256 {_colons(certificate.fingerprint(hashes.SHA256()))}"
        """As in a=fingerprint."""
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.set_min_proto_version(_DTLS_1_2)
        self.context.set_max_proto_version(_DTLS_1_2)
        self.context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU)
        self.context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *checked: True)
        self.context.use_certificate(certificate)
        self.context.use_privatekey(key)
        self.context.set_cipher_list(_CIPHERS)
        self.context.set_tlsext_use_srtp(":".join(_PROFILES).encode())


class Handshake:
    """One association. After `start`, `receive` or `on_timer`: send `output`, look at `keys` and `failed`, mind `timeout`."""

    def __init__(self, identity: Identity, fingerprints: tuple[tuple[str, str], ...], *, client: bool) -> None:
        """`fingerprints` are those of the far end's description, as (hash name, digest)."""
        self._connection = SSL.Connection(identity.context, None)
        self._connection.set_ciphertext_mtu(MTU)
        self._fingerprints = fingerprints
        self._client = client
        if client:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()
        self.keys: Keys | None = None
        self.failed = ""
        """Why it came to nothing."""

    def start(self) -> None:
        """Say hello, as the client."""
        self._advance()

    def receive(self, datagram: bytes) -> None:
        """Take a datagram of the far end. Whatever its bytes are, nothing is raised."""
        if self.failed:
            return
        try:
            self._connection.bio_write(datagram)
            if self.keys is not None:  # a repeated last flight, which OpenSSL answers, or the end
                self._connection.recv(MTU)
        except SSL.Error:
            return
        if self.keys is None:
            self._advance()

    def on_timer(self) -> None:
        """Repeat the last flight, where `timeout` has passed."""
        if self.failed or self.keys is not None:
            return
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            self.failed = f"DTLS: {_reason(error)}"

    @property
    def timeout(self) -> float | None:
        """Seconds until `on_timer`, None where nothing has to be repeated."""
        return None if self.failed or self.keys is not None else self._connection.DTLSv1_get_timeout()

    def output(self) -> Iterator[bytes]:
        """The datagrams to send now: whole records, as many as fit."""
        try:
            data = self._connection.bio_read(65536)
        except SSL.Error:
            return
        start = end = 0
        while end + 13 <= len(data):
            size = 13 + int.from_bytes(data[end + 11 : end + 13], "big")
            if end > start and end + size - start > MTU:
                yield data[start:end]
                start = end
            end += size
        yield data[start:]

    def close(self) -> None:
        """Say that it is over (close_notify); `output` holds it."""
        try:
            self._connection.shutdown()
        except SSL.Error:
            return

    def _advance(self) -> None:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self.failed = f"DTLS: {_reason(error)}"
            return
        if not self._proven():
            self.failed = "DTLS: the certificate is not the one that the description names"
            return
        self._take_keys()

    def _proven(self) -> bool:
        """RFC 8122 §5: the fingerprints of the best hash that we know decide."""
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            return False
        encoded = certificate.public_bytes(serialization.Encoding.DER)
        for name, digest in _HASHES.items():
            wanted = [value for key, value in self._fingerprints if key == name]
            if wanted:
                return any(hmac.compare_digest(value, _colons(digest(encoded))) for value in wanted)
        return False

    def _take_keys(self) -> None:
        """RFC 5764 §4.2: client key, server key, client salt, server salt."""
        profile = _PROFILES.get(self._connection.get_selected_srtp_profile().decode())
        if profile is None:
            self.failed = "DTLS: the far end knows no SRTP profile of ours"
            return
        suite, key, salt = profile
        material = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * SUITES[suite])
        client = material[:key] + material[2 * key : 2 * key + salt]
        server = material[key : 2 * key] + material[2 * key + salt :]
        self.keys = Keys(suite, client, server) if self._client else Keys(suite, server, client)


def _colons(digest: bytes) -> str:
    return digest.hex(":").upper()


def _reason(error: SSL.Error) -> str:
    """OpenSSL's last word, without its numbers."""
    found = error.args[0] if error.args else ()
    return str(found[-1][-1]) if isinstance(found, list | tuple) and found and found[-1] else "the handshake failed"
