"""From settings to what is taken out of messages, by the rules that hold for calls."""

from __future__ import annotations

from ivr.messages.masking import Clean, Masks, unchanged
from ivr.session.redacting import privacy_of
from ivr.settings import Settings
from ivr.understanding.numbers_of import hints_of
from ivr.understanding.redaction import KINDS, Rules, redact

SECRET = ("card", "code")
"""What no agent needs to see."""
ANSWERED = ("card", "code", "id", "account")
"""What is taken out of answers: telephones and addresses in them are mostly those of the house."""


def masks_of(settings: Settings) -> Masks:
    """Raises ConfigError for a pattern that cannot be used."""
    options, when = settings.privacy, settings.messages.redact
    if when == "off":
        return Masks()
    rules = privacy_of(options.modes(), options.patterns, options.silence).rules
    said, answered = clean_by(rules), clean_by(_only(rules, ANSWERED))
    return Masks(said if when == "at_once" else clean_by(Rules(_only(rules, SECRET).modes)), said, answered)


def clean_by(rules: Rules) -> Clean:
    if not rules.patterns and all(rules.mode(kind) == "off" for kind in KINDS):
        return unchanged

    def clean(text: str, language: str, asked: str) -> str:
        return redact(text, rules, language or _tongue(text[:500] + asked), hints_of(asked))

    return clean


def _only(rules: Rules, kinds: tuple[str, ...]) -> Rules:
    """The same for these kinds, and for patterns of the house."""
    return Rules({kind: rules.mode(kind) if kind in kinds else "off" for kind in KINDS}, rules.patterns)


def _tongue(text: str) -> str:
    """In which language a mask reads, where nobody said."""
    return "zh" if any("\u4e00" <= one <= "\u9fff" for one in text) else "en"
