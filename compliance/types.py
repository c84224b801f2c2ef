"""The words this room is written in: what is asked, what is known, and what is decided.

The fields and the order follow the format of the project's decision cases, so that a case written
by a lawyer and a row read from a database become the same plain data. Every time is an *aware*
`datetime`; numbers are E.164; countries ISO 3166-1 alpha-2, regions ISO 3166-2 ("FR-67"); zones are
IANA names. Nothing here reads a clock, a file or a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What may be done with a message at this moment."""

    allow = "allow"
    defer = "defer"
    block = "block"


class Kind(StrEnum):
    """What a message is. It is derived from how the message came about, never chosen."""

    marketing = "marketing"
    transactional = "transactional"
    reminder = "reminder"
    otp = "otp"
    conversational_reply = "conversational_reply"
    help_reply = "help_reply"
    opt_in_confirmation = "opt_in_confirmation"
    opt_out_confirmation = "opt_out_confirmation"
    consent_request = "consent_request"
    emergency = "emergency"


class Reason(StrEnum):
    """The closed list of reasons; each has its sentence in the catalogue as `decide.<reason>`."""

    age_unverified = "age_unverified"
    awaiting_clarification = "awaiting_clarification"
    budget_reached = "budget_reached"
    confirmation_too_late = "confirmation_too_late"
    consent_pending = "consent_pending"
    consent_request_needs_consent = "consent_request_needs_consent"
    consent_unproven = "consent_unproven"
    content_missing_identity = "content_missing_identity"
    content_missing_stop = "content_missing_stop"
    content_promo_in_confirmation = "content_promo_in_confirmation"
    country_not_served = "country_not_served"
    duplicate_confirmation = "duplicate_confirmation"
    frequency_cap = "frequency_cap"
    loop_suspected = "loop_suspected"
    no_consent = "no_consent"
    not_similar_product = "not_similar_product"
    number_invalid = "number_invalid"
    ok_confirmation_once = "ok_confirmation_once"
    ok_consent = "ok_consent"
    ok_help_reply = "ok_help_reply"
    ok_implied_consent = "ok_implied_consent"
    ok_soft_opt_in = "ok_soft_opt_in"
    ok_transactional = "ok_transactional"
    ok_user_initiated = "ok_user_initiated"
    provider_already_confirmed = "provider_already_confirmed"
    provider_block = "provider_block"
    public_holiday = "public_holiday"
    quiet_day = "quiet_day"
    quiet_hours = "quiet_hours"
    reassigned_number = "reassigned_number"
    restricted = "restricted"
    retention_expired = "retention_expired"
    scope_mismatch = "scope_mismatch"
    sector_prohibited = "sector_prohibited"
    sender_not_allowed = "sender_not_allowed"
    soft_opt_in_not_available = "soft_opt_in_not_available"
    suppressed = "suppressed"
    underage = "underage"
    unknown_place = "unknown_place"


