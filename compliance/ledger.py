"""The consent ledger: what was asked, answered, given and taken back, in one unbroken chain.

Append-only. Each line is canonical JSON, hashed together with the hash before it, one chain per
brand. The hashed form holds ids, codes, times, keyed hashes and salted commitments, never a text or
a number: what a person wrote is kept sealed elsewhere, so their key can be destroyed and the chain
still verifies. Today's state is a *fold* of the lines; nothing else decides what consent stands.

>>> first = LedgerLine(event=LedgerEvent.request, occurred_at=0, purpose="marketing", seq=1)
>>> row = Sealed("", 1, GENESIS, seal(GENESIS, first), canonical(first).decode())
>>> verify([row]) is None
True
>>> verify([replace(row, line=row.line.replace("marketing", "service"))]).seq
1
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

#: What the first line of every chain follows.
GENESIS = "0" * 64


class LedgerEvent(StrEnum):
    """What happened to a consent.

    request: we asked (the first half of a double opt-in). confirm: the person said yes to it.
    refuse: they said no. grant: consent given in one act. withdraw, object, restrict, erase: the
    person's rights. restore, start: the person came back, by the right or by the word.
    """

    request = "request"
    grant = "grant"
    confirm = "confirm"
    refuse = "refuse"
    withdraw = "withdraw"
    object = "object"
    restrict = "restrict"
    erase = "erase"
    restore = "restore"
    start = "start"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line. Times in ms since the epoch (UTC), `language` ISO 639-1, `jurisdiction` ISO 3166.

    The fields are those that the EDPB (05/2020, par. 104-108) and the CTIA (5.1.2) want kept: who
    (a pseudonymous id), what for, when, by which means, in which words, with which evidence.
    `purpose` "all" is every purpose. `method`: keyword, web, paper, voice, import, api, carrier.
    `wording_hash` names the exact words that were shown. `evidence` is a salted commitment to what
    the person wrote, `evidence_message_id` the message that holds it. `asked_at` and `answered_at`
    are the two halves of a double opt-in. `prev` chains are made by `seal`, not by a field.
    """

    event: LedgerEvent
    occurred_at: int
    brand: str = ""
    seq: int = 0
    person_id: str | None = None
    subject: str | None = None
    purpose: str = "all"
    channel: str = "sms"
    sender: str | None = None
    recorded_at: int | None = None
    method: str = "keyword"
    legal_basis: str | None = None
    jurisdiction: str | None = None
    language: str | None = None
    wording_code: str | None = None
    wording_hash: str | None = None
    asked_at: int | None = None
    answered_at: int | None = None
    answer: str | None = None
    evidence: str | None = None
    evidence_message_id: str | None = None
    form: str | None = None
    actor: str = "person"
    rules_version: str = ""


_NAMES = tuple(sorted(one.name for one in fields(LedgerLine)))


def canonical(line: LedgerLine) -> bytes:
    """The bytes that are hashed: JSON, keys sorted, no spaces, ASCII only, nothing left out.

    The shape follows RFC 8785 as far as strings, integers and nulls need it.
    """
    data = {name: getattr(line, name) for name in _NAMES}
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


def seal(previous: str, line: LedgerLine) -> str:
    """The hash (64 hex digits) of a line after the line whose hash is `previous`."""
    return _hash(previous, canonical(line))


def commitment(salt: bytes, text: str) -> str:
    """A salted commitment to a text: proves it later, tells nothing without the salt."""
    return hashlib.sha256(salt + text.encode("utf-8", "replace")).hexdigest()


def wording_hash(text: str) -> str:
    """The version of a wording: SHA-256 of the words as they were shown."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A line as it is stored: `line` is the canonical JSON to the byte.

    `beside` holds what is stored a second time next to it, for look-up: (name of the field in the
    line, value) pairs, which have to say the same.
    """

    brand: str
    seq: int
    prev_hash: str
    hash: str
    line: str
    beside: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """The first line of a chain that is not what was written.

    `why`: gap, chain, changed, beside (a column next to the line says something else), head.
    """

    brand: str
    seq: int
    why: str


