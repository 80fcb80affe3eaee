"""Which words that people wait for were said in a turn. Pure: no model, no clock; a millisecond or two a turn.

A turn and a phrase are compared as rows of tokens: a Chinese character each, or a word. All tokens of a phrase must come, in
order and in one clause: as they are written, else as they sound (toned syllables, then toneless ones that many speakers do not
keep apart; English by its consonants), so that a recogniser's homophones are the same thing. With a tolerance some words may
stand between them, and one sound may be a near one. `*` in a phrase stands for up to four tokens, a full stop at its end for
the end of the clause, `(a|b)` for either. What is denied just before ("我不是要起诉", "I'm not going to cancel") is not meant,
nor what stands in one clause with a phrase of its trigger that begins with `!`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice

from ivr.understanding.phrasing import pieces, taken_back
from ivr.understanding.sounds import CJK, Token, near, tokens

MOST_PHRASES = 8000
"""Of all triggers of a spotter together, each form of one counted."""
GAP = 4
"""Tokens that a `*` stands for at most."""
SOUND_FROM = 3
"""Chinese characters from which the toneless sound of a phrase is enough; shorter ones must have the tones too."""
NEAR_FROM = 5
"""Tokens from which one of them may be a near sound."""
TRIES = 6
"""Places at which a phrase is tried."""

form_tokens = lru_cache(maxsize=12_288)(tokens)
"""Those of a form: each flow has the 8,000 of the built-in triggers. What callers say is not kept."""

EXACT, SOUNDED, LOOSE = 1.0, 0.95, 0.85
"""Likeness of what was said as written, as it sounds, and with words between or a near sound."""

_NOT = frozenset(["不", "没", "别", "未", "not", "never", "no"])
_DENIED_ZH = re.compile(
    r"(?<!要)(?<!可)(?:不是|没有|没说|无需|不用|不必|不会|不想|不要|从不|并不|也不|不|没|别)(?:我|是|说|会|想|要|用|需要?|打算|准备|再|能|可能|去|必|在|为了|因为)*\Z"
)
_ASKED_ZH = re.compile(r"(.)[不没]\1(?:我|说|会|想|要|再|能|去)*\Z")
_SPELT_ZH = {
    "bu4": "不",
    "mei2": "没",
    "bie2": "别",
    "shi4": "是",
    "hui4": "会",
    "xiang3": "想",
    "yao4": "要",
    "yong4": "用",
    "shuo1": "说",
}
"""Syllables of negations, however a recogniser writes them."""
_DENIED_EN = re.compile(
    r"(?<!why do )\b(?:not|never|no|without|nobody)"
    r"(?: (?:i|am|going|want|wanting|try|plan|look|to|too|two|need|have|be|even|about"
    r"|thinking|think|of|here|saying|said|say|that|want|do|any|a|the|you|your))*\Z"
)


@dataclass(frozen=True, slots=True)
class Sought:
    """What is waited for under one name."""

    name: str
    phrases: Mapping[str, Sequence[str]]
    """Language to phrases."""
    speaker: str = "caller"
    """`caller`, `agent` or `both`."""
    tolerance: float = 0.25
    """0..0.5: words that may stand between those of a phrase, as a share of its length."""
    sounds: bool = True
    """Whether what sounds alike is the same."""
    guard: bool = True
    """Whether what is denied does not count."""


@dataclass(frozen=True, slots=True)
class Spotted:
    name: str
    phrase: str
    """As it was given."""
    likeness: float
    """0..1."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Tokens as three rows of one letter each, so that strings can be sought in strings."""

    exact: str
    tone: str
    sound: str


