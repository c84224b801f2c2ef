"""One turn: a text, a timer or a hand-back comes in; the next session and what happened go out.

Pure: the clock, chance and ids are handed in. It ends in a known state for every text. Run-time
limits that are met hand over to a person; nothing loops and nothing goes silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from bot.engine.events import (
    Answered,
    Began,
    Ended,
    HandedOff,
    Misunderstood,
    Said,
    Silent,
    Tripped,
)
from bot.engine.flow import Flow, Step
from bot.engine.moment import (
    MOST_MESSAGES,
    GoOn,
    HandsOver,
    Moment,
    Next,
    Over,
    Trip,
    Waits,
    question_of,
)
from bot.engine.published import flow_of, published
from bot.engine.question import Question
from bot.engine.routing import Answers, Begins, Reopens, Repairs, Wrong, hear
from bot.engine.session import Session
from bot.engine.steps import kinds
from bot.engine.text import Text
from bot.engine.turn_types import (
    Cause,
    Dice,
    Flows,
    GivenBack,
    Heard,
    Person,
    TextCame,
    TimerRang,
    Turn,
)
from bot.understanding.answers import Fits, Parsed, Reserved
from bot.understanding.language import detect
from bot.understanding.repair import repair

#: Steps that one text or timer may run; the next one trips.
MOST_STEPS = 50
#: Visits to the same step in one turn; this many trip.
MOST_VISITS = 5


def take_turn(
    flows: Flows,
    session: Session | None,
    person: Person,
    cause: Cause,
    now_ms: int,
    dice: Dice,
    reserved: Reserved,
    new_id: Callable[[], str],
) -> Turn:
    """What we would say. `now_ms` is UTC milliseconds since the epoch; `reserved` tells whether a
    folded word belongs to STOP, HELP and their families; `new_id` names new conversations.

    A session runs on the version it began with. Raises nothing for any text; a bug inside a step
    passes through to the caller, who keeps the text and tells a person.
    """
    moment = Moment(
        flows=flows,
        person=person,
        now_ms=now_ms,
        dice=dice,
        reserved=reserved,
        new_id=new_id,
        language=_language(flows, person),
        session=session,
        flow=flow_of(flows, session.version) if session is not None else None,
        at=(session.step or "") if session is not None else "",
        greeted=person.greeted or (session is not None and session.greeted),
    )
    try:
        match cause:
            case TextCame():
                _text_came(moment, cause)
            case TimerRang():
                _timer_rang(moment, cause)
            case GivenBack():
                _given_back(moment, cause)
    except Trip as trip:
        _tripped(moment, trip.limit)
    return Turn(moment.session, tuple(moment.events), tuple(moment.trace))


def waiting_for(flows: Flows, session: Session | None) -> Question | None:
    """The question that a session has open; None when it waits for no answer."""
    if session is None or session.owned_by_person or session.step is None:
        return None
    flow = flow_of(flows, session.version)
    return question_of(flow.steps.get(session.step)) if flow is not None else None


def accepts(
    flows: Flows, session: Session | None, text: str, language: str, reserved: Reserved
) -> bool:
    """Whether the open question takes a text as its plain answer (YES as the expected answer).

    "Never mind" and "annuler" count too: while something is open, that is what they put an end to.
    """
    question = waiting_for(flows, session)
    if question is None:
        return False
    if repair(text) == "cancel":
        return True
    return question.answer.parse(text, language, reserved).fits is Fits.narrow


def _language(flows: Flows, person: Person) -> str:
    spoken = flows.brand.languages
    return person.language if person.language in spoken else spoken[0]


def _text_came(moment: Moment, cause: TextCame) -> None:
    session = moment.session
    if session is not None and session.owned_by_person:
        moment.trace.append(Heard("person", session.conversation, "owns_it", won=True))
        return
    if session is not None and _step(moment) is None:
        _version_gone(moment)
        return
    index = published(moment.flows)
    match hear(cause, moment, index):
        case Answers(parsed=parsed):
            _answer(moment, parsed)
        case Begins(flow=flow, by=by, language=language):
            _listen_to_language(moment, flow, cause.text, language)
            _walk(moment, _begin(moment, flow, by))
        case Repairs(what=what):
            _repair(moment, what, index.person)
        case Reopens(names=names):
            _reopen(moment, names)
        case Wrong():
            _wrong(moment)
        case _:
            _unheard(moment, cause.text)


def _step(moment: Moment) -> Step | None:
    """The step at which the session waits; None when its flow or the step is gone."""
    if moment.flow is None or moment.session is None or moment.session.step is None:
        return None
    return moment.flow.steps.get(moment.session.step)


def _version_gone(moment: Moment) -> None:
    """The version that a session runs on is gone: say so honestly, and let a person read."""
    moment.heard("version", moment.here.version, "gone", won=True)
    moment.say(moment.brand_text("broke"))
    _hand_over(moment, HandsOver(moment.brand.teams[0], "version_gone", Text()))


def _answer(moment: Moment, parsed: Parsed) -> None:
    """Keep the answer and go where it leads."""
    step = _step(moment)
    question = question_of(step)
    assert step is not None
    assert question is not None
    session = moment.here
    moment.events.append(Answered(moment.origin, parsed.category, session.tries))
    if question.save is not None:
        moment.change(
            answers={**session.answers, question.save: parsed.value},
            categories={**session.categories, question.save: parsed.category},
        )
    answered = kinds()[step.kind].answered
    _walk(moment, answered(step, moment, parsed) if answered else GoOn(step.next))


def _listen_to_language(moment: Moment, flow: Flow | None, text: str, language: str) -> None:
    """The first text of a conversation may show another language than the one we know."""
    spoken = flow.languages if flow is not None else moment.brand.languages
    found = language or detect(text) or ""
    if found and found != moment.language and found in spoken:
        moment.remember("language", found)


def _begin(moment: Moment, flow: Flow, by: str) -> Next:
    """Begin a flow; what was running ends, and says for whom."""
    if moment.session is not None:
        _end(moment, f"left_for:{flow.name}")
    moment.flow, moment.at = flow, flow.first
    conversation = moment.new_id()
    moment.session = Session(
        conversation=conversation,
        flow=flow.name,
        version=flow.version,
        began_at=moment.now_ms,
        greeted=moment.greeted,
    )
    moment.events.append(Began(moment.origin, conversation, by))
    return GoOn(flow.first)


def _walk(moment: Moment, leads: Next) -> None:
    """Run steps until one waits, ends or hands over."""
    visits: Counter[str] = Counter()
    while True:
        match leads:
            case Waits():
                return
            case Over(outcome=outcome):
                _end(moment, outcome)
                return
            case HandsOver():
                _hand_over(moment, leads)
                return
            case GoOn(to=None):
                _end(moment, "done")
                return
            case GoOn(to=str(to)):
                visits[to] += 1
                if visits[to] >= MOST_VISITS:
                    raise Trip("same_step")
                if visits.total() > MOST_STEPS:
                    raise Trip("steps")
                assert moment.flow is not None
                step, moment.at = moment.flow.steps[to], to
                leads = kinds()[step.kind].run(step, moment)


def _end(moment: Moment, outcome: str) -> None:
    """The conversation ends; said once, with its outcome."""
    moment.events.append(Ended(moment.origin, moment.here.conversation, outcome))
    moment.session = moment.flow = None


def _hand_over(moment: Moment, over: HandsOver) -> None:
    """A person takes over. Session and conversation stay theirs until they give it back."""
    text = over.text if over.text is not None else moment.brand_text("handed_over")
    moment.say(text, counted=False)
    session = moment.here
    moment.events.append(HandedOff(moment.origin, over.team, over.reason))
    moment.session = replace(
        session, step=None, visit=session.visit + 1, asked_purpose=None, owned_by_person=True
    )


def _tripped(moment: Moment, limit: str) -> None:
    """A limit was met: a person takes over, and the person who texted is told."""
    moment.heard("limit", limit, "tripped", won=True)
    if moment.messages >= MOST_MESSAGES:
        _make_room(moment)
    moment.events.append(Tripped(moment.origin, limit))
    _hand_over(moment, HandsOver(moment.brand.teams[0], f"limit_{limit}"))


def _make_room(moment: Moment) -> None:
    """Take back the last plain line, so that the one that hands over is within the limit."""
    for place in range(len(moment.events) - 1, -1, -1):
        event = moment.events[place]
        if isinstance(event, Said) and event.wording is None:
            del moment.events[place]
            return


def _repair(moment: Moment, what: str, person: Flow) -> None:
    match what:
        case "person" if moment.session is None:
            _walk(moment, _begin(moment, person, "wish"))
        case "person":
            _hand_over(moment, HandsOver(moment.brand.teams[0], "wants_person"))
        case "cancel":
            moment.say(moment.brand_text("cancelled"))
            _end(moment, "cancelled")
        case "restart":
            old = moment.flow
            assert old is not None
            _end(moment, "restarted")
            _walk(moment, _begin(moment, moment.flows.current.get(old.name, old), "restart"))
        case _:
            _repeat(moment)


def _repeat(moment: Moment) -> None:
    question = question_of(_step(moment))
    assert question is not None
    moment.change(visit=moment.here.visit + 1, nudges=0)
    moment.say(question.text, promotes=question.promotes, asks=True, wording=question.wording)
    moment.set_timers(question)


def _reopen(moment: Moment, names: tuple[str, ...]) -> None:
    """Forget the answers of these names and ask the first of them again."""
    session, flow = moment.here, moment.flow
    assert flow is not None
    moment.change(
        answers={name: value for name, value in session.answers.items() if name not in names},
        categories={name: value for name, value in session.categories.items() if name not in names},
    )
    _walk(moment, GoOn(flow.saves[names[0]]))


def _wrong(moment: Moment) -> None:
    """No answer: the next wording, or the stated way on when there is none left."""
    question = question_of(_step(moment))
    assert question is not None
    tries = moment.here.tries + 1
    moment.events.append(Misunderstood(moment.origin, tries))
    if tries > len(question.ladder.texts):
        _walk(moment, GoOn(question.ladder.then))
        return
    moment.change(tries=tries, visit=moment.here.visit + 1, nudges=0)
    moment.say(question.ladder.texts[tries - 1], asks=True)
    moment.set_timers(question)


def _unheard(moment: Moment, text: str) -> None:
    """Nobody heard the text: the brand's own line, whatever waits goes on waiting."""
    if moment.session is None:
        moment.at = "catch_all"
        _listen_to_language(moment, None, text, "")
    moment.say(moment.brand_text("catch_all"))


