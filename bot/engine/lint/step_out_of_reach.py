"""A step that nothing leads to: its text would never be said, its answers never counted.

Often the step before it ends or jumps, or the name that should lead here was changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import in_file_order, reachable

CODE = "P001"
SEVERITY = "error"
EXAMPLE = """
flow: hours
purpose: service
start: {keywords: [HOURS]}
steps:
  - say: We open at noon.
    then: bye
  - say: We close at ten.
  - id: bye
    end: told
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of the first step of each stretch that cannot be reached."""
    for flow in context.flows.values():
        seen = reachable(flow, [flow.first])
        for step in in_file_order(flow, set(flow.steps) - seen):
            if step in seen:
                continue
            seen |= reachable(flow, [step])
            yield Found(flow.name, flow.steps[step].path, {"step": step})