@dataclass(frozen=True, slots=True)
class Content:
    """What the text of a message holds; judged by the sender, not by this room.

    `promotional` true makes any kind of message marketing.
    """

    identity: bool = True
    stop_instruction: bool = False
    promotional: bool = False
    mailing_address: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the text would come from.

    `type`: short_code, alphanumeric, mobile, long_code, toll_free, messaging_service; empty when
    it is not known. `stop_path` is the way out for a sender that cannot receive ("36xxx" or a
    link). `same_as_stopped`: the provider itself refuses this sender for this number.
    """

    type: str = ""
    number: str = ""
    name: str = ""
    stop_path: str = ""
    same_as_stopped: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """The message that somebody would like to send.

    `in_reply_to_at` is when the person's text came that this answers; without it nothing counts as
    a reply to a person who said stop. `by_person`: an agent wrote it, so it cannot be a loop.
    `purpose` (marketing, transactional, service) is taken from the kind when it is empty.
    """

    kind: Kind
    content: Content = Content()
    sender: Sender = Sender()
    channel: str = "sms"
    brand: str | None = None
    purpose: str = ""
    topic: str | None = None
    product_family: str | None = None
    seller: str | None = None
    enqueued_at: datetime | None = None
    in_reply_to_at: datetime | None = None
    by_person: bool = False


@dataclass(frozen=True, slots=True)
class Consent:
    """Where consent stands for the purpose that is asked for, as folded from the ledger.

    `state`: none, pending, granted, withdrawn. `basis`: consent, soft_opt_in, implied_purchase,
    implied_inquiry. `form`: written, oral_or_implied. `double_opt_in`: pending, done, email_only.
    """

    state: str = "none"
    basis: str | None = None
    channel: str = "sms"
    scope: tuple[str, ...] = ()
    brand: str | None = None
    form: str | None = None
    proof: bool = False
    double_opt_in: str | None = None
    granted_at: datetime | None = None
    inquiry_at: datetime | None = None
    informed_at_collection: bool = False
    objected: bool = False
    context: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """What was bought, for the exceptions that rest on a real sale."""

    purchased: bool = False
    product_family: str | None = None
    last_purchase_at: datetime | None = None
    running_contract: bool = False


@dataclass(frozen=True, slots=True)
class Suppression:
    """A "no" that counts for this number. None means *all* senders, brands or channels.

    `scope` is "all" or a purpose. `chosen`: the person named this scope in so many words ("only
    the offers"), so that no rule may widen it. `in_reply_to` is the kind of message it answered.
    The caller hands over only records that match the number and sender.
    """

    scope: str = "all"
    sender: str | None = None
    brand: str | None = None
    channel: str | None = None
    at: datetime | None = None
    via: str = ""
    chosen: bool = False
    in_reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """The person, as far as the rules must know them.

    `extra_tz`: zones in which the federal hours must be open as well, such as an area code's.
    `flags`: unreachable, reassigned, restricted, erased.
    """

    country: str | None = None
    region: str | None = None
    tz: str | None = None
    extra_tz: tuple[str, ...] = ()
    age: int | None = None
    age_verified: bool = False
    last_contact_from_person_at: datetime | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """What the carrier told us about this number: its last error code, what it answered itself."""

    last_error: int | None = None
    opt_out_type: str | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` marketing texts in any `hours` hours that follow one another."""

    most: int
    hours: int


# A brand may lower these, not raise them: `caps` of the facts are taken together with the law's.
DEFAULT_CAPS = (Cap(1, 24), Cap(4, 7 * 24))


@dataclass(frozen=True, slots=True)
class History:
    """What was sent before: marketing texts handed over, and confirmations since the last stop."""

    marketing_sent_at: tuple[datetime, ...] = ()
    confirmations_since_opt_out: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known at the moment of sending. The default of every field is the cautious one.

    `profile` picks a stricter set of hours where the country's rules have it ("strict").
    `own_sender`: the number written to is one of ours, so that even a help answer could loop.
    """

    contact: Contact = Contact()
    consent: Consent = Consent()
    customer: Customer = Customer()
    suppressions: tuple[Suppression, ...] = ()
    clarification_pending: bool = False
    provider: Provider = Provider()
    history: History = History()
    caps: tuple[Cap, ...] = DEFAULT_CAPS
    profile: str = ""
    country_served: bool = True
    loop_suspected: bool = False
    budget_reached: bool = False
    own_sender: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: the outcome, why, the rule with its source, and the facts it used.

    `version` names the rules it was judged by. A finding without a `defer_until` defers nothing.
    """

    check: str
    outcome: Outcome
    reason: Reason
    rule: str = "POLICY"
    source: str = ""
    certainty: str = ""
    version: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    defer_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: allow, defer until, or block; its first reason, and every finding behind it."""

    outcome: Outcome
    reason: Reason
    defer_until: datetime | None = None
    findings: tuple[Finding, ...] = ()
