"""`parley talk`: the phone in a terminal, and why each line was said."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable
from typing import Any

from bot.commands._desk import Desk
from bot.commands._parser import Parser

LANGUAGES = {"Ana": "fr", "Karim": "fr", "James": "en", "Luc": "fr"}
_DURATION = re.compile(r"\+?(\d{1,4}) ?(s|min|h|d)")
_UNITS = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
#: Numbers that nobody has: France (Arcep), North America (NANPA), United Kingdom (Ofcom).
_FICTION = re.compile(r"\+3363998\d{4}|\+1\d{3}55501\d{2}|\+447700900\d{3}")


def arguments(parser: Parser) -> None:
    parser.add("--as", dest="who", default="", metavar="NAME")
    parser.add("--brand")
    parser.add("--running", action="store_true")


def run(chosen: argparse.Namespace, desk: Desk) -> int:
    if chosen.running:
        return _talk(_Running(desk, chosen.brand), chosen, desk)
    from bot.transcripts.world import open_stage

    folder = desk.settings.flows
    with open_stage(folder / chosen.brand if chosen.brand else folder) as stage:
        brands = stage.app.brands()
        if not brands:
            from bot.errors import NotFound

            desk.tell(desk.say("cli.nothing_published"))
            raise NotFound(what=desk.say("cli.brand"), name=chosen.brand or str(folder))
        return _talk(_Rehearsal(stage, next(iter(brands.values()))), chosen, desk)


class _Rehearsal:
    """A Parley of its own, with a clock that can be moved; gone when the talk is over."""

    def __init__(self, stage: Any, brand: Any) -> None:
        from bot.transcripts.world import RealWorld
        from bot.wiring import system_ms

        self.brand = brand
        self.app = stage.app
        self.world = RealWorld(stage, brand, [], system_ms())
        self.heard = 0

    def text(self, who: Any, words: str) -> None:
        self.world.text(who, words)

    def move(self, at: Callable[[int], int | None]) -> int | None:
        """Move the clock to what `at` makes of now; None when it cannot be read."""
        to = at(self.world.now_ms())
        if to is not None and to >= self.world.now_ms():
            self.world.until(to)
            return to
        return None

    def news(self, number: str) -> list[str]:
        """What reached a number since the last time."""
        said = self.world.said()[self.heard :]
        self.heard = len(self.world.said())
        return [one.text for one in said if one.to == number]

    def now_ms(self) -> int:
        return self.world.now_ms()

    def wait(self, number: str) -> list[str]:
        """Here everything has happened when the clock has jumped."""
        return self.news(number)


class _Running:
    """The Parley that runs on this data folder, by way of its simulated carrier."""

    def __init__(self, desk: Desk, brand: str | None) -> None:
        from bot.errors import Refused

        self.app = desk.app()
        if self.app.customer is None:
            raise Refused(why=desk.say("cli.talk.not_running", folder=desk.settings.data))
        brands = desk.brands(brand)
        if not brands:
            raise Refused(why=desk.say("cli.nothing_published"))
        self.brand = next(iter(brands.values()))
        self.shown: set[str] = set()
        self.begun = self.app.clock()

    def text(self, who: Any, words: str) -> None:
        to = self.brand.senders[0].number
        self.app.customer.text(to=to, from_=who.number, body=words)

    def move(self, at: Callable[[int], int | None]) -> int | None:
        """Move the clock that all its processes share."""
        now = self.app.clock()
        to = at(now)
        if to is None or to < now:
            return None
        self.app.set_clock_offset(to - self.app.system_ms())
        return to

    def news(self, number: str) -> list[str]:
        """Texts of ours to a number that have left since we began and were not shown yet."""
        thread = _thread(self.app, self.brand, number)
        found = [
            line
            for line in thread.lines
            if line.ours
            and line.id not in self.shown
            and line.handed_over_at
            and line.handed_over_at >= self.begun
        ]
        self.shown.update(line.id for line in found)
        return [line.body or "" for line in found]

    def now_ms(self) -> int:
        return int(self.app.clock())

    def wait(self, number: str) -> list[str]:
        """What the other processes say within a few seconds of a jump of the clock."""
        for _ in range(8):
            time.sleep(0.5)
            found = self.news(number)
            if found:
                return found
        return []


def _talk(phone: Any, chosen: argparse.Namespace, desk: Desk) -> int:
    """Read lines until there are no more, and answer each."""
    who = _who(chosen.who or ("Ana" if desk.language == "fr" else "James"), desk)
    if who is None:
        return 2
    desk.tell(
        desk.say(
            "cli.talk.hello",
            name=who.name, number=who.number, title=phone.brand.title,
            sender=phone.brand.senders[0].number,
        )
    )  # fmt: skip
    while True:
        line = _read(f"{who.name}> ")
        if line is None or line == "/quit":
            return 0
        if not line:
            continue
        if line.startswith("/as "):
            who = _who(line[4:].strip(), desk) or who
        elif line.startswith("/clock"):
            _clock(phone, line[6:].strip(), desk)
            _show(phone.wait(who.number), desk, quiet=True)
        elif line == "/why":
            _why(phone, who.number, desk)
        elif line.startswith("/"):
            desk.tell(desk.say("cli.talk.unknown", found=line.split()[0]))
        else:
            phone.text(who, line)
            _show(phone.news(who.number), desk)


def _read(prompt: str) -> str | None:
    try:
        return input(prompt if sys.stdin.isatty() else "").strip()
    except EOFError:
        return None


def _show(texts: list[str], desk: Desk, *, quiet: bool = False) -> None:
    for text in texts:
        desk.show(f"  {text}")
    if not texts and not quiet:
        desk.show(f"  {desk.say('cli.talk.nothing')}")


def _who(wanted: str, desk: Desk) -> Any:
    """One of the people of fiction, or a number of fiction; None when it is neither."""
    from bot.transcripts.parse import KNOWN
    from bot.transcripts.script import Who

    name = wanted.strip().title()
    if name in KNOWN:
        return Who(name, KNOWN[name], LANGUAGES[name], "US" if name == "James" else "FR")
    number = re.sub(r"[ .()-]", "", wanted)
    if _FICTION.fullmatch(number):
        return Who(number, number, "fr" if number.startswith("+33") else "en", "")
    desk.tell(desk.say("cli.talk.nobody", found=wanted, known=", ".join(KNOWN)))
    return None


def _clock(phone: Any, words: str, desk: Desk) -> None:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(phone.brand.zone)

    def to(now: int) -> int | None:
        span = _DURATION.fullmatch(words)
        if span is not None:
            return now + int(span[1]) * _UNITS[span[2]]
        try:
            at = datetime.strptime(words, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
        except ValueError:
            return None
        return int(at.timestamp() * 1000)

    at = phone.move(to)
    if at is None:
        desk.tell(desk.say("cli.talk.bad_clock", found=words))
        return
    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    desk.tell(desk.say("cli.talk.clock", at=f"{moment:%Y-%m-%d %H:%M} {phone.brand.zone}"))


def _thread(app: Any, brand: Any, number: str) -> Any:
    from bot.store.thread import read_thread

    return app.db.read(lambda conn: read_thread(conn, app.vault, brand.name, number))


def _why(phone: Any, number: str, desk: Desk) -> None:
    """The same explanation as beside the phone in the browser, in lines."""
    from bot.web.page import Local
    from bot.web.pages._why import explain

    local = Local(phone.brand.zone, desk.language)
    why = explain(_thread(phone.app, phone.brand, number), None, local, phone.now_ms())
    if why is None:
        desk.tell(desk.say("cli.talk.no_why"))
        return
    heard = why.heard or why.began or ""
    desk.show(f"  {desk.say('cli.talk.heard_by'):<16}{heard}")
    for one in why.race:
        desk.show(f"  {'*' if one.won else ' ':>15} {one.who}: {one.what} {one.verdict}".rstrip())
    for answer in why.answers:
        desk.show(f"  {desk.say('cli.talk.decided'):<16}{answer.heading}")
        for reason in answer.reasons:
            rule = f" ({reason.rule})" if reason.rule else ""
            desk.show(f"  {reason.sign:>15} {reason.words}{rule}")
        desk.show(f"  {desk.say('cli.talk.sent_as'):<16}{answer.sent_as}")
    if not why.answers:
        desk.show(f"  {desk.say('cli.talk.decided'):<16}{why.silence}")
    for line in why.ledger:
        desk.show(f"  {desk.say('cli.talk.ledger'):<16}{'  '.join(line)}")
