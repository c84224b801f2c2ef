"""A small stage for the engine: one brand, one person, a clock that is moved by hand."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from bot.engine import events
from bot.engine.brand import Brand
from bot.engine.compile import compile_flow
from bot.engine.flow import Flow
from bot.engine.problems import Problem
from bot.engine.session import Session
from bot.engine.text import Text
from bot.engine.turn import take_turn
from bot.engine.turn_types import Cause, Flows, GivenBack, Person, TextCame, TimerRang, Turn

#: A few of the words that compliance hears; the engine is only told that they are reserved.
RESERVED = frozenset({"stop", "arret", "help", "aide", "info", "start", "join", "yes", "oui"})
BEGIN_MS = 1_772_449_080_000  # 2026-03-02 11:58 UTC


def text(en: str, fr: str | None = None) -> Text:
    """A text in English, and in French where it differs."""
    return Text({"en": en, "fr": fr or en})


BRAND = Brand(
    name="margot",
    title="Chez Margot",
    country="FR",
    countries=("FR", "GB"),
    zone="Europe/Paris",
    languages=("en", "fr"),
    senders=(),
    texts={
        "bot_line": text("This is Margot's robot.", "Ici le robot de Margot."),
        "opt_in_asked": text("Reply YES for offers.", "Répondez OUI pour nos offres."),
        "opt_in_confirmed": text("You are in.", "C'est noté."),
        "opt_in_refused": text("Noted, no offers.", "Noté, pas d'offres."),
        "handed_over": text("A person takes over.", "Une personne prend la suite."),
        "back_to_bot": text("The robot is back.", "Le robot reprend la main."),
        "broke": text("Something broke. A person reads it.", "Un souci chez nous."),
        "catch_all": text("I did not get that. PIZZA to order.", "Je n'ai pas compris."),
        "cancelled": text("Cancelled.", "C'est annulé."),
    },
    wrong=(text("What?", "Pardon ?"), text("Still lost.", "Toujours pas.")),
    teams=("team", "orders"),
    settings={"shop": "Lille"},
    hash="brand1",
)


def read(source: str) -> Any:
    """YAML as the loader gives it: mappings, lists and strings, nothing else."""
    return yaml.load(source, yaml.BaseLoader)


def compiled(source: str, brand: Brand = BRAND, version: str = "v1") -> Flow:
    """The flow of a source that has to compile."""
    flow, problems = compile_flow(read(source), brand, version, {})
    assert flow is not None, problems
    return flow


def problems_of(source: str, brand: Brand = BRAND) -> list[Problem]:
    """What is wrong in a source that must not compile."""
    flow, problems = compile_flow(read(source), brand, "v1", {})
    assert flow is None
    return problems


def flows_of(*flows: Flow, brand: Brand = BRAND) -> Flows:
    """These flows, published."""
    by_name = {flow.name: flow for flow in flows}
    return Flows(brand, by_name, {flow.version: flow for flow in flows})


@dataclass
class Stage:
    """One person before the published flows. The session goes through JSON after every turn."""

    flows: Flows
    person: Person = field(default_factory=lambda: Person("01PERSON", "en"))
    session: Session | None = None
    now_ms: int = BEGIN_MS
    timers: dict[str, tuple[int, int]] = field(default_factory=dict)
    ids: Any = field(default_factory=lambda: itertools.count(1))

    def text(self, words: str, **more: Any) -> Turn:
        """The person texts."""
        return self.turn(TextCame(words, **more))

    def turn(self, cause: Cause) -> Turn:
        """One turn, with what its events change in the world."""
        turn = take_turn(
            self.flows,
            self.session,
            self.person,
            cause,
            self.now_ms,
            lambda: 0.5,
            RESERVED.__contains__,
            lambda: f"conversation{next(self.ids)}",
        )
        self.session = through_json(turn.session)
        for event in turn.events:
            self._apply(event)
        return turn

    def later(self, ms: int) -> list[Turn]:
        """The clock moves; the timers that are due ring, the earliest first."""
        until, turns = self.now_ms + ms, []
        while True:
            due = min(
                ((at, kind, visit) for kind, (at, visit) in self.timers.items() if at <= until),
                default=None,
            )
            if due is None:
                break
            self.now_ms, kind, visit = due
            del self.timers[kind]
            turns.append(self.turn(TimerRang(kind, visit)))
        self.now_ms = until
        return turns

    def give_back(self, silently: bool = False) -> Turn:
        """An agent gives the conversation back."""
        return self.turn(GivenBack(silently))

    def _apply(self, event: events.Event) -> None:
        match event:
            case events.TimerSet(kind=kind, due_ms=due, visit=visit):
                self.timers[kind] = (due, visit)
            case events.Ended() | events.HandedOff():
                self.timers.clear()
            case events.ConsentGiven(purpose=purpose):
                self.person = replace(self.person, consents=self.person.consents | {purpose})
            case events.Remembered(field="language", value=value):
                self.person = replace(self.person, language=value)
            case events.Remembered(field=name, value=value):
                self.person = replace(self.person, fields={**self.person.fields, name: value})
            case events.CouponGiven(coupon=name, code=code):
                self.person = replace(self.person, coupons={**self.person.coupons, name: code})


def through_json(session: Session | None) -> Session | None:
    """The session as it comes back from JSON; it must be the same."""
    if session is None:
        return None
    back = Session.from_json(json.loads(json.dumps(session.to_json())))
    assert back == session
    return back


def said(turn: Turn) -> list[str]:
    """What the bot said in a turn."""
    return [event.text for event in turn.events if isinstance(event, events.Said)]


def told(event: events.Event) -> str:
    """An event as a line that a marketer can read."""
    match event:
        case events.Began(by=by):
            return f"began by {by}"
        case events.Said(text=words, promotes=promotes, asks=asks):
            verb = "asked" if asks else "said"
            return f"{verb}{' (promotes)' if promotes else ''}: {words}"
        case events.Answered(category=category, tries=tries):
            return f"answered: {category}" + (f" after {tries} wrong" if tries else "")
        case events.Misunderstood(tries=tries):
            return f"misunderstood: {tries}"
        case events.Silent(nudges=nudges):
            return f"silent: {nudges}"
        case events.Remembered(field=name, value=value):
            return f"remembered: {name} = {value}"
        case events.ConsentAsked(purpose=purpose, wording=wording):
            return f"consent asked: {purpose}, in the words {wording}"
        case events.ConsentGiven(purpose=purpose):
            return f"consent given: {purpose}"
        case events.ConsentRefused(purpose=purpose):
            return f"consent refused: {purpose}"
        case events.Converted(name=name, value=value, is_goal=goal):
            worth = "" if value is None else f", worth {value}"
            return f"converted: {name}{worth}{', the goal' if goal else ''}"
        case events.CouponGiven(coupon=name, code=code, new=new):
            return f"coupon given: {name} {code}{'' if new else ', held before'}"
        case events.HandedOff(team=team, reason=reason):
            return f"handed over: {team}, because {reason}"
        case events.TimerSet(kind=kind, due_ms=due):
            return f"timer: {kind} at {due}"
        case events.Ended(outcome=outcome):
            return f"ended: {outcome}"
        case events.Tripped(limit=limit):
            return f"tripped: {limit}"
    raise AssertionError(event)
