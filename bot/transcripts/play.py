"""Plays a transcript on a world: texts go in, what comes out is laid beside what is written.

The world is the real program (`bot/transcripts/world.py`); here stands only the walk through the
lines, which needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from bot.transcripts.compare import matches
from bot.transcripts.script import (
    Clock,
    Fact,
    Line,
    Nothing,
    Passes,
    Says,
    Texts,
    Then,
    Transcript,
    Who,
)

AFTER_MS = 7 * 24 * 3600 * 1000
"""How long `0 messages after` listens."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A text that reached a person: to whom (E.164), its words, when (ms)."""

    to: str
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class State:
    """What is true of a person now, as the store has it."""

    flow: str = ""
    conversation: str = ""
    outcome: str = ""
    team: str = ""
    handed_over: bool = False
    language: str = ""
    consents: Mapping[str, str] = field(default_factory=dict)
    saved: Mapping[str, Any] = field(default_factory=dict)
    remembered: Mapping[str, Any] = field(default_factory=dict)
    converted: tuple[str, ...] = ()
    coupons: Mapping[str, str] = field(default_factory=dict)
    redeemed: tuple[str, ...] = ()


class World(Protocol):
    """Parley, as a transcript needs it."""

    def now_ms(self) -> int:
        """The virtual clock."""

    def text(self, who: Who, words: str) -> None:
        """A person texts; what is answered at once is said before this returns."""

    def until(self, at_ms: int) -> None:
        """Move the clock; what is due on the way happens at its own time."""

    def said(self) -> Sequence[Heard]:
        """Everything that reached anybody, in order."""

    def state(self, who: Who) -> State:
        """What is true of a person."""

    def unsent(self, who: Who) -> Sequence[tuple[str, str]]:
        """Texts to a person that did not leave, or not yet: the gate's reason and the words."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The line that does not hold: `why` is a code of the catalogue (`transcripts.<why>`)."""

    line: int
    why: str
    expected: str = ""
    found: str = ""


@dataclass(slots=True)
class Played:
    """How a transcript went: rows of (written, what happened), and the failure if there is one."""

    transcript: Transcript
    rows: list[tuple[str, str]] = field(default_factory=list)
    failure: Failure | None = None
    failed_row: int = -1


class _Stop(Exception):
    """The transcript does not hold; the rest is not played."""


class _Play:
    """One walk. Facts and `{coupon.x}` are about the first person of the header."""

    def __init__(self, transcript: Transcript, world: World, between: Callable[[], None]) -> None:
        self.transcript = transcript
        self.world = world
        self.between = between
        self.played = Played(transcript)
        self.heard = 0
        self.first = next(iter(transcript.people.values()))

    def walk(self) -> Played:
        try:
            for line in self.transcript.lines:
                self.between()
                self._line(line)
            self._silent(self.transcript.lines[-1].line)
        except _Stop:
            self._show_the_rest()
        return self.played

    def _line(self, line: Line) -> None:
        match line:
            case Says():
                self._says(line)
            case Texts():
                self._silent(line.line)
                words = self._filled(line.text)
                self._row(f"{line.who}: {line.text}", f"{line.who}: {words}")
                self.world.text(self.transcript.people[line.who], words)
            case Passes():
                self._silent(line.line)
                self._row(f"silence {line.words}", f"silence {line.words}")
                self.world.until(self.world.now_ms() + line.ms)
            case Clock():
                self._silent(line.line)
                self._row(f"clock {line.words}", f"clock {line.words}")
                self.world.until(line.at_ms)
            case Nothing():
                self._silent(line.line)
                self._row("nothing", "nothing")
            case Then():
                self._silent(line.line)
                for fact in line.facts:
                    self._fact(fact)

    def _row(self, written: str, happened: str) -> None:
        self.played.rows.append((written, happened))

    def _fail(self, line: int, why: str, expected: str = "", found: str = "") -> NoReturn:
        self.played.failure = Failure(line, why, expected, found)
        self.played.failed_row = len(self.played.rows) - 1
        raise _Stop

    def _next(self) -> Heard | None:
        said = self.world.said()
        if self.heard >= len(said):
            return None
        self.heard += 1
        return said[self.heard - 1]

    def _says(self, line: Says) -> None:
        said = self._next()
        text = said.text if said else ""
        self._row(f"bot: {line.text}", f"bot: {text}" if said else "")
        if said is None:
            unsent = self.world.unsent(self.first)
            held = f"{unsent[-1][0]}: {unsent[-1][1]}" if unsent else ""
            self._fail(line.line, "why_held" if held else "why_missing", line.text, held)
        if not matches(self._filled(line.text), text):
            self._fail(line.line, "why_other", line.text, text)

    def _silent(self, line: int) -> None:
        said = self._next()
        if said is not None:
            self._row("", f"bot: {said.text}")
            self._fail(line, "why_more", "", said.text)

    def _filled(self, text: str) -> str:
        """The text with `{coupon.name}` replaced by the code the first person holds."""
        if "{coupon." not in text:
            return text
        for name, code in self.world.state(self.first).coupons.items():
            text = text.replace("{coupon." + name + "}", code)
        return text

    def _show_the_rest(self) -> None:
        while (said := self._next()) is not None:
            self._row("", f"bot: {said.text}")

    def _fact(self, fact: Fact) -> None:
        if fact.kind == "messages after":
            found = str(self._messages_after())
        else:
            found = _found(fact, self.world.state(self.first))
        wanted = _wanted(fact)
        self._row(f"then: {fact.words}", f"then: {fact.words}" if found == wanted else found)
        if found != wanted:
            self._fail(fact.line, "why_fact", fact.words, found)

    def _messages_after(self) -> int:
        before = len(self.world.said())
        self.world.until(self.world.now_ms() + AFTER_MS)
        return len(self.world.said()) - before


def _wanted(fact: Fact) -> str:
    if fact.kind == "not converted":
        return ""
    return fact.value or "yes"


def _found(fact: Fact, state: State) -> str:
    """What is so, in the words in which the fact says what should be."""
    match fact.kind:
        case "consent":
            return state.consents.get(fact.name or "marketing", "none")
        case "conversation":
            return state.conversation
        case "ended":
            return state.outcome
        case "flow":
            return state.flow
        case "converted":
            return fact.value if fact.value in state.converted else ", ".join(state.converted)
        case "not converted":
            return ", ".join(state.converted)
        case "handed over":
            return (state.team if fact.value else "yes") if state.handed_over else "no"
        case "saved":
            return _plain(state.saved.get(fact.name))
        case "remembered":
            return _plain(state.remembered.get(fact.name))
        case "coupon":
            return fact.value if fact.value in state.coupons else ", ".join(state.coupons)
        case "redeemed":
            return fact.value if fact.value in state.redeemed else ", ".join(state.redeemed)
        case "language":
            return state.language
        case _:
            raise ValueError(f"no such fact: {fact.kind}")


def _plain(value: Any) -> str:
    """A saved value as a transcript writes it: `3`, `4.5`, `yes`, `margherita`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def play(
    transcript: Transcript, world: World, between: Callable[[], None] = lambda: None
) -> Played:
    """Walk through a transcript. `between` is called before every line."""
    return _Play(transcript, world, between).walk()
