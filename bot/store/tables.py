"""The tables. Times are ms since the epoch (UTC), ids are ULIDs, money is millionths of a unit.

Personal data stands in `Sealed` columns only: the number, the name, bodies, raw forms and the
answers of a session. Everything else holds ids, codes and keyed hashes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class SealedBytes(bytes):
    """Ciphertext made by `bot.store.vault.Vault`; the only thing a `Sealed` column takes."""


class Sealed(TypeDecorator[SealedBytes]):
    """A column of personal data: takes and gives ciphertext, refuses anything in clear."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> bytes | None:  # noqa: ARG002
        if value is not None and not isinstance(value, SealedBytes):
            raise TypeError("a personal column takes what Vault.seal gives, never clear text")
        return value

    def process_result_value(self, value: Any, dialect: Any) -> SealedBytes | None:  # noqa: ARG002
        return None if value is None else SealedBytes(value)


def _id(**more: Any) -> Column[str]:
    return Column("id", String(26), primary_key=True, **more)


person = Table(
    "person",
    metadata,
    _id(),
    Column("brand", String(64), nullable=False),
    Column("number_hmac", LargeBinary(16), nullable=False),
    Column("number", Sealed),
    Column("name", Sealed),
    Column("language", String(2), nullable=False),
    Column("country", String(2)),
    Column("zone", String(64)),
    Column("version", Integer, nullable=False, default=1),
    Column("fields", Sealed),
    # Recent sends and exchanges for caps and the loop guard: times and keyed hashes only.
    Column("guard", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_heard_at", BigInteger),
    UniqueConstraint("brand", "number_hmac"),
    Index("ix_person_number_hmac", "number_hmac"),
    sqlite_with_rowid=False,
)

# Apart from `person`, because a backup of one must never bring back the other.
person_key = Table(
    "person_key",
    metadata,
    Column("person_id", String(26), primary_key=True),
    Column("key_id", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

session = Table(
    "session",
    metadata,
    Column("person_id", String(26), primary_key=True),
    Column("brand", String(64), nullable=False),
    Column("conversation_id", String(26), nullable=False),
    Column("flow", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("step", String(64)),
    Column("owner", String(8), nullable=False, default="bot"),
    Column("state", Sealed, nullable=False),
    # kind -> [due_ms, visit]; `wake_at` is the earliest of them.
    Column("timers", JSON, nullable=False),
    Column("wake_at", BigInteger),
    Index(
        "ix_session_wake_at",
        "wake_at",
        postgresql_where=text("wake_at IS NOT NULL"),
        sqlite_where=text("wake_at IS NOT NULL"),
    ),
    Index("ix_session_version", "version"),
    sqlite_with_rowid=False,
)

conversation = Table(
    "conversation",
    metadata,
    _id(),
    Column("brand", String(64), nullable=False),
    Column("person_id", String(26), nullable=False),
    Column("flow", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    # bot, person (handed over), ended
    Column("state", String(8), nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", String(64)),
    Column("handed_at", BigInteger),
    Column("team", String(64)),
    Column("reason", String(64)),
    Index("ix_conversation_brand_state", "brand", "state"),
    Index("ix_conversation_person_id", "person_id"),
    sqlite_with_rowid=False,
)

message = Table(
    "message",
    metadata,
    _id(),
    Column("brand", String(64), nullable=False),
    Column("person_id", String(26), nullable=False),
    Column("conversation_id", String(26)),
    # in, out
    Column("direction", String(3), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("sender", String(32), nullable=False),
    Column("provider_id", String(64)),
    Column("body", Sealed),
    Column("raw", Sealed),
    Column("language", String(2)),
    # What the gate decides on: compliance.types.Kind, purpose, whether it promotes.
    Column("kind", String(24), nullable=False),
    Column("purpose", String(16)),
    Column("promotes", Boolean, nullable=False, default=False),
    Column("flow", String(64)),
    Column("version", String(64)),
    Column("step", String(64)),
    Column("asks", Boolean, nullable=False, default=False),
    Column("campaign", String(64)),
    Column("arm", String(64)),
    Column("in_reply_to", String(26)),
    # The written state machine of bot/sending/outbox.py; `received` for inbound texts.
    Column("state", String(16), nullable=False),
    Column("lane", String(64)),
    Column("due_at", BigInteger),
    Column("expires_at", BigInteger),
    Column("lease_until", BigInteger),
    Column("epoch", Integer),
    Column("attempts", Integer, nullable=False, default=0),
    Column("encoding", String(8)),
    Column("parts", Integer, nullable=False, default=0),
    Column("cost_micros", BigInteger, nullable=False, default=0),
    # Decision of the gate and who heard the text: codes and ids only.
    Column("decision", JSON),
    Column("trace", JSON),
    Column("error", String(16)),
    Column("created_at", BigInteger, nullable=False),
    Column("handed_over_at", BigInteger),
    Column("settled_at", BigInteger),
    Index(
        "uq_message_provider_id",
        "provider_id",
        unique=True,
        postgresql_where=text("provider_id IS NOT NULL"),
        sqlite_where=text("provider_id IS NOT NULL"),
    ),
    Index("ix_message_person_id_id", "person_id", "id"),
    Index(
        "ix_message_in_reply_to",
        "in_reply_to",
        postgresql_where=text("in_reply_to IS NOT NULL"),
        sqlite_where=text("in_reply_to IS NOT NULL"),
    ),
    Index(
        "ix_message_outbox",
        "lane",
        "due_at",
        "id",
        postgresql_where=text("state IN ('waiting', 'deferred')"),
        sqlite_where=text("state IN ('waiting', 'deferred')"),
    ),
    Index(
        "ix_message_open",
        "handed_over_at",
        postgresql_where=text("state IN ('claimed', 'handed_over', 'uncertain')"),
        sqlite_where=text("state IN ('claimed', 'handed_over', 'uncertain')"),
    ),
    sqlite_with_rowid=False,
)

suppression = Table(
    "suppression",
    metadata,
    _id(),
    Column("number_hmac", LargeBinary(16), nullable=False),
    # Null means all: every sender, brand, purpose, channel.
    Column("sender", String(32)),
    Column("brand", String(64)),
    Column("purpose", String(16)),
    Column("channel", String(16)),
    Column("at", BigInteger, nullable=False),
    Column("via", String(24), nullable=False),
    Column("evidence_id", String(26)),
    # The person named this scope in so many words; the kind of message the stop answered.
    Column("chosen", Boolean, nullable=False, default=False),
    Column("reply_to_kind", String(24)),
    Column("lifted_at", BigInteger),
    Column("lifted_by", String(26)),
    Index(
        "ix_suppression_number_hmac",
        "number_hmac",
        postgresql_where=text("lifted_at IS NULL"),
        sqlite_where=text("lifted_at IS NULL"),
    ),
)

# Today's consent, folded from the ledger; the ledger is the truth.
consent = Table(
    "consent",
    metadata,
    Column("person_id", String(26), primary_key=True),
    Column("purpose", String(16), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("basis", String(24), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("ledger_seq", BigInteger, nullable=False),
    Column("double_opt_in", String(12)),
    sqlite_with_rowid=False,
)

ledger = Table(
    "ledger",
    metadata,
    Column("brand", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    # The canonical JSON that was hashed, to the byte.
    Column("line", Text, nullable=False),
    Column("person_id", String(26)),
    Column("event", String(16), nullable=False),
    Column("message_id", String(26)),
    Column("at", BigInteger, nullable=False),
    Index("ix_ledger_person_id", "person_id"),
    Index("ix_ledger_message_id", "message_id"),
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("brand", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

# Mandatory wordings as they were shown; the ledger names them by hash.
wording = Table(
    "wording",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("brand", String(64), nullable=False),
    Column("code", String(32), nullable=False),
    Column("language", String(2), nullable=False),
    Column("text", Text, nullable=False),
    Column("first_shown_at", BigInteger, nullable=False),
)

event = Table(
    "event",
    metadata,
    _id(),
    Column("brand", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("person_id", String(26)),
    Column("conversation_id", String(26)),
    Column("message_id", String(26)),
    Column("flow", String(64)),
    Column("version", String(64)),
    Column("step", String(64)),
    Column("data", JSON),
    Index("ix_event_kind_at", "brand", "kind", "at"),
    sqlite_with_rowid=False,
)

coupon = Table(
    "coupon",
    metadata,
    _id(),
    Column("brand", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("code", String(32), nullable=False),
    Column("person_id", String(26), nullable=False),
    Column("flow", String(64), nullable=False),
    Column("message_id", String(26)),
    Column("given_at", BigInteger, nullable=False),
    Column("redeemed_at", BigInteger),
    Column("redeemed_by", String(64)),
    UniqueConstraint("brand", "code"),
    UniqueConstraint("person_id", "name"),
)

# Who did what, who tried what: never deleted, ids and codes only.
audit = Table(
    "audit",
    metadata,
    _id(),
    Column("brand", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("subject", String(64)),
    Column("data", JSON),
    Index("ix_audit_actor_at", "brand", "actor", "at"),
)

lane = Table(
    "lane",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("owner", String(64)),
    Column("lease_until", BigInteger, nullable=False),
)

# Cost by day, spread over shards so that turns do not queue for one row.
spend = Table(
    "spend",
    metadata,
    Column("brand", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("micros", BigInteger, nullable=False),
    Column("parts", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# A published brand or flow: its source text, who and when. `active` marks the current one.
publication = Table(
    "publication",
    metadata,
    _id(),
    Column("brand", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("name", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("published_by", String(64), nullable=False),
    Column("active", Boolean, nullable=False),
    Index("ix_publication_brand_active", "brand", "active"),
    Index("ix_publication_hash", "hash"),
)

# Single values that all processes share: clock_offset, publication serial, last receipt, ...
marker = Table(
    "marker",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
