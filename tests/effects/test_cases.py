"""One golden case an effect, found by folder: an event goes in, the rows that it leads to come out.

A case is `tests/effects/cases/<effect>.yml`: `event` names the fields of the event (without its
origin), `before` what is known of the moment, `rows` what is noted, `person` what of it changes.
Ids are told as <1>, <2> in the order in which they are made.
"""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import effects
from bot.effects.moment import Moment
from bot.engine import events
from bot.engine.brand import Brand, Sender
from bot.engine.events import Event, Origin
from bot.engine.flow import Purpose
from bot.store.changes import Changes
from bot.store.standing import ConsentRow, Standing, SuppressionRow
from bot.store.vault import Vault
from tests.support.clock import Dice

CASES = Path(__file__).parent / "cases"
EFFECTS = Path(effects.__file__).parent
NOW = 1_767_225_600_000
ORIGIN = Origin("lunch", "hash-of-lunch", "box")
KINDS = {
    effects.file_of(kind): kind
    for _name, kind in inspect.getmembers(events, inspect.isclass)
    if issubclass(kind, Event) and kind is not Event
}
BRAND = Brand(
    "margot", "Chez Margot", "FR", ("FR",), "Europe/Paris", ("fr", "en"), (Sender("36000"),)
)  # fmt: skip


def moment_of(before: dict[str, Any]) -> Moment:
    """A person who has just texted, with what the case says of them."""
    vault = Vault(b"k" * 32, Dice().bytes)
    key, _wrapped = vault.new_key("P")
    made = iter(range(1, 100))
    consents = tuple(ConsentRow(**one) for one in before.pop("consents", ()))
    refusals = tuple(SuppressionRow(**one) for one in before.pop("suppressions", ()))
    return Moment(
        brand=BRAND,
        sender=BRAND.senders[0],
        channel="twilio",
        standing=Standing(
            "P", "margot", "+33639984107", b"h" * 16, "fr", "FR", "Europe/Paris", 3,
            consents=consents, suppressions=refusals,
        ),
        key=key,
        changes=Changes("margot", "P", 3),
        now=NOW,
        new_id=lambda: f"<{next(made)}>",
        rules_version="rules",
        inbound_id="IN",
        evidence="OUI",
        language="fr",
        **before,
    )  # fmt: skip


def event_of(kind: type[Event], told: dict[str, Any]) -> Event:
    if "purpose" in told:
        told["purpose"] = Purpose(told["purpose"])
    return kind(ORIGIN, **told)


def noted(moment: Moment) -> dict[str, Any]:
    """Everything that the moment holds and did not hold at first, as plain data."""
    changes = dataclasses.asdict(moment.changes)
    rows = {
        name: value
        for name, value in changes.items()
        if value and name not in ("brand", "person_id", "version")
    }
    for one in rows.get("ledger", ()):
        one["evidence"] = bool(one["evidence"])
        for name in [name for name, value in one.items() if value is None]:
            del one[name]
    drafts = [
        {
            name: getattr(one, name)
            for name in ("body", "language", "purpose", "promotes", "asks", "confirmation", "step")
        }
        for one in moment.drafts
    ]
    found = {
        **rows,
        "drafts": drafts,
        "timers": moment.timers,
        "marks": moment.marks,
        "fields": moment.fields if moment.fields_changed else {},
        "refusals_left": [[r.sender, r.brand, r.purpose] for r in moment.standing.suppressions],
        "consents_now": {r.purpose: r.state for r in moment.standing.consents},
        "conversation": moment.conversation,
    }
    plain: dict[str, Any] = yaml.safe_load(
        yaml.safe_dump(_plain({k: v for k, v in found.items() if v}))
    )
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(value) if isinstance(value, str) else value


@pytest.mark.parametrize("file", sorted(CASES.glob("*.yml")), ids=lambda file: file.stem)
def test_an_event_leads_to_these_rows(file: Path) -> None:
    case = yaml.safe_load(file.read_text("utf-8"))
    kind = KINDS[file.stem.split("-")[0]]
    moment = moment_of(case.get("before") or {})
    effects.settle([event_of(kind, case["event"])], moment)
    assert noted(moment) == case["rows"]


def test_every_event_has_an_effect_of_its_name_and_a_case() -> None:
    files = {path.stem for path in EFFECTS.glob("*.py")} - {"__init__"}
    helpers = {"lifting", "lines", "moment"}
    assert files - helpers == set(KINDS), "one engine event a file, and one file an event"
    assert {file.stem.split("-")[0] for file in CASES.glob("*.yml")} == set(KINDS)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_an_effect_says_what_it_does_with_an_example(name: str) -> None:
    module = __import__(f"bot.effects.{name}", fromlist=["apply"])
    assert module.__doc__
    assert f"`{KINDS[name].__name__}(origin" in module.__doc__
    assert module.apply.__doc__


def test_an_event_without_an_effect_raises() -> None:
    class Invented(Event):
        pass

    with pytest.raises(KeyError):
        effects.settle([Invented(ORIGIN)], moment_of({}))


def test_effects_are_settled_in_order() -> None:
    moment = moment_of({})
    effects.settle(
        [
            events.Began(ORIGIN, "C1", "keyword"),
            events.TimerSet(ORIGIN, "silence", NOW + 1, 1),
            events.Ended(ORIGIN, "C1", "done"),
        ],
        moment,
    )
    (row,) = moment.changes.conversations
    assert (row["state"], row["outcome"]) == ("ended", "done")
    assert moment.changes.conversation_updates == []
    assert moment.timers == {}
