"""Secrets of authenticator apps as SQL keeps them: AES-256-GCM, bound to their account."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ivr.errors import NotAllowed

NONCE = 12
SEALED = 64
"""Characters of a sealed secret; a bare one has 32, in base32."""


class Seal:
    """Without a key secrets stay as they are; those that were kept so before there was one are read for ever."""

    def __init__(self, key: bytes | None) -> None:
        """`key` are the 32 octets of `recording.encrypt_key`, from which a key of its own is made."""
        self._box = None if key is None else AESGCM(HKDF(SHA256(), 32, None, b"hotline second factors").derive(key))

    def close(self, account_id: str, secret: str) -> str:
        if self._box is None:
            return secret
        nonce = os.urandom(NONCE)
        return base64.b64encode(nonce + self._box.encrypt(nonce, base64.b32decode(secret), account_id.encode())).decode()

    def open(self, account_id: str, kept: str) -> str:
        """Raises NotAllowed where the key is another one, or the secret was another account's."""
        if len(kept) != SEALED:
            return kept
        octets = base64.b64decode(kept)
        try:
            if self._box is not None:
                return base64.b32encode(self._box.decrypt(octets[:NONCE], octets[NONCE:], account_id.encode())).decode()
        except InvalidTag:
            pass
        raise NotAllowed("this app was set up under another key of the server; use a recovery code, then set it up anew")
