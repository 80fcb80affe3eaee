"""Yes or no, one of several things, and free words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.dialplan.slots.said import LONGEST, About, Found

_NO = {
    "zh": r"不是|不对|不行|不要|不用|不需要|不想|不可以|不好|不同意|没有|没|不必|错了|错的|不了|算了|否|不",
    "en": r"(?:of course|certainly|absolutely|definitely|probably|i think|i'm afraid|i hope) not|"
    r"i don't|i do not|it isn't|it is not|please don't|no|nope|nah|not|don't|do not|wrong|incorrect|negative|never",
}
_YES = {
    "zh": r"没问题|没错|不错|是的?|对的?|好的?|可以|行的?|要的?|有的?|需要|同意|确认|确定|正确|嗯+|恩|想|当然|肯定",
    "en": r"yes|yeah|yep|yup|sure|correct|right|ok|okay|of course|that's it|exactly|affirmative|please do|uh huh|i do|fine"
    r"|absolutely|definitely|certainly|please|go ahead|i would|i'd like|sounds good|great|perfect|all ?right",
}
_DOUBTFUL = {
    "zh": re.compile(
        r"是不是|对不对|好不好|要不要|有没有|可不可以|行不行|能不能|不知道|不清楚|不确定|没听|没关系|不要紧|对不起"
    ),
    "en": re.compile(r"not sure|don't know|no idea"),
}
_AGREED = {"zh": re.compile(r"没有?问题|没错|不错"), "en": re.compile(r"no problem|not wrong|not bad")}
_ZH_FILLER = r"(?:[\s,.。!?、]|嗯|呃|啊|那个|我|就|好像|好象|这个|这|它|应该|当然|确实|都)*"
_HEAD = {
    "zh": re.compile(rf"{_ZH_FILLER}(?:(?P<no>{_NO['zh']})|(?P<yes>{_YES['zh']}))"),
    "en": re.compile(
        r"(?:\W|\b(?:um|uh|well|oh|er|i think|that is|that's|it's)\b)*"
        rf"(?:(?P<no>(?:{_NO['en']})\b)|(?P<yes>(?:{_YES['en']})\b))"
    ),
}


def yes_no(text: str, about: About) -> Iterator[Found]:
    """ "yes" or "no" by the words that an answer begins with; surer the shorter the answer is."""
    language = "zh" if about.language == "zh" else "en"
    if _DOUBTFUL[language].search(text):
        return
    agreed = _AGREED[language].search(text)
    if agreed is not None:
        yield Found("yes", agreed.start(), agreed.end(), 0.9)
        return
    found = _HEAD[language].match(text)
    if found is None:
        return
    rest = len(text) - found.end()
    value = "no" if found["no"] else "yes"
    yield Found(value, 0, found.end(), 1.0 if rest <= 4 else 0.8 if rest <= 16 else 0.6)


def choice(text: str, names: Mapping[str, str]) -> Iterator[Found]:
    """Names of the phrases (plain text to name) that stand in the text; none that is part of a longer one."""
    taken: list[tuple[int, int]] = []
    for phrase in sorted((one for one in names if one), key=len, reverse=True):
        found = re.search(rf"(?<![a-z0-9]){re.escape(phrase)}(?![a-z0-9])", text)
        if found is None or any(begin <= found.start() < end for begin, end in taken):
            continue
        taken.append(found.span())
        yield Found(names[phrase], *found.span(), 1.0 if len(phrase) >= len(text) / 2 else 0.9)


def free_text(text: str, about: About) -> Iterator[Found]:
    """What was said, as it was said; nothing where there are no words in it."""
    if any(letter.isalnum() for letter in text):
        yield Found(text[:LONGEST], 0, len(text))
