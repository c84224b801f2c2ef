"""Steps from which no end can be reached: whoever comes there is asked round and round.

Every way through a flow has to come to an `end`, to a person, or behind the last step.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.flow import Flow
from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import in_file_order, may_end, reachable, ways

CODE = "P003"
SEVERITY = "error"
EXAMPLE = """
flow: hours
purpose: service
start: {keywords: [HOURS]}
steps:
  - id: day
    ask: Which day? 1 Monday 2 Sunday
    answer: {choice: {monday: ["1"], sunday: ["2"]}}
    wrong: [Reply 1 or 2., {go: day}]
    silent: {after: 20 min, go: day}
  - say: We open at noon.
    then: day
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of the first step of each part of the flow that has no way out."""
    for flow in context.flows.values():
        live = reachable(flow, [flow.first])
        stuck = in_file_order(flow, live - _may_come_to_an_end(flow, live))
        told: set[str] = set()
        for step in stuck:
            if step not in told:
                told |= reachable(flow, [step])
                yield Found(flow.name, flow.steps[step].path, {"step": step})


def _may_come_to_an_end(flow: Flow, live: set[str]) -> set[str]:
    """The steps from which some way leads to an end: found backwards, from the ends."""
    behind: dict[str, list[str]] = {}
    for step in live:
        for to in ways(flow.steps[step]):
            behind.setdefault(to, []).append(step)
    waiting = [step for step in live if may_end(flow.steps[step])]
    found: set[str] = set()
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += behind.get(here, [])
    return found
