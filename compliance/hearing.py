"""Hearing: is this text a stop, a start, a call for help, a right of the person, or none of these?

Two things are listened for, in all languages at once: a *reserved word* as the whole message, and a
plain request in ordinary words, read by what its verb governs (see `frames.py`). The most
protective meaning wins: erase, opt_out, access, ambiguous, help, opt_in, none.

>>> hear("Stop texting me plz").label, hear("can you stop by at 5?").label
(<Label.opt_out: 'opt_out'>, <Label.none: 'none'>)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from compliance.folding import insults_only, stop_signs_only, unleet, words_of
from compliance.frames import LANGUAGES, Frame, Grammar, grammar, knows, standing_at, take_out
from compliance.vocabulary import Words, default_words


class Label(StrEnum):
    """What a text can be heard as."""

    opt_out = "opt_out"
    opt_in = "opt_in"
    help = "help"
    erase = "erase"
    access = "access"
    ambiguous = "ambiguous"
    none = "none"


@dataclass(frozen=True, slots=True)
class HeardBefore:
    """What was said before this text; the defaults mean that nothing was.

    `open_question`: a question waits for its answer. `answer_fits`: that question accepts this text
    with nothing left over. `consent_question`: the purpose that the last text sent asked consent
    for. `clarification`: we asked "everything, or offers only?". `opted_out`: the person has said
    stop.
    """

    open_question: bool = False
    answer_fits: bool = False
    consent_question: str | None = None
    clarification: bool = False
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard. `scope` is "all" or a purpose; `why` a stable code (`hear.<why>` in the
    catalogue); `word` the reserved word, if it was one; `said` the folded words that spoke."""

    label: Label
    scope: str = "all"
    why: str = "nothing"
    word: str | None = None
    said: str = ""


NOTHING = HeardBefore()
_NONE = Hearing(Label.none)
_YES = frozenset(("yes", "yess", "yep", "yeah", "y", "oui", "ouais", "si", "sim", "ja"))
_NO = frozenset(("no", "non", "nope", "nah", "nein", "nee", "nao", "n", "nan"))
_RANK = {
    "erase": 0,
    "opt_out": 1,
    "access": 2,
    "ambiguous": 3,
    "help": 4,
    "opt_in": 5,
}
_NUMBERED = re.compile(r"3[68]\d{3}")
_BETWEEN = frozenset(("au", "to", "sms", "le", "at", "a", "stop", "36", "38"))
_LONGEST = 1600


def hear(text: str, heard_before: HeardBefore = NOTHING, words: Words | None = None) -> Hearing:
    """The meaning of an inbound text for consent and rights; fast where it has none.

    Text beyond 1,600 characters is not read. Never raises on any text.
    """
    words = words or default_words()
    pieces = words_of(text[:_LONGEST])
    heard = _alone(pieces, text, words)
    if heard is None:
        heard = _in_context(pieces, heard_before, words) or _in_words(pieces, words)
    return _yield_to_context(heard, heard_before)


def reserved(text: str) -> Label | None:
    """The label of a text that is exactly a reserved word after folding; None for any other."""
    entry = _reserved_entry(tuple(words_of(text[:80])), default_words())
    return Label(entry[0]) if entry else None


def near_reserved(word: str, words: Words | None = None) -> str | None:
    """The reserved word that lies one edit away from `word`, or None.

    An edit is a letter added, dropped, changed, or swapped with its neighbour. A reserved word is
    not near itself. Used to warn about a brand's keyword, so everyday words are not excepted here.
    """
    words = words or default_words()
    folded = "".join(piece for piece in words_of(word) if piece not in ".,")
    if folded in words.reserved:
        return None
    return next((found for found in words.near(folded) if found in words.reserved), None)


def _alone(pieces: list[str], text: str, words: Words) -> Hearing | None:
    """The whole message is a reserved word, a misspelt one, a stop sign, or only cross pictures."""
    if not pieces or all(piece in ".," for piece in pieces):
        if stop_signs_only(text):
            return Hearing(Label.opt_out, why="stop_sign", word="stop")
        if insults_only(text):
            return Hearing(Label.ambiguous, why="complaint")
        return _NONE
    if len(pieces) > 14:
        return None
    entry = _reserved_entry(tuple(pieces), words)
    if entry:
        return Hearing(Label(entry[0]), why="keyword", word=entry[1], said=entry[1])
    return _misspelt(pieces, words)


