"""Frames: small grammars, one a language, that say what a verb of stopping governs.

A language's file under `words/` lists *classes* of words ("stop", "contact", "messages") and
*frames*, each a line such as `@<stop> de? <me>? <contact>`. A frame is compiled into a regular
expression over one character a word, so that matching costs next to nothing:

    word        that word                  <class>   any word of the class
    a|<b>       one of these               ~         any word
    x? x* x+    as in regular expressions  ..  ...   at most three, six words of the same sentence
    ^ $         begin and end of a clause  ^^ $$     begin and end of the text
    !x          not followed by x          %x        not preceded by x
    ( a|b c )   a group: "a" or "b c"      @x        the word that must be there: the anchor

Guards come first: the business uses of the same words ("stop by at 5"). What a guard covers is
taken out before the frames are tried, so a text can hold both and the rest is still heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_WORDS = Path(__file__).parent / "words"
LANGUAGES = ("en", "fr", "es", "de", "it", "pt", "nl")
_FIRST, _UNKNOWN, _NUMBER, _TAKEN = 0xE000, "\uf8fe", "\uf8fd", "\uf8fc"
_WORD = "[^.,]"


@dataclass(slots=True)
class Frame:
    """One line of a grammar: what it means, its code, its scope, and the pattern it looks for.

    The pattern is compiled when it is first needed: a process starts faster, and most are rare.
    """

    label: str
    why: str
    scope: str
    pattern: str
    anchor: frozenset[str]
    _compiled: re.Pattern[str] | None = None

    def search(self, rendered: str) -> re.Match[str] | None:
        """Where a rendered text says this, if it does."""
        if self._compiled is None:
            self._compiled = re.compile(self.pattern)
        return self._compiled.search(rendered)


@dataclass(slots=True)
class Grammar:
    """One language, compiled: a character for each word that matters, guards and frames."""

    language: str
    characters: dict[str, str] = field(default_factory=dict)
    spelling: dict[str, tuple[str, ...]] = field(default_factory=dict)
    guards: list[Frame] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    anchors: frozenset[str] = frozenset()
    guards_at: dict[str, list[int]] = field(default_factory=dict)
    frames_at: dict[str, list[int]] = field(default_factory=dict)
    correctable: frozenset[str] = frozenset()

    def render(self, words: Iterable[str]) -> str:
        """The text as one character a word; unknown words and numbers have one of their own."""
        known = self.characters
        return "".join(
            [
                known.get(word)
                or (word if word in ".," else _NUMBER if word.isdigit() else _UNKNOWN)
                for word in words
            ]
        )


def knows(rendered: str) -> int:
    """How many words of a rendered text its language knows."""
    return sum("\ue000" <= character < _TAKEN for character in rendered)


def expand(entry: str) -> list[str]:
    """`envoy-er,ez,_` stands for envoyer, envoyez and envoy; an entry without "-" for itself."""
    stem, dash, endings = entry.partition("-")
    if not dash:
        return [entry]
    return [stem + ("" if ending == "_" else ending) for ending in endings.split(",")]


def read(language: str) -> Mapping[str, Any]:
    """A language's file under `words/`, as it is written."""
    data = yaml.load((_WORDS / f"{language}.yml").read_text("utf-8"), yaml.CBaseLoader)
    return dict(data)


def split_words(text: str) -> list[str]:
    """Entries parted by white space, each expanded."""
    return [word for entry in str(text).split() for word in expand(entry)]


def _lines(entry: Mapping[str, Any]) -> list[str]:
    return [line for line in str(entry["lines"]).splitlines() if line.strip()]


@cache
def grammar(language: str) -> Grammar:
    """The compiled grammar of a language. Raises ValueError when a frame names no known class."""
    data = read(language)
    made = Grammar(language)
    classes = {name: tuple(split_words(text)) for name, text in data.get("classes", {}).items()}
    for name, words in list(classes.items()):
        nested = [w for word in words if word[0] == "<" for w in classes[word[1:-1]]]
        classes[name] = tuple([w for w in words if w[0] != "<"] + nested)
    _Compiler(made, classes).compile(data)
    key = set(split_words(data.get("key", "")))
    key.update(word for name in list(key) if name[0] == "<" for word in classes[name[1:-1]])
    made.correctable = frozenset(word for word in key if word[0] != "<" and len(word) >= 5)
    for short, long in data.get("spelling", {}).items():
        for entry in expand(str(short)):
            made.spelling[entry] = tuple(str(long).split())
    return made


