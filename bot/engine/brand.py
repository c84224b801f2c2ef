"""A brand (a sub-account): its senders, languages, mandatory words, limits and people.

Built by `bot.loading` from `flows/<brand>/brand.yml`; plain data, read by every room above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.engine.text import Text


class ReplyBy(StrEnum):
    """How a reply to a text travels: in the webhook's own answer, or by an API call."""

    response = "response"
    api = "api"


class SenderKind(StrEnum):
    """What a sender is; the gate and the carrier treat each differently."""

    short_code = "short_code"
    long_code = "long_code"
    toll_free = "toll_free"
    alphanumeric = "alphanumeric"
    messaging_service = "messaging_service"


@dataclass(frozen=True, slots=True)
class Sender:
    """A number, short code or name we send from.

    `number` is E.164, or digits for a short code, or at most 11 characters for a name.
    `carrier_answers` holds which of stop, start and help the carrier answers by itself.
    `parts_per_second` paces the way out; `pool` joins senders that share one stop list.
    """

    number: str
    kind: SenderKind = SenderKind.short_code
    preset: str = "short_code"
    carrier_answers: frozenset[str] = frozenset()
    fictional: bool = False
    reply: ReplyBy = ReplyBy.response
    parts_per_second: float = 10.0
    pool: str | None = None
    service_sid: str | None = None
    stop_path: str | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """Someone of the shop who may redeem a coupon by text; `pin_hash` as made by `parley pin`."""

    name: str
    number: str
    pin_hash: str


@dataclass(frozen=True, slots=True)
class Brand:
    """Everything a brand declares. `texts` are by code (see `TEXT_CODES`), merged with defaults."""

    name: str
    title: str
    country: str
    countries: tuple[str, ...]
    zone: str
    languages: tuple[str, ...]
    senders: tuple[Sender, ...]
    texts: Mapping[str, Text] = field(default_factory=dict)
    wrong: tuple[Text, ...] = ()
    wrong_then: str = "hand_over"
    """What happens after the last wording: `hand_over`, `end` or `go_on`."""
    silent_after_ms: int | None = None
    silent_text: Text | None = None
    silent_then_after_ms: int | None = None
    """After the nudge, the question ends (outcome `no_answer`) when this much more has passed."""
    expires_after_ms: int = 24 * 3600 * 1000
    cap_per_day: int = 1
    cap_per_week: int = 4
    cap_per_month: int = 4
    ceiling_micros: int | None = None
    """Daily ceiling of cost in millionths of the brand's currency; None for no ceiling."""
    currency: str = "EUR"
    price_micros: Mapping[str, int] = field(default_factory=dict)
    """Price of one part by country (ISO 3166), `default` for the rest, millionths of currency."""
    teams: tuple[str, ...] = ("team",)
    staff: tuple[Staff, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    """Words that tell this brand apart where one number serves several."""
    hash: str = ""

    def sender(self, number: str) -> Sender | None:
        """The sender of that number, or None when the brand has no such sender."""
        for sender in self.senders:
            if sender.number == number:
                return sender
        return None


#: Texts that a brand may word itself; the product brings a French and an English wording of each.
TEXT_CODES = (
    "bot_line",
    "opt_in_asked",
    "opt_in_confirmed",
    "opt_in_refused",
    "stop_confirmed",
    "stop_offers_confirmed",
    "stop_clarify",
    "start_confirmed",
    "help",
    "erase_noted",
    "access_noted",
    "handed_over",
    "back_to_bot",
    "broke",
    "catch_all",
    "cancelled",
    "coupon_used",
    "coupon_unknown",
    "coupon_used_already",
    "coupon_wrong_pin",
    "coupon_locked",
)
