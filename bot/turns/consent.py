"""What compliance settles before and outside any flow: STOP, START, HELP, erase, access, doubt.

No flow, no exception in a flow and no model can stand in the way of these.
"""

from __future__ import annotations

from dataclasses import replace

from bot import effects
from bot.channels import Inbound
from bot.effects import lines
from bot.effects.lifting import lift, lift_sender, refusals
from bot.engine.events import Ended
from bot.engine.greeting import greeted
from bot.engine.published import flow_of
from bot.sending.gate import unanswerable
from bot.store.changes import Withdrawal
from bot.store.receipts import persons_of
from bot.store.standing import SuppressionRow
from bot.turns.app import App
from bot.turns.desk import GREETED_FOR, Desk
from bot.turns.receipts import brands_on
from compliance.hearing import Hearing, Label
from compliance.ledger import Before, LedgerEvent, start_effect


def settle(app: App, desk: Desk, inbound: Inbound, hearing: Hearing) -> bool:
    """Settle what compliance heard; true when nothing is left for the conversation to hear."""
    match hearing.label:
        case Label.opt_out:
            _stop(app, desk, inbound, hearing.scope)
        case Label.erase:
            _erase(app, desk, inbound)
        case Label.access:
            desk.moment.note("access_asked")
            desk.moment.audit("person", "access", "asked")
            _answer(desk, "access_noted", confirmation="help")
        case Label.help:
            if not _carrier_answered(app, desk, inbound):
                _answer(desk, "help", confirmation="help")
        case Label.ambiguous:
            return may_converse(app, desk, inbound) and _clarify(desk)
        case Label.opt_in:
            return _start(app, desk, inbound, hearing)
        case _:
            _carrier_start(app, desk, inbound)
            return False
    return True


def may_converse(app: App, desk: Desk, inbound: Inbound) -> bool:
    """Whether anything but STOP and HELP is ever said to this number."""
    if is_machine(app, desk, inbound):
        return False
    return desk.moment.standing.country in desk.moment.brand.countries


def is_machine(app: App, desk: Desk, inbound: Inbound) -> bool:
    """Whether a short code, a name or one of our own senders wrote: these are never answered."""
    ours = [sender.number for sender in desk.moment.brand.senders]
    return unanswerable(inbound.from_number, [*ours, *app.library.known().senders()])


def stop_everything(app: App, desk: Desk, *, via: str) -> bool:
    """Write a stop of everything: suppressions, ledger, consents, what waits. False if it stood.

    Two refusals are kept: the sender or its pool, for every brand on it, because that is what was
    texted; and the brand, from whatever sender. What stands for another brand or sender does not
    count, and where the carrier had stopped the sender alone, the brand is added.

    The other brands on the sender lose their consents as well. Else a START to one of them, which
    lifts the sender, would bring back the offers of all.
    """
    moment = desk.moment
    standing = moment.standing
    stand = {(row.sender, row.brand) for row in standing.suppressions if row.purpose is None}
    wanted = ((moment.sender.pool or moment.sender.number, None), (None, moment.brand.name))
    missing = [scope for scope in wanted if scope not in stand]
    if not missing:
        return False
    for sender, brand in missing:
        _suppress(desk, via=via, sender=sender, brand=brand)
    if wanted[0] in missing:
        _stop_elsewhere(app, desk, via)
    line = moment.write_line(lines.withdraw(moment, purpose="all", method=via))
    for row in standing.consents:
        if row.state in ("granted", "pending"):
            moment.set_consent(row.purpose, "withdrawn", line, double_opt_in=row.double_opt_in)
    moment.standing = replace(
        moment.standing,
        consents=tuple(replace(row, state="withdrawn") for row in standing.consents),
    )
    moment.changes.cancel.append("all")
    moment.marks["stopped_at"] = moment.now
    moment.marks.pop("confirmed_stop_at", None)
    moment.note("opted_out", scope="all", via=via)
    return True


