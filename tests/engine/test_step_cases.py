"""Golden cases: one file for each kind of step, found by folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.engine.compile import compile_flow
from bot.engine.events import TimerSet
from bot.engine.fields import Duration
from bot.engine.steps import kinds
from tests.engine.play import BRAND, Stage, flows_of, told

CASES = Path(__file__).parent / "cases"


def _cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yml")):
        for case in yaml.load_all(path.read_text("utf-8"), yaml.BaseLoader):
            found.append(pytest.param(path.stem, case, id=f"{path.stem}: {case['case']}"))
    return found


def test_every_kind_of_step_has_a_case_in_which_it_occurs() -> None:
    occurring = {path.stem for path in CASES.glob("*.yml")}
    assert occurring == set(kinds())


@pytest.mark.parametrize(("kind", "case"), _cases())
def test_the_case_goes_as_written(kind: str, case: Any) -> None:
    data = {"flow": "case", "purpose": "service", **case["flow"]}
    flow, problems = compile_flow(data, BRAND, "v1", {})
    assert flow is not None, problems
    assert kind in {step.kind for step in flow.steps.values()}
    stage = Stage(flows_of(flow))
    for act in case["script"]:
        (does, what), expected = next(iter(act.items())), act["bot"]
        match does:
            case "text":
                turns = [stage.text(what)]
            case "after":
                turns = stage.later(Duration().deserialize(what))
            case _:
                turns = [stage.give_back()]
        happened = [event for turn in turns for event in turn.events]
        lines = [told(event) for event in happened if not isinstance(event, TimerSet)]
        assert lines == expected, what
