"""Handing a conversation to a person from outside a flow, and giving it back to the bot."""

from __future__ import annotations

from dataclasses import replace

from bot import effects
from bot.engine.events import HandedOff
from bot.engine.session import Session
from bot.engine.turn_types import GivenBack
from bot.store.changes import Changes
from bot.store.lookups import last_sender_of
from bot.store.reading import Key, Picture
from bot.store.turns import take
from bot.turns.app import App
from bot.turns.desk import Desk, Settled, close_desk, day_of, open_desk
from bot.turns.library import sender_of


def hand_over(desk: Desk, reason: str) -> None:
    """Silence the bot and put the conversation before the brand's first team; once."""
    moment, session = desk.moment, desk.session
    if session is not None and session.owned_by_person:
        return
    if session is None:
        session = Session(moment.new_id(), flow="", version="", began_at=moment.now)
        moment.conversation = session.conversation
        moment.changes.conversations.append(
            {
                "id": session.conversation,
                "brand": moment.brand.name,
                "person_id": moment.standing.person_id,
                "flow": "",
                "version": "",
                "state": "bot",
                "began_at": moment.now,
            }
        )
    team = moment.brand.teams[0] if moment.brand.teams else "team"
    effects.settle([HandedOff(moment.origin, team=team, reason=reason)], moment)
    desk.session = replace(
        session, step=None, visit=session.visit + 1, asked_purpose=None, owned_by_person=True
    )


def give_back(app: App, brand: str, person_id: str, *, by: str, silently: bool = False) -> bool:
    """Give a conversation back to the bot; false when no person owned it. Raises Away."""
    from bot.turns.inbound import flows_for, run_engine

    now = app.system_ms()
    key = Key(brand=brand, number_hmac=b"", provider_id=None, day=day_of(now), person_id=person_id)

    def think(picture: Picture) -> tuple[Changes | None, Settled]:
        shelf = app.library.at(picture.serial).brands[brand]
        if picture.person is None or picture.session is None:
            return None, Settled(stale=True)
        at = now + (picture.clock_offset if app.settings.simulated else 0)
        number = app.db.read(lambda conn: last_sender_of(conn, brand, person_id))
        sender = sender_of(shelf.brand, number or shelf.brand.senders[0].number)
        assert sender is not None
        desk = open_desk(app, shelf, sender, picture, at)
        if desk.session is None or not desk.session.owned_by_person:
            return None, Settled(stale=True)
        desk.moment.changes.conversation_updates.append(
            {
                "id": desk.session.conversation,
                "state": "ended",
                "ended_at": at,
                "outcome": "given_back",
            }
        )
        desk.moment.note("given_back", by=by)
        desk.moment.audit(by, "give_back", "done")
        run_engine(app, desk, flows_for(app, desk), GivenBack(silently=silently))
        return close_desk(app, desk, None)

    settled = take(app.db, key, think)
    for lane in settled.lanes:
        app.wake(lane)
    return not settled.stale