def _timer_rang(moment: Moment, cause: TimerRang) -> None:
    session = moment.session
    if session is None or session.owned_by_person or session.visit != cause.visit:
        moment.heard("timer", cause.kind, "stale")
        return
    step = _step(moment)
    if step is None:
        moment.heard("version", session.version, "gone", won=True)
        _end(moment, "version_gone")
        return
    question, rang = question_of(step), kinds()[step.kind].rang
    if cause.kind == "expiry":
        moment.heard("timer", cause.kind, "rang", won=True)
        _end(moment, "expired")
    elif cause.kind == "wait" and rang is not None:
        moment.heard("timer", cause.kind, "rang", won=True)
        _walk(moment, rang(step, moment))
    elif cause.kind == "silence" and question and session.nudges < len(question.silence.stages):
        moment.heard("timer", cause.kind, "rang", won=True)
        _silence(moment, question)
    else:
        moment.heard("timer", cause.kind, "stale")


def _silence(moment: Moment, question: Question) -> None:
    """The next stage of silence: a nudge, the way on, or both."""
    stage = question.silence.stages[moment.here.nudges]
    moment.change(nudges=moment.here.nudges + 1, visit=moment.here.visit + 1)
    moment.events.append(Silent(moment.origin, moment.here.nudges))
    if stage.say is not None:
        moment.say(stage.say, asks=stage.then is None)
    if stage.then is not None:
        _walk(moment, GoOn(stage.then))
    else:
        moment.set_timers(question)


def _given_back(moment: Moment, cause: GivenBack) -> None:
    """A person gives the conversation back: it ends, the bot says that it is here again."""
    session = moment.session
    if session is None or not session.owned_by_person:
        moment.heard("given_back", "", "stale")
        return
    moment.heard("given_back", session.conversation, "silently" if cause.silently else "said", True)
    moment.at, moment.greeted = "back_to_bot", True
    if not cause.silently:
        moment.say(moment.brand_text("back_to_bot"))
    _end(moment, "given_back")
