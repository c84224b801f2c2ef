"""One moment of one person: what was read, what will be written, and what will be said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.engine.brand import Brand, Sender
from bot.engine.events import Origin
from bot.sending.gate import Draft
from bot.store.changes import Changes, ConsentChange, Row
from bot.store.standing import Standing
from bot.store.vault import PersonKey
from compliance.ledger import LedgerLine

NOWHERE = Origin(flow="", version="", step="")


@dataclass(slots=True)
class Moment:
    """The desk on which a turn is settled.

    `inbound_id` is the text that was heard, None when nobody wrote (a timer). `timers` are those
    of the session as they will be: kind -> [due_ms, visit]. `marks` become the person's guard,
    with `marks_after` over them once the gate has decided.
    `rules_version` names the compliance rules in force, for the ledger.
    """

    brand: Brand
    sender: Sender
    channel: str
    standing: Standing
    key: PersonKey
    changes: Changes
    now: int
    new_id: Callable[[], str]
    rules_version: str
    inbound_id: str | None = None
    conversation: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    fields_changed: bool = False
    language: str = "en"
    timers: dict[str, Any] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    marks: dict[str, Any] = field(default_factory=dict)
    marks_after: dict[str, Any] = field(default_factory=dict)
    origin: Origin = NOWHERE
    evidence: str = ""
    wordings_shown: dict[str, str] = field(default_factory=dict)

    def note(self, kind: str, origin: Origin | None = None, **data: object) -> None:
        """Append to the event log: ids and codes only, never words or numbers of a person."""
        at = origin or self.origin
        self.changes.events.append(
            {
                "id": self.new_id(),
                "brand": self.brand.name,
                "at": self.now,
                "kind": kind,
                "person_id": self.standing.person_id,
                "conversation_id": self.conversation,
                "message_id": self.inbound_id,
                "flow": at.flow or None,
                "version": at.version or None,
                "step": at.step or None,
                "data": data,
            }
        )

    def say(
        self,
        text: str,
        origin: Origin,
        *,
        purpose: str,
        promotes: bool = False,
        asks: bool = False,
        confirmation: str | None = None,
        carrier_answered: bool = False,
    ) -> Draft:
        """Put a text before the gate: a reply when a text was heard, proactive otherwise."""
        draft = Draft(
            message_id=self.new_id(),
            brand=self.brand.name,
            person_id=self.standing.person_id,
            conversation_id=self.conversation,
            sender=self.sender.number,
            body=text,
            language=self.language,
            purpose=purpose,
            promotes=promotes,
            asks=asks,
            flow=origin.flow or None,
            version=origin.version or None,
            step=origin.step or None,
            campaign=origin.campaign,
            arm=origin.arm,
            in_reply_to=self.inbound_id,
            replies_at=self.now if self.inbound_id else None,
            proactive=self.inbound_id is None,
            confirmation=confirmation,
            carrier_answered=carrier_answered,
        )
        self.drafts.append(draft)
        return draft

    def write_line(self, line: LedgerLine) -> int:
        """Add a line to the consent ledger; gives its index in this turn's lines."""
        self.changes.ledger.append(line)
        return len(self.changes.ledger) - 1

    def set_consent(
        self, purpose: str, state: str, line: int, *, double_opt_in: str | None = None
    ) -> None:
        """The consent to a purpose as it stands after that line."""
        self.changes.consents.append(
            ConsentChange(
                purpose, "sms", state, "consent", self.now, line, double_opt_in=double_opt_in
            )
        )

    def audit(self, actor: str, action: str, outcome: str, **data: object) -> None:
        """Note in the audit log who tried what and how it went; ids and codes only."""
        self.changes.audits.append(
            {
                "id": self.new_id(),
                "brand": self.brand.name,
                "at": self.now,
                "actor": actor,
                "action": action,
                "outcome": outcome,
                "subject": self.standing.person_id,
                "data": data,
            }
        )

    def rows_of(self, table: str) -> Sequence[Row]:
        """What this moment has noted for a table so far (messages, events)."""
        rows: Sequence[Row] = getattr(self.changes, table)
        return rows
