"""Hooks and frames are checked where the settings are read."""

from __future__ import annotations

import pytest

from ivr.errors import ConfigError
from ivr.settings_workbench import FrameOptions, HookOptions, WorkbenchOptions, check_workbench, origin_of

SECRET = "sixteen-octets-and-more"


def check(hook: HookOptions | None = None, frame: FrameOptions | None = None) -> None:
    check_workbench(WorkbenchOptions((), {"h": hook} if hook else {}, {"f": frame} if frame else {}), "s.yaml")


def test_what_is_right_is_taken() -> None:
    check(HookOptions("https://shop.example/a", SECRET), FrameOptions("http://127.0.0.1:9/c/{customer}?n={number}", SECRET))
    assert origin_of("https://crm.example:8443/x?y") == "https://crm.example:8443"


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        (HookOptions("shop.example", SECRET), "workbench.hooks.h.url: 'shop.example' is not https://HOST/PATH"),
        (HookOptions("https://a:b@shop.example/", SECRET), "is not https"),
        (HookOptions("https://shop.example/; script-src *", SECRET), "is not https"),
        (HookOptions("https://shop.example/", "short"), "workbench.hooks.h.secret: 16 characters"),
        (HookOptions("https://shop.example/", SECRET, tries=9), "tries is 1 to 6"),
        (HookOptions("https://shop.example/", SECRET, timeout=60), "timeout 100ms to 30s"),
    ],
)
def test_a_wrong_hook_is_refused(hook: HookOptions, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("(", r"\(")):
        check(hook)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (FrameOptions("javascript:alert(1)"), "is not https"),
        (FrameOptions("https://x.example/{secret}"), "there is no {secret}; known: number"),
        (FrameOptions("https://{number}.example/"), "the host stands as it is"),
        (FrameOptions("https://x.example/", "short"), "workbench.frames.f.secret"),
        (FrameOptions("https://x.example/", SECRET, expires=1), "5s to 1h"),
        (FrameOptions("https://x.example/ 'unsafe-inline'"), "is not https"),
    ],
)
def test_a_wrong_frame_is_refused(frame: FrameOptions, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("{", r"\{").replace("}", r"\}")):
        check(frame=frame)
