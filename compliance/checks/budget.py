"""Has the brand spent what it wanted to spend today?

Example: the daily ceiling is reached at noon; offers and replies stop, STOP and HELP are answered.
"""

from __future__ import annotations

from datetime import datetime

from compliance.judging import found, owed
from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding, Kind, Reason

ORDER = 140


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks all but the answers that are owed, once the ceiling is reached."""
    if not facts.budget_reached or owed(ask) or ask.kind is Kind.opt_out_confirmation:
        return None
    return found(rules, "budget", Reason.budget_reached, rules.at(facts, now).policy)
