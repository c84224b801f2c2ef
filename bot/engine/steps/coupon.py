"""`coupon`: give the person a code of their own, the same one each time they come by.

- coupon: welcome
  prefix: MARGOT
- say: "Your code: {coupon.welcome}"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.engine.building import Building
from bot.engine.events import CouponGiven
from bot.engine.fields import Name, StepSchema, TextScalar, key, refuse
from bot.engine.flow import Step
from bot.engine.moment import GoOn, Moment, Next

#: No vowels, so that chance writes no words; nothing that looks like something else.
ALPHABET = "23456789BCDFGHJKMNPQRTVWXYZ"
LENGTH = 7
_PREFIX = re.compile(r"[A-Z0-9]{1,10}")


class Prefix(TextScalar):
    """The beginning of the codes: at most ten letters and digits, written in capitals."""

    def read(self, text: str) -> str:
        if not _PREFIX.fullmatch(text.upper()):
            raise refuse("F036", found=text[:20])
        return text.upper()


@dataclass(frozen=True, slots=True)
class Body:
    """The coupon's name and the beginning of its codes."""

    name: str
    prefix: str | None

    def targets(self) -> tuple[tuple[str, str], ...]:
        """A coupon leads nowhere by itself."""
        return ()


class Schema(StepSchema):
    """The keys of `coupon`."""

    coupon = Name(
        required=True,
        metadata=key(
            "The coupon's name; later texts give the code as {coupon.welcome}.",
            "Le nom du bon ; les textes suivants donnent le code par {coupon.welcome}.",
            "coupon: welcome",
        ),
    )
    prefix = Prefix(
        metadata=key("What the codes begin with.", "Le début des codes.", "prefix: MARGOT")
    )


def build(data: Any, building: Building) -> Body:
    """The body of a `coupon`."""
    building.flow.coupons.add(data["coupon"])
    return Body(data["coupon"], data.get("prefix"))


def run(step: Step, moment: Moment) -> Next:
    """Give the code that the person holds already, or a new one, and go on."""
    body = step.body
    assert isinstance(body, Body)
    name = f"coupon.{body.name}"
    held = moment.here.answers.get(name) or moment.person.coupons.get(body.name)
    code = held or _code(body, moment)
    moment.change(answers={**moment.here.answers, name: code})
    moment.events.append(CouponGiven(moment.origin, body.name, code, held is None))
    return GoOn(step.next)


def _code(body: Body, moment: Moment) -> str:
    drawn = "".join(ALPHABET[int(moment.dice() * len(ALPHABET))] for _ in range(LENGTH))
    return f"{body.prefix}-{drawn}" if body.prefix else drawn
