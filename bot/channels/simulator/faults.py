"""What goes wrong, how often, and with which dice.

    faults = Faults.from_json({"seed": 7, "fail": [{"code": 30003, "next": 2}], "lose": 0.1})
    faults.failure("+33639980001")   # 30003, twice; then None

Keys of POST /faults (all optional; what is not named stays as it was):

- `seed`: starts the dice anew
- `delay_ms` [from, to]: between two states of a message
- `answer_delay_ms` [from, to]: before the API answers
- `fail` [{code, next | probability, to?}]: codes of 20xxx and 21xxx refuse the call, codes of
  30xxx fail the message after it was accepted
- `die_after_accept`, `die_before_accept` {next | probability}: the connection breaks without an
  answer, with and without the message in the books
- `lose`, `duplicate`, `reorder` (probabilities): status callbacks; `reorder_ms` [from, to] is how
  long an overtaken one is held back
- `lose_inbound` {next | probability}: a customer's text reaches the books and never the webhook
- `customers` [{pattern, answer, delay_ms?, times?, to?}]: who gets a text that matches the regular
  expression answers it, groups (\\1) filled in
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate


class _Range(fields.List[int]):
    def __init__(self) -> None:
        super().__init__(
            fields.Integer(validate=validate.Range(min=0)), validate=validate.Length(equal=2)
        )


def _probability(**options: Any) -> fields.Float:
    return fields.Float(validate=validate.Range(min=0, max=1), **options)


class _Chance(Schema):
    next = fields.Integer(load_default=0)
    probability = _probability(load_default=0.0)


class _Failure(_Chance):
    code = fields.Integer(required=True)
    to = fields.String(load_default=None, allow_none=True)


class _Customer(Schema):
    pattern = fields.String(required=True)
    answer = fields.String(required=True)
    delay_ms = _Range()
    times = fields.Integer(load_default=None, allow_none=True)
    to = fields.String(load_default=None, allow_none=True)


class _FaultsForm(Schema):
    seed = fields.Integer()
    delay_ms = _Range()
    answer_delay_ms = _Range()
    reorder_ms = _Range()
    lose = _probability()
    duplicate = _probability()
    reorder = _probability()
    fail = fields.List(fields.Nested(_Failure))
    die_after_accept = fields.Nested(_Chance)
    die_before_accept = fields.Nested(_Chance)
    lose_inbound = fields.Nested(_Chance)
    customers = fields.List(fields.Nested(_Customer))


def _never() -> dict[str, Any]:
    return {"next": 0, "probability": 0.0}


@dataclass
class Faults:
    """The present faults; the counters of `next` and `times` run down as they strike."""

    seed: int = 0
    delay_ms: list[int] = field(default_factory=lambda: [0, 0])
    answer_delay_ms: list[int] = field(default_factory=lambda: [0, 0])
    reorder_ms: list[int] = field(default_factory=lambda: [100, 300])
    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    fail: list[dict[str, Any]] = field(default_factory=list)
    die_after_accept: dict[str, Any] = field(default_factory=_never)
    die_before_accept: dict[str, Any] = field(default_factory=_never)
    lose_inbound: dict[str, Any] = field(default_factory=_never)
    customers: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._dice = random.Random(self.seed)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Faults:
        faults = cls()
        faults.update(data)
        return faults

    def update(self, data: dict[str, Any]) -> None:
        """Change what `data` names. Raises marshmallow's ValidationError."""
        loaded: dict[str, Any] = _FaultsForm().load(data)
        for rule in loaded.get("customers", []):
            try:
                re.compile(rule["pattern"])
            except re.error as error:
                raise ValidationError({"customers": [f"pattern: {error}"]}) from error
        with self._lock:
            for name, value in loaded.items():
                setattr(self, name, value)
            if "seed" in loaded:
                self._dice = random.Random(self.seed)

    def as_json(self) -> dict[str, Any]:
        with self._lock:
            return {name: getattr(self, name) for name in _FaultsForm().fields}

    def failure(self, to: str) -> int | None:
        """The error code that strikes a message to this number, if one does."""
        with self._lock:
            for rule in self.fail:
                if rule["to"] in (None, to) and self._strikes(rule):
                    return int(rule["code"])
        return None

    def strikes(self, name: str) -> bool:
        """Whether one of the faults with a counter or a probability strikes now."""
        with self._lock:
            chance = getattr(self, name)
            if isinstance(chance, dict):
                return self._strikes(chance)
            return bool(chance) and self._dice.random() < chance

    def within(self, name: str) -> int:
        """A number of ms from one of the ranges."""
        low, high = getattr(self, name)
        with self._lock:
            return low if high <= low else self._dice.randint(low, high)

    def scripted_answer(self, customer: str, body: str) -> tuple[str, int] | None:
        """What a scripted customer answers to this text, and after how many ms."""
        with self._lock:
            for rule in self.customers:
                match = re.search(rule["pattern"], body)
                if not match or rule["to"] not in (None, customer) or rule["times"] == 0:
                    continue
                if rule["times"] is not None:
                    rule["times"] -= 1
                low, high = rule.get("delay_ms") or (0, 0)
                delay = low if high <= low else self._dice.randint(low, high)
                return match.expand(rule["answer"]), delay
        return None

    def _strikes(self, chance: dict[str, Any]) -> bool:
        if chance["next"] > 0:
            chance["next"] -= 1
            return True
        return bool(chance["probability"]) and self._dice.random() < chance["probability"]