@dataclass(frozen=True, slots=True)
class _Part:
    """The tokens between two `*`, in one of their forms."""

    text: str
    rows: _Rows
    needs: frozenset[str]
    """Letters of the sounds."""
    texts: frozenset[str]
    sounds: tuple[str, ...]
    extra: int
    """Tokens that may stand in between."""
    near: int
    """Sounds that may be near ones."""
    toned: bool
    """Known by its toned syllables."""
    toneless: bool
    """Long enough to be known by toneless sounds."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    sought: Sought
    text: str
    parts: tuple[tuple[_Part, ...], ...]
    """For each piece its forms."""
    last: bool
    """Nothing may follow in its clause."""


@dataclass(slots=True)
class _Shelf:
    """The phrases of one language, found by a sound that each of them must have."""

    phrases: list[_Phrase] = field(default_factory=list)
    unless: dict[str, list[_Phrase]] = field(default_factory=dict)
    """Trigger to what takes its hits back."""
    by_letter: dict[str, list[int]] = field(default_factory=dict)
    always: list[int] = field(default_factory=list)

    def sort(self) -> None:
        """Each phrase to the rarest sounds without one of which it cannot be said."""
        usual = Counter(letter for one in self.phrases for forms in one.parts for form in forms for letter in form.needs)
        for number, one in enumerate(self.phrases):
            ways = [_musts(forms, usual) for forms in one.parts]
            best = min(
                (way for way in ways if way is not None), key=lambda way: sum(usual[letter] for letter in way), default=None
            )
            if best is None:
                self.always.append(number)
            for letter in best or ():
                self.by_letter.setdefault(letter, []).append(number)

    def near_to(self, letters: Iterable[str]) -> list[_Phrase]:
        """Those that may be in a turn of these sounds, in the order in which they were given."""
        found = set(self.always)
        for letter in letters:
            found.update(self.by_letter.get(letter, ()))
        return [self.phrases[number] for number in sorted(found)]


def _musts(forms: Sequence[_Part], usual: Mapping[str, int]) -> set[str] | None:
    """Sounds of which one must be said with any of the forms; None where there is no such set."""
    found = set[str]()
    for form in forms:
        if len(form.needs) <= form.near:
            return None
        found.update(sorted(form.needs, key=lambda letter: (usual[letter], letter))[: 1 + form.near])
    return found


class Spotter:
    """Made once for a list of what is sought; `find` may be called from anywhere, and remembers nothing."""

    def __init__(self, sought: Iterable[Sought]) -> None:
        self._letters: dict[str, str] = {}
        self._shelves: dict[str, _Shelf] = {}
        left = MOST_PHRASES
        for one in sought:
            for language, phrases in one.phrases.items():
                for text in phrases[:left]:
                    left -= self._put(self._shelves.setdefault(language, _Shelf()), one, text)
        for shelf in self._shelves.values():
            shelf.sort()

    def find(self, text: str, language: str, speaker: str = "caller") -> list[Spotted]:
        """The best phrase of each name that `text` says, in the order in which they were given. Never raises."""
        shelf = self._shelves.get(language)
        said = tokens(text) if shelf else ()
        if shelf is None or not said:
            return []
        heard = _Heard(said, self._rows(said))
        found: dict[str, Spotted] = {}
        back: dict[str, frozenset[int]] = {}
        for phrase in shelf.near_to(heard.letters):
            name = phrase.sought.name
            if phrase.sought.speaker not in (speaker, "both") or (name in found and found[name].likeness >= EXACT):
                continue
            one = heard.meant(phrase)
            if one is not None and name not in back:
                back[name] = heard.clauses(shelf.unless.get(name, ()))
            if one is not None and back[name]:
                one = heard.meant(phrase, back[name])
            if one is not None and (name not in found or one.likeness > found[name].likeness):
                found[name] = Spotted(name, one.text, one.likeness)
        return list(found.values())

    def _put(self, shelf: _Shelf, sought: Sought, text: str) -> int:
        """Put a phrase on its shelf; how many forms it has."""
        back = taken_back(text)
        how = replace(sought, tolerance=0.0, guard=True) if back else sought
        given = pieces(text)
        rows = [tuple(part for form in forms if (part := self._part(form, how, len(given) > 1))) for forms in given]
        parts = tuple(one for one in rows if one)
        if parts:
            made = _Phrase(how, text, parts, text.rstrip().endswith("."))
            (shelf.unless.setdefault(sought.name, []) if back else shelf.phrases).append(made)
        return sum(map(len, parts))

    def _part(self, text: str, sought: Sought, among: bool) -> _Part | None:
        row = form_tokens(text)
        if not row:
            return None
        chinese = sum(1 for one in row if CJK.match(one.text))
        rows = self._rows(row, learn=True)
        near = int(len(row) >= NEAR_FROM and sought.sounds and sought.tolerance > 0)
        return _Part(
            text.strip(". "),
            rows,
            frozenset(rows.sound),
            frozenset(one.text for one in row),
            tuple(one.sound for one in row),
            min(3, max(int(len(row) * sought.tolerance), int(not chinese and len(row) > 2 and sought.tolerance > 0))),
            near,
            sought.sounds and (len(row) > 2 or (among and chinese == 2)),
            sought.sounds and (chinese >= SOUND_FROM or (not chinese and sum(len(one.sound) for one in row) >= 6)),
        )

    def _rows(self, row: Sequence[Token], *, learn: bool = False) -> _Rows:
        """Each token by its letter; those that no phrase has share one that none has."""
        letter = self._learn if learn else self._known
        return _Rows(
            "".join(letter("=" + one.text) for one in row),
            "".join(letter("/" + one.tone) for one in row),
            "".join(letter("~" + one.sound) for one in row),
        )

    def _learn(self, token: str) -> str:
        return self._letters.setdefault(token, chr(0xF0000 + len(self._letters)))

    def _known(self, token: str) -> str:
        return self._letters.get(token, "\uffff")


@dataclass(frozen=True, slots=True)
class _Place:
    begin: int
    end: int
    likeness: float
    text: str

    def and_then(self, other: _Place) -> _Place:
        return _Place(self.begin, other.end, min(self.likeness, other.likeness), f"{self.text}…{other.text}")


class _Heard:
    """One turn, ready for phrases to be sought in it."""

    def __init__(self, said: tuple[Token, ...], rows: _Rows) -> None:
        self._said, self._rows, self._set = said, rows, frozenset(rows.sound)

    @property
    def letters(self) -> frozenset[str]:
        """Of the sounds."""
        return self._set

    def clauses(self, phrases: Iterable[_Phrase]) -> frozenset[int]:
        """Those in which one of the phrases is said."""
        found = frozenset[int]()
        for phrase in phrases:
            while (one := self.meant(phrase, found)) is not None:
                found |= {self._said[one.begin].clause}
        return found

    def meant(self, phrase: _Phrase, without: frozenset[int] = frozenset()) -> _Place | None:
        """Where the phrase was said and meant, in other clauses than `without`; None where it was not."""
        parts = [[form for form in forms if self._may(form)] for forms in phrase.parts]
        if not all(parts):  # which settles nearly every phrase at once
            return None
        for place in self._whole(parts):
            clause = self._said[place.begin].clause
            if clause in without or (phrase.last and self._goes_on(place.end)):
                continue
            if not (phrase.sought.guard and self._denied(place.begin)):
                return place
        return None

    def _may(self, form: _Part) -> bool:
        missing = len(form.needs - self._set)
        return missing <= form.near

    def _whole(self, parts: Sequence[Sequence[_Part]]) -> Iterator[_Place]:
        """The first places of the phrase; pieces come within `GAP` tokens of each other and in one clause."""
        for first in islice(self._of(parts[0], 0), TRIES):
            place: _Place | None = first
            for forms in parts[1:]:
                if place is not None:
                    end = place.end
                    after = next((one for one in self._of(forms, end) if one.begin - end <= GAP), None)
                    place = after and place.and_then(after)
            if place is not None and self._said[place.begin].clause == self._said[place.end - 1].clause:
                yield place

    def _of(self, forms: Sequence[_Part], begin: int) -> Iterator[_Place]:
        for form in forms:
            for at, end, likeness in self._places(form, begin):
                yield _Place(at, end, likeness, form.text)

    def _places(self, part: _Part, begin: int) -> Iterator[tuple[int, int, float]]:
        """Begin, end and likeness of each place, from `begin` on, the likest kind first."""
        length, ours = len(part.rows.exact), self._rows
        yield from ((at, at + length, EXACT) for at in _all(ours.exact, part.rows.exact, begin))
        if not part.toneless:
            if part.toned:
                yield from ((at, at + length, SOUNDED) for at in _all(ours.tone, part.rows.tone, begin))
            return
        missing = len(part.needs - self._set)
        if missing > part.near:
            return
        if not missing:
            yield from ((at, at + length, SOUNDED) for at in _all(ours.sound, part.rows.sound, begin))
            if part.extra:
                yield from self._spread(part, begin)
        if part.near:
            yield from self._nearly(part, begin)

    def _spread(self, part: _Part, begin: int) -> Iterator[tuple[int, int, float]]:
        """The sounds in order with a few words between them."""
        row, wanted = self._rows.sound, part.rows.sound
        for start in _all(row, wanted[0], begin):
            at = start
            for letter in wanted[1:]:
                at = row.find(letter, at + 1)
                if at < 0 or at - start >= len(wanted) + part.extra:
                    break
            else:
                if not any(one.text in _NOT for one in self._said[start : at + 1] if one.text not in part.texts):
                    yield start, at + 1, LOOSE

    def _nearly(self, part: _Part, begin: int) -> Iterator[tuple[int, int, float]]:
        """The sounds in a row, one of them near."""
        row, wanted, length = self._rows.sound, part.rows.sound, len(part.sounds)
        for anchor in (0, length - 1):
            for found in _all(row, wanted[anchor], begin + anchor):
                start = found - anchor
                off = [at for at in range(length) if row[start + at : start + at + 1] != wanted[at]]
                if len(off) == 1 and start + length <= len(row) and near(self._said[start + off[0]].sound, part.sounds[off[0]]):
                    yield start, start + length, LOOSE

    def _goes_on(self, end: int) -> bool:
        return end < len(self._said) and self._said[end].clause == self._said[end - 1].clause

    def _denied(self, at: int) -> bool:
        """Whether a negation stands right before, in the same clause."""
        clause = self._said[at].clause
        row = [one for one in self._said[max(0, at - 8) : at] if one.clause == clause]
        before = [one.text for one in row]
        if CJK.match(self._said[at].text):
            words = "".join(_SPELT_ZH.get(one.tone, one.text) for one in row)
            return bool(_DENIED_ZH.search(words)) and not _ASKED_ZH.search(words)
        return bool(_DENIED_EN.search(" ".join(before)))


def _all(row: str, wanted: str, begin: int) -> Iterator[int]:
    """The first places of `wanted`."""
    for _ in range(TRIES):
        begin = row.find(wanted, begin)
        if begin < 0:
            return
        yield begin
        begin += 1
