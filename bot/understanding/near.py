"""Spelling, bounded: near enough to be meant, never into or out of a reserved word.

>>> is_near("fisch", "fish"), is_near("shop", "stop"), is_near("margarita", "margherita")
(True, False, True)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

#: Longer texts are sentences; a sentence is no misspelt word.
LONGEST = 40
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class ReservedWords:
    """The reserved words themselves, folded: asked like a function, and searched in one sweep.

    >>> ReservedWords(frozenset({"stop"}))("stop")
    True
    """

    words: frozenset[str]

    def __call__(self, folded: str) -> bool:
        return folded in self.words


def reach(one: str, other: str) -> int:
    """How many slips two words may be apart: 1 from five letters on, 2 from nine, else none."""
    longer = max(len(one), len(other))
    return 0 if longer < 5 else 1 if longer < 9 else 2


def distance(typed: str, word: str) -> int | None:
    """Slips between a typed word and a known one (letters swapped count one); None when too far."""
    allowed = reach(typed, word)
    if not allowed or abs(len(typed) - len(word)) > allowed or len(typed) > LONGEST:
        return None
    if any(char.isdigit() for char in typed) or any(char.isdigit() for char in word):
        return None
    found = OSA.distance(typed, word, score_cutoff=allowed)
    return found if found <= allowed else None


def is_near(typed: str, word: str) -> bool:
    """Whether a typed word may be a slip for a known one."""
    return distance(typed, word) is not None


def beside_reserved(folded: str, reserved: Callable[[str], bool]) -> bool:
    """Whether a text is a reserved word or one slip away from one.

    `ReservedWords` are searched in some 20 microseconds. Of any other function every spelling one
    slip away is asked for: a few hundred look-ups, and only when a near word was found.

    >>> reserved = {"stop"}.__contains__
    >>> beside_reserved("stopp", reserved), beside_reserved("pizza", reserved)
    (True, False)
    """
    if len(folded) > LONGEST:
        return False
    if reserved(folded):
        return True
    if isinstance(reserved, ReservedWords):
        near = process.extractOne(folded, reserved.words, scorer=OSA.distance, score_cutoff=1)
        return near is not None
    for at in range(len(folded) + 1):
        head, tail = folded[:at], folded[at:]
        if tail and reserved(head + tail[1:]):
            return True
        if len(tail) > 1 and reserved(head + tail[1] + tail[0] + tail[2:]):
            return True
        for letter in _LETTERS:
            if reserved(head + letter + tail) or (tail and reserved(head + letter + tail[1:])):
                return True
    return False