class _Compiler:
    def __init__(self, made: Grammar, classes: Mapping[str, tuple[str, ...]]) -> None:
        self.made, self.classes = made, classes

    def compile(self, data: Mapping[str, Any]) -> None:
        for words in self.classes.values():
            for word in words:
                self._character(word)
        for entry in data.get("guards", []):
            label, why = entry.get("label", "none"), entry.get("why", "business")
            self.made.guards += [self._frame(label, why, "", line) for line in _lines(entry)]
        for entry in data.get("frames", []):
            scope = entry.get("scope", "all")
            self.made.frames += [
                self._frame(entry["label"], entry["why"], scope, line) for line in _lines(entry)
            ]
        order = ["erase", "opt_out", "access", "ambiguous", "help", "opt_in", "none"]
        self.made.frames.sort(key=lambda frame: order.index(frame.label))
        for at, guard in enumerate(self.made.guards):
            for character in guard.anchor:
                self.made.guards_at.setdefault(character, []).append(at)
        for at, frame in enumerate(self.made.frames):
            for character in frame.anchor:
                self.made.frames_at.setdefault(character, []).append(at)
        # A guard that only takes out business has nothing to say by itself.
        speaking = [guard for guard in self.made.guards if guard.label != "none"]
        self.made.anchors = frozenset(
            character for frame in [*self.made.frames, *speaking] for character in frame.anchor
        )

    def _character(self, word: str) -> str:
        known = self.made.characters
        if word not in known:
            known[word] = chr(_FIRST + len(known))
        return known[word]

    def _frame(self, label: str, why: str, scope: str, line: str) -> Frame:
        anchor: frozenset[str] = frozenset()
        pieces = line.split()
        for at, piece in enumerate(pieces):
            if piece[0] == "@":
                pieces[at] = piece[1:]
                names = [n for n in piece[1:].rstrip("?*+").split("|") if n[0] != "$"]
                anchor = frozenset(self._characters("|".join(names)))
        if not anchor:
            raise ValueError(f"{self.made.language}.yml: no anchor in frame {line!r}")
        pattern = "".join(self._sequence(iter(pieces)))
        return Frame(label, why, scope, pattern, anchor)

    def _sequence(self, pieces: Iterator[str]) -> Iterator[str]:
        """Pieces outside groups follow one another; a group is read up to its closing piece."""
        for piece in pieces:
            yield self._group(pieces) if piece == "(" else self._part(piece)

    def _group(self, pieces: Iterator[str]) -> str:
        """Inside a group "|" parts whole alternatives, of one word or several."""
        alternatives: list[list[str]] = [[]]
        for piece in pieces:
            if piece[0] == ")":
                single = [a for a in alternatives if len(a) == 1 and self._is_set(a[0])]
                rest = [
                    "".join(map(self._or_group, a)) for a in alternatives if a and a not in single
                ]
                if single:
                    rest.append(self._set("|".join(a[0] for a in single)))
                return f"(?:{'|'.join(rest)}){piece[1:]}"
            if piece == "(":
                alternatives[-1].append("\0" + self._group(pieces))
                continue
            first, *others = piece.split("|")
            if first:
                alternatives[-1].append(first)
            alternatives.extend([other] for other in others)
        raise ValueError(f"{self.made.language}.yml: a group is not closed")

    def _or_group(self, piece: str) -> str:
        return piece[1:] if piece[0] == "\0" else self._part(piece)

    @staticmethod
    def _is_set(piece: str) -> bool:
        return (piece[0] not in "\0!%^.,$" and piece[-1] not in "?*+") or piece == "?"

    def _part(self, piece: str) -> str:
        fixed = {
            "^": r"(?:(?<=[.,])|^)", "$": r"(?=[.,]|$)", "^^": r"^[.,]*", "$$": r"(?=[.,]*$)",
            "..": r"[^.]{0,3}?", "...": r"[^.]{0,6}?", "....": r".{0,12}?", ",": ",", ",?": "[,.]?",
            ".": r"\.",
        }  # fmt: skip
        if piece in fixed:
            return fixed[piece]
        if piece[0] == "!":
            return f"(?!{self._set(piece[1:])})"
        if piece[0] == "%":
            return f"(?<!{self._set(piece[1:])})"
        repeat = piece[-1] if len(piece) > 1 and piece[-1] in "?*+" else ""
        return self._set(piece[:-1] if repeat else piece) + repeat

    def _set(self, piece: str) -> str:
        names = piece.split("|")
        ends = [name for name in names if name in ("$", "$$")]
        if ends:
            end = r"(?=[.,]|$)" if "$" in ends else r"(?=[.,]*$)"
            rest = "|".join(name for name in names if name not in ends)
            return f"(?:{self._set(rest)}|{end})" if rest else end
        characters = self._characters(piece)
        if "~" in characters:
            return _WORD
        return "[" + "".join(re.escape(c) for c in sorted(characters)) + "]"

    def _characters(self, piece: str) -> set[str]:
        found: set[str] = set()
        for name in piece.split("|"):
            if name in ("~", ",", "."):
                found.add(name)
            elif name == "#":
                found.add(_NUMBER)
            elif name == "?":
                found.add(_UNKNOWN)
            elif name[0] == "<":
                if name[1:-1] not in self.classes:
                    raise ValueError(f"{self.made.language}.yml: no class {name}")
                found.update(self._character(word) for word in self.classes[name[1:-1]])
            else:
                found.add(self._character(name))
        return found


def standing_at(index: Mapping[str, list[int]], present: Iterable[str]) -> list[int]:
    """The frames of an index whose anchor is among the words that are there, in order."""
    return sorted({at for character in present for at in index.get(character, ())})


def take_out(rendered: str, match: re.Match[str]) -> str:
    """The text without what a guard covered; sentence marks stay."""
    start, end = match.span()
    kept = "".join(c if c in ".," else _TAKEN for c in rendered[start:end])
    return rendered[:start] + kept + rendered[end:]
