"""Passwords, tokens and the like in texts that everybody may read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialplan.problems import Findings, Place

CURE = "secrets stand in the environment variables that settings name: `sources: { crm: { token: env:CRM_TOKEN } }`"
_KEYS = r"pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|密码|口令|密钥"
_SECRETS = (
    (
        ("://",),
        re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/@:'\"]{1,100}:([^\s/@'\"{}]{1,100})@"),
        "an address with a password",
    ),
    (
        ("pass", "secret", "token", "key", "credential", "密码", "口令", "密钥"),
        re.compile(rf"(?i)(?:{_KEYS})[\"']?[ \t]*[:=][ \t]*[\"']?([^\s\"',{{}}\[\]]{{6,200}})"),
        "a secret",
    ),
    (("bearer", "basic"), re.compile(r"(?i)\b(?:bearer|basic)[ \t]+([a-z0-9._~+/=-]{16,})"), "a token"),
    (("eyj",), re.compile(r"\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})"), "a token"),
    (("akia", "asia"), re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{16})"), "a key"),
    (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "sk-", "sk_", "xox"),
        re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{30,}|sk[-_][A-Za-z0-9_-]{20,}|xox[abpr]-[A-Za-z0-9-]{10,})"),
        "a key",
    ),
    (("-----begin",), re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)"), "a private key"),
)
"""What must be there in small letters for a pattern to be worth its time, the pattern, and what it finds."""
_HARMLESS = re.compile(r"env:|\*+|x+|\.\.\.|true|false|null", re.IGNORECASE)
_WORDY = re.compile(r"[a-z_]+\Z|[\u4e00-\u9fff，。？！]+")


def leaks(text: str) -> Iterator[tuple[Place, str]]:
    """Where something stands that looks like a secret, and what it looks like; at most one a line."""
    told, small = set[int](), text.lower()
    for signs, pattern, what in _SECRETS:
        if not any(sign in small for sign in signs):
            continue
        for found in pattern.finditer(text):
            start = text.rfind("\n", 0, found.start(1)) + 1
            line = text.count("\n", 0, start) + 1
            if (
                line in told
                or text[start : found.start(1)].lstrip().startswith("#")
                or (what == "a secret" and _innocent(found[1]))
            ):
                continue
            told.add(line)
            yield Place(line, found.start(1) - start + 1), what


def check_leaks(text: str, findings: Findings) -> None:
    """Warn of what looks like a secret; it is not repeated in the message."""
    for place, what in leaks(text):
        findings.warn(place, "secret", f"this looks like {what}, and everybody who sees the file can read it", CURE)


def _innocent(value: str) -> bool:
    """Names of prompts, states and variables, and what stands for a secret without being one."""
    return bool(_HARMLESS.match(value) or _WORDY.match(value))
