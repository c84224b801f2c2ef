"""A goal whose `convert` stands where nobody comes: the flow could never succeed."""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import reachable

CODE = "P007"
SEVERITY = "error"
EXAMPLE = """
flow: lunch
purpose: service
goal: order_placed
start: {keywords: [LUNCH]}
steps:
  - say: Lunch is noted.
  - end: done
  - convert: order_placed
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of a goal that no step within reach converts."""
    for flow in context.flows.values():
        live = reachable(flow, [flow.first])
        reached = {
            getattr(flow.steps[step].body, "name", "")
            for step in live
            if flow.steps[step].kind == "convert"
        }
        if flow.goal is not None and flow.goal not in reached:
            yield Found(flow.name, "goal", {"goal": flow.goal})
