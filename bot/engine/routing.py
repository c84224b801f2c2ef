"""Who hears a text. The order is data (`ROUTE`); each stage leaves lines in the trace.

Duplicates, the words of compliance and conversations that a person owns are settled before. Then:
a narrow answer to the open question, repair and the wish for a person, a keyword as the whole
message, correction of an earlier answer, a broad answer, keywords in the text or near it, intents,
digression, the wrong-answer ladder, catch-all. The first stage that takes the text wins; the others
are noted as not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.engine.flow import Flow, Step
from bot.engine.moment import Moment, question_of
from bot.engine.published import Published
from bot.engine.question import Question
from bot.engine.turn_types import TextCame
from bot.understanding.answers import NO, Fits, Parsed
from bot.understanding.folding import fold
from bot.understanding.keywords import Candidate
from bot.understanding.repair import change, repair

#: From this score on an intent counts as sure.
SURE = 0.75


@dataclass(frozen=True, slots=True)
class Answers:
    """The text answers the open question."""

    parsed: Parsed


@dataclass(frozen=True, slots=True)
class Begins:
    """The text begins a flow."""

    flow: Flow
    by: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Repairs:
    """The text is a word of repair: person, cancel, restart, repeat."""

    what: str


@dataclass(frozen=True, slots=True)
class Reopens:
    """The text re-opens earlier answers, by name; the first one is asked again."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """The text is no answer to the open question."""


@dataclass(frozen=True, slots=True)
class Unheard:
    """Nobody heard the text; the brand's own line is said."""


Action = Answers | Begins | Repairs | Reopens | Wrong | Unheard


@dataclass(slots=True)
class Hearing:
    """One text on its way past the stages."""

    cause: TextCame
    moment: Moment
    published: Published
    step: Step | None
    question: Question | None
    parsed: Parsed = NO
    stage: str = ""

    def note(self, what: str, verdict: str, won: bool = False) -> None:
        """Leave a line in the trace for the stage that is being asked."""
        self.moment.heard(self.stage, what, verdict, won)


def hear(cause: TextCame, moment: Moment, published: Published) -> Action:
    """Ask the stages in order; gives what the first one makes of the text that takes it."""
    waiting = moment.session.step if moment.session and moment.flow else None
    step = moment.flow.steps.get(waiting) if moment.flow and waiting else None
    hearing = Hearing(cause, moment, published, step, question_of(step))
    action: Action | None = None
    for name, ask in ROUTE:
        hearing.stage = name
        if action is None:
            action = ask(hearing)
        else:
            hearing.note("", "not_asked")
    return action or Unheard()


def _open_question(hearing: Hearing) -> Action | None:
    question, step = hearing.question, hearing.step
    if question is None or step is None:
        hearing.note("", "nothing_open")
        return None
    moment = hearing.moment
    hearing.parsed = question.answer.parse(hearing.cause.text, moment.language, moment.reserved)
    if hearing.parsed.fits is Fits.narrow:
        hearing.note(step.id, hearing.parsed.category, won=True)
        return Answers(hearing.parsed)
    hearing.note(step.id, hearing.parsed.why or str(hearing.parsed.fits))
    return None


def _opt_in(hearing: Hearing) -> Action | None:
    if not hearing.cause.opt_in:
        return None
    flow = hearing.published.opt_in
    hearing.note(flow.name, "exact", won=True)
    return Begins(flow, "opt_in")


def _repair(hearing: Hearing) -> Action | None:
    what = repair(hearing.cause.text)
    if not what:
        hearing.note("", "no")
        return None
    needs_question = what == "repeat"
    needs_flow = what in ("cancel", "restart")
    if (needs_question and hearing.question is None) or (needs_flow and hearing.step is None):
        hearing.note(what, "nothing_open")
        return None
    hearing.note(what, "exact", won=True)
    return Repairs(what)


