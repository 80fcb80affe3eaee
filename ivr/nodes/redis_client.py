"""A client for what `redis:` names, used alike whether one server answers, a master that changes, or a Cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, cast

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException

from ivr.errors import ConfigError
from ivr.nodes.redis_url import RedisUrl, read_redis_url

ANSWER_SECONDS = 5.0
"""How long Redis may take for an answer before it counts as away; longer than any wait that we ask it for."""
CONNECT_SECONDS = 2.0
SENTINEL_SECONDS = 1.0
"""How long one Sentinel may take; the next is asked then."""


def redis_client(url: str) -> Redis:
    """Return a client that is not connected yet; end it with `aclose`. Raises ConfigError for what is no Redis URL."""
    found = read_redis_url(url)
    match found.kind:
        case "sentinel":
            return _by_sentinel(found)
        case "cluster":
            return _of_cluster(found)
        case _:
            try:
                client: Redis = Redis.from_url(url, **_patience(), retry=_retry())
            except ValueError as error:
                raise ConfigError(f"redis: {error}") from error
            return client


def _patience() -> dict[str, Any]:
    return {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": ANSWER_SECONDS}


def _retry() -> Retry:
    return Retry(ConstantBackoff(0.1), 2)


def _login(url: RedisUrl) -> dict[str, Any]:
    said = {name: value for name, value in url.options if name.startswith("ssl_")}
    tls: dict[str, Any] = {"ssl": True, **said} if url.tls else {}
    if "ssl_check_hostname" in tls:
        tls["ssl_check_hostname"] = tls["ssl_check_hostname"].lower() in ("1", "true", "yes")
    return {"username": url.username or None, "password": url.password or None, **tls}


class _Watched(Redis):
    """The master that Sentinels name at the moment; ends its connections to them too."""

    sentinels: Sequence[Redis] = ()

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        await self.connection_pool.disconnect()
        for sentinel in self.sentinels:
            await sentinel.aclose()


def _by_sentinel(url: RedisUrl) -> Redis:
    options = dict(url.options)
    watch: dict[str, Any] = {"socket_connect_timeout": SENTINEL_SECONDS, "socket_timeout": SENTINEL_SECONDS}
    watch |= _login(url) | {
        "username": options.get("sentinel_username") or None,
        "password": options.get("sentinel_password") or None,
    }
    sentinel = Sentinel(url.hosts, sentinel_kwargs=watch)  # type: ignore[no-untyped-call]
    # A master that changes takes its Sentinels some seconds: whoever asks meanwhile is told so, as with any Redis that is away.
    found = sentinel.master_for(url.master, redis_class=_Watched, db=url.database, retry=_retry(), **_patience(), **_login(url))
    client = cast(_Watched, found)
    client.sentinels = sentinel.sentinels
    return client


@contextmanager
def _as_away() -> Iterator[None]:
    """What a Cluster says of itself is no RedisError in redis-py; here it is one, as of any Redis that is away."""
    try:
        yield
    except RedisClusterException as error:
        raise RedisConnectionError(f"the Cluster does not answer: {error}") from error


class _ClusteredPipeline(ClusterPipeline):
    async def execute(self, raise_on_error: bool = True, allow_redirections: bool = True) -> list[Any]:
        with _as_away():
            return await super().execute(raise_on_error, allow_redirections)


class _Clustered(RedisCluster):
    """A Cluster as if it were one server."""

    async def initialize(self, *args: Any, **kwargs: Any) -> Self:
        with _as_away():
            await super().initialize(*args, **kwargs)
        return self

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        with _as_away():
            return await super().execute_command(*args, **kwargs)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> ClusterPipeline:
        return _ClusteredPipeline(self, transaction)  # type: ignore[abstract]  # so says the stub; the class is whole


def _of_cluster(url: RedisUrl) -> Redis:
    nodes = [ClusterNode(host, port) for host, port in url.hosts]
    client = _Clustered(startup_nodes=nodes, retry=_retry(), **_patience(), **_login(url))
    return cast(Redis, client)
