"""One way to compare what people type with what marketers wrote: without case, accents, marks.

>>> fold("  D’ACCORD !! "), fold("Crème brûlée"), fold("🍕")
('d accord', 'creme brulee', '🍕')
"""

from __future__ import annotations

import re
import unicodedata

#: No text of an SMS is longer; what is longer is cut before anything is compared.
LONGEST = 2000

_ASCII_OTHER = re.compile(r"[^a-z0-9]+")
_OTHER = re.compile(r"[\W_]+")
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
#: Marks that change the look of an emoji and not what it says: selectors, skin tones, keycaps.
_LOOKS = re.compile("[\u200b-\u200d\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\\s]+")
_HELD = re.compile(r"(.)\1{2,}")


def fold(text: str) -> str:
    """The words of a text: lower case, no accents, marks and emoji gone, single spaces.

    A text that holds no word at all (an emoji, `?`) folds to its signs, so that they can be
    compared too. Only the first 2,000 characters count.
    """
    text = text[:LONGEST]
    if text.isascii():
        return _ASCII_OTHER.sub(" ", text.lower()).strip() or text.strip()
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", plain).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    folded = _OTHER.sub(" ", plain).strip()
    return folded or _LOOKS.sub("", text)


def squeeze(folded: str) -> str:
    """A folded text without letters held down: three and more of one become one.

    >>> squeeze("yesss"), squeeze("noooo")
    ('yes', 'no')
    """
    return _HELD.sub(r"\1", folded)


def listed(words: str) -> frozenset[str]:
    """A set of folded words, written as one text.

    >>> sorted(listed("yes no"))
    ['no', 'yes']
    """
    return frozenset(words.split())
