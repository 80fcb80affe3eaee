"""The words that a recogniser is told where a row of digits is expected, so that it hears nothing else in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = (
    "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred double triple"
)
_CORRECTING: Mapping[str, tuple[str, ...]] = {
    "zh": ("不是", "不对", "是", "应该是", "我的", "号码", "账号"),
    "en": ("no", "not", "sorry", "i meant", "it's", "but", "my", "number", "is"),
}
DIGITS: Mapping[str, tuple[str, ...]] = {"zh": tuple("零幺一二两三四五六七八九十百"), "en": tuple(_ENGLISH.split())}
_MORE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "id_number": {"zh": ("叉", "艾克斯"), "en": ("x",)},
    "phone": {"zh": ("加", "区号"), "en": ("plus",)},
}


def vocabulary(kind: str, language: str) -> tuple[str, ...]:
    """Words for a slot of that type; none where it has to be heard freely."""
    if kind not in ("digits", "phone", "id_number"):
        return ()
    return (*DIGITS.get(language, ()), *_MORE.get(kind, {}).get(language, ()), *_CORRECTING.get(language, ()))
