"""A field of the person was set, beyond this conversation.

`Remembered(origin, field="favourite", value="reine")` keeps it; the field `language` also decides
in which language the person is written to from now on.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import Remembered


def apply(event: Remembered, moment: Moment) -> None:
    """Keep the field among the person's sealed ones, or the language in its own column."""
    if event.field == "language":
        moment.language = str(event.value)
        moment.changes.person["language"] = moment.language
        return
    moment.fields[event.field] = event.value
    moment.fields_changed = True
