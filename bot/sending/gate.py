"""The one door out: every text to a customer passes here and leaves a record of the decision.

    ruling = rule(draft, standing, brand, rules, now_ms)       # may we, and what would it cost?
    replies = settle_replies(drafts, standing, brand, ...)     # answers to the text just heard
    rows = submit(drafts, standing, brand, rules, now_ms)      # everything that nobody asked for
    send(channel, released, now_ms)                            # the only call of a channel's send

A proactive text is decided on twice: when it is submitted, so that people see why, and always again
at its release (`bot/sending/deliver.py`) with the facts of that moment. A refusal is a row with its
reasons, never an absence. Nothing here reads a clock or a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.channels import Channel, Outgoing, Reply, Sent
from bot.engine.brand import Brand, ReplyBy, Sender
from bot.sending.drafts import Draft, from_row, kind_of
from bot.sending.facts import ask_of, facts_of, milliseconds, moment
from bot.sending.guard import loop_suspected, next_guard, unanswerable
from bot.sending.parts import Parts, measure
from bot.sending.validity import validity_seconds
from bot.store.standing import Standing
from compliance.decide import Rules, decide
from compliance.types import Ask, Decision, Facts, Kind, Outcome, Reason

__all__ = [
    "Caps",
    "Draft",
    "Parts",
    "Released",
    "Replies",
    "Ruling",
    "Stale",
    "from_row",
    "kind_of",
    "lane_of",
    "measure",
    "next_guard",
    "render",
    "rule",
    "send",
    "settle_replies",
    "submit",
    "unanswerable",
]

ANSWER_LEASE = 2 * 60 * 1000  # ms; a reply in the answer without a callback after this is uncertain
FACTS_LAST = 5_000  # ms; a release that waited longer than this is decided on again
WARN_AT = 0.8  # of the daily ceiling
_STATES = {Outcome.allow: "waiting", Outcome.defer: "deferred", Outcome.block: "blocked"}
_URGENT = frozenset(
    {
        Kind.transactional,
        Kind.otp,
        Kind.emergency,
        Kind.conversational_reply,
        Kind.help_reply,
        Kind.opt_in_confirmation,
        Kind.opt_out_confirmation,
        Kind.consent_request,
    }
)


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision on one draft, and what follows from it.

    `state` is waiting, deferred or blocked; `due_at` (ms) when it may leave at the earliest;
    `cost_micros` what it costs if it leaves; `record` what `message.decision` keeps: codes only.
    """

    decision: Decision
    kind: Kind
    parts: Parts
    cost_micros: int
    state: str
    due_at: int
    record: dict[str, Any]
    ask: Ask
    facts: Facts

    @property
    def allowed(self) -> bool:
        return self.state == "waiting"

    @property
    def markets(self) -> bool:
        """Whether it counts for the marketing caps."""
        return bool(self.record["markets"])


@dataclass(frozen=True, slots=True)
class Caps:
    """What a channel can do: its name as stored with messages, and replies in its own answer."""

    name: str
    response: bool = True