def _reserved_entry(pieces: tuple[str, ...], words: Words) -> tuple[str, str] | None:
    """Label and canonical word of a whole message, courtesy words and repeats left aside."""
    kept = [unleet(piece) for piece in pieces if piece not in ".,"]
    joined = " ".join(kept)
    found = words.reserved.get(joined)
    if found:
        return found
    bare = [word for word in kept if word not in words.courtesy]
    if not bare:
        return None
    if len(bare) > 1 and len(set(bare)) == 1:
        bare = bare[:1]
    found = words.reserved.get(" ".join(bare)) or words.reserved.get(
        "".join(bare[:1]) * (len(bare) == 1)
    )
    if found:
        return found
    while len(bare) > 2 and bare[-1].isdigit() and bare[-2].isdigit():
        bare[-2:] = [bare[-2] + bare[-1]]
    numbered = len(bare) > 1 and bare[0] in ("stop", "arret") and _NUMBERED.fullmatch(bare[-1])
    if numbered and _BETWEEN.issuperset(bare[1:-1]):
        return "opt_out", "stop"
    if len(bare) <= 3 and sum(map(len, bare)) <= 14:
        squeezed = re.sub(r"(.)\1{2,}", r"\1", "".join(bare))
        found = words.reserved.get(squeezed) or words.reserved.get(_unrepeat(squeezed))
        if found and (len(bare) == 1 or found[0] == "opt_out"):
            return found
    return None


def _unrepeat(word: str) -> str:
    match = re.fullmatch(r"(.{3,}?)\1+", word)
    return match[1] if match else word


def _misspelt(pieces: list[str], words: Words) -> Hearing | None:
    """One word (beside courtesy) that lies one edit from a reserved word and is no word itself."""
    bare = [piece for piece in pieces if piece not in ".," and piece not in words.courtesy]
    if len(bare) == 2 and bare[0] == bare[1]:
        bare = bare[:1]
    if len(bare) != 1 or not 3 <= len(bare[0]) <= 16 or bare[0].isdigit():
        return None
    word = bare[0]
    if word in words.known or word in words.brand_words:
        return None
    best: tuple[int, str, str] | None = None
    for near in words.near(word):
        entry = words.reserved.get(near)
        if entry is None or not _near_enough(word, near, entry[0]):
            continue
        rank = (_RANK[entry[0]], entry[0], entry[1])
        best = rank if best is None or rank < best else best
    if best is None:
        return None
    return Hearing(Label(best[1]), why="keyword_misspelt", word=best[2], said=word)


def _near_enough(word: str, near: str, label: str) -> bool:
    """Short words have many neighbours: only STOP is worth guessing at from any one slip; for the
    others of four letters the same letters must be there, in another order."""
    if near == "stop" or len(near) > 4:
        return len(word) > 3 or label == "opt_out"
    return len(word) == len(near) and sorted(word) == sorted(near)


def _in_context(pieces: list[str], before: HeardBefore, words: Words) -> Hearing | None:
    """A bare yes or no, and the answer to "everything, or offers only?"."""
    bare = [piece for piece in pieces if piece not in ".,"]
    if before.consent_question or before.open_question:
        # Courtesy aside nothing else may be said: "yes stop" is no yes.
        said, alone = " ".join(bare), words.courtesy.issuperset(bare[1:])
        if bare[0] in _YES and alone and not before.clarification:
            if before.consent_question:
                return Hearing(Label.opt_in, before.consent_question, "yes_to_consent", said=said)
            return Hearing(Label.none, why="answer", said=said)
        if bare[0] in _NO and alone:
            if before.consent_question:
                return Hearing(Label.none, before.consent_question, "no_to_consent", said=said)
            return Hearing(Label.none, why="answer", said=said)
    return _clarified(bare) if before.clarification else None


_EVERYTHING = frozenset(
    (
        "everything",
        "all",
        "tout",
        "toutes",
        "tous",
        "both",
        "evrything",
        "totalite",
        "any",
        "anything",
        "rien",
        "nothing",
        "none",
        "integralite",
    )
)
_OFFERS = frozenset(
    (
        "offers",
        "offer",
        "promos",
        "promo",
        "promotions",
        "promotion",
        "ads",
        "ad",
        "deals",
        "marketing",
        "offres",
        "offre",
        "pub",
        "pubs",
        "publicite",
        "publicites",
        "newsletter",
        "newsletters",
        "advertising",
    )
)
_ENOUGH = frozenset(("stop", "no", "not", "pas", "plus", "sans", "without", "but", "mais", "dont"))
_KEEP = frozenset(
    ("keep", "continue", "garder", "gardez", "garde", "continuer", "continuez", "rester", "laisser")
)
_BUSINESS = frozenset(
    (
        "order",
        "commande",
        "delivery",
        "livraison",
        "appointment",
        "rdv",
        "booking",
        "reservation",
        "rendez",
    )
)