def _stop_elsewhere(app: App, desk: Desk, via: str) -> None:
    """The stop at the other brands that send from this sender or its pool and know the number."""
    moment = desk.moment
    reach = moment.sender.pool or moment.sender.number
    brands = brands_on(app, moment.brand.name, moment.sender.number, reach) - {moment.brand.name}
    if not brands:
        return
    hmac = moment.standing.number_hmac
    for person_id, brand in app.db.read(lambda conn: persons_of(conn, hmac, brands)):
        # The words stay with the brand that heard them: another person's key salts their proof.
        line = lines.withdraw(moment, purpose="all", method=via)
        line = replace(line, brand=brand, person_id=person_id, evidence=None, language=None)
        moment.changes.withdrawals.append(Withdrawal(brand, person_id, line))
        moment.changes.events.append(
            {
                "id": moment.new_id(),
                "brand": brand,
                "at": moment.now,
                "kind": "opted_out",
                "person_id": person_id,
                "conversation_id": None,
                "message_id": moment.inbound_id,
                "flow": None,
                "version": None,
                "step": None,
                "data": {"scope": "all", "via": via},
            }
        )


def _stop(app: App, desk: Desk, inbound: Inbound, scope: str) -> None:
    moment = desk.moment
    moment.marks.pop("clarify", None)
    if scope == "all":
        stop_everything(app, desk, via="keyword")
        _end_session(desk)
        _confirm_stop(app, desk, inbound, "stop_confirmed")
        return
    if any(row.purpose in (None, scope) and row.brand for row in refusals(moment)):
        return
    _suppress(desk, via="keyword", sender=None, brand=moment.brand.name, purpose=scope)
    line = moment.write_line(lines.withdraw(moment, purpose=scope, method="keyword"))
    before = next((row for row in moment.standing.consents if row.purpose == scope), None)
    confirmed = before.double_opt_in if before else None
    moment.set_consent(scope, "withdrawn", line, double_opt_in=confirmed)
    moment.standing = replace(
        moment.standing,
        consents=tuple(
            replace(row, state="withdrawn") if row.purpose == scope else row
            for row in moment.standing.consents
        ),
    )
    moment.changes.cancel.append(scope)
    moment.marks["stopped_at"] = moment.now
    moment.marks.pop("confirmed_stop_at", None)
    moment.note("opted_out", scope=scope, via="keyword")
    if _serves(desk, scope):
        _end_session(desk)
    _confirm_stop(app, desk, inbound, "stop_offers_confirmed")


def _serves(desk: Desk, scope: str) -> bool:
    """Whether the bot's conversation asks for this purpose, or runs a flow that serves it."""
    session = desk.session
    if session is None:
        return False
    flow = flow_of(desk.shelf.flows, session.version)
    return session.asked_purpose == scope or (flow is not None and flow.purpose == scope)


def _erase(app: App, desk: Desk, inbound: Inbound) -> None:
    """A wish to be forgotten stops everything at once; a person sees to the rest in time."""
    desk.moment.note("erase_asked")
    desk.moment.audit("person", "erase", "asked")
    stops = stop_everything(app, desk, via="keyword")
    _end_session(desk)
    if stops:
        _confirm_stop(app, desk, inbound, "erase_noted")
    else:
        # Who had stopped before hears that the wish is noted: it is an answer, no confirmation.
        _answer(desk, "erase_noted", confirmation="help")


def _suppress(
    desk: Desk, *, via: str, sender: str | None, brand: str | None, purpose: str | None = None
) -> None:
    moment = desk.moment
    moment.changes.suppressions.append(
        {
            "id": moment.new_id(),
            "number_hmac": moment.standing.number_hmac,
            "sender": sender,
            "brand": brand,
            "purpose": purpose,
            "channel": None,
            "at": moment.now,
            "via": via,
            "evidence_id": moment.inbound_id,
            "chosen": purpose is not None,
        }
    )
    row = SuppressionRow(sender, brand, purpose, None, moment.now, via, chosen=purpose is not None)
    moment.standing = replace(moment.standing, suppressions=(*moment.standing.suppressions, row))


def _end_session(desk: Desk) -> None:
    """The bot's conversation ends; one that a person owns stays theirs to see."""
    session = desk.session
    if session is None or session.owned_by_person:
        return
    ended = Ended(desk.moment.origin, conversation=session.conversation, outcome="opted_out")
    effects.settle([ended], desk.moment)
    desk.session = None


