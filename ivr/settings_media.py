"""Settings of voice: `media`, which codecs phones and browsers are offered, best first."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.errors import ConfigError

CODECS = ("pcmu", "pcma", "g722", "opus")


@dataclass(frozen=True, slots=True)
class MediaOptions:
    codecs: tuple[str, ...] = CODECS
    """`pcmu`, `pcma`, `g722`, `opus`: what phones and trunks may speak, in the order of our offers."""
    own_order: bool = True
    """An answer takes the first of ours that the far end offers: a leg that the server hears is cheapest in G.711. `false`:
    the first of the far end's."""
    browser_codecs: tuple[str, ...] = ("pcmu", "opus")
    """`pcmu`, `pcma`, `g722`, `opus`: what browsers are offered; they speak the first that they know."""


def check_media(media: MediaOptions, file: str) -> None:
    """Raises ConfigError in one line."""
    for name, codecs in (("codecs", media.codecs), ("browser_codecs", media.browser_codecs)):
        unknown = [codec for codec in codecs if codec.lower() not in CODECS]
        if unknown or not codecs:
            what = f"'{unknown[0]}' is not" if unknown else "expected"
            raise ConfigError(f"{file}: media.{name}: {what} one of {', '.join(CODECS)}")
        if len(set(map(str.lower, codecs))) < len(codecs):
            raise ConfigError(f"{file}: media.{name}: a codec stands there twice")
