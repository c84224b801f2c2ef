"""`choice`: one of several, by number, letter, word, place in the list or near spelling.

>>> answer = build({"veg": {"": ("veg",)}, "fish": {"": ("fish", "cod")}}, ("en",))
>>> heard = [answer.parse(text, "en", lambda word: False).value for text in ("2", "a", "fisch")]
>>> heard + [answer.parse("the first one", "en", lambda word: False).value]
['fish', 'veg', 'fish', 'veg']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow
from marshmallow import fields

from bot.understanding.answers import NO, Fits, Parsed, Reserved
from bot.understanding.fields import Refusal, Shaped, Words, key, refuse, shorten
from bot.understanding.folding import fold, listed
from bot.understanding.near import beside_reserved, distance
from bot.understanding.numbers import find

MOST = 26
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LONGEST_PHRASE = 5
_FILLERS = listed(
    "please pls plz thanks thank you thx merci svp stp s il vous te plait the le la les l un une "
    "des du de a an number numero num nr n option choix choice reponse answer je prends prendrai "
    "voudrais veux veut i want take have ll d like would will pour moi me for may can could "
    "euh um uh ok oui yes so alors bonjour hello hi one celui celle ce"
)
_NEGATIONS = listed(
    "pas not no non sans without except sauf ni nor neither dont don t never jamais ou or"
)
_ORDINALS = {
    0: "first 1st premier premiere 1er 1ere",
    1: "second 2nd deuxieme seconde 2e 2eme 2nde",
    2: "third 3rd troisieme 3e 3eme",
    3: "fourth 4th quatrieme 4e 4eme",
    4: "fifth 5th cinquieme 5e 5eme",
    5: "sixth 6th sixieme 6e 6eme",
    6: "seventh 7th septieme 7e 7eme",
    7: "eighth 8th huitieme 8e 8eme",
    8: "ninth 9th neuvieme 9e 9eme",
    -1: "last dernier derniere",
}
_PLACES = {word: place for place, words in _ORDINALS.items() for word in words.split()}


class Choices(Shaped):
    """A mapping of categories to the words that mean them."""

    def shape(self, value: Any) -> Any:
        if not isinstance(value, dict) or not value:
            raise refuse("F005", found=shorten(value))
        if len(value) > MOST:
            raise refuse("F013", found=len(value), least=1, most=MOST)
        found, wrong = {}, {}
        for name, words in value.items():
            try:
                found[str(name)] = Words().deserialize(words)
            except marshmallow.ValidationError as refused:
                wrong[str(name)] = refused.messages
        if wrong:
            raise marshmallow.ValidationError(wrong)
        return found


options: fields.Field[Any] = Choices(
    metadata=key(
        "One of several: each category with its words. Numbers and letters count by order.",
        "Un choix parmi plusieurs : chaque catégorie et ses mots. Chiffres et lettres suivent "
        "l'ordre.",
        'choice: {veg: ["1", veg], fish: ["2", fish]}',
    )
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The categories in order; `table` holds folded words by language ("" for all)."""

    names: tuple[str, ...]
    table: Mapping[str, Mapping[str, str]]
    alone: Mapping[str, str]
    """Numbers and letters by order: whole messages only."""
    labels: Mapping[tuple[str, str], str]
    written: tuple[str, ...]
    merged: Mapping[str, str] = field(default_factory=dict)
    kind: str = "choice"

    def parse(self, text: str, language: str, reserved: Reserved) -> Parsed:
        """The category, as value and as category."""
        folded = fold(text)
        words = folded.split()[:60]
        kept = [word for word in words if word not in _FILLERS]
        tries = dict.fromkeys((folded, " ".join(kept), self._trimmed(words)))
        for phrase in tries:
            name = phrase and (self._word(phrase, language) or self.alone.get(phrase))
            if name:
                return Parsed(name, name, Fits.narrow)
        name = self._placed(kept or words, language, folded)
        if name:
            return Parsed(name, name, Fits.narrow)
        name = self._near((folded, " ".join(kept)), reserved)
        if name:
            return Parsed(name, name, Fits.narrow, "near")
        return self._among(words, language, reserved)

    def _word(self, phrase: str, language: str) -> str | None:
        own = self.table.get(language)
        return (own.get(phrase) if own else None) or self.merged.get(phrase)

    @staticmethod
    def _trimmed(words: list[str]) -> str:
        """The text without the words of politeness around it (those inside stay)."""
        begin, end = 0, len(words)
        while begin < end and words[begin] in _FILLERS:
            begin += 1
        while end > begin and words[end - 1] in _FILLERS:
            end -= 1
        return " ".join(words[begin:end])

    def _placed(self, words: list[str], language: str, folded: str) -> str | None:
        """By place in the list: "the first one", "le deuxieme", "trois"."""
        if len(words) == 1 and words[0] in _PLACES:
            place = _PLACES[words[0]]
            return self.names[place] if place < len(self.names) else None
        if len(words) > 4 or len(folded) > 40:
            return None
        numbers = find(folded, language)
        if len(numbers) == 1 and all(word in _FILLERS for word in numbers[0].rest.split()):
            value = numbers[0].value
            number = str(int(value)) if value == int(value) else ""
            return self.alone.get(number) or self.merged.get(number)
        return None

    def _near(self, phrases: Iterable[str], reserved: Reserved) -> str | None:
        """The one category within reach of a slip; none when two are as near."""
        for phrase in dict.fromkeys(phrases):
            if not _NEGATIONS.isdisjoint(phrase.split()):
                continue
            best: dict[str, int] = {}
            for word, name in self.merged.items():
                slips = distance(phrase, word)
                if slips is not None and not reserved(word):
                    best[name] = min(slips, best.get(name, slips))
            least = min(best.values(), default=None)
            nearest = [name for name, slips in best.items() if slips == least]
            if len(nearest) == 1 and not beside_reserved(phrase, reserved):
                return nearest[0]
        return None

    def _among(self, words: list[str], language: str, reserved: Reserved) -> Parsed:
        """The one category named among other words, unless they deny or compare."""
        named: set[str] = set()
        left, at = [], 0
        while at < len(words):
            for size in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
                phrase = " ".join(words[at : at + size])
                name = self._word(phrase, language)
                if name and (not phrase.isdigit() and len(phrase) > 1):
                    named.add(name)
                    at += size
                    break
            else:
                left.append(words[at])
                at += 1
        if not named:
            slips = (self._near((word,), reserved) for word in left if len(word) >= 5)
            named = {name for name in slips if name}
        if len(named) != 1:
            return Parsed(why="two_values") if named else NO
        numbered = {
            self.alone.get(word) or self.merged.get(word) for word in left if word.isdigit()
        }
        if any(word in _NEGATIONS or reserved(word) for word in left) or numbered - named:
            return Parsed(why="unsure")
        name = named.pop()
        return Parsed(name, name, Fits.broad)

    def categories(self) -> tuple[str, ...]:
        """The names, in order."""
        return self.names

    def words(self) -> tuple[str, ...]:
        """The words as written, without numbers and letters that follow from the order."""
        return self.written

    def label(self, value: Any, language: str) -> str:
        """The first real word of the category in the language."""
        return self.labels.get((str(value), language), str(value).replace("_", " "))


