"""The engine's state for one person: where the conversation stands. Survives JSON at any moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from bot.engine.flow import Purpose

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """One running flow of one person.

    `step` is the step that waits (for an answer, for time), None when nothing waits.
    `visit` counts the visits to waiting steps: a timer carries the visit it was set in, and one
    that carries an older visit is stale and does nothing.
    `tries` counts wrong answers to the open question, `nudges` how often silence was answered.
    `answers` are the values saved so far, by name; `categories` their stable category names.
    `asked_purpose` is set while the open question asks for consent to that purpose.
    `owned_by_person` is set from a handoff until a person gives the conversation back.
    `greeted`: in this conversation the person was told that a machine answers.
    """

    conversation: str
    flow: str
    version: str
    step: str | None = None
    visit: int = 0
    tries: int = 0
    nudges: int = 0
    answers: Json = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    asked_at: int | None = None
    asked_purpose: Purpose | None = None
    began_at: int = 0
    converted: tuple[str, ...] = ()
    owned_by_person: bool = False
    greeted: bool = False

    def to_json(self) -> Json:
        """A plain mapping that `from_json` reads back, whatever the moment."""
        return {
            "conversation": self.conversation,
            "flow": self.flow,
            "version": self.version,
            "step": self.step,
            "visit": self.visit,
            "tries": self.tries,
            "nudges": self.nudges,
            "answers": dict(self.answers),
            "categories": dict(self.categories),
            "asked_at": self.asked_at,
            "asked_purpose": self.asked_purpose and str(self.asked_purpose),
            "began_at": self.began_at,
            "converted": list(self.converted),
            "owned_by_person": self.owned_by_person,
            "greeted": self.greeted,
        }

    @classmethod
    def from_json(cls, data: Json) -> Session:
        """Read what `to_json` wrote. Keys of a newer build are ignored, missing ones default."""
        known = {key: data[key] for key in cls.__slots__ if key in data}
        if known.get("asked_purpose"):
            known["asked_purpose"] = Purpose(known["asked_purpose"])
        known["converted"] = tuple(known.get("converted", ()))
        return cls(**known)

    def waiting_at(self, step: str | None, now_ms: int) -> Session:
        """The same session, waiting at another step: a new visit with nothing tried yet."""
        return replace(
            self,
            step=step,
            visit=self.visit + 1,
            tries=0,
            nudges=0,
            asked_at=now_ms,
            asked_purpose=None,
        )
