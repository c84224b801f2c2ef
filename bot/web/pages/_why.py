"""The panel *why*: who heard a text, what allowed or held the answer, parts, ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bot.catalogue import say
from bot.sending.parts import measure
from bot.store.thread import LedgerLine, Line, Thread
from bot.web.page import Local
from bot.web.pages._talk import Fate, fate, in_order

_SIGNS = {"allow": ("✓", "good"), "defer": ("◷", "wait"), "block": ("⊘", "stop")}
_SINGLE = {"GSM-7": 160, "UCS-2": 70}
_LEDGER_FACTS = ("purpose", "channel", "scope", "sender", "method", "basis", "double_opt_in")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One who could have heard the text: a row of the race."""

    who: str
    what: str
    verdict: str
    won: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding in words, with its sign, and the rule it rests on."""

    sign: str
    meaning: str
    words: str
    rule: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One text of ours and how it was decided on."""

    body: str | None
    heading: str
    reasons: tuple[Reason, ...]
    sent_as: str
    left: bool
    fate: Fate


@dataclass(frozen=True, slots=True)
class Why:
    """Everything the panel says about the line that was pressed."""

    id: str
    quote: str | None
    language: str | None
    heard: str | None
    began: str | None
    race: tuple[Candidate, ...]
    answers: tuple[Answer, ...]
    ledger: tuple[tuple[str, ...], ...]


def explain(thread: Thread, chosen: str | None, local: Local, now: int) -> Why | None:
    """Why the chosen line came about; the latest line when none is chosen; None without a line."""
    lines = in_order(thread.lines)
    line = thread.line(chosen) if chosen else (lines[-1] if lines else None)
    if line is None:
        return None
    text = thread.line(line.in_reply_to) if line.in_reply_to else None
    heard = text if line.ours else line
    answers = (line,) if line.ours else thread.replies_to(line.id)
    race = tuple(_candidates(heard, local.language)) if heard else ()
    exchange = [one.id for one in (*((heard,) if heard else ()), *answers)]
    return Why(
        id=line.id,
        quote=line.body,
        language=line.language,
        heard=_winner(race, local.language) if heard else None,
        began=None if heard else _began(line, local.language),
        race=race,
        answers=tuple(_answer(one, local, now) for one in answers),
        ledger=tuple(tuple(_ledger(one, local)) for one in thread.ledger_of(exchange)),
    )


# -- heard by -------------------------------------------------------------------------------------


def _candidates(line: Line, language: str) -> Iterator[Candidate]:
    """The race in order. Those that nobody asked any more stand together in one row."""
    for asked, group in groupby(line.trace, key=lambda heard: heard.get("verdict") != "not_asked"):
        stages = list(group)
        if not asked:
            names = [words("heard", str(heard.get("who", "")), language) for heard in stages]
            yield Candidate(", ".join(names), "", words("verdict", "not_asked", language), False)
            continue
        for heard in stages:
            yield Candidate(
                who=words("heard", str(heard.get("who", "")), language),
                what=str(heard.get("what") or ""),
                verdict=_verdict(str(heard.get("verdict", "")), language),
                won=bool(heard.get("won")),
            )


def _verdict(code: str, language: str) -> str:
    """What came of asking one; compliance words its own findings under `hear.<why>`."""
    for room in ("verdict", "hear"):
        text = say(f"{room}.{code}", language)
        if text != f"{room}.{code}":
            return text
    return code.replace("_", " ")


def _winner(race: tuple[Candidate, ...], language: str) -> str:
    """Who heard the text; a YES that is a START word too was heard by the question it answers."""
    won = next((one for one in reversed(race) if one.won), None)
    if won is None:
        return say("heard.nobody", language)
    return f"{won.who} · {won.what}" if won.what else won.who


def _began(line: Line, language: str) -> str:
    """What made us write first: a campaign, or a flow of its own accord (a timer)."""
    if line.campaign:
        return say("phone.campaign", language, name=line.campaign)
    if line.flow:
        where = f"{line.flow} / {line.step}" if line.step else line.flow
        return say("why.by_flow", language, flow=where)
    return say("why.by_itself", language)


def words(room: str, code: str, language: str) -> str:
    """The catalogue's words for a code that others wrote; the code, readable, where it has none."""
    text = say(f"{room}.{code}", language)
    return code.replace("_", " ") if text == f"{room}.{code}" else text


# -- allowed, deferred or blocked by --------------------------------------------------------------


def _answer(line: Line, local: Local, now: int) -> Answer:
    outcome = str(line.decision.get("outcome") or _outcome_of(line))
    return Answer(
        body=line.body,
        heading=words("why", f"outcome_{outcome}", local.language),
        reasons=tuple(_reasons(line, outcome, local.language)),
        sent_as=_sent_as(line, local.language),
        left=line.handed_over_at is not None,
        fate=fate(line, local, now),
    )


def _outcome_of(line: Line) -> str:
    return {"blocked": "block", "deferred": "defer"}.get(line.state, "allow")


def _reasons(line: Line, outcome: str, language: str) -> Iterator[Reason]:
    """The deciding reason first, then what the other checks found, each sentence once."""
    findings: list[Mapping[str, Any]] = list(line.decision.get("findings") or ())
    decisive = str(line.decision.get("reason", ""))
    findings.sort(key=lambda found: found.get("reason") != decisive)
    if decisive and not any(found.get("reason") == decisive for found in findings):
        findings.insert(0, {"reason": decisive, "outcome": outcome})
    seen = set()
    for found in findings:
        key = (found.get("reason"), found.get("rule"))
        if key in seen:
            continue
        seen.add(key)
        sign, meaning = _SIGNS.get(str(found.get("outcome")), ("–", "soft"))
        rule = str(found.get("rule") or "")
        yield Reason(sign, meaning, words("decide", str(found.get("reason", "")), language), rule)


# -- sent as --------------------------------------------------------------------------------------


def _sent_as(line: Line, language: str) -> str:
    """Parts, encoding and characters, as they are paid for."""
    if line.body is None:
        return say("why.parts_only", language, parts=line.parts)
    counted = measure(line.body)
    room = counted.units + counted.room if counted.parts > 1 else _SINGLE[counted.encoding]
    code = "why.sent_as_one" if counted.parts == 1 else "why.sent_as"
    return say(
        code, language,
        parts=counted.parts, encoding=counted.encoding, units=counted.units, room=room,
    )  # fmt: skip


# -- ledger ---------------------------------------------------------------------------------------


def _ledger(line: LedgerLine, local: Local) -> Iterator[str]:
    """A line of the ledger as it was written: what, about what, when, its place in the chain."""
    facts = [_plain(line.said.get(name)) for name in _LEDGER_FACTS]
    yield " ".join([f"{line.seq:04d}", line.event, *filter(None, facts)])
    yield f"{local.short(line.at)}"
    yield f"{line.hash[:4]}…{line.hash[-4:]} ← {line.prev_hash[:4]}…{line.prev_hash[-4:]}"


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return "+".join(str(one) for one in value)
    return value if isinstance(value, str) else ""
