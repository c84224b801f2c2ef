"""Numbers in figures and words, French and English, guarded: one number or none, never a guess.

>>> find("vingt et un", "fr"), find("2 pizzas", "en")
([Found(value=21.0, rest='')], [Found(value=2.0, rest='pizzas')])
>>> [found.value for found in find("2 ou 3", "fr")]
[2.0, 3.0]
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from text_to_num import text2num

from bot.understanding.folding import LONGEST, fold, listed

#: Figures: a sign, thousands in groups of three, one decimal mark.
_FIGURES = re.compile(
    r"(?<![\w.,])([-−+]?)(\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+|\d{1,12})"
    r"(?:([.,])(\d{1,6}))?(?![\w]|[.,]\d)"
)
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", re.UNICODE)
#: Words that stand around a number and add nothing to it.
_POLITE = listed(
    "please pls plz thanks thank you thx just only svp stp s il vous te plait merci juste seulement"
)
_EXTRA = {
    "fr": {
        "zero": 0,
        "une douzaine": 12,
        "douzaine": 12,
        "une dizaine": 10,
        "une demi douzaine": 6,
    },
    "en": {"a dozen": 12, "dozen": 12, "half a dozen": 6, "a couple": 2, "nil": 0},
}
#: Single words that are numbers to text2num and articles or letters to people among other words.
_WEAK = {"fr": frozenset({"un", "une"}), "en": frozenset({"o", "one", "a"})}
_LONGEST_PHRASE = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A number in a text, and the words that are left over without it."""

    value: float
    rest: str


def find(text: str, language: str) -> list[Found]:
    """The numbers of a text, figures first; words are read when there are no figures.

    `rest` is folded and without words of politeness; it is empty when the number is all there is.
    """
    text = unicodedata.normalize("NFKC", text[:LONGEST]).replace("\ufe0f", "").replace("\u20e3", "")
    figures = [
        Found(value, _rest(text[: match.start()] + " " + text[match.end() :]))
        for match in _FIGURES.finditer(text)
        if (value := _figures(match)) is not None
    ]
    return figures or _in_words(text, language)


def _figures(match: re.Match[str]) -> float | None:
    sign, whole, mark, decimals = match.groups()
    digits = "".join(char for char in whole if char.isdigit())
    if mark == "," and decimals and len(decimals) == 3 and 0 < len(digits) <= 3 and digits != "0":
        return None  # 1,500 is a thousand to some and one and a half to others: ask.
    value = float(f"{digits}.{decimals or 0}")
    return -value if sign in ("-", "−") else value


def _rest(text: str) -> str:
    return " ".join(word for word in fold(text).split() if word.isalnum() and word not in _POLITE)


def _in_words(text: str, language: str) -> list[Found]:
    words = [match[0].lower().replace("’", "'") for match in _WORD.finditer(text)]
    if len(words) > 40:
        return []
    languages = (language, *(other for other in ("fr", "en") if other != language))
    for asked in languages:
        found = _phrases(words, asked)
        if found:
            return found
    return []


def _phrases(words: list[str], language: str) -> list[Found]:
    """The longest phrases that are numbers, from left to right."""
    found, at = [], 0
    taken: list[tuple[float, int, int]] = []
    while at < len(words):
        for until in range(min(len(words), at + _LONGEST_PHRASE), at, -1):
            value = _spoken(" ".join(words[at:until]), language)
            if value is not None:
                taken.append((value, at, until))
                at = until - 1
                break
        at += 1
    if len(taken) > 1:
        taken = [one for one in taken if not _weak(words[one[1] : one[2]], language)] or taken
    for value, begin, end in taken:
        rest = _rest(" ".join(words[:begin] + words[end:]))
        if rest and _weak(words[begin:end], language):
            continue
        found.append(Found(value, rest))
    return found


def _weak(words: list[str], language: str) -> bool:
    return len(words) == 1 and words[0] in _WEAK.get(language, frozenset())


@lru_cache(maxsize=4096)
def _spoken(phrase: str, language: str) -> float | None:
    """The number that a phrase is as a whole, in one language; None when it is none."""
    folded = fold(phrase)
    extra = _EXTRA.get(language, {}).get(folded)
    if extra is not None:
        return float(extra)
    if language == "en" and folded == "o":
        return None
    half = 0.0
    for ending in (" et demi", " et demie", " and a half"):
        if folded.endswith(ending):
            folded, half = folded[: -len(ending)], 0.5
    try:
        return float(text2num(folded if language == "en" else phrase_fr(folded), language)) + half
    except (ValueError, KeyError, IndexError, AttributeError, OverflowError):
        return None


def phrase_fr(folded: str) -> str:
    """A folded French number as text2num reads it: zero with its accent."""
    return folded.replace("zero", "zéro")
