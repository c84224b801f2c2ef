"""The conversation of the phone page as it is read: bubbles with their fate, and cuts between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.catalogue import say
from bot.store.thread import HandChange, Line, Thread
from bot.web.page import Local

GAP_MS = 3_600_000  # after an hour of silence the time stands across the thread
_DELIVERED = ("delivered", "read")
_ON_ITS_WAY = ("claimed", "handed_over", "accepted", "queued", "sending", "sent")
_FAILED = ("failed", "undelivered")
_UNKNOWN = ("uncertain", "unknown")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a text: a sign, a word and a meaning for the colour (good, wait, stop)."""

    sign: str
    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text as the thread shows it. `body` None: it was erased."""

    id: str
    ours: bool
    who: str
    iso: str
    clock: str
    body: str | None
    language: str | None
    fate: Fate | None
    chosen: bool

    @property
    def held(self) -> bool:
        """Whether the text did not leave, and will not or not yet."""
        return self.fate is not None and self.fate.sign in "⊘◷"


@dataclass(frozen=True, slots=True)
class Cut:
    """A line across the thread: a new day, a time, or the hand that changed (`hand`)."""

    words: str
    iso: str
    hand: bool = False


def moment_of(line: Line) -> int:
    """When a text was there to be read: a text of ours that waited, when it left."""
    return line.handed_over_at or line.at if line.ours else line.at


def in_order(lines: Iterable[Line]) -> list[Line]:
    """The texts as they came and left; an answer stands after what it answers, also where the
    clock stands still between two texts. Ids rise in the order in which texts were written."""
    return sorted(lines, key=lambda line: (moment_of(line), line.id))


def items(
    thread: Thread, person: str, chosen: str | None, local: Local, now: int
) -> list[Bubble | Cut]:
    """The thread in order, with its cuts. `person` is what we call the other side."""
    found: list[Bubble | Cut] = []
    hands = list(thread.hands)
    last: int | None = None
    for line in in_order(thread.lines):
        at = moment_of(line)
        while hands and hands[0].at < at:
            found.append(_hand(hands.pop(0), local))
        found.extend(_cut(last, at, local))
        found.append(_bubble(line, person, chosen, local, now))
        last = at
    found.extend(_hand(change, local) for change in hands)
    return found


def _cut(last: int | None, at: int, local: Local) -> Iterator[Cut]:
    if last is None or local.at(last).date() != local.at(at).date():
        yield Cut(_first_upper(local.date(at)), local.iso(at))
    elif at - last > GAP_MS:
        yield Cut(local.clock(at), local.iso(at))


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _hand(change: HandChange, local: Local) -> Cut:
    words = say(f"phone.{change.kind}", local.language, team=change.team or "")
    return Cut(f"{words}, {local.clock(change.at)}", local.iso(change.at), hand=True)


def _bubble(line: Line, person: str, chosen: str | None, local: Local, now: int) -> Bubble:
    at = moment_of(line)
    return Bubble(
        id=line.id,
        ours=line.ours,
        who=speaker(line, local.language) if line.ours else person,
        iso=local.iso(at),
        clock=local.clock(at),
        body=line.body,
        language=line.language,
        fate=fate(line, local, now) if line.ours else None,
        chosen=line.id == chosen,
    )


def speaker(line: Line, language: str) -> str:
    """Who wrote a text of ours, in a word: a person, a campaign, or the robot."""
    if line.decision.get("by_person"):
        return say("phone.a_person", language)
    if line.campaign:
        return say("phone.campaign", language, name=line.campaign)
    return say("phone.robot", language)


def fate(line: Line, local: Local, now: int) -> Fate:
    """What became of a text of ours."""
    language, state = local.language, line.state
    if state in _DELIVERED:
        return Fate("✓", say("fate.delivered", language), "good")
    if state in _ON_ITS_WAY:
        return Fate("→", say("fate.on_its_way", language), "soft")
    if state in ("waiting", "deferred"):
        if line.due_at is not None and line.due_at > now:
            when = local.day_and_clock(line.due_at, now)
            return Fate("◷", say("fate.until", language, when=when), "wait")
        return Fate("◷", say("fate.waits", language), "wait")
    if state == "blocked":
        why = held_because(str(line.decision.get("reason", "")), language)
        return Fate("⊘", say("fate.blocked", language, why=why), "stop")
    if state in ("cancelled", "canceled", "expired"):
        why = say(f"fate.why_{state.replace('canceled', 'cancelled')}", language)
        if line.error == "stopped":
            why = held_because("suppressed", language)
        return Fate("⊘", say("fate.blocked", language, why=why), "stop")
    if state in _FAILED:
        return Fate("⚠", say("fate.failed", language, error=line.error or "–"), "stop")
    if state in _UNKNOWN:
        return Fate("⚠", say("fate.unknown", language), "wait")
    return Fate("·", state.replace("_", " "), "soft")


def held_because(reason: str, language: str) -> str:
    """Why a text was not sent, in two or three words."""
    code = f"held.{reason}"
    words = say(code, language)
    return say("held.other", language) if words == code else words