def _clarified(bare: list[str]) -> Hearing | None:
    """The answer to the clarifying question; None when it answers something else."""
    if not bare or len(bare) > 8:
        return None
    said, there = " ".join(bare), frozenset(bare)
    if there & _KEEP and not there & _OFFERS and not there & {"stop", "pas", "dont", "not", "rien"}:
        return Hearing(Label.none, why="clarified_keep", said=said)
    if there & _OFFERS and there & _KEEP and there.isdisjoint(_ENOUGH):
        return Hearing(Label.none, why="clarified_keep", said=said)
    if there & _OFFERS and not there & _EVERYTHING - {"all", "any", "toutes", "tous"}:
        return Hearing(Label.opt_out, "marketing", "clarified_offers", said=said)
    if there & _EVERYTHING or bare[0] in _YES:
        return Hearing(Label.opt_out, "all", "clarified_all", said=said)
    if there & _BUSINESS and len(bare) <= 4 and "stop" not in there:
        return Hearing(Label.none, why="clarified_business", said=said)
    return None


def _in_words(pieces: list[str], words: Words) -> Hearing:
    """A request in ordinary words; when there is none, one that slips of the finger may hide."""
    known = words.listen(pieces)
    languages = guessed = 0
    for word in known:
        languages |= word.languages
        guessed |= word.guessed
    heard = _read(languages, [word.spellings for word in known], words) if languages else _NONE
    if not guessed or heard.label in (Label.erase, Label.opt_out, Label.ambiguous):
        return heard
    guess = _read(languages | guessed, [word.guesses for word in known], words)
    if guess.label is Label.erase:
        return guess
    if guess.label is Label.opt_out or (guess.label is Label.ambiguous and heard is _NONE):
        # A guess is not a clear wish: it is asked about.
        return Hearing(Label.ambiguous, guess.scope, "unclear_spelling", said=guess.said)
    return heard


def _read(languages: int, spellings: list[tuple[tuple[str, ...], ...]], words: Words) -> Hearing:
    """The most protective meaning in any of the languages that know the words well enough."""
    readings: list[tuple[int, Grammar, list[str], str]] = []
    for bit, book in enumerate(words.books):
        if languages >> bit & 1:
            spelt = _said_once(word for spelling in spellings for word in spelling[bit])
            rendered = book.render(spelt)
            readings.append((knows(rendered), book, spelt, rendered))
    most = max(known for known, *_ in readings)
    best, explained = _NONE, False
    for known, book, spelt, rendered in readings:
        if known < most * 0.6:
            continue
        heard, guarded = _framed(rendered, spelt, book)
        # Where the language that knows the words best explains them as business, another one's
        # doubt does not count.
        explained = explained or (guarded and known == most and heard.label is Label.none)
        if heard.label is not Label.none and (
            best.label is Label.none or _RANK[heard.label] < _RANK[best.label]
        ):
            best = heard
    return _NONE if explained and best.label is Label.ambiguous else best


def _said_once(words: Iterable[str]) -> list[str]:
    """Words in a row, without the double "est" that the abbreviation "c" for "c est" leaves."""
    out: list[str] = []
    for word in words:
        if word != "est" or not out or out[-1] != "est":
            out.append(word)
    return out


def _framed(rendered: str, spelt: list[str], book: Grammar) -> tuple[Hearing, bool]:
    """Guards take out what is business; then the first frame that matches speaks. Also whether a
    guard took anything out."""
    unsure: Hearing | None = None
    before = rendered
    for at in standing_at(book.guards_at, set(rendered)):
        guard = book.guards[at]
        match = guard.search(rendered)
        while match and match.end() > match.start():
            if guard.label != "none" and unsure is None:
                unsure = _spoken(guard, match, spelt)
            rendered = take_out(rendered, match)
            match = guard.search(rendered)
    for at in standing_at(book.frames_at, set(rendered)):
        frame = book.frames[at]
        if unsure and _RANK[frame.label] > _RANK[unsure.label]:
            break
        match = frame.search(rendered)
        if match:
            return _spoken(frame, match, spelt), rendered != before
    return unsure or _NONE, rendered != before


def _spoken(frame: Frame, match: re.Match[str], spelt: list[str]) -> Hearing:
    said = " ".join(word for word in spelt[match.start() : match.end()] if word not in ".,")
    return Hearing(Label(frame.label), frame.scope or "all", frame.why, said=said)


def _yield_to_context(heard: Hearing, before: HeardBefore) -> Hearing:
    """What was asked before decides about unclear texts; a clear stop or erasure never yields."""
    if before is NOTHING:
        return heard
    if heard.label is Label.ambiguous and before.open_question and before.answer_fits:
        return Hearing(Label.none, why="answer", said=heard.said)
    if heard.label is Label.opt_in and before.opted_out and heard.why == "keyword_misspelt":
        # A slip of the finger re-opens nothing: it is asked about.
        return replace(heard, label=Label.ambiguous)
    return heard


@lru_cache(maxsize=1)
def warm() -> int:
    """Compile every grammar now (a process calls this as it starts); returns how many."""
    return len([grammar(language) for language in LANGUAGES])
