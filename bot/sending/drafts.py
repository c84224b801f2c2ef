"""A draft: a text that somebody would like to send, before anyone has asked whether we may.

What *kind* of message it is follows from how it came about (`kind_of`); no author chooses it. A
draft becomes a row of `message` and comes back from it unchanged, so that a release decides on the
same thing as the submit did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compliance.types import Kind

_CONFIRMATIONS: Mapping[str, Kind] = {
    "opt_in": Kind.opt_in_confirmation,
    "opt_out": Kind.opt_out_confirmation,
    "help": Kind.help_reply,
    "consent_request": Kind.consent_request,
}
_CONFIRMATION_OF = {str(kind): name for name, kind in _CONFIRMATIONS.items()}
_REPLY = str(Kind.conversational_reply)


@dataclass(frozen=True, slots=True)
class Draft:
    """One text to one person. Times in ms since the epoch.

    `sender` is the number, short code or name it leaves from; `purpose` is marketing, transactional
    or service; `promotes` says that the text itself advertises. `in_reply_to` is the id of the
    inbound message that it answers and `replies_at` when that came; `proactive` says that a timer,
    schedule, event, campaign or an agent's follow-up began it. `confirmation` is None, "opt_in",
    "opt_out", "help" or "consent_request". `by_person`: an agent wrote it. `carrier_answered`: the
    carrier has confirmed this word already, so that ours would be the second.
    """

    message_id: str
    brand: str
    person_id: str
    sender: str
    body: str
    language: str
    purpose: str
    conversation_id: str | None = None
    promotes: bool = False
    asks: bool = False
    flow: str | None = None
    version: str | None = None
    step: str | None = None
    in_reply_to: str | None = None
    replies_at: int | None = None
    proactive: bool = False
    confirmation: str | None = None
    by_person: bool = False
    carrier_answered: bool = False
    due_at: int | None = None
    expires_at: int | None = None
    campaign: str | None = None
    arm: str | None = None


def kind_of(draft: Draft) -> Kind:
    """What a draft is, from how it came about. What answers no text is never a reply.

    Raises KeyError for a confirmation that is not known.
    """
    if draft.confirmation is not None:
        return _CONFIRMATIONS[draft.confirmation]
    if not draft.proactive and draft.replies_at is not None:
        return Kind.conversational_reply
    return Kind.marketing if draft.purpose == "marketing" else Kind.transactional


def from_row(row: Mapping[str, Any], body: str) -> Draft:
    """The draft that a row of `message` was made of; `body` is its text, opened."""
    kind, decision = row["kind"], row["decision"] or {}
    return Draft(
        message_id=row["id"],
        brand=row["brand"],
        person_id=row["person_id"],
        sender=row["sender"],
        body=body,
        language=row["language"] or "",
        purpose=row["purpose"] or "",
        conversation_id=row["conversation_id"],
        promotes=bool(row["promotes"]),
        asks=bool(row["asks"]),
        flow=row["flow"],
        version=row["version"],
        step=row["step"],
        in_reply_to=row["in_reply_to"],
        replies_at=decision.get("heard_at"),
        proactive=kind != _REPLY and kind not in _CONFIRMATION_OF,
        confirmation=_CONFIRMATION_OF.get(kind),
        by_person=bool(decision.get("by_person")),
        carrier_answered=bool(decision.get("carrier_answered")),
        due_at=row["due_at"],
        expires_at=row["expires_at"],
        campaign=row["campaign"],
        arm=row["arm"],
    )
