"""What the gate tells compliance: the ask, and the facts as they stand at this moment.

Plain translation, no judgement. Every field that we do not know stays at its cautious default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Any

from bot.engine.brand import Brand, Sender
from bot.sending.drafts import Draft
from bot.sending.guard import unanswerable
from bot.store.standing import ConsentRow, Standing
from compliance import types

# Capitals only: "Stop by the shop" is no way out, "STOP au 36000" is.
_WAY_OUT = re.compile(r"(?<![\w-])(?:STOP|STOPALL|ARRET|ARRÊT|UNSUBSCRIBE|OPTOUT)(?![\w-])")
_NO_CONSENT = types.Consent()
_ANSWERED = {"opt_out": "STOP", "opt_in": "START", "help": "HELP"}  # as webhooks say OptOutType


def moment(ms: int) -> datetime:
    """The aware time of a number of milliseconds since the epoch."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def milliseconds(when: datetime) -> int:
    """The milliseconds since the epoch of an aware time, rounded up so that it has come."""
    return ceil(when.timestamp() * 1000)


def purpose_of(draft: Draft) -> str:
    """The purpose that consent and refusals are looked up for; what promotes is marketing."""
    if draft.promotes or draft.confirmation == "consent_request":
        return "marketing"
    return draft.purpose


def ask_of(
    draft: Draft,
    kind: types.Kind,
    standing: Standing,
    brand: Brand,
    sender: Sender,
    now_ms: int,
) -> types.Ask:
    """The message in the words of compliance. A reply has no purpose but to answer."""
    replies = kind is types.Kind.conversational_reply
    return types.Ask(
        kind=kind,
        content=types.Content(
            identity=_names_brand(draft.body, brand),
            stop_instruction=_WAY_OUT.search(draft.body) is not None,
            promotional=draft.promotes,
        ),
        sender=_sender(sender, _carrier_refuses(standing, sender)),
        brand=brand.name,
        purpose="" if replies or draft.confirmation is not None else draft.purpose,
        enqueued_at=moment(now_ms),
        in_reply_to_at=None if draft.replies_at is None else moment(draft.replies_at),
        by_person=draft.by_person,
    )


def facts_of(
    draft: Draft,
    standing: Standing,
    brand: Brand,
    sender: Sender,
    *,
    loop: bool,
    over_budget: bool,
) -> types.Facts:
    """Everything known of the person, as of `standing`."""
    guard = standing.guard
    heard = standing.last_heard_at
    return types.Facts(
        contact=types.Contact(
            country=standing.country,
            tz=standing.zone,
            last_contact_from_person_at=None if heard is None else moment(heard),
            flags=tuple(guard.get("flags", ())),
        ),
        consent=_consent(standing, purpose_of(draft), brand),
        suppressions=_suppressions(standing, brand, sender),
        clarification_pending=guard.get("clarify") is not None,
        provider=types.Provider(
            last_error=guard.get("last_error"),
            opt_out_type=_ANSWERED.get(draft.confirmation or "")
            if draft.carrier_answered
            else None,
        ),
        history=types.History(
            marketing_sent_at=tuple([moment(at) for at in guard.get("marketing", ())]),
            confirmations_since_opt_out=_confirmations(draft, guard),
        ),
        caps=_caps(brand.cap_per_day, brand.cap_per_week, brand.cap_per_month),
        profile=brand.settings.get("hours", ""),
        country_served=standing.country in brand.countries,
        loop_suspected=loop,
        budget_reached=over_budget,
        own_sender=unanswerable(standing.number, [one.number for one in brand.senders]),
    )


def _confirmations(draft: Draft, guard: Mapping[str, Any]) -> int:
    """How many confirmations of the last stop went out before this text.

    A confirmation that waits for its release is noted already; it does not stand in its own way.
    """
    stopped_at, confirmed_at = guard.get("stopped_at"), guard.get("confirmed_stop_at")
    if stopped_at is None or confirmed_at is None or confirmed_at < stopped_at:
        return 0
    return int(draft.confirmation != "opt_out" or confirmed_at != draft.replies_at)


def _names_brand(body: str, brand: Brand) -> bool:
    folded = body.casefold()
    if brand.title.casefold() in folded:
        return True
    line = brand.texts.get("bot_line")
    return line is not None and any(
        wording and wording.casefold() in folded for wording in line.by_language.values()
    )


@lru_cache(maxsize=256)
def _sender(sender: Sender, refused: bool) -> types.Sender:
    is_name = not sender.number.lstrip("+").isdigit()
    return types.Sender(
        type=str(sender.kind),
        number="" if is_name else sender.number,
        name=sender.number if is_name else "",
        stop_path=sender.stop_path or "",
        same_as_stopped=refused,
    )


def _carrier_refuses(standing: Standing, sender: Sender) -> bool:
    """Whether the carrier itself filters this sender for a number that stopped it."""
    if not standing.suppressions or "stop" not in sender.carrier_answers:
        return False
    return any(
        row.sender is not None and row.sender in (sender.number, sender.pool)
        for row in standing.suppressions
    )


@lru_cache(maxsize=256)
def _caps(per_day: int, per_week: int, per_month: int) -> tuple[types.Cap, ...]:
    """A month is 31 days here: "4 a month at most" was promised, so it holds in the longest too."""
    return (types.Cap(per_day, 24), types.Cap(per_week, 7 * 24), types.Cap(per_month, 31 * 24))


def _consent(standing: Standing, purpose: str, brand: Brand) -> types.Consent:
    for row in standing.consents:
        if row.purpose == purpose and row.channel == "sms":
            return _consent_of(row, brand.name)
    return _NO_CONSENT


@lru_cache(maxsize=4096)
def _consent_of(row: ConsentRow, brand: str) -> types.Consent:
    return types.Consent(
        state=row.state,
        basis=row.basis or None,
        channel=row.channel,
        scope=(row.purpose,),
        brand=brand,
        form="written" if row.basis == "consent" else None,
        proof=row.ledger_seq > 0,
        double_opt_in=row.double_opt_in,
        granted_at=moment(row.at) if row.state == "granted" else None,
    )


def _suppressions(
    standing: Standing, brand: Brand, sender: Sender
) -> tuple[types.Suppression, ...]:
    """The refusals that reach this sender, its pool or this brand."""
    if not standing.suppressions:
        return ()
    ours = (None, sender.number, sender.pool)
    return tuple(
        types.Suppression(
            scope=row.purpose or "all",
            sender=row.sender,
            brand=row.brand,
            channel=row.channel,
            at=moment(row.at),
            via=row.via,
            chosen=row.chosen,
            in_reply_to=row.reply_to_kind,
        )
        for row in standing.suppressions
        if row.sender in ours and row.brand in (None, brand.name)
    )
