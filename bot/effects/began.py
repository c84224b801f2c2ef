"""A flow began: a conversation is opened and counted.

`Began(origin, conversation="01J..", by="keyword")` opens conversation 01J.. in state `bot`.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import Began


def apply(event: Began, moment: Moment) -> None:
    """Open the conversation; texts and events of this turn belong to it from here on."""
    moment.conversation = event.conversation
    moment.changes.conversations.append(
        {
            "id": event.conversation,
            "brand": moment.brand.name,
            "person_id": moment.standing.person_id,
            "flow": event.origin.flow,
            "version": event.origin.version,
            "state": "bot",
            "began_at": moment.now,
        }
    )
    moment.note("began", event.origin, by=event.by)
