"""Keywords: which flow a text asks for by name.

The whole message, its first word, a keyword of several words anywhere in it, or a slip of the
finger; never into or out of a reserved word, never when two flows are as near.

>>> index = Index.of([Keyword("lunch", "LUNCH"), Keyword("hours", "OPENING HOURS")])
>>> nobody = lambda word: False
>>> [found.flow for found in index.whole("Lunch!")]
['lunch']
>>> [(found.flow, found.verdict) for found in index.within("your opening hours, please", nobody)]
[('hours', 'several_words')]
>>> [(found.flow, found.verdict) for found in index.within("lnuch", nobody)]
[('lunch', 'near')]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from bot.understanding.folding import fold, listed
from bot.understanding.near import LONGEST, beside_reserved, distance

_POLITE = listed(
    "please pls plz thanks thx merci svp stp s il vous te plait bonjour hello hi salut"
)
_MOST_WORDS = 60
_MOST_WORDS_NEAR = 5


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word that begins a flow, as written; `language` where it was given for one."""

    flow: str
    word: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A keyword that a text may mean.

    `verdict`: exact, first_word, several_words, near; or why it lost: shorter, as_near, reserved.
    """

    flow: str
    word: str
    language: str
    verdict: str

    @property
    def wins(self) -> bool:
        """Whether this is the one that is meant."""
        return self.verdict in ("exact", "first_word", "several_words", "near")


@dataclass(frozen=True, slots=True)
class Index:
    """All keywords of the published flows, folded once."""

    by_word: Mapping[str, tuple[Keyword, ...]]
    longest: int
    """Words in the longest keyword."""

    @classmethod
    def of(cls, keywords: Iterable[Keyword]) -> Index:
        """The index of some keywords."""
        by_word: dict[str, tuple[Keyword, ...]] = {}
        for keyword in keywords:
            folded = fold(keyword.word)
            by_word[folded] = (*by_word.get(folded, ()), keyword)
        longest = max((len(word.split()) for word in by_word), default=0)
        return cls(by_word, longest)

    def whole(self, text: str) -> list[Candidate]:
        """The keywords that the text is, wholly; the first one wins."""
        return self._candidates(self.by_word.get(fold(text), ()), "exact")

    def within(self, text: str, reserved: Callable[[str], bool]) -> list[Candidate]:
        """The keywords in the text, or near it; at most one wins, the others say why not."""
        folded = fold(text)
        found = self._phrases(folded.split()[:_MOST_WORDS])
        return found or self._near(folded, reserved)

    def _phrases(self, words: list[str]) -> list[Candidate]:
        """The first word, and keywords of several words anywhere; the longest wins."""
        found: list[tuple[int, Candidate]] = []
        for at in range(len(words)):
            for size in range(min(self.longest, len(words) - at), 0, -1):
                if size == 1 and at > 0:
                    continue
                keywords = self.by_word.get(" ".join(words[at : at + size]))
                if keywords:
                    verdict = "several_words" if size > 1 else "first_word"
                    found += [(size, one) for one in self._candidates(keywords, verdict)]
        found.sort(key=lambda one: -one[0])
        return [
            one if not place else replace(one, verdict="shorter")
            for place, (_, one) in enumerate(found)
        ]

    def _near(self, folded: str, reserved: Callable[[str], bool]) -> list[Candidate]:
        words = folded.split()
        if len(words) > _MOST_WORDS_NEAR or len(folded) > LONGEST:
            return []
        kept = " ".join(word for word in words if word not in _POLITE)
        best: dict[str, tuple[int, Keyword]] = {}
        for word, keywords in self.by_word.items():
            slips = distance(kept, word)
            if slips is None or reserved(word):
                continue
            for keyword in keywords:
                if keyword.flow not in best or slips < best[keyword.flow][0]:
                    best[keyword.flow] = (slips, keyword)
        if not best:
            return []
        least = min(slips for slips, _ in best.values())
        tied = sum(slips == least for slips, _ in best.values()) > 1
        verdict = "as_near" if tied else "near"
        if not tied and beside_reserved(kept, reserved):
            verdict = "reserved"
        ordered = sorted(best.values(), key=lambda one: (one[0], one[1].flow))
        return [
            Candidate(one.flow, one.word, one.language, verdict if slips == least else "farther")
            for slips, one in ordered
        ]

    @staticmethod
    def _candidates(keywords: Iterable[Keyword], verdict: str) -> list[Candidate]:
        return [
            Candidate(one.flow, one.word, one.language, verdict if not place else "as_near")
            for place, one in enumerate(keywords)
        ]