def verify(rows: Iterable[Sealed], head: tuple[int, str] | None = None) -> Broken | None:
    """Walk one brand's chain in order; the first broken line, or None.

    `head` is the sequence number and hash that the chain must end with, so that lines cut off at
    the end are noticed as well.
    """
    previous, seq, brand = GENESIS, 0, ""
    for row in rows:
        brand = row.brand
        seq += 1
        if row.seq != seq:
            return Broken(brand, seq, "gap")
        if row.prev_hash != previous:
            return Broken(brand, seq, "chain")
        if _hash(previous, row.line.encode("ascii", "replace")) != row.hash:
            return Broken(brand, seq, "changed")
        if not _says_the_same(row):
            return Broken(brand, seq, "beside")
        previous = row.hash
    if head is not None and head != (seq, previous):
        return Broken(brand, seq + 1, "head")
    return None


def _says_the_same(row: Sealed) -> bool:
    """Whether what stands beside a line is what the hashed line says.

    Everything that is looked up is looked up by these columns, so a line moved to another brand
    or person has to be noticed although its hash still fits.
    """
    try:
        said = json.loads(row.line)
    except ValueError:
        return False
    beside = (("brand", row.brand), ("seq", row.seq), *row.beside)
    return isinstance(said, dict) and all(said.get(name) == value for name, value in beside)


@dataclass(frozen=True, slots=True)
class State:
    """Consent of one person to one purpose on one channel after all lines so far."""

    state: str = "none"
    since: int = 0
    seq: int = 0
    double_opt_in: str | None = None
    wording_hash: str | None = None


@dataclass(slots=True)
class Folded:
    """Today's state: consents by (person, purpose, channel), and who stopped what, since when."""

    consents: dict[tuple[str, str, str], State] = field(default_factory=dict)
    stopped: dict[tuple[str, str], int] = field(default_factory=dict)


_GIVES = {
    LedgerEvent.request: "pending",
    LedgerEvent.grant: "granted",
    LedgerEvent.confirm: "granted",
}
_TAKES = frozenset(
    {LedgerEvent.withdraw, LedgerEvent.object, LedgerEvent.erase, LedgerEvent.refuse}
)


def fold(lines: Iterable[LedgerLine]) -> Folded:
    """Fold lines, oldest first, into today's state.

    A withdrawal of "all" takes every purpose back. `start` ends the stop; it gives no consent by
    itself: what comes back with it stands in lines of its own (`grant`).
    """
    folded = Folded()
    for line in lines:
        _fold_one(folded, line)
    return folded


def _fold_one(folded: Folded, line: LedgerLine) -> None:
    who = line.person_id or line.subject or ""
    if line.event in _TAKES:
        _take_back(folded, who, line)
    elif line.event in (LedgerEvent.start, LedgerEvent.restore):
        for stop in [stop for stop in folded.stopped if stop[0] == who]:
            del folded.stopped[stop]
    elif line.event in _GIVES:
        key = (who, line.purpose, line.channel)
        before = folded.consents.get(key, State())
        gives = _GIVES[line.event]
        if gives == "pending" and before.state == "granted":
            return  # Asking again takes nothing away.
        both = "done" if line.event is LedgerEvent.confirm else before.double_opt_in
        if gives == "pending":
            both = "pending"
        folded.consents[key] = State(
            gives, line.occurred_at, line.seq, both, line.wording_hash or before.wording_hash
        )


def _take_back(folded: Folded, who: str, line: LedgerLine) -> None:
    for key, before in list(folded.consents.items()):
        person, purpose, channel = key
        if person != who or channel != line.channel or line.purpose not in ("all", purpose):
            continue
        if before.state != "withdrawn":
            folded.consents[key] = replace(
                before, state="withdrawn", since=line.occurred_at, seq=line.seq
            )
    if line.event is not LedgerEvent.refuse:
        folded.stopped[(who, line.purpose)] = line.occurred_at


@dataclass(frozen=True, slots=True)
class Before:
    """A consent as it stood before a START."""

    purpose: str
    state: str
    double_opt_in: str | None = None


def start_effect(start_is_consent: bool, before: Iterable[Before]) -> tuple[str, ...]:
    """The purposes that a START brings back: those confirmed before, where the country says so.

    Elsewhere nothing comes back: the opt-in question is asked, and marketing waits for its answer.
    """
    if not start_is_consent:
        return ()
    return tuple(
        one.purpose for one in before if one.state == "withdrawn" and one.double_opt_in == "done"
    )


def _hash(previous: str, line: bytes) -> str:
    return hashlib.sha256(previous.encode("ascii") + line).hexdigest()
