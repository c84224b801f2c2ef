"""May this message go to this person at this moment? Allow, defer until, or block, with reasons.

    rules = load_rules()
    decision = decide(ask, facts, rules, now)

Every check of `checks/` is asked, and every finding is kept. One block blocks. Else the latest
deferral defers. Else something must *allow*: where no check does, the answer is no. A check that
breaks blocks as well.
"""

from __future__ import annotations

from datetime import datetime

from compliance.checks import Check, all_checks
from compliance.openings import zone_named
from compliance.rulebook import Country, Rules, Value, load_rules
from compliance.types import Ask, Decision, Facts, Finding, Outcome, Reason

__all__ = ["Country", "Rules", "Value", "decide", "load_rules"]


def decide(
    ask: Ask,
    facts: Facts,
    rules: Rules,
    now: datetime,
    *,
    checks: tuple[tuple[str, Check], ...] | None = None,
) -> Decision:
    """The decision on one message with the facts of `now` (aware).

    A deferral is later than `now` and inside the person's allowed hours, on the clock of their
    zone, or of `now` where the zone is not known. `checks` replaces the folder's, for tests. Raises
    ValueError on a naive `now`; whatever goes wrong inside a check blocks instead of raising.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime; give it a time zone")
    zone = zone_named(facts.contact.tz) if facts.contact.tz else None
    local = now.astimezone(zone) if zone is not None else now
    findings: list[Finding] = []
    for name, check in all_checks() if checks is None else checks:
        try:
            finding = check(ask, facts, rules, local)
        except Exception as broken:  # fail closed: a broken check is a closed door
            finding = _broken(name, broken, rules)
        if finding is not None:
            findings.append(finding)
    return _weigh(tuple(findings), now)


def _weigh(findings: tuple[Finding, ...], now: datetime) -> Decision:
    first: Finding | None = None
    until = now
    for finding in findings:
        if finding.outcome is Outcome.block:
            return Decision(Outcome.block, finding.reason, None, findings)
    for finding in findings:
        if finding.outcome is Outcome.defer:
            if finding.defer_until is None or finding.defer_until <= now:
                return Decision(Outcome.block, finding.reason, None, findings)
            if first is None or first.outcome is Outcome.allow:
                first = finding
            until = max(until, finding.defer_until)
        elif first is None:
            first = finding
    if first is None:
        return Decision(Outcome.block, Reason.no_consent, None, findings)
    if first.outcome is Outcome.defer:
        return Decision(Outcome.defer, first.reason, until, findings)
    return Decision(Outcome.allow, first.reason, None, findings)


def _broken(name: str, broken: Exception, rules: Rules) -> Finding:
    version = str(getattr(rules, "version", ""))
    known = (("broken_check", name), ("error", type(broken).__name__))
    return Finding(name, Outcome.block, Reason.unknown_place, version=version, facts=known)
