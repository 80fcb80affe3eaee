"""Secrets of authenticator apps as SQL keeps them: AES-256-GCM, bound to their account."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence

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

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        """`keys` of 32 octets each, from which keys of its own are made: the first closes, all open."""
        self._boxes = [AESGCM(HKDF(SHA256(), 32, None, b"hotline second factors").derive(key)) for key in keys]

    def close(self, account_id: str, secret: str) -> str:
        if not self._boxes:
            return secret
        nonce = os.urandom(NONCE)
        return base64.b64encode(nonce + self._boxes[0].encrypt(nonce, base64.b32decode(secret), account_id.encode())).decode()

    def open(self, account_id: str, kept: str) -> str:
        """Raises NotAllowed where the key is another one, or the secret was another account's."""
        if len(kept) != SEALED:
            return kept
        for box in self._boxes:
            if (secret := _opened(box, account_id, kept)) is not None:
                return secret
        raise NotAllowed("this app was set up under another key of the server; use a recovery code, then set it up anew")

    def anew(self, account_id: str, kept: str) -> str | None:
        """The same secret closed by the first key; None where it is so already, or where no key opens it."""
        if not self._boxes or (len(kept) == SEALED and _opened(self._boxes[0], account_id, kept) is not None):
            return None
        try:
            return self.close(account_id, self.open(account_id, kept))
        except NotAllowed:
            return None


def _opened(box: AESGCM, account_id: str, kept: str) -> str | None:
    octets = base64.b64decode(kept)
    try:
        return base64.b32encode(box.decrypt(octets[:NONCE], octets[NONCE:], account_id.encode())).decode()
    except InvalidTag:
        return None