@dataclass(slots=True)
class Replies:
    """What became of the replies to one text.

    `rows` are rows of `message` whose text stands in clear under `clear`: the caller takes it out
    and puts the sealed `body` in. `to_render` are (message id, text) for the webhook's answer, in
    order. `automatic`, `marketing`, `parts` and `cost_micros` count what leaves now; hand them to
    `next_guard` and to the day's cost. `loop`: the guard silenced the bot, a person must be told.
    `budget` is None, "warn" (80 % of the ceiling is spent) or "reached". `wakes` is the lane to
    wake after the commit, when something waits in it.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    to_render: list[tuple[str, str]] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    automatic: int = 0
    marketing: int = 0
    parts: int = 0
    cost_micros: int = 0
    loop: bool = False
    budget: str | None = None
    wakes: str | None = None

    def count(self, draft: Draft, ruling: Ruling) -> None:
        """Count one reply that leaves."""
        self.automatic += not draft.by_person
        self.marketing += ruling.markets
        self.parts += ruling.parts.parts
        self.cost_micros += ruling.cost_micros


def rule(
    draft: Draft,
    standing: Standing,
    brand: Brand,
    rules: Rules,
    now_ms: int,
    *,
    loop: bool = False,
    spent_more: int = 0,
) -> Ruling:
    """Decide on one draft with these facts.

    `spent_more` is what this transaction has spent beyond `standing.spent_micros`. Raises KeyError
    when the brand has no such sender.
    """
    sender = _sender_of(brand, draft.sender)
    kind = kind_of(draft)
    parts = measure(draft.body)
    cost = parts.parts * price(brand, standing.country)
    spent = standing.spent_micros + spent_more
    ask = ask_of(draft, kind, standing, brand, sender, now_ms)
    facts = facts_of(
        draft,
        standing,
        brand,
        sender,
        loop=loop and not draft.by_person,
        over_budget=brand.ceiling_micros is not None and spent + cost > brand.ceiling_micros,
    )
    decision = decide(ask, facts, rules, moment(now_ms))
    due_at = max(draft.due_at or now_ms, now_ms)
    if decision.defer_until is not None and decision.outcome is Outcome.defer:
        due_at = max(due_at, milliseconds(decision.defer_until))
    record = _record(draft, kind, decision, parts)
    state = _STATES[decision.outcome]
    return Ruling(decision, kind, parts, cost, state, due_at, record, ask, facts)


def settle_replies(
    drafts: Sequence[Draft],
    standing: Standing,
    brand: Brand,
    sender: Sender,
    caps: Caps,
    rules: Rules,
    now_ms: int,
    *,
    exchange: str | None = None,
) -> Replies:
    """Decide on the replies to a text that was just heard, and make their rows.

    Where the sender answers in the webhook's response, what is allowed is `handed_over` now, in the
    transaction that the caller commits before it answers; elsewhere it waits in the sender's first
    lane. `exchange` marks what was heard and what is said, for the loop guard.
    """
    automatic = sum(not draft.by_person for draft in drafts)
    loop = loop_suspected(standing.guard, now_ms, automatic=automatic, exchange=exchange)
    at_once = sender.reply is ReplyBy.response and caps.response
    done = Replies()
    for order, draft in enumerate(drafts):
        spent = done.cost_micros
        ruling = rule(draft, standing, brand, rules, now_ms, loop=loop, spent_more=spent)
        row = _row(draft, ruling, caps.name, now_ms)
        done.rows.append(row)
        done.rulings.append(ruling)
        done.loop = done.loop or ruling.decision.reason is Reason.loop_suspected
        if not ruling.allowed:
            continue
        done.count(draft, ruling)
        if at_once:
            row["state"], row["lane"], row["due_at"] = "handed_over", None, None
            row["handed_over_at"], row["lease_until"] = now_ms, now_ms + ANSWER_LEASE
            done.to_render.append((draft.message_id, draft.body))
        else:
            # One ms apart, so that the lane keeps the order in which they were said.
            row["due_at"] = ruling.due_at + order
            done.wakes = row["lane"]
    done.budget = budget(brand, standing.spent_micros, done.cost_micros)
    return done


def submit(
    drafts: Iterable[Draft],
    standing: Standing,
    brand: Brand,
    caps: Caps,
    rules: Rules,
    now_ms: int,
) -> list[dict[str, Any]]:
    """Rows of `message` for texts that nobody just asked for: they wait in a lane, or are refused.

    Each has its text in clear under `clear`, for the caller to seal. Nothing is spent and nothing
    leaves before the release has decided again.
    """
    rows = []
    for order, draft in enumerate(drafts):
        ruling = rule(draft, standing, brand, rules, now_ms)
        row = _row(draft, ruling, caps.name, now_ms)
        if row["due_at"] is not None:
            row["due_at"] += order
        rows.append(row)
    return rows


def lane_of(sender: str, kind: Kind) -> str:
    """The lane of a message: what somebody waits for is never behind a campaign."""
    return f"{sender}/{'reply' if kind in _URGENT else 'bulk'}"


def price(brand: Brand, country: str | None) -> int:
    """Price of one part to a country, in millionths of the brand's currency."""
    prices = brand.price_micros
    return prices.get(country or "", prices.get("default", 0))


def budget(brand: Brand, spent: int, more: int) -> str | None:
    """Where the day's cost stands once `more` is spent: None, "warn" or "reached".

    "warn" is said once, by whoever crosses the line.
    """
    ceiling = brand.ceiling_micros
    if ceiling is None:
        return None
    if spent + more >= ceiling:
        return "reached"
    return "warn" if spent < ceiling * WARN_AT <= spent + more else None


