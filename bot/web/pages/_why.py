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
_OUR_NAMES = ("compliance", "repair", "catch_all", "staff")  # stages whose `what` is a code
_RULE = "\N{SYMBOL FOR NULL}"  # stands where a sentence names its rule


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
    silence: str
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
        silence=_silence(heard, local.language),
        ledger=tuple(tuple(_ledger(one, local)) for one in thread.ledger_of(exchange)),
    )


# -- heard by -------------------------------------------------------------------------------------


def _candidates(line: Line, language: str) -> Iterator[Candidate]:
    """The race in order. Those that nobody asked any more stand together in one row."""
    for asked, group in groupby(line.trace, key=lambda heard: heard.get("verdict") != "not_asked"):
        stages = list(group)
        if not asked:
            names = [words("heard", str(heard.get("who", "")), language) for heard in stages]
            yield Candidate(" · ".join(names), "", words("verdict", "not_asked", language), False)
            continue
        for heard in stages:
            yield Candidate(
                who=words("heard", str(heard.get("who", "")), language),
                what=_what(heard, language),
                verdict=_verdict(str(heard.get("verdict", "")), language),
                won=bool(heard.get("won")),
            )


def _what(heard: Mapping[str, Any], language: str) -> str:
    """What a stage took the text for. A step, a flow and a keyword are the marketer's own names;
    what the product itself calls something has words."""
    what = str(heard.get("what") or "")
    return words("what", what, language) if heard.get("who") in _OUR_NAMES else what


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


def _silence(line: Line | None, language: str) -> str:
    """Why a text got no answer, as far as its race tells."""
    won = [heard for heard in (line.trace if line else ()) if heard.get("won")]
    who, what = (won[-1].get("who"), won[-1].get("what")) if won else (None, None)
    if who == "person":
        return say("why.no_answer_person", language)
    if who == "compliance" and what == "stop":
        return say("why.no_answer_stop", language)
    return say("why.no_answer", language)


def _began(line: Line, language: str) -> str:
    """What made us write first: a campaign, or a flow of its own accord (a timer)."""
    if line.campaign:
        return say("phone.campaign", language, name=line.campaign)
    if line.flow:
        where = f"{line.flow} / {line.step}" if line.step else line.flow
        return say("why.by_flow", language, flow=where)
    return say("why.by_itself", language)


def words(room: str, code: str, language: str, **params: object) -> str:
    """The catalogue's words for a code that others wrote; the code, readable, where it has none."""
    text = say(f"{room}.{code}", language, **params)
    return code.replace("_", " ") if text == f"{room}.{code}" else text


# -- allowed, deferred or blocked by --------------------------------------------------------------


def _answer(line: Line, local: Local, now: int) -> Answer:
    outcome = str(line.decision.get("outcome") or _outcome_of(line))
    if _stopped_later(line):
        outcome = "block"
    return Answer(
        body=line.body,
        heading=words("why", f"outcome_{outcome}", local.language),
        reasons=tuple(_reasons(line, outcome, local)),
        sent_as=_sent_as(line, local.language),
        left=line.handed_over_at is not None,
        fate=fate(line, local, now),
    )


def _stopped_later(line: Line) -> bool:
    """Whether a text that waited to leave was taken back by a STOP."""
    return line.state in ("cancelled", "canceled") and line.error == "stopped"


def _outcome_of(line: Line) -> str:
    return {"blocked": "block", "deferred": "defer"}.get(line.state, "allow")


def _reasons(line: Line, outcome: str, local: Local) -> Iterator[Reason]:
    """The deciding reason first, then what the other checks found, each sentence once."""
    if _stopped_later(line):
        sign, meaning = _SIGNS["block"]
        yield Reason(sign, meaning, _because("suppressed", line, local), "")
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
        yield Reason(sign, meaning, _because(str(found.get("reason", "")), line, local), rule)


def _because(reason: str, line: Line, local: Local) -> str:
    """The sentence of a reason. Its rule stands beside it, so it is not said twice."""
    until = line.decision.get("until") or line.due_at
    date = local.short(until) if isinstance(until, int) else "–"
    text = words("decide", reason, local.language, date=date, rule=_RULE)
    return text.replace(f" ({_RULE})", "").replace(_RULE, "")


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
    """A line of the ledger in words: what, about what, by which means, when, its place in the
    chain. `parley ledger show --json` has the same line as it was hashed."""
    said, language = line.said, local.language
    purpose = words("ledger.purpose", str(said.get("purpose") or "all"), language)
    what = words("ledger.event", line.event, language)
    yield say("ledger.line", language, seq=f"{line.seq:04d}", what=what, purpose=purpose)
    method = words("ledger.method", str(said.get("method") or "keyword"), language)
    yield " · ".join(
        [method, *filter(None, (str(said.get("sender") or ""), _wording(said, local)))]
    )
    if said.get("asked_at") and said.get("answered_at"):
        asked, answered = local.short(said["asked_at"]), local.short(said["answered_at"])
        yield say("ledger.asked", language, asked=asked, answered=answered)
    else:
        yield local.short(line.at)
    yield f"{line.hash[:4]}…{line.hash[-4:]} ← {line.prev_hash[:4]}…{line.prev_hash[-4:]}"


def _wording(said: Mapping[str, Any], local: Local) -> str:
    """Which words the person was shown: their name and the beginning of their hash."""
    code, hashed = said.get("wording_code"), said.get("wording_hash")
    if not code or not hashed:
        return ""
    return say("ledger.wording", local.language, code=code, hash=str(hashed)[:8])
