"""What `redis:` of the settings may say: one server, servers that Sentinels watch, or a Cluster.

    redis://[user:password@]host[:6379][/0]                         rediss:// with TLS
    unix:///path/to/redis.sock
    redis+sentinel://[user:password@]h1[:26379],h2,h3/master[/0]    rediss+sentinel:// with TLS
    redis+cluster://[user:password@]h1[:6379],h2,h3                 rediss+cluster:// with TLS

No I/O. Everything wrong raises ConfigError in one line that names the part and shows what would be right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from ivr.errors import ConfigError

SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")
OPTIONS = ("sentinel_username", "sentinel_password", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname")
"""What may follow a `?` of a Sentinel or Cluster URL."""
MOST_HOSTS = 64
LONGEST = 4096
_RIGHT = {
    "sentinel": "redis+sentinel://h1:26379,h2:26379,h3:26379/mymaster/0",
    "cluster": "redis+cluster://h1:6379,h2:6379,h3:6379",
}
_DEFAULT_PORT = {"sentinel": 26379, "cluster": 6379}


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """One that can be opened."""

    kind: str
    """`server`, `sentinel` or `cluster`."""
    text: str
    """As it was written."""
    hosts: tuple[tuple[str, int], ...] = ()
    """Sentinels, or nodes of the Cluster to begin with; () for one server."""
    master: str = ""
    database: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def read_redis_url(text: str) -> RedisUrl:
    """Raises ConfigError."""
    scheme, sep, rest = text.partition("://")
    if len(text) > LONGEST or not sep or scheme not in SCHEMES:
        raise ConfigError(f"redis: {safe(text)[:80]!r} is no Redis URL; it begins with one of {'://, '.join(SCHEMES)}://")
    kind = scheme.partition("+")[2]
    if not kind:
        return RedisUrl("server", text)
    main, _, query = rest.partition("?")
    before, at, after = main.rpartition("@")
    where, _, path = after.partition("/")
    username, _, password = before.partition(":") if at else ("", "", "")
    master, database = _path(kind, path, safe(text))
    return RedisUrl(
        kind,
        text,
        _hosts(kind, where, safe(text)),
        master,
        database,
        unquote(username),
        unquote(password),
        scheme.startswith("rediss"),
        _options(query, safe(text)),
    )


def safe(text: str) -> str:
    """A Redis URL without its passwords: fit for a log."""
    return re.sub(r"(password=)[^&]*", r"\1***", re.sub(r"//.*@", "//", text))


def _wrong(shown: str, why: str, kind: str) -> ConfigError:
    return ConfigError(f"redis: {shown}: {why}; write {_RIGHT[kind]}")


def _hosts(kind: str, where: str, shown: str) -> tuple[tuple[str, int], ...]:
    found = tuple(_host(kind, one, shown) for one in where.split(","))
    if len(found) > MOST_HOSTS:
        raise _wrong(shown, f"{len(found)} hosts are more than {MOST_HOSTS}", kind)
    return found


def _host(kind: str, one: str, shown: str) -> tuple[str, int]:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:\s]+)(?::([0-9]{1,5}))?", one)
    if match is None:
        raise _wrong(shown, f"{one!r} is no host:port" if one else "a host is missing", kind)
    port = int(match[2] or _DEFAULT_PORT[kind])
    if not 0 < port < 65536:
        raise _wrong(shown, f"{port} is no port", kind)
    return match[1].strip("[]"), port


def _path(kind: str, path: str, shown: str) -> tuple[str, int]:
    parts = path.strip("/").split("/") if path.strip("/") else []
    if kind == "cluster":
        if parts not in ([], ["0"]):
            raise _wrong(shown, "a Cluster has only database 0, so nothing follows the hosts", kind)
        return "", 0
    if not parts or parts[0].isdigit():
        raise _wrong(shown, "the name of the master is missing after the hosts", kind)
    if len(parts) > 2 or (len(parts) == 2 and not re.fullmatch(r"[0-9]{1,4}", parts[1])):
        raise _wrong(shown, f"{'/'.join(parts[1:])!r} is no database number", kind)
    return unquote(parts[0]), int(parts[1]) if len(parts) == 2 else 0


def _options(query: str, shown: str) -> tuple[tuple[str, str], ...]:
    found = tuple(parse_qsl(query, keep_blank_values=True, max_num_fields=32)) if query else ()
    for name, _ in found:
        if name not in OPTIONS:
            raise ConfigError(f"redis: {shown}: there is no option {name!r}; there are {', '.join(OPTIONS)}")
    return found
