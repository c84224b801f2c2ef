"""What may stand in `brand.yml`, key by key. The reference of the language is built from this.

>>> Micros().deserialize("0.045")
45000
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import phonenumbers
from marshmallow import fields

from bot.engine.brand import TEXT_CODES, ReplyBy, SenderKind
from bot.engine.fields import (
    Duration,
    Flag,
    Integer,
    Name,
    Number,
    OneOf,
    Raw,
    Schema,
    Steps,
    TextField,
    TextScalar,
    key,
    refuse,
    shorten,
)
from bot.understanding.fields import did_you_mean

_MONEY = re.compile(r"\d{1,9}([.,]\d{1,6})?")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_WORD = re.compile(r"[^\W_]+([ '-][^\W_]+)*")

#: Who answers STOP, START and HELP by itself, by kind of sender at the carrier.
PRESETS: Mapping[str, frozenset[str]] = {
    "us_long_code": frozenset({"stop", "start", "help"}),
    "messaging_service_advanced": frozenset({"stop", "start", "help"}),
    "toll_free": frozenset({"stop", "start"}),
    "short_code": frozenset(),
}
ANSWERS = ("stop", "start", "help")


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


class Zone(TextScalar):
    """A time zone of the IANA list, such as `Europe/Paris`."""

    def read(self, text: str) -> str:
        if text not in _zones():
            raise refuse("B002", found=shorten(text), meant=did_you_mean(text, sorted(_zones())))
        return text


class Country(TextScalar):
    """A country as two capital letters (ISO 3166), such as `FR`."""

    def read(self, text: str) -> str:
        if text not in phonenumbers.SUPPORTED_REGIONS:
            meant = text.upper() if text.upper() in phonenumbers.SUPPORTED_REGIONS else ""
            raise refuse("B003", found=shorten(text), meant=meant)
        return text


class Language(TextScalar):
    """A language as two small letters (ISO 639-1), such as `fr`."""

    def read(self, text: str) -> str:
        if not re.fullmatch(r"[a-z]{2}", text):
            meant = text[:2].lower() if re.fullmatch(r"[A-Za-z]{2}([_-]\w+)?", text) else ""
            raise refuse("B004", found=shorten(text), meant=meant)
        return text


class Currency(TextScalar):
    """A currency as three capital letters (ISO 4217), such as `EUR`."""

    def read(self, text: str) -> str:
        if not re.fullmatch(r"[A-Z]{3}", text):
            raise refuse("B013", found=shorten(text))
        return text


class Micros(TextScalar):
    """An amount of money, kept in millionths of the currency: `25.00`, `0,045`."""

    def read(self, text: str) -> int:
        if not _MONEY.fullmatch(text):
            raise refuse("B007", found=shorten(text))
        return int(Decimal(text.replace(",", ".")) * 1_000_000)


class Number164(TextScalar):
    """A phone number with its plus and country: `+33639980199`. Blanks are allowed."""

    def read(self, text: str) -> str:
        number = re.sub(r"[ .()-]", "", text)
        if not _E164.fullmatch(number):
            raise refuse("B011", found=shorten(text))
        return number


class Title(TextScalar):
    """The name that people know the brand by; it stands in texts, so it holds no braces."""

    def read(self, text: str) -> str:
        if "{" in text or "}" in text or len(text) > 40:
            raise refuse("B014", found=shorten(text))
        return text


class Keyword(TextScalar):
    """A word that people send: letters, digits, blanks."""

    def read(self, text: str) -> str:
        if not _WORD.fullmatch(text) or len(text) > 40:
            raise refuse("B015", found=shorten(text))
        return text


class CarrierAnswers(fields.Field[Any]):
    """A preset by name, or a list of stop, start, help. Gives (preset, answers)."""

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> tuple[str, frozenset[str]]:
        if isinstance(value, list):
            wrong = [str(word) for word in value if word not in ANSWERS]
            if not wrong:
                return "custom", frozenset(value)
            raise self._refused(", ".join(wrong), list(ANSWERS))
        if not isinstance(value, str) or value not in PRESETS:
            raise self._refused(shorten(value), list(PRESETS))
        return value, PRESETS[value]

    @staticmethod
    def _refused(found: str, known: list[str]) -> Exception:
        allowed = f"{', '.join(PRESETS)}, [{', '.join(ANSWERS)}]"
        return refuse("F016", found=found, allowed=allowed, meant=did_you_mean(found, known))


def listed(inner: fields.Field[Any], **kwargs: Any) -> fields.List[Any]:
    """A list of one or more."""
    return fields.List(inner, **kwargs)


class SenderSchema(Schema):
    """One number, short code or name that the brand sends from."""

    number = TextScalar(
        required=True,
        metadata=key(
            "The number with its plus, a short code's digits, or a name of at most 11 characters.",
            "Le numéro avec son plus, les chiffres d'un numéro court, ou un nom de 11 signes.",
            'number: "36000"',
        ),
    )
    kind = OneOf(
        tuple(SenderKind),
        required=True,
        metadata=key("What the sender is.", "Ce qu'est l'expéditeur.", "kind: short_code"),
    )
    carrier_answers = CarrierAnswers(
        required=True,
        metadata=key(
            "Which of STOP, START and HELP the carrier answers by itself: a preset or a list.",
            "Ce à quoi l'opérateur répond seul parmi STOP, START et HELP : un nom ou une liste.",
            "carrier_answers: short_code",
        ),
    )
    fictional = Flag(
        metadata=key(
            "The number exists in stories only; refused with a real carrier.",
            "Le numéro n'existe que dans les histoires ; refusé avec un vrai opérateur.",
            "fictional: true",
        )
    )
    reply = OneOf(
        tuple(ReplyBy),
        metadata=key(
            "How replies travel: in the webhook's answer, or by an API call.",
            "Comment partent les réponses : dans celle du webhook, ou par un appel d'API.",
            "reply: response",
        ),
    )
    parts_per_second = Number(
        metadata=key(
            "How fast we send, in parts.", "Notre débit, en parties.", "parts_per_second: 10"
        )
    )
    pool = Name(
        metadata=key(
            "Senders of one pool share one stop list at the carrier.",
            "Les expéditeurs d'un groupe partagent une liste STOP chez l'opérateur.",
            "pool: main",
        )
    )
    service_sid = TextScalar(
        metadata=key(
            "The carrier's id of the messaging service.",
            "L'identifiant du service de messagerie chez l'opérateur.",
            "service_sid: MG0123",
        )
    )
    stop_path = TextScalar(
        metadata=key(
            "How people stop texts of a name that cannot be answered.",
            "Comment refuser les SMS d'un nom auquel on ne peut pas répondre.",
            'stop_path: "STOP 36000"',
        )
    )


class StaffSchema(Schema):
    """Someone of the shop who may redeem a coupon by text."""

    name = TextScalar(required=True, metadata=key("Who.", "Qui.", "name: Luc"))
    number = Number164(
        required=True, metadata=key("Their number.", "Son numéro.", 'number: "+33639980199"')
    )
    pin_hash = TextScalar(
        required=True,
        metadata=key("Made by `parley pin`.", "Fait par `parley pin`.", 'pin_hash: "scrypt$..."'),
    )


class SilentThenSchema(Schema):
    """What ends the silence: after this much more, the question ends as `no_answer`."""

    after = Duration(
        required=True,
        metadata=key("Counted from the nudge.", "Compté depuis la relance.", "after: 2 h"),
    )
    end = OneOf(
        ("no_answer",),
        required=True,
        metadata=key("The outcome.", "L'issue.", "end: no_answer"),
    )


class SilentSchema(Schema):
    """What a question without its own `silent` does when nobody answers."""

    after = Duration(
        required=True,
        metadata=key("Counted from the question.", "Compté depuis la question.", "after: 20 min"),
    )
    say = TextField(metadata=key("The nudge.", "La relance.", "say: Still there?"))
    then = fields.Nested(
        SilentThenSchema,
        metadata=key("What comes after it.", "La suite.", "then: {after: 2 h, end: no_answer}"),
    )


class CapsSchema(Schema):
    """How many marketing texts one person gets at most."""

    per_day = Integer(1, 10, metadata=key("In a day.", "Par jour.", "per_day: 1"))
    per_week = Integer(1, 50, metadata=key("In a week.", "Par semaine.", "per_week: 4"))
    per_month = Integer(
        1,
        100,
        metadata=key(
            "In 31 days; the question of consent should promise the same.",
            "En 31 jours ; la question du consentement promet la même chose.",
            "per_month: 4",
        ),
    )


#: The texts of a brand: each code of TEXT_CODES, one text or one per language.
TextsSchema = Schema.from_dict(
    {
        code: TextField(
            metadata=key(f"The text `{code}`.", f"Le texte `{code}`.", f'{code}: "..."')
        )
        for code in TEXT_CODES
    },
    name="TextsSchema",
)


class BrandSchema(Schema):
    """The whole of `brand.yml`."""

    brand = Name(
        required=True,
        metadata=key("The folder's name.", "Le nom du dossier.", "brand: margot"),
    )
    title = Title(
        required=True,
        metadata=key("The name people know.", "Le nom que les gens connaissent.", "title: Margot"),
    )
    country = Country(
        required=True,
        metadata=key("Where it is at home.", "Là où elle est établie.", "country: FR"),
    )
    countries = listed(
        Country(),
        metadata=key(
            "Countries it serves; texts from elsewhere are kept, not answered.",
            "Les pays servis ; un SMS d'ailleurs est gardé, sans réponse.",
            "countries: [FR, BE]",
        ),
    )
    zone = Zone(required=True, metadata=key("Its time zone.", "Son fuseau.", "zone: Europe/Paris"))
    languages = listed(
        Language(),
        required=True,
        metadata=key(
            "Languages of its texts; the first is the default.",
            "Les langues de ses textes ; la première sert par défaut.",
            "languages: [fr, en]",
        ),
    )
    currency = Currency(metadata=key("Of its prices.", "Celle de ses prix.", "currency: EUR"))
    senders = listed(
        fields.Nested(SenderSchema),
        required=True,
        metadata=key("What it sends from.", "D'où partent ses SMS.", "senders: [...]"),
    )
    texts = fields.Nested(
        TextsSchema,
        metadata=key(
            "Its own words where the product's do not fit.",
            "Ses mots, là où ceux du produit ne vont pas.",
            "texts: {bot_line: ...}",
        ),
    )
    wrong = Steps(
        metadata=key(
            "What wrong answers hear, one text a try, then a way on.",
            "Ce qu'entend une mauvaise réponse, un texte par essai, puis une suite.",
            "wrong: [Sorry?, {hand_over: team}]",
        )
    )
    silent = fields.Nested(
        SilentSchema,
        metadata=key("What silence hears.", "Ce qu'entend le silence.", "silent: {after: 20 min}"),
    )
    expires = Duration(
        metadata=key("When a conversation ends.", "Quand finit l'échange.", "expires: 24 h")
    )
    caps = fields.Nested(
        CapsSchema, metadata=key("Marketing caps.", "Plafonds de publicité.", "caps: {per_day: 1}")
    )
    ceiling = Micros(
        metadata=key(
            "The most a day may cost; past it only STOP and HELP are answered.",
            "Le coût maximal d'un jour ; au-delà, seuls STOP et AIDE ont une réponse.",
            "ceiling: 25.00",
        )
    )
    prices = Raw(
        metadata=key(
            "Price of one part by country, `default` for the rest.",
            "Prix d'une partie par pays, `default` pour les autres.",
            "prices: {FR: 0.045, default: 0.08}",
        )
    )
    teams = listed(
        Name(), metadata=key("Who takes over.", "Qui prend la main.", "teams: [team, orders]")
    )
    staff = listed(
        fields.Nested(StaffSchema),
        metadata=key("Who may redeem coupons.", "Qui valide les coupons.", "staff: [...]"),
    )
    settings = Raw(
        metadata=key(
            "Values for texts: `{settings.shop}`.",
            "Des valeurs pour les textes : `{settings.shop}`.",
            "settings: {shop: Lille}",
        )
    )
    keywords = listed(
        Keyword(),
        metadata=key(
            "Words that tell this brand apart on a shared number.",
            "Les mots qui distinguent cette marque sur un numéro partagé.",
            "keywords: [MARGOT]",
        ),
    )