def build(options: Any, languages: tuple[str, ...]) -> Choice:
    """The answer of a loaded `choice`. Raises ValidationError when a word has two meanings."""
    table: dict[str, dict[str, str]] = {}
    written: list[str] = []
    wrong: dict[str, list[Refusal]] = {}
    for name, by_language in options.items():
        for language, words in {"": (name.replace("_", " "),), **by_language}.items():
            if language and language not in languages:
                params = {"found": language, "meant": "", "allowed": ", ".join(languages)}
                wrong.setdefault(name, []).append(Refusal("F023", params))
            for word in words:
                spoken = [language] if language else ["", *languages]
                for one in spoken:
                    other = table.setdefault(one, {}).setdefault(fold(word), name)
                    if other != name:
                        params = {"word": word, "one": other, "other": name}
                        wrong[name] = [Refusal("F034", params)]
            written += by_language.get(language, ())
    if wrong:
        raise marshmallow.ValidationError(wrong)
    names = tuple(options)
    merged: dict[str, str] = {}
    for words_of in table.values():
        for word, name in words_of.items():
            merged.setdefault(word, name)
    return Choice(
        names=names,
        table=table,
        alone=_by_order(names, merged),
        labels=_labels(options, languages),
        written=tuple(dict.fromkeys(written)),
        merged=merged,
    )


def _by_order(names: tuple[str, ...], merged: Mapping[str, str]) -> dict[str, str]:
    """Numbers and letters by order, unless the author gives some of their own."""
    found: dict[str, str] = {}
    if not any(word.isdigit() for word in merged):
        found |= {str(place): name for place, name in enumerate(names, 1)}
    if not any(len(word) == 1 and word.isalpha() for word in merged):
        found |= {_LETTERS[place]: name for place, name in enumerate(names)}
    return found


def _labels(options: Any, languages: tuple[str, ...]) -> dict[tuple[str, str], str]:
    found = {}
    for name, by_language in options.items():
        for language in languages:
            words = [*by_language.get(language, ()), *by_language.get("", ())]
            real = [word for word in words if not word.isdigit() and len(word) > 1]
            if real:
                found[name, language] = real[0]
    return found