# -- the channel, which nobody else calls ---------------------------------------------------------


class Stale(Exception):
    """A release waited so long that its facts no longer count; it has to be decided on again."""


@dataclass(frozen=True, slots=True)
class Released:
    """A text that may leave: the only thing `send` takes, made only from a ruling that allows."""

    outgoing: Outgoing
    decided_at: int


def release(
    ruling: Ruling, draft: Draft, sender: Sender, to: str, callback: str, rules: Rules, now_ms: int
) -> Released:
    """The token that opens the door for this text, to this number. Raises ValueError if refused."""
    if not ruling.allowed:
        raise ValueError(f"{draft.message_id} was not allowed: {ruling.decision.reason}")
    valid = validity_seconds(
        ruling.markets, ruling.ask, ruling.facts, draft.expires_at, rules, now_ms
    )
    outgoing = Outgoing(
        draft.message_id, sender.number, to, draft.body, callback, valid, sender.service_sid
    )
    return Released(outgoing, now_ms)


def send(channel: Channel, released: Released, now_ms: int) -> Sent:
    """Hand a released text to its channel. Raises SendError, and Stale before anything left."""
    if now_ms - released.decided_at > FACTS_LAST:
        raise Stale(released.outgoing.message_id)
    return channel.send(released.outgoing)


def render(
    channel: Channel,
    to_render: Sequence[tuple[str, str]],
    callback_for: Callable[[str], str],
) -> tuple[bytes, str]:
    """The webhook's answer that says these texts (from `Replies.to_render`), and its type."""
    return channel.render_reply([Reply(*one) for one in to_render], callback_for)


# -- rows -----------------------------------------------------------------------------------------


def _sender_of(brand: Brand, number: str) -> Sender:
    for sender in brand.senders:
        if sender.number == number:
            return sender
    raise KeyError(f"{brand.name} has no sender {number}")


def _record(draft: Draft, kind: Kind, decision: Decision, parts: Parts) -> dict[str, Any]:
    """What is kept of a decision: codes and times, and what a release needs to ask again."""
    record: dict[str, Any] = {
        "outcome": decision.outcome.value,
        "reason": decision.reason.value,
        "findings": [
            {
                "check": found.check,
                "outcome": found.outcome.value,
                "reason": found.reason.value,
                "rule": found.rule,
                "version": found.version,
            }
            for found in decision.findings
        ],
        "parts": parts.parts,
        "encoding": parts.encoding,
        "markets": kind is Kind.marketing or draft.promotes,
    }
    if decision.defer_until is not None:
        record["until"] = milliseconds(decision.defer_until)
    if draft.replies_at is not None:
        record["heard_at"] = draft.replies_at
    if draft.by_person:
        record["by_person"] = True
    if draft.carrier_answered:
        record["carrier_answered"] = True
    return record


def _row(draft: Draft, ruling: Ruling, channel: str, now_ms: int) -> dict[str, Any]:
    """A row of `message`, all columns in one order; the text stands in clear under `clear`."""
    waits = ruling.state != "blocked"
    return {
        "id": draft.message_id,
        "brand": draft.brand,
        "person_id": draft.person_id,
        "conversation_id": draft.conversation_id,
        "direction": "out",
        "channel": channel,
        "sender": draft.sender,
        "clear": draft.body,
        "language": draft.language,
        "kind": ruling.kind.value,
        "purpose": draft.purpose,
        "promotes": draft.promotes,
        "flow": draft.flow,
        "version": draft.version,
        "step": draft.step,
        "asks": draft.asks,
        "campaign": draft.campaign,
        "arm": draft.arm,
        "in_reply_to": draft.in_reply_to,
        "state": ruling.state,
        "lane": lane_of(draft.sender, ruling.kind) if waits else None,
        "due_at": ruling.due_at if waits else None,
        "expires_at": draft.expires_at,
        "lease_until": None,
        "attempts": 0,
        "encoding": ruling.parts.encoding,
        "parts": ruling.parts.parts,
        "cost_micros": ruling.cost_micros if waits else 0,
        "decision": ruling.record,
        "created_at": now_ms,
        "handed_over_at": None,
        "settled_at": None if waits else now_ms,
    }
