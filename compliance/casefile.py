"""Decision cases: situations written by a person, read as plain data, decided and compared.

    for case in read_cases(path):
        print(case.id, run_case(case))         # (decision, reason, defer_until)

The format is the project's own (`compliance/cases/*.yml` and the public set). A case speaks of the
law alone, so the frequency that a brand sets for itself does not count unless the case says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from compliance.decide import decide
from compliance.rulebook import Rules, load_rules
from compliance.types import (
    Ask,
    Cap,
    Consent,
    Contact,
    Content,
    Customer,
    Decision,
    Facts,
    History,
    Kind,
    Provider,
    Sender,
    Suppression,
)

CASES = Path(__file__).parent / "cases"
_Data = Mapping[str, Any]
_LIFTS_NOTHING = frozenset({"csv_import", "import", "crm_import", "api", "staff", "agent"})
#: Ways in which a person names a scope in so many words, so that no rule may widen it.
_CHOSEN = frozenset({"clarification", "preference_centre", "preferences", "menu", "category"})


@dataclass(frozen=True, slots=True)
class Case:
    """One situation: what is asked, what is known, when, and what should come of it."""

    id: str
    title: str
    ask: Ask
    facts: Facts
    now: datetime
    expect: _Data
    check: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided on a case, and whether it is what the case expects."""

    case: Case
    decision: Decision
    as_expected: bool

    def row(self) -> dict[str, str | None]:
        """`{"id", "decision", "reason", "defer_until"}`, as `parley decide --json` writes it."""
        until = self.decision.defer_until
        return {
            "id": self.case.id,
            "decision": str(self.decision.outcome),
            "reason": str(self.decision.reason),
            "defer_until": until.isoformat() if until else None,
        }


def read_cases(path: Path | str) -> list[Case]:
    """The cases of a YAML file (`cases: [...]`). Raises ValueError naming the case that is wrong,
    OSError when there is no such file."""
    data = yaml.load(Path(path).read_text("utf-8"), yaml.CSafeLoader) or {}
    cases = []
    for entry in data.get("cases", []):
        try:
            cases.append(case_of(entry))
        except (KeyError, TypeError, ValueError) as wrong:
            raise ValueError(f"case {entry.get('id', '?')}: {wrong!r}") from wrong
    return cases


def case_of(entry: _Data) -> Case:
    """One case of the format as typed data."""
    return Case(
        id=str(entry["id"]),
        title=str(entry.get("title", "")),
        ask=_ask(entry.get("message", {})),
        facts=_facts(entry),
        now=_moment(entry["now"]),
        expect=entry.get("expect", {}),
        check=str(entry.get("check", "")),
    )


def answer(case: Case, rules: Rules | None = None) -> Answer:
    """Decide a case and compare it with what it expects, times compared as moments."""
    decision = decide(case.ask, case.facts, rules or load_rules(), case.now)
    expect = case.expect
    same = (
        expect.get("decision", decision.outcome) == decision.outcome
        and expect.get("reason", decision.reason) == decision.reason
        and ("defer_until" not in expect or _maybe(expect["defer_until"]) == decision.defer_until)
    )
    return Answer(case, decision, same)


def run_case(case: Case, rules: Rules | None = None) -> tuple[str, str, str | None]:
    """What is decided on a case: decision, reason, and until when (ISO 8601) if it waits."""
    row = answer(case, rules).row()
    return str(row["decision"]), str(row["reason"]), row["defer_until"]


def all_cases() -> Iterator[Case]:
    """Every case of this room's own folder."""
    for path in sorted(CASES.glob("*.yml")):
        yield from read_cases(path)


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return moment


def _maybe(value: Any) -> datetime | None:
    return None if value is None else _moment(value)


def _ask(message: _Data) -> Ask:
    content, sender = message.get("content") or {}, message.get("sender") or {}
    return Ask(
        kind=Kind(message["kind"]),
        content=Content(
            identity=bool(content.get("identity", False)),
            stop_instruction=bool(content.get("stop_instruction", False)),
            promotional=bool(content.get("promotional", False)),
            mailing_address=bool(content.get("mailing_address", False)),
        ),
        sender=Sender(
            type=str(sender.get("type") or ""),
            number=str(sender.get("number") or ""),
            name=str(sender.get("name") or ""),
            stop_path=str(sender.get("stop_path") or ""),
            same_as_stopped=bool(sender.get("same_as_stopped", False)),
        ),
        channel=str(message.get("channel") or "sms"),
        brand=message.get("brand"),
        purpose=str(message.get("purpose") or ""),
        topic=message.get("topic"),
        product_family=message.get("product_family"),
        seller=message.get("seller"),
        enqueued_at=_maybe(message.get("enqueued_at")),
        in_reply_to_at=_maybe(message.get("in_reply_to_at")),
        by_person=bool(message.get("by_person", False)),
    )


