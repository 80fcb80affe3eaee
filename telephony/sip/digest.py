"""Digest authentication (RFC 8760, RFC 3261 §22, RFC 7616), as server and as client. Pure.

Nonces carry their own time and signature, so a challenge costs no memory. What is remembered is the highest nonce count of
each nonce that proved right, and that is bounded.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from telephony.errors import AuthenticationFailed, MalformedMessage

MAX_HEADER = 4_096
NONCE_SECONDS = 300.0
REMEMBERED_NONCES = 20_000

ALGORITHMS = ("SHA-256", "MD5")
"""Those that we know, the stronger first."""
_HASHES: Mapping[str, Callable[[bytes], Any]] = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
"""In the order in which we offer and prefer them."""
_PARAMETER = re.compile(
    r'[ \t]*([A-Za-z0-9_*.!%+`\'~-]{1,64})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",;=]+))[ \t]*(,|\Z)', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Account:
    """One who may call or register."""

    user: str
    password: str = field(default="", repr=False)
    ha1: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Algorithm to the hex digest of `user:realm:password`, for those who do not keep the password."""


def parse(text: str) -> dict[str, str]:
    """Parameters of a `Digest ...` header, names in lower case. Raises MalformedMessage, also for another scheme."""
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest" or len(text) > MAX_HEADER:
        raise MalformedMessage("not a Digest header, or too long")
    found: dict[str, str] = {}
    at = 0
    while at < len(rest):
        match = _PARAMETER.match(rest, at)
        if match is None:
            raise MalformedMessage("a Digest header is malformed")
        value = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2], flags=re.DOTALL)
        if (name := match[1].lower()) in found:
            raise MalformedMessage("a Digest parameter stands twice")
        found[name] = value
        at = match.end()
    return found


def _hex(algorithm: str, text: str) -> str:
    return str(_HASHES[algorithm](text.encode("utf-8", "surrogateescape")).hexdigest())


def _response(algorithm: str, ha1: str, method: str, values: Mapping[str, str]) -> str:
    """The `response` value (RFC 7616 §3.4.1), with qop=auth or, as RFC 2069 had it, without."""
    ha2 = _hex(algorithm, f"{method}:{values['uri']}")
    if "qop" not in values:
        return _hex(algorithm, f"{ha1}:{values['nonce']}:{ha2}")
    return _hex(algorithm, f"{ha1}:{values['nonce']}:{values['nc']}:{values['cnonce']}:auth:{ha2}")


class Authenticator:
    """The server's side for one realm. Only what `algorithms` names is offered and taken."""

    def __init__(self, realm: str, secret: bytes, token: Callable[[], str], algorithms: Sequence[str] = ALGORITHMS) -> None:
        self.realm = realm
        self._algorithms = [name for name in ALGORITHMS if name in algorithms]
        self._secret = secret
        self._token = token
        self._here = token()
        """Stands in our nonces: others that know `secret` do not know which of them were used, nor do we of theirs."""
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._floor = 0.0

    def challenges(self, now: float, *, stale: bool = False, source: str = "") -> list[str]:
        """Values for WWW-Authenticate, the stronger algorithm first, with a fresh nonce that is good for `source` alone."""
        nonce = self._sign(f"{now:.3f}.{self._here}-{self._token()}-{self._mark(source)}")
        tail = ", stale=true" if stale else ""
        return [
            f'Digest realm="{self.realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"{tail}'
            for algorithm in self._algorithms
        ]

    def issued_to(self, nonce: str, source: str) -> bool:
        """True for a nonce that we sent to this very `source`: whoever has it hears what we send there, and is not made up."""
        signed, _, _ = nonce.rpartition(".")
        _, _, told = signed.rpartition(".")
        return (
            told.startswith(f"{self._here}-")
            and told.endswith(f"-{self._mark(source)}")
            and hmac.compare_digest(self._sign(signed).encode(), nonce.encode("utf-8", "replace"))
        )

    def verify(self, header: str, method: str, find: Callable[[str], Account | None], now: float, source: str = "") -> Account:
        """Return the account whose credentials `header` proves for a request of `method` from `source`.

        A password is looked at only beside a nonce that is good: else one could be guessed with a nonce out of thin air, which
        counts for little, for that its source has heard nothing of us.
        A client that knows no qop (RFC 2069; RFC 3261 §22.4 lets it be) sends no count: its nonce is good once.

        Raises MalformedMessage, and AuthenticationFailed, whose `stale` attribute tells whether only the nonce was too old.
        """
        values = parse(header)
        algorithm = values.get("algorithm", "MD5").upper()
        needed = {"username", "realm", "nonce", "uri", "response"} | ({"nc", "cnonce"} if "qop" in values else set())
        if not needed <= values.keys() or algorithm not in self._algorithms or values.get("qop", "auth").lower() != "auth":
            raise AuthenticationFailed("Digest parameters are missing or not ours")
        count = values["nc"] if "qop" in values else "00000001"
        if values["realm"] != self.realm or re.fullmatch(r"[0-9A-Fa-f]{8}", count) is None:
            raise AuthenticationFailed("another realm, or a malformed nonce count")
        nonce = values["nonce"]
        if not self.issued_to(nonce, source) or not self._young(nonce, now):
            raise Stale("the nonce is too old, or not ours")
        account = find(values["username"])
        expected = _response(algorithm, self._ha1(account, values["username"], algorithm), method, values)
        # Compared even where no such account exists: time must not tell which names do.
        if not hmac.compare_digest(expected.encode(), values["response"].lower().encode("utf-8", "replace")) or account is None:
            raise WrongCredentials(values["username"], known=account is not None)
        if not self._rises(nonce, int(count, 16)):
            raise Stale("the nonce's count was used")
        return account

    def _ha1(self, account: Account | None, user: str, algorithm: str) -> str:
        if account is not None and algorithm in account.ha1:
            return account.ha1[algorithm]
        password = account.password if account is not None and account.password else self._secret.hex()
        return _hex(algorithm, f"{user}:{self.realm}:{password}")

    def _mark(self, source: str) -> str:
        return hmac.new(self._secret, f"to {source}".encode(), hashlib.sha256).hexdigest()[:12]

    def _sign(self, text: str) -> str:
        return f"{text}.{hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:24]}"

    def _young(self, nonce: str, now: float) -> bool:
        """True where a nonce of ours is neither too old nor so old that its counts may be forgotten."""
        issued = _issued(nonce)
        return now - NONCE_SECONDS <= issued <= now + 0.001 and (nonce in self._counts or issued >= self._floor)

    def _rises(self, nonce: str, count: int) -> bool:
        if count <= self._counts.get(nonce, 0):
            return False
        self._counts[nonce] = count
        self._counts.move_to_end(nonce)
        if len(self._counts) > REMEMBERED_NONCES:
            forgotten, _ = self._counts.popitem(last=False)
            # What is forgotten could be replayed: no nonce as old as it is good any longer.
            self._floor = max(self._floor, _issued(forgotten) + 0.001)
        return True


