"""May a text of this kind come from this kind of sender in the person's country?

Example: an offer in France from an 06 number, or from a 38xxx short code that is not for offers.
"""

from __future__ import annotations

import re
from datetime import datetime

from compliance.judging import counts_as, found, owed
from compliance.rulebook import Rules, SenderRules
from compliance.types import Ask, Facts, Finding, Kind, Reason, Sender

ORDER = 120
_SHORT_CODE = re.compile(r"[0-9]{2}[0-9xX]{3}")


def check(ask: Ask, facts: Facts, rules: Rules, now: datetime) -> Finding | None:
    """Blocks senders that the country does not take for this."""
    sender = ask.sender
    if not sender.type and not sender.number:
        return None
    law = rules.at(facts, now).senders
    if not _refused(sender, counts_as(ask), law.value) or owed(ask):
        return None
    known = (("type", sender.type), ("number", sender.number), ("name", sender.name))
    return found(rules, "sender", Reason.sender_not_allowed, law, facts=known)


def _refused(sender: Sender, kind: Kind, rule: SenderRules) -> bool:
    if sender.type in rule.types or (rule.prefixes and sender.number.startswith(rule.prefixes)):
        return True
    short_code = _SHORT_CODE.fullmatch(sender.number) is not None
    if short_code and kind is Kind.marketing and rule.information_only:
        return sender.number.startswith(rule.information_only)
    name = sender.name if sender.type == "alphanumeric" else ""
    if not name or not rule.name:
        return False
    return re.fullmatch(rule.name, name) is None or name.upper() in rule.generic
