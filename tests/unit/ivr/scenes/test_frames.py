"""The address of a frame: its places are filled, and its token says who and for how long."""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import OctKey

from ivr.scenes.frames import address
from ivr.settings_workbench import FrameOptions

AGENT = {"id": "emma", "name": "Emma", "roles": ["agent"]}
CONTACT = {"id": "c-1", "language": "zh", "customer": "K/1", "caller": {"number": "+86 138&x=1", "name": "李强"}}
SECRET = "sixteen-octets-and-more"


def test_places_are_escaped() -> None:
    url = address(FrameOptions("https://crm.example/c/{customer}?n={number}&l={language}"), "crm", AGENT, CONTACT, 1000.0, "j")
    assert url == "https://crm.example/c/K%2F1?n=%2B86%20138%26x%3D1&l=zh"


def test_the_token_says_who_sits_there_and_who_calls() -> None:
    url = address(FrameOptions("https://crm.example/c?a=1#x", SECRET), "crm", AGENT, CONTACT, 1000.9, "j")
    head, _, rest = url.partition("&hotline_token=")
    assert head == "https://crm.example/c?a=1"
    token, _, fragment = rest.partition("#")
    assert fragment == "x"
    claims = jwt.decode(token, OctKey.import_key(SECRET), ["HS256"]).claims
    assert (claims["iss"], claims["aud"], claims["sub"], claims["jti"]) == ("hotline", "crm", "emma", "j")
    assert (claims["iat"], claims["exp"]) == (1000, 1060)
    assert claims["agent"] == AGENT
    assert claims["contact"] == CONTACT
    with pytest.raises(BadSignatureError):
        jwt.decode(token, OctKey.import_key("another-secret-of-16"), ["HS256"])