def _confirm_stop(app: App, desk: Desk, inbound: Inbound, code: str) -> None:
    """Exactly one confirmation, and none where the carrier has confirmed by itself."""
    moment = desk.moment
    stopped, confirmed = moment.marks.get("stopped_at"), moment.marks.get("confirmed_stop_at")
    if confirmed is not None and stopped is not None and confirmed >= stopped:
        return
    answered = _carrier_answered(app, desk, inbound)
    text = moment.brand.texts[code].in_language(moment.language)
    moment.say(
        text,
        moment.origin,
        purpose="service",
        confirmation="opt_out",
        carrier_answered=answered,
    )
    # Marked when the row is decided, by the desk: the gate must still see that none was sent.
    moment.marks_after["confirmed_stop_at"] = moment.now


def _clarify(desk: Desk) -> bool:
    """Ask once which is meant; everything proactive is held until the person writes again."""
    moment = desk.moment
    if moment.marks.get("clarify"):
        return False
    moment.marks["clarify"] = moment.now
    moment.note("clarify_asked")
    _answer(desk, "stop_clarify", confirmation="help")
    return True


def _start(app: App, desk: Desk, inbound: Inbound, hearing: Hearing) -> bool:
    """START lifts, with its text as evidence; consents come back only where the country says so.

    A yes to a consent question is the flow's to hear, and lifts there.
    """
    moment = desk.moment
    moment.marks.pop("clarify", None)
    if hearing.why == "yes_to_consent" or not lift(moment):
        return False
    moment.write_line(lines.start(moment))
    moment.note("opted_in", via="keyword")
    restored = start_effect(
        app.rules.start_is_consent(moment.standing.country),
        [Before(one.purpose, one.state, one.double_opt_in) for one in moment.standing.consents],
    )
    for purpose in restored:
        grant = lines.line(moment, LedgerEvent.grant, purpose=purpose, legal_basis="consent")
        moment.set_consent(purpose, "granted", moment.write_line(grant), double_opt_in="done")
    moment.standing = replace(
        moment.standing,
        consents=tuple(
            replace(row, state="granted", at=moment.now) if row.purpose in restored else row
            for row in moment.standing.consents
        ),
    )
    if not restored:
        return False
    if not _carrier_answered(app, desk, inbound):
        _answer(desk, "start_confirmed", confirmation="opt_in")
    return True


def _carrier_start(app: App, desk: Desk, inbound: Inbound) -> None:
    """A word that only the carrier takes for START, such as the yes to an open question.

    The carrier lets this sender through again and has said so; it is recorded, and the text is
    still the conversation's to hear. No consent comes back with it, and what was said to the
    brand stands: a yes to "a table for two?" is a yes to nothing else.
    """
    moment = desk.moment
    if not moment.standing.suppressions:
        return
    by_type = (inbound.opt_out_type or "").upper() == "START"
    is_start = app.carrier_answers(["start"], None, inbound.body)
    by_word = not inbound.opt_out_type and is_start and _carrier_answered(app, desk, inbound)
    if (by_type or by_word) and lift_sender(moment):
        moment.write_line(lines.start(moment, method="carrier"))
        moment.note("opted_in", via="carrier")


def _carrier_answered(app: App, desk: Desk, inbound: Inbound) -> bool:
    sender = desk.moment.sender
    who = sender.preset or sorted(sender.carrier_answers)
    return app.carrier_answers(who, inbound.opt_out_type, inbound.body)


def _answer(desk: Desk, code: str, *, confirmation: str | None) -> None:
    moment = desk.moment
    text = moment.brand.texts[code].in_language(moment.language)
    told = moment.marks.get("greeted_at", 0)
    if moment.now - told >= GREETED_FOR:
        line = moment.brand.texts["bot_line"].in_language(moment.language)
        text = greeted(line, text, moment.brand.title)
        moment.marks_after["greeted_at"] = moment.now
    moment.say(text, moment.origin, purpose="service", confirmation=confirmation)
