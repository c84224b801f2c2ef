"""The reserved words of seven languages, and how a mistyped word finds the one that was meant.

A mistyping is corrected only when it lies one edit from a word that matters, and is itself neither
an everyday word of a language nor a word of the brand: SHOP, TOP and STEP are never STOP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from compliance.frames import LANGUAGES, Grammar, grammar, read, split_words

_DOUBLED = re.compile(r"(.)\1+")
_HELD = re.compile(r"(.)\1{2,}")
_KEPT_AT_MOST = 50_000


@dataclass(slots=True)
class Words:
    """Reserved words, courtesy words, everyday words and grammars, and the words of a brand.

    `reserved` maps a folded text to its label and canonical word. `brand_words` are keywords,
    aliases and example words that no mistyping may be corrected out of (folded, lower case).
    """

    reserved: Mapping[str, tuple[str, str]]
    courtesy: frozenset[str]
    known: frozenset[str]
    books: tuple[Grammar, ...]
    neighbours: Mapping[str, tuple[str, ...]]
    brand_words: frozenset[str] = frozenset()
    _seen: dict[str, Heard] = field(default_factory=dict)

    def near(self, word: str) -> list[str]:
        """The reserved words one edit away, the word itself left out."""
        return [found for found in self._close(word) if found in self.reserved]

    def listen(self, pieces: Iterable[str]) -> list[Heard]:
        """What is known of each word of a text, in every language.

        This is the hot path: one look-up a word, and most texts have nothing to hear.
        """
        seen = self._seen
        return [seen.get(piece) or self._learn(piece) for piece in pieces]

    def _learn(self, piece: str) -> Heard:
        if len(self._seen) > _KEPT_AT_MOST:
            self._seen.clear()
        spellings = tuple(self._spell(piece, book) for book in self.books)
        guesses = tuple(self._guess(piece, book) for book in self.books)
        heard = Heard(self._anchored(spellings), spellings, self._anchored(guesses), guesses)
        if guesses == ((piece,),) * len(self.books):
            heard = Heard(heard.languages, spellings, 0, spellings)
        self._seen[piece] = heard
        return heard

    def _anchored(self, spellings: tuple[tuple[str, ...], ...]) -> int:
        languages = 0
        for bit, (book, spelling) in enumerate(zip(self.books, spellings, strict=True)):
            if any(book.characters.get(word) in book.anchors for word in spelling):
                languages |= 1 << bit
        return languages

    def _spell(self, piece: str, book: Grammar) -> tuple[str, ...]:
        if piece in book.spelling:
            return book.spelling[piece]
        if piece in book.characters or not 5 <= len(piece) <= 24 or not piece.isalpha():
            return (piece,)
        squeezed = _squeeze(piece)
        if squeezed in book.characters:
            return (squeezed,)
        if piece in self.known or piece in self.brand_words:
            return (piece,)
        found = [word for word in self._close(piece) if word in book.correctable]
        return (found[0],) if found else (piece,)

    def _guess(self, piece: str, book: Grammar) -> tuple[str, ...]:
        """A bolder spelling: any word of the grammar one edit away from a word nobody knows."""
        spelling = self._spell(piece, book)
        everyday = piece in self.known or piece in self.reserved or piece in self.brand_words
        if spelling != (piece,) or everyday or not 3 <= len(piece) <= 24 or not piece.isalpha():
            return spelling
        found = [word for word in self._alike(piece) if word in book.characters]
        if len(piece) == 3:
            found = [word for word in found if word == "stop"]
        if not found:
            return (piece,)
        anchors = [word for word in found if book.characters[word] in book.anchors]
        alike = [word for word in anchors or found if word[0] == piece[0]]
        return ((alike or anchors or found)[0],)

    def _close(self, word: str) -> list[str]:
        """Words that matter, one edit away: found by what is left when one letter is dropped."""
        candidates = _candidates(self.neighbours, word)
        return sorted(found for found in candidates if found != word and one_edit(word, found))

    def _alike(self, word: str) -> list[str]:
        """The same with doubled letters written once on both sides: ppromoss, unsuscribbe."""
        single = _single(word)
        candidates = _candidates(self.neighbours, single) | _candidates(self.neighbours, word)
        return sorted(found for found in candidates if one_edit(single, _single(found)))


@dataclass(frozen=True, slots=True)
class Heard:
    """A word in every language: as it is spelt there, and as it may have been meant.

    `languages` and `guessed` have a bit for each language in which that could matter.
    """

    languages: int
    spellings: tuple[tuple[str, ...], ...]
    guessed: int
    guesses: tuple[tuple[str, ...], ...]


def one_edit(one: str, other: str) -> bool:
    """Whether a letter dropped, added, changed or swapped with its neighbour makes the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    i = 0
    while i < len(one) and one[i] == other[i]:
        i += 1
    if len(one) < len(other):
        return one[i:] == other[i + 1 :]
    swapped = i + 1 < len(one) and one[i] == other[i + 1] and one[i + 1] == other[i]
    return one[i + 1 :] == other[i + 1 :] or (swapped and one[i + 2 :] == other[i + 2 :])


def _squeeze(word: str) -> str:
    """A word without letters held down (three or more): stoooop, pleaaase."""
    return _HELD.sub(r"\1", word)


def _single(word: str) -> str:
    return _DOUBLED.sub(r"\1", word)


def _candidates(neighbours: Mapping[str, tuple[str, ...]], word: str) -> set[str]:
    candidates = set(neighbours.get(word, ()))
    for i in range(len(word)):
        candidates.update(neighbours.get(word[:i] + word[i + 1 :], ()))
    return candidates


def _neighbours(vocabulary: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Every word under itself and under each of its spellings with one letter dropped, both as it
    is written and with doubled letters written once."""
    index: dict[str, set[str]] = {}
    for word in vocabulary:
        for form in {word, _single(word)}:
            for key in {form, *(form[:i] + form[i + 1 :] for i in range(len(form)))}:
                index.setdefault(key, set()).add(word)
    return {key: tuple(found) for key, found in index.items()}


@cache
def default_words() -> Words:
    """The words of all languages, without a brand's. Read once from `words/`."""
    reserved: dict[str, tuple[str, str]] = {}
    courtesy: set[str] = set()
    common: set[str] = set()
    for language in LANGUAGES:
        data = read(language)
        for label in ("opt_out", "opt_in", "help"):
            for entry in data["reserved"].get(label, []):
                reserved.setdefault(entry, (label, entry))
        courtesy.update(split_words(data["courtesy"]))
        common.update(split_words(data.get("common", "")))
    books = tuple(grammar(language) for language in LANGUAGES)
    known = common.union(*(book.characters for book in books))
    vocabulary = {word for word in reserved if " " not in word and len(word) > 2}
    return Words(
        reserved,
        frozenset(courtesy - set(reserved)),
        frozenset(known - set(reserved)),
        books,
        _neighbours(vocabulary.union(word for book in books for word in book.characters)),
    )


def words_for(brand_words: Iterable[str]) -> Words:
    """The words of all languages with a brand's own; `brand_words` must be folded already."""
    return replace(default_words(), brand_words=frozenset(brand_words), _seen={})
