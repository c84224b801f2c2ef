"""Reads a transcript: a conversation as a marketer writes it down. Pure; complaints have places.

    # changes mind, then orders
    at 2026-03-02 11:58 Europe/Paris, Ana (fr-FR, agreed to marketing)
    Ana: pizza
    bot: Quelle pizza ? ...
    silence 20 min
    bot: Toujours là ? ...
    clock 2026-03-03 07:59
    nothing
    Ana: stop
    bot: ...
    then: consent withdrawn, conversation ended, 0 messages after

A line that begins with a space goes on with the one before. `...` stands for any words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.loading.complaints import Complaint
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

#: People of fiction who need no number in the header (numbers nobody can have: Arcep's and the
#: North American plan's ranges for films).
KNOWN = {
    "Ana": "+33639984107",
    "Karim": "+33639981280",
    "James": "+12125550142",
    "Luc": "+33639980199",
}
PURPOSES = ("marketing", "transactional", "service")
CONSENTS = ("given", "asked", "withdrawn", "none")

_HEADER = re.compile(
    r"at (?P<when>\d{4}-\d\d-\d\d \d\d:\d\d) (?P<zone>[A-Za-z_+\-/0-9]+),(?P<who>.*)"
)
_PERSON = re.compile(
    r"\s*(?P<name>[^\W\d_][\w' -]*?)(?:\s+(?P<number>\+\d{6,15}))?"
    r"\s*\((?P<language>[a-z]{2})-(?P<country>[A-Z]{2})(?P<rest>[^)]*)\)\s*"
)
_AGREED = re.compile(r"\s*,\s*agreed to (?P<purposes>[a-z]+(?: and [a-z]+)*)\s*")
_SPOKEN = re.compile(r"(?P<who>[^\W\d_][\w' -]*?)\s?:(?:\s+(?P<text>.*))?")
_DURATION = re.compile(r"(\d{1,4})\s*(s|min|h|d)")
_UNITS = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_CLOCK = re.compile(r"(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d)")
#: What may follow `then:`. Each pattern's groups are a fact's name and value.
FACTS = {
    "consent": re.compile(
        rf"consent (?:(?P<name>{'|'.join(PURPOSES)}) )?(?P<value>{'|'.join(CONSENTS)})"
    ),
    "conversation": re.compile(r"conversation (?P<value>open|ended)"),
    "ended": re.compile(r"ended (?P<value>[a-z][a-z0-9_]*)"),
    "flow": re.compile(r"flow (?P<value>[a-z][a-z0-9_]*)"),
    "converted": re.compile(r"converted (?P<value>[a-z][a-z0-9_]*)"),
    "not converted": re.compile(r"not converted"),
    "handed over": re.compile(r"handed over(?: (?:to )?(?P<value>[a-z][a-z0-9_]*))?"),
    "saved": re.compile(r"saved (?P<name>[a-z][a-z0-9_]*) ?= ?(?P<value>.+)"),
    "remembered": re.compile(r"remembered (?P<name>[a-z][a-z0-9_]*) ?= ?(?P<value>.+)"),
    "coupon": re.compile(r"coupon (?P<value>[a-z][a-z0-9_]*)"),
    "redeemed": re.compile(r"redeemed (?P<value>[a-z][a-z0-9_]*)"),
    "language": re.compile(r"language (?P<value>[a-z]{2})"),
    "messages after": re.compile(r"(?P<value>\d+) messages? after"),
}


@dataclass(slots=True)
class _Reading:
    """A transcript on its way from text to data; complaints are noted, never raised."""

    file: str
    complaints: list[Complaint] = field(default_factory=list)
    title: str = ""
    at: datetime | None = None
    zone: str = ""
    people: dict[str, Who] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    now: datetime | None = None

    def complain(self, line: int, code: str, column: int = 1, **params: str) -> None:
        self.complaints.append(Complaint(self.file, line, column, code, params=params))


def parse(source: str, file: str) -> tuple[Transcript | None, tuple[Complaint, ...]]:
    """Read a transcript. Gives it, or None when it cannot run, and every complaint there is."""
    reading = _Reading(file)
    for number, text in _joined(source):
        if text.startswith("#"):
            reading.title = reading.title or text.lstrip("# ").rstrip()
        elif reading.at is None:
            _header(reading, number, text)
            if reading.at is None:
                break
        else:
            _line(reading, number, text)
    if reading.at is None or reading.now is None:
        if not reading.complaints:
            reading.complain(1, "T001")
        return None, tuple(reading.complaints)
    if not any(isinstance(line, Texts) for line in reading.lines) and not reading.complaints:
        reading.complain(1, "T010")
    if reading.complaints:
        return None, tuple(reading.complaints)
    return (
        Transcript(
            file,
            reading.title or file,
            _ms(reading.at),
            reading.zone,
            reading.people,
            tuple(reading.lines),
        ),
        (),
    )


def _joined(source: str) -> list[tuple[int, str]]:
    """The lines that say something, those that begin with a space joined to the one before."""
    found: list[tuple[int, str]] = []
    for number, raw in enumerate(source.lstrip("\ufeff").splitlines(), 1):
        text = raw.strip()
        if not text:
            continue
        if raw[0] in " \t" and found and not found[-1][1].startswith("#"):
            first, before = found[-1]
            found[-1] = (first, f"{before} {text}")
        else:
            found.append((number, text))
    return found


def _header(reading: _Reading, number: int, text: str) -> None:
    match = _HEADER.fullmatch(text)
    if match is None:
        reading.complain(number, "T001")
        return
    try:
        zone = ZoneInfo(match["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reading.complain(number, "T002", match.start("zone") + 1, found=match["zone"])
        return
    at = _time(match["when"], zone)
    if at is None:
        reading.complain(number, "T003", match.start("when") + 1, found=match["when"])
        return
    _people(reading, number, match["who"], match.start("who"))
    if reading.complaints:
        return
    reading.at = reading.now = at
    reading.zone = match["zone"]


def _people(reading: _Reading, number: int, text: str, column: int) -> None:
    """`Ana (fr-FR, agreed to marketing), Max +447700900123 (en-GB)`."""
    place = 0
    while True:
        match = _PERSON.match(text, place)
        if match is None:
            rest = text[place:].lstrip()
            place = len(text) - len(rest)
            reading.complain(number, "T004", column + place + 1, found=rest.strip())
            return
        _person(reading, number, match, column)
        place = match.end()
        if place == len(text):
            return
        if text[place] != ",":
            reading.complain(number, "T004", column + place + 1, found=text[place:].strip())
            return
        place += 1


def _person(reading: _Reading, number: int, match: re.Match[str], column: int) -> None:
    name = match["name"]
    phone = match["number"] or KNOWN.get(name)
    if phone is None:
        reading.complain(number, "T005", column + match.start("name") + 1, found=name)
        return
    agreed: tuple[str, ...] = ()
    if match["rest"].strip():
        words = _AGREED.fullmatch(match["rest"])
        agreed = tuple(words["purposes"].split(" and ")) if words else ("?",)
        unknown = [purpose for purpose in agreed if purpose not in PURPOSES]
        if unknown:
            found = match["rest"].strip(" ,")
            reading.complain(number, "T006", column + match.start("rest") + 1, found=found)
            return
    reading.people[name] = Who(name, phone, match["language"], match["country"], agreed)


def _line(reading: _Reading, number: int, text: str) -> None:
    word, _, rest = text.partition(" ")
    if text == "nothing":
        reading.lines.append(Nothing(number))
    elif word == "silence":
        _silence(reading, number, rest)
    elif word == "clock":
        _clock(reading, number, rest)
    elif text.startswith("then:"):
        _then(reading, number, text)
    else:
        _spoken(reading, number, text)


def _silence(reading: _Reading, number: int, words: str) -> None:
    match = _DURATION.fullmatch(words.strip())
    if match is None or reading.now is None:
        reading.complain(number, "T007", 9, found=words)
        return
    ms = int(match[1]) * _UNITS[match[2]]
    reading.now += timedelta(milliseconds=ms)
    reading.lines.append(Passes(number, ms, words.strip()))


def _clock(reading: _Reading, number: int, words: str) -> None:
    match = _CLOCK.fullmatch(words.strip())
    assert reading.now is not None
    zone = ZoneInfo(reading.zone)
    day = (match and match[1]) or reading.now.astimezone(zone).strftime("%Y-%m-%d")
    at = _time(f"{day} {match[2]}", zone) if match else None
    if at is None:
        reading.complain(number, "T003", 7, found=words)
    elif at < reading.now:
        reading.complain(number, "T008", 7, found=words)
    else:
        reading.now = at
        reading.lines.append(Clock(number, _ms(at), words.strip()))


def _spoken(reading: _Reading, number: int, text: str) -> None:
    match = _SPOKEN.fullmatch(text)
    if match is None:
        reading.complain(number, "T009", found=text[:40])
        return
    who, said = match["who"], (match["text"] or "").strip()
    if who != "bot" and who not in reading.people:
        allowed = ", ".join(["bot", *reading.people])
        reading.complain(number, "T011", found=who, allowed=allowed)
    elif not said:
        reading.complain(number, "T012", found=who)
    elif who == "bot":
        reading.lines.append(Says(number, said))
    else:
        reading.lines.append(Texts(number, who, said))


def _then(reading: _Reading, number: int, text: str) -> None:
    facts = []
    column = len("then:")
    for part in text[column:].split(","):
        words = part.strip()
        fact = _fact(number, words)
        if fact is None:
            allowed = ", ".join(FACTS)
            place = column + len(part) - len(part.lstrip()) + 1
            reading.complain(number, "T013", place, found=words, allowed=allowed)
        else:
            facts.append(fact)
        column += len(part) + 1
    reading.lines.append(Then(number, tuple(facts)))


def _fact(number: int, words: str) -> Fact | None:
    for kind, pattern in FACTS.items():
        match = pattern.fullmatch(words)
        if match is not None:
            named = {name: value or "" for name, value in match.groupdict().items()}
            return Fact(number, kind, words, named.get("name", ""), named.get("value", "").strip())
    return None


def _time(words: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.strptime(words, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    except ValueError:
        return None


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