def _keyword_whole(hearing: Hearing) -> Action | None:
    if hearing.question is not None and hearing.question.takes_everything:
        hearing.note("", "takes_everything")
        return None
    return _first_that_wins(hearing, hearing.published.keywords.whole(hearing.cause.text))


def _first_that_wins(hearing: Hearing, candidates: list[Candidate]) -> Action | None:
    """Note each candidate; begin the flow of the one that wins, where it still exists."""
    action: Action | None = None
    current = hearing.moment.flows.current
    for candidate in candidates:
        what = f"{candidate.flow} ({candidate.word})"
        won = action is None and candidate.wins and candidate.flow in current
        hearing.note(what, candidate.verdict, won)
        if won:
            by = "keyword"
            action = Begins(current[candidate.flow], by, candidate.language)
    if not candidates:
        hearing.note("", "no")
    return action


def _correction(hearing: Hearing) -> Action | None:
    question = hearing.question
    if question is None or not question.change or question.takes_everything:
        hearing.note("", "nothing_to_change")
        return None
    wanted = change(hearing.cause.text)
    if wanted is None:
        hearing.note("", "no")
        return None
    named = tuple(
        name for name in question.change if fold(name.replace("_", " ")) in wanted.split()
    )
    hearing.note(", ".join(named or question.change), "exact", won=True)
    return Reopens(named or question.change)


def _broad_answer(hearing: Hearing) -> Action | None:
    question, step = hearing.question, hearing.step
    if question is None or step is None:
        hearing.note("", "nothing_open")
        return None
    if hearing.parsed.fits is not Fits.broad:
        hearing.note(step.id, hearing.parsed.why or "no")
        return None
    if question.narrow_only:
        hearing.note(step.id, "only_a_plain_answer")
        return None
    hearing.note(step.id, hearing.parsed.category, won=True)
    return Answers(hearing.parsed)


def _keyword_within(hearing: Hearing) -> Action | None:
    question = hearing.question
    if question is not None and question.takes_everything:
        hearing.note("", "takes_everything")
        return None
    moment = hearing.moment
    candidates = hearing.published.keywords.within(hearing.cause.text, moment.reserved)
    running = moment.flow.name if question is not None and moment.flow else None
    here = [one for one in candidates if one.flow == running]
    for one in here:
        hearing.note(f"{one.flow} ({one.word})", "already_here")
    others = [one for one in candidates if one.flow != running]
    return _first_that_wins(hearing, others) if others or not here else None


def _intent(hearing: Hearing) -> Action | None:
    current = hearing.moment.flows.current
    action: Action | None = None
    for flow, score in hearing.cause.intents:
        won = action is None and score >= SURE and flow in current
        hearing.note(f"{flow} ({score:.2f})", "sure" if score >= SURE else "unsure", won)
        if won:
            action = Begins(current[flow], "intent")
    if not hearing.cause.intents:
        hearing.note("", "no")
    return action


def _wrong_answer(hearing: Hearing) -> Action | None:
    if hearing.question is None or hearing.step is None:
        hearing.note("", "nothing_open")
        return None
    hearing.note(hearing.step.id, "wrong", won=True)
    return Wrong()


def _catch_all(hearing: Hearing) -> Action | None:
    flow = hearing.published.catch_all
    if flow is not None and hearing.step is None:
        hearing.note(flow.name, "exact", won=True)
        return Begins(flow, "catch_all")
    hearing.note("catch_all", "said", won=True)
    return Unheard()


#: The order in which a text is offered, by the names that the trace shows.
ROUTE: tuple[tuple[str, Callable[[Hearing], Action | None]], ...] = (
    ("open_question", _open_question),
    ("opt_in", _opt_in),
    ("repair", _repair),
    ("keyword", _keyword_whole),
    ("correction", _correction),
    ("broad_answer", _broad_answer),
    ("keyword_within", _keyword_within),
    ("intent", _intent),
    ("wrong_answer", _wrong_answer),
    ("catch_all", _catch_all),
)
