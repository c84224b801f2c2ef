"""What the world does about what the engine said: one engine event a file, found by its name.

`bot/effects/said.py` settles `bot.engine.events.Said`, and so on. Each gives `apply(event, moment)`
and only notes rows in the moment's changes; nothing here reads or writes the database itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from bot.effects.moment import Moment
from bot.engine import events

Apply = Callable[[Any, Moment], None]


@cache
def _by_type() -> dict[type, Apply]:
    found: dict[type, Apply] = {}
    for module in iter_modules(__path__):
        name = "".join(word.title() for word in module.name.split("_"))
        kind = getattr(events, name, None)
        if kind is not None:
            found[kind] = import_module(f"{__name__}.{module.name}").apply
    return found


def file_of(kind: type) -> str:
    """The module that settles an event type: `CouponGiven` -> `coupon_given`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def settle(happened: Iterable[events.Event], moment: Moment) -> None:
    """Note what every event leads to, in order. Raises KeyError for an event without an effect."""
    effects = _by_type()
    for event in happened:
        effects[type(event)](event, moment)
