from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.settings_sources import ProfileOptions

GOOD = """
sources:
  crm:
    kind: http
    url: https://crm.example.org/api
    token: env:CRM_TOKEN
    timeout: 1500ms
    retry: { times: 2, wait: 50ms }
    cache: { ttl: 1m, stale: 1h }
    breaker: { failures: 3, rest: 5s }
    operations:
      profile: { path: "/customers/{number}", not_found: { ok: false }, map: { name: data.name } }
      balance: { method: POST, path: /balance, body: { account: "{account}", full: true }, repeatable: true, ttl: 0s }
  billing: { kind: sql, url: env:BILLING, operations: { bill: { sql: "SELECT amount FROM bills WHERE account = :account" } } }
  outages: { kind: static, file: outages.yaml, operations: { by_area: { table: outages, key: "{area}" } } }
  ours: { kind: records }
profiles:
  by: [caller.user, caller.number]
  within: 250ms
  otherwise: { tier: none, vip: false }
  sources:
    - { source: crm, fields: { name: name } }
    - { source: outages, get: by_area, arguments: { area: profile.area }, fields: { outages: items } }
    - source: ours
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "hotline.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path)


def test_sources_and_profiles_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", "s3cret")
    monkeypatch.setenv("BILLING", "sqlite:///billing.db")
    settings = read(tmp_path, GOOD)
    crm, profiles = settings.sources["crm"], settings.profiles
    assert (crm.token, crm.timeout, crm.retry.wait, crm.cache.stale, crm.breaker.rest) == ("s3cret", 1.5, 0.05, 3600.0, 5.0)
    assert (crm.operations["balance"].ttl, crm.operations["profile"].ttl) == (0.0, None)
    assert crm.operations["balance"].body == {"account": "{account}", "full": True}
    assert settings.sources["billing"].url == "sqlite:///billing.db"
    assert isinstance(profiles, ProfileOptions)
    assert (profiles.within, profiles.by, profiles.otherwise) == (
        0.25,
        ("caller.user", "caller.number"),
        {"tier": "none", "vip": False},
    )
    assert [one.get for one in profiles.sources] == ["profile", "by_area", "profile"]


def test_profiles_may_be_a_file_as_ever(tmp_path: Path) -> None:
    assert read(tmp_path, "profiles: customers.yaml\n").profiles == "customers.yaml"


HTTP = "kind: http, url: 'http://x'"
OURS = "sources: { a: { kind: records } }\nprofiles:"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sources: { crm: { kind: htp } }", r"sources\.crm\.kind: 'htp' is not one of .*; did you mean 'http'\?"),
        ("sources: { crm: {} }", r"sources\.crm: missing kind"),
        ("sources: { 'a b': { kind: records } }", "a name is made of letters"),
        ("sources: { crm: { kind: http } }", "needs `url`"),
        ("sources: { crm: { kind: static } }", "needs `file`"),
        ("sources: { crm: { kind: records, url: x } }", r"crm\.url: means nothing for kind records, only for http and sql"),
        ("sources: { crm: { kind: http, url: 'ftp://x' } }", r"crm\.url: expected http://"),
        ("sources: { crm: { kind: http, url: 'http://u:p@x' } }", "no password and no query"),
        ("sources: { crm: { kind: http, url: 'http://x:99999' } }", "not an address"),
        ("sources: { crm: { kind: http, url: env:NOT_SET_HERE } }", "NOT_SET_HERE is not set"),
        ("sources: { crm: { HTTP, timeout: 5m } }", r"timeout: from 0\.01s to 60s, found 300s"),
        ("sources: { crm: { HTTP, max_bytes: 5 } }", "max_bytes: from 1024"),
        ("sources: { crm: { HTTP, connections: 0 } }", "connections: from 1"),
        ("sources: { crm: { HTTP, operations: { a: {} } } }", "an operation of kind http needs `path`"),
        ("sources: { crm: { HTTP, operations: { a: { path: /x, sql: x } } } }", r"a\.sql: means nothing for kind http"),
        ("sources: { crm: { HTTP, operations: { a: { path: /x, method: DELETE } } } }", "a lookup only asks"),
        ("sources: { crm: { HTTP, operations: { a: { path: /x, body: { b: '1' } } } } }", "a GET has no body"),
        ("sources: { crm: { HTTP, operations: { a: { path: /x, body: { b: [1] } } } } }", "body.b: expected text"),
        ("sources: { crm: { HTTP, operations: { a: { path: /x, pth: /y } } } }", "did you mean 'path'"),
        ("sources: { crm: { kind: sql, url: 'sqlite:///x' } }", "add `operations`"),
        ("sources: { crm: { kind: records, operations: { a: {} } } }", "leave them out"),
        ("profiles: { sources: [] }", "add `sources:"),
        ("profiles: { sources: [{ source: crm }] }", r"profiles\.sources\[0\]: there is no source 'crm'; there are: none"),
        ("OURS { sources: [{ source: a, get: x }] }", "has no operation 'x'; there are: profile"),
        (
            "OURS { sources: [{ source: a, arguments: { b: slots.x } }] }",
            "'slots.x' is not profile.FIELD or one of caller.number",
        ),
        ("OURS { sources: [{ source: a }], by: caller.nmber }", "did you mean 'caller.number'"),
        ("OURS { sources: [{ source: a }], within: 1m }", "within: from"),
        ("profiles: [a]", "profiles: expected text"),
        ("profiles: { sorces: [] }", "did you mean 'sources'"),
    ],
)
def test_a_mistake_is_one_line_with_place_and_cure(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as found:
        read(tmp_path, text.replace("HTTP", HTTP).replace("OURS", OURS) + "\n")
    assert "\n" not in str(found.value) and "hotline.yaml" in str(found.value)
