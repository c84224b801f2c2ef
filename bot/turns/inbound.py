"""One text of a customer: kept, heard, answered, in one transaction, once.

Compliance listens first and settles its own words before any flow; a person who owns the
conversation comes next; then the engine. Whatever fails, the text is kept and STOP has been
honoured already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial

import structlog

from bot import effects
from bot.channels import Inbound
from bot.effects.lifting import refusals
from bot.engine.brand import Sender
from bot.engine.published import flow_of
from bot.engine.turn import accepts, take_turn
from bot.engine.turn_types import Flows, Heard, TextCame
from bot.store.changes import Changes
from bot.store.reading import Key, Picture
from bot.store.turns import take
from bot.turns import brands, consent, redeeming
from bot.turns.app import App
from bot.turns.desk import Desk, Settled, close_desk, day_of, engine_person, open_desk
from bot.turns.handing import hand_over
from bot.turns.library import BrandShelf, sender_of
from bot.understanding.near import ReservedWords
from compliance.hearing import HeardBefore, Hearing, Label, hear
from compliance.vocabulary import default_words

log = structlog.get_logger()

#: Labels that compliance settles before and outside any flow.
_SETTLED = frozenset(
    {Label.opt_out, Label.erase, Label.access, Label.help, Label.ambiguous, Label.opt_in}
)


def hear_text(
    app: App, inbound: Inbound, *, answering: bool = True, overtaken: bool = False
) -> Settled:
    """Hear a text and settle what follows. Raises bot.store.turns.Away when nothing was kept.

    `answering`: a webhook waits for the replies; without one they take the outbox's first lane.
    `overtaken`: found late, and the person has said stop since: it is kept and heard by nobody.
    """
    _look_at_the_folder(app)
    shelf, sender = brands.find(app, inbound)
    now = app.system_ms()
    key = Key(
        brand=shelf.brand.name,
        number_hmac=app.vault.number_hmac(inbound.from_number),
        provider_id=inbound.provider_id,
        day=day_of(now),
    )

    def think(picture: Picture) -> tuple[Changes | None, Settled]:
        if picture.duplicate_of is not None:
            return None, Settled(duplicate_of=picture.duplicate_of)
        fresh = app.library.at(picture.serial).brands.get(shelf.brand.name, shelf)
        at = now + (picture.clock_offset if app.settings.simulated else 0)
        ours = sender_of(fresh.brand, inbound.sender) or sender
        return _hear(app, inbound, fresh, ours, picture, at, answering, overtaken)

    settled = take(app.db, key, think)
    for lane in settled.lanes:
        app.wake(lane)
    return settled


def _look_at_the_folder(app: App) -> None:
    """Publish what was saved since; a folder that cannot be read keeps nobody's text waiting."""
    try:
        app.complaints()
    except Exception:
        log.exception("folder_not_read")


def _hear(
    app: App,
    inbound: Inbound,
    shelf: BrandShelf,
    sender: Sender,
    picture: Picture,
    now: int,
    answering: bool,
    overtaken: bool,
) -> tuple[Changes, Settled]:
    fresh_desk = partial(_fresh_desk, app, inbound, shelf, sender, picture, now, answering)
    desk = fresh_desk()
    hearing = _as_the_carrier_heard(
        hear(inbound.body, heard_before(desk), shelf.words), inbound.opt_out_type
    )
    trace: list[Heard] = []
    try:
        if overtaken:
            trace.append(Heard("reconcile", "", "overtaken_by_stop", won=True))
        else:
            hearing = _with_open_question(app, desk, inbound, hearing)
            settled = hearing.label in _SETTLED
            trace.append(Heard("compliance", hearing.word or "", hearing.why, won=settled))
            trace.extend(_settle(app, desk, inbound, hearing))
    except Exception:
        log.exception("turn_failed", brand=shelf.brand.name, message_id=desk.moment.inbound_id)
        desk = fresh_desk()
        trace = [*trace[:1], Heard("engine", "", "failed", won=True)]
        _break_honestly(app, desk, hearing)
    winner = next((one.who for one in trace if one.won), "nobody")
    desk.moment.note("heard", label=str(hearing.label), winner=winner)
    return close_desk(app, desk, inbound, trace)


def _fresh_desk(
    app: App,
    inbound: Inbound,
    shelf: BrandShelf,
    sender: Sender,
    picture: Picture,
    now: int,
    answering: bool,
) -> Desk:
    """A desk on which nothing of this text has been done yet."""
    desk = open_desk(
        app,
        shelf,
        sender,
        picture,
        now,
        number=inbound.from_number,
        channel=inbound.channel,
        inbound_id=app.ids(),
    )
    desk.answering = answering
    desk.moment.evidence = inbound.body
    return desk