def _issued(nonce: str) -> float:
    """When a nonce of ours was made; a rounded time, up to a millisecond late."""
    return float(nonce.rpartition(".")[0].rpartition(".")[0])


class WrongCredentials(AuthenticationFailed):
    """No such user, or another password; which of them is for our own eyes."""

    def __init__(self, user: str, *, known: bool) -> None:
        super().__init__("wrong user or password")
        self.user = user
        self.known = known
        """True where there is such a user."""


class Stale(AuthenticationFailed):
    """The nonce is no good, whatever the password; the client may try again at once with the new nonce."""


def credentials(
    challenges: list[str], method: str, uri: str, account: Account, cnonce: str, counts: dict[str, int] | None = None
) -> str:
    """Value for (Proxy-)Authorization that answers the best challenge that we know.

    `counts` keeps how often each nonce was used. Raises AuthenticationFailed where no challenge can be answered.
    """
    counts = {} if counts is None else counts
    parsed = []
    for text in challenges:
        try:
            parsed.append(parse(text))
        except MalformedMessage:
            continue
    for algorithm in _HASHES:
        for values in parsed:
            if values.get("algorithm", "MD5").upper() == algorithm and {"realm", "nonce"} <= values.keys():
                return _credentials(values, algorithm, method, uri, account, cnonce, counts)
    raise AuthenticationFailed("no challenge that we can answer")


def _credentials(
    challenge: Mapping[str, str],
    algorithm: str,
    method: str,
    uri: str,
    account: Account,
    cnonce: str,
    counts: dict[str, int],
) -> str:
    realm, nonce = challenge["realm"], challenge["nonce"]
    values = {"uri": uri, "nonce": nonce}
    if "auth" in [item.strip().lower() for item in challenge.get("qop", "").split(",")]:
        counts[nonce] = counts.get(nonce, 0) + 1
        values |= {"qop": "auth", "nc": f"{counts[nonce]:08x}", "cnonce": cnonce}
    elif "qop" in challenge:
        raise AuthenticationFailed("only qop=auth is known")
    ha1 = account.ha1.get(algorithm) or _hex(algorithm, f"{account.user}:{realm}:{account.password}")
    quoted = {"username": account.user, "realm": realm, "nonce": nonce, "uri": uri}
    quoted["response"] = _response(algorithm, ha1, method, values)
    if "opaque" in challenge:
        quoted["opaque"] = challenge["opaque"]
    if "cnonce" in values:
        quoted["cnonce"] = cnonce
    text = ", ".join(f'{name}="{_escaped(value)}"' for name, value in quoted.items())
    text += f", algorithm={algorithm}"
    return f"Digest {text}" + (f", qop=auth, nc={values['nc']}" if "nc" in values else "")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
