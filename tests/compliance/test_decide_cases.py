"""Written cases: the public set, this room's own, and what each check is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.casefile import Case, all_cases, answer, read_cases, run_case
from compliance.checks import Check, all_checks
from compliance.decide import decide, load_rules
from compliance.types import Finding, Outcome, Reason

PUBLIC = Path(__file__).parent / "data" / "decisions_public.yaml"
OURS = list(all_cases())
EVERY = [*read_cases(PUBLIC), *OURS]
CHECKS = all_checks()


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.id)
def test_a_written_case_is_decided_as_it_expects(case: Case) -> None:
    given = answer(case)
    assert given.as_expected, (case.title, given.row(), dict(case.expect), given.decision.findings)


def test_the_public_cases_are_all_there() -> None:
    assert len(read_cases(PUBLIC)) == 41


def test_ids_are_unique() -> None:
    assert len({case.id for case in EVERY}) == len(EVERY)


def test_a_deferral_is_written_on_the_clock_of_the_person() -> None:
    case = next(case for case in EVERY if case.id == "fr-autumn")
    assert run_case(case) == ("defer", "quiet_hours", "2026-10-26T08:00:00+01:00")


def test_every_reason_is_given_by_some_case() -> None:
    given = {decide(case.ask, case.facts, load_rules(), case.now).reason for case in EVERY}
    assert given == set(Reason)


@pytest.mark.parametrize("name", [name for name, _ in CHECKS])
def test_without_a_check_some_case_comes_out_otherwise(name: str) -> None:
    rest = tuple(one for one in CHECKS if one[0] != name)
    assert _changed(rest), f"nothing is lost with checks/{name}.py"


@pytest.mark.parametrize("name", [name for name, _ in CHECKS])
def test_every_check_has_a_case_of_its_own_that_fails_without_it(name: str) -> None:
    rest = tuple(one for one in CHECKS if one[0] != name)
    own = {case.id for case in OURS if case.check == name}
    assert own & _changed(rest), f"write a case with `check: {name}` in compliance/cases/"


@pytest.mark.parametrize("name", [name for name, _ in CHECKS])
def test_a_check_turned_on_its_head_is_noticed(name: str) -> None:
    mutants = tuple((one, _inverted(check) if one == name else check) for one, check in CHECKS)
    assert _changed(mutants)


@pytest.mark.parametrize("name", [name for name, _ in CHECKS])
def test_a_check_that_breaks_closes_the_door(name: str) -> None:
    def broken(*_: object) -> Finding | None:
        raise RuntimeError

    mutants = tuple((one, broken if one == name else check) for one, check in CHECKS)
    rules = load_rules()
    for case in OURS:
        decided = decide(case.ask, case.facts, rules, case.now, checks=mutants)
        assert decided.outcome is Outcome.block


def _changed(checks: tuple[tuple[str, Check], ...]) -> set[str]:
    """The cases that come out otherwise with these checks."""
    rules = load_rules()
    changed = set()
    for case in EVERY:
        usual = decide(case.ask, case.facts, rules, case.now)
        now = decide(case.ask, case.facts, rules, case.now, checks=checks)
        if (usual.outcome, usual.reason, usual.defer_until) != (
            now.outcome,
            now.reason,
            now.defer_until,
        ):
            changed.add(case.id)
    return changed


def _inverted(check: Check) -> Check:
    """Nothing where it refused, and a refusal where it did not."""

    def turned(*given: object) -> Finding | None:
        finding = check(*given)  # type: ignore[arg-type]
        if finding is not None and finding.outcome is not Outcome.allow:
            return None
        return Finding("turned", Outcome.block, Reason.suppressed)

    return turned