def _facts(entry: _Data) -> Facts:
    contact = entry.get("contact") or {}
    stops = contact.get("suppression") or entry.get("suppression") or []
    stops = [stops] if isinstance(stops, Mapping) else stops
    provider, history = entry.get("provider") or {}, entry.get("history") or {}
    more = entry.get("facts") or {}
    error = provider.get("last_error")
    return Facts(
        contact=_contact(contact),
        consent=_consent(contact.get("consent") or {}),
        customer=_customer(contact.get("customer") or entry.get("customer") or {}),
        suppressions=tuple(_suppression(stop) for stop in stops if _stands(stop)),
        clarification_pending=any(stop.get("clarification") == "pending" for stop in stops),
        provider=Provider(None if error is None else int(error), provider.get("opt_out_type")),
        history=History(
            tuple(_moment(at) for at in history.get("marketing_sent_at") or ()),
            int(history.get("confirmations_since_opt_out") or 0),
        ),
        caps=tuple(Cap(int(cap["most"]), int(cap["hours"])) for cap in more.get("caps") or ()),
        profile=str(more.get("profile") or ""),
        country_served=bool(more.get("country_served", True)),
        loop_suspected=bool(more.get("loop_suspected", False)),
        budget_reached=bool(more.get("budget_reached", False)),
        own_sender=bool(more.get("own_sender", False)),
    )


def _contact(contact: _Data) -> Contact:
    return Contact(
        country=contact.get("country"),
        region=contact.get("region"),
        tz=contact.get("tz"),
        extra_tz=tuple(contact.get("extra_tz") or ()),
        age=contact.get("age"),
        age_verified=bool(contact.get("age_verified", False)),
        last_contact_from_person_at=_maybe(contact.get("last_contact_from_person_at")),
        flags=tuple(contact.get("flags") or ()),
    )


def _consent(consent: _Data) -> Consent:
    scope = consent.get("scope") or ()
    return Consent(
        state=str(consent.get("state") or "none"),
        basis=consent.get("basis"),
        channel=_channel(consent.get("channel")),
        scope=(scope,) if isinstance(scope, str) else tuple(scope),
        brand=consent.get("brand"),
        form=consent.get("form"),
        proof=bool(consent.get("proof", False)),
        double_opt_in=consent.get("double_opt_in"),
        granted_at=_maybe(consent.get("granted_at")),
        inquiry_at=_maybe(consent.get("inquiry_at")),
        informed_at_collection=bool(consent.get("informed_at_collection", False)),
        objected=bool(consent.get("objected", False)),
        context=consent.get("context"),
        source=consent.get("source"),
    )


def _channel(said: Any) -> str:
    """One declaration may cover several channels; what is asked about here is texts."""
    if isinstance(said, list | tuple):
        return "sms" if "sms" in said else str(next(iter(said), ""))
    return str(said or "sms")


def _customer(customer: _Data) -> Customer:
    return Customer(
        purchased=bool(customer.get("purchased", False)),
        product_family=customer.get("product_family"),
        last_purchase_at=_maybe(customer.get("last_purchase_at")),
        running_contract=bool(customer.get("running_contract", customer.get("contract", False))),
    )


def _stands(stop: _Data) -> bool:
    """Whether a "no" still counts. Only the person lifts one: a list that is imported does not."""
    if stop.get("scope"):
        return True
    return str(stop.get("via")) in _LIFTS_NOTHING or bool(stop.get("hashed"))


def _suppression(stop: _Data) -> Suppression:
    return Suppression(
        scope=str(stop.get("scope") or "all"),
        sender=stop.get("sender"),
        brand=stop.get("brand"),
        channel=stop.get("channel"),
        at=_maybe(stop.get("at")),
        via=str(stop.get("via") or ""),
        chosen=bool(stop.get("chosen", str(stop.get("via")) in _CHOSEN)),
        in_reply_to=stop.get("in_reply_to"),
    )