def _as_the_carrier_heard(hearing: Hearing, opt_out_type: str | None) -> Hearing:
    """A carrier may know words of its own: what it took for a stop has stopped this sender there.

    Its START changes nothing here: a yes to some question is one of its words as well.
    """
    kind = (opt_out_type or "").upper()
    if kind == "STOP" and hearing.label not in (Label.opt_out, Label.erase):
        return Hearing(Label.opt_out, why="keyword")
    if kind == "HELP" and hearing.label in (Label.none, Label.ambiguous):
        return Hearing(Label.help, why="keyword")
    return hearing


def _with_open_question(app: App, desk: Desk, inbound: Inbound, hearing: Hearing) -> Hearing:
    """What is unclear by itself may be the answer to the question that is open."""
    unclear = hearing.label in (Label.ambiguous, Label.opt_in, Label.help)
    if not unclear or desk.session is None or desk.session.step is None:
        return hearing
    flows, language = flows_for(app, desk), desk.moment.language
    if not accepts(flows, desk.session, inbound.body, language, reserved_words()):
        return hearing
    fits = replace(heard_before(desk), open_question=True, answer_fits=True)
    return hear(inbound.body, fits, desk.shelf.words)


def heard_before(desk: Desk) -> HeardBefore:
    """What was said last, as far as it changes what a text means."""
    session, moment = desk.session, desk.moment
    asked = session.asked_purpose if session is not None else None
    return HeardBefore(
        open_question=session is not None and session.step is not None,
        consent_question=str(asked) if asked else None,
        clarification=bool(moment.marks.get("clarify")),
        opted_out=bool(refusals(moment)),
    )


@cache
def reserved_words() -> ReservedWords:
    """The words that some country reserves, folded: what no answer or keyword is corrected to."""
    return ReservedWords(frozenset(default_words().reserved))


def flows_for(app: App, desk: Desk) -> Flows:
    """The published flows, with the older version that the session stands on among them."""
    flows, session = desk.shelf.flows, desk.session
    if session is not None and session.version and flow_of(flows, session.version) is None:
        app.library.add_older(desk.shelf, session.version)
    return flows


def _settle(app: App, desk: Desk, inbound: Inbound, hearing: Hearing) -> Iterator[Heard]:
    moment = desk.moment
    if consent.settle(app, desk, inbound, hearing):
        if consent.is_machine(app, desk, inbound):
            # Whatever was settled stands, and nothing is said: it might answer in its turn.
            moment.drafts.clear()
            yield Heard("brand", "", "kept_only")
        return
    if not consent.may_converse(app, desk, inbound):
        yield Heard("brand", "", "kept_only", won=True)
        return
    if redeeming.settle(app, desk, inbound):
        yield Heard("staff", "coupon", "redeem", won=True)
        return
    if desk.session is not None and desk.session.owned_by_person:
        yield Heard("person", desk.session.flow, "owns_conversation", won=True)
        return
    cause = TextCame(inbound.body, opt_in=hearing.label is Label.opt_in)
    yield from run_engine(app, desk, flows_for(app, desk), cause)
    if hearing.label is not Label.ambiguous:
        # What is unclear again is no answer to "STOP, or what do you need?": it is still held.
        moment.marks.pop("clarify", None)


def run_engine(app: App, desk: Desk, flows: Flows, cause: object) -> tuple[Heard, ...]:
    """One turn of the engine and its effects, noted on the desk. Raises what a flow raises."""
    moment = desk.moment
    if desk.unreadable:
        raise ValueError(f"the session of {moment.standing.person_id} cannot be read")
    person = engine_person(desk)
    turn = take_turn(
        flows,
        desk.session,
        person,
        cause,  # type: ignore[arg-type]
        moment.now,
        app.dice,
        reserved_words(),
        app.ids,
    )
    desk.session = turn.session
    effects.settle(turn.events, moment)
    if moment.drafts and not person.greeted:
        moment.marks["greeted_at"] = moment.now
    return turn.trace


def _break_honestly(app: App, desk: Desk, hearing: Hearing) -> None:
    """A bug in a flow or in the engine: nothing of the half-made turn is kept, but the text is.

    A stop is honoured whatever broke. The bot is silenced, a person is told, and the customer gets
    an honest line.
    """
    moment = desk.moment
    if hearing.label in (Label.opt_out, Label.erase):
        consent.stop_everything(app, desk, via="keyword")
    moment.note("failed_turn")
    hand_over(desk, "flow_failed")
    text = moment.brand.texts["broke"].in_language(moment.language)
    moment.say(text, moment.origin, purpose="service")
