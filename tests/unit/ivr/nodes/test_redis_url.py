"""What `redis:` may say, and that everything else is refused with what would be right."""

from __future__ import annotations

import pytest

from ivr.errors import ConfigError
from ivr.nodes.redis_url import read_redis_url, safe


def test_one_server_is_left_to_the_library() -> None:
    for text in ("redis://127.0.0.1:6379/0", "rediss://me:secret@redis.example/1", "unix:///run/redis.sock?db=1"):
        assert (read_redis_url(text).kind, read_redis_url(text).text) == ("server", text)


def test_sentinels_and_the_master_they_watch() -> None:
    url = read_redis_url("redis+sentinel://me:p%40ss@s1,s2:26380,[::1]:26381/calls/2?sentinel_password=x")
    assert url.hosts == (("s1", 26379), ("s2", 26380), ("::1", 26381))
    assert (url.master, url.database, url.username, url.password) == ("calls", 2, "me", "p@ss")
    assert (url.tls, url.options) == (False, (("sentinel_password", "x"),))
    assert "p@ss" not in repr(url) or "password" not in repr(url).split("text=")[0]


def test_a_cluster_by_some_of_its_nodes() -> None:
    url = read_redis_url("rediss+cluster://:secret@a:7000,b/0")
    assert (url.kind, url.hosts, url.tls, url.password) == ("cluster", (("a", 7000), ("b", 6379)), True, "secret")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http://redis", "begins with one of redis://"),
        ("redis", "begins with one of redis://"),
        ("", "begins with one of redis://"),
        ("sentinel://h:1/m", "redis\\+sentinel://"),
        ("redis+sentinel://h1:26379,h2:26379", "the name of the master is missing.*write redis\\+sentinel://h1:26379"),
        ("redis+sentinel://h1:26379/0", "the name of the master is missing"),
        ("redis+sentinel://h1:99999/calls", "99999 is no port"),
        ("redis+sentinel://h1:port/calls", "'h1:port' is no host:port"),
        ("redis+sentinel://h1,,h2/calls", "a host is missing"),
        ("redis+sentinel:///calls", "a host is missing"),
        ("redis+sentinel://h1/calls/one", "'one' is no database number"),
        ("redis+sentinel://h1/calls?sentinel_pasword=x", "no option 'sentinel_pasword'; there are sentinel_username"),
        ("redis+cluster://h1:6379/1", "only database 0"),
        ("redis+cluster://" + ",".join("h" * 1 for _ in range(65)), "65 hosts are more than 64"),
        ("redis+cluster://" + "h" * 5000, "no Redis URL"),
    ],
)
def test_what_is_wrong_is_named_with_the_cure(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as wrong:
        read_redis_url(text)
    assert "\n" not in str(wrong.value)


def test_no_refusal_shows_a_password() -> None:
    for text in ("redis+sentinel://me:hush@h", "redis+cluster://me:hush@h/3", "htp://me:hush@h", "redis+cluster://:hu@sh@h/3"):
        with pytest.raises(ConfigError) as wrong:
            read_redis_url(text)
        assert "hush" not in str(wrong.value) and "hu@sh" not in str(wrong.value)
    assert safe("redis+sentinel://u:hush@h/m?sentinel_password=hush&x=1") == "redis+sentinel://h/m?sentinel_password=***&x=1"
    assert safe("redis://me:secret@127.0.0.1:6379/1") == "redis://127.0.0.1:6379/1"
    assert safe("unix:///run/redis.sock") == "unix:///run/redis.sock"
