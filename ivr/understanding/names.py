"""People and queues found by what somebody types of their names: a part, without accents, or the pinyin of Chinese. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pypinyin import Style, pinyin

LONGEST = 24
"""Characters of a name, and of a word that was typed, that are looked at by sound."""
_CHINESE = re.compile(r"[㐀-鿿]")


def fits(query: str, *names: str) -> bool:
    """Whether each word of `query` is found in one of `names`; an empty query fits everybody.

    A word is found where it is written there (case and accents ignored: `muller` finds Müller), or where it is the pinyin of
    characters that follow one another, each as far as one likes: `lixiaoming`, `lixm`, `xiaom` and `lxm` find 李晓明. All
    readings of a character count (单 is `dan` and `shan`), `ü` is `v`, `u` or `yu`.
    """
    plain = [_plain(name) for name in names]
    return all(any(word in name for name in plain) or _sounds(word, names) for word in _plain(query).split())


def _sounds(word: str, names: tuple[str, ...]) -> bool:
    typed = word.replace("'", "")
    return typed.isascii() and typed.isalpha() and len(typed) <= LONGEST and any(_spoken_in(typed, name) for name in names)


def _spoken_in(typed: str, name: str) -> bool:
    """Whether `typed` is a stretch of the name, of each character the beginning of a reading."""
    parts = _parts(name)
    for start in range(len(parts)):
        reached = {0}
        for part in parts[start:]:
            reached = {at + len(begun) for at in reached for begun in part if typed.startswith(begun, at)}
            if len(typed) in reached:
                return True
            if not reached:
                break
    return False


@lru_cache(maxsize=8192)
def _plain(text: str) -> str:
    if text.isascii():
        return text.casefold()
    return "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))


@lru_cache(maxsize=8192)
def _parts(name: str) -> tuple[tuple[str, ...], ...]:
    """Of each character what may be typed for it; () where none is Chinese."""
    return tuple(_begun(one) for one in name[:LONGEST] if not one.isspace()) if _CHINESE.search(name) else ()


@lru_cache(maxsize=8192)
def _begun(character: str) -> tuple[str, ...]:
    """The beginnings of what may be typed for one character."""
    if not _CHINESE.match(character):
        return (_plain(character) or character,)
    readings = set[str]()
    for one in pinyin(character, style=Style.NORMAL, heteronym=True)[0]:
        readings |= {one, one.replace("v", "u"), one.replace("v", "yu")}
    return tuple(sorted({one[:length] for one in readings for length in range(1, len(one) + 1)}))
