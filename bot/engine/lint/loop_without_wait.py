"""A loop in which nobody is asked and no time passes: the bot would talk to itself.

At run time a limit cuts such a loop and hands over to a person; here it never gets that far.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.flow import Flow
from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import answered_ways, in_file_order, question_of, reachable

CODE = "P002"
SEVERITY = "error"
EXAMPLE = """
flow: hours
purpose: service
start: {keywords: [HOURS]}
steps:
  - id: again
    say: We open at noon.
  - branch:
      - if: "language == 'fr'"
        go: again
      - else: {end: told}
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each loop once, at its first step in the file."""
    for flow in context.flows.values():
        told: set[str] = set()
        for step in in_file_order(flow, reachable(flow, [flow.first])):
            if step in told or not _at_once(flow, step):
                continue
            round_trip = _loop(flow, step)
            if round_trip:
                told.update(round_trip)
                names = " > ".join([*round_trip, step])
                yield Found(flow.name, flow.steps[step].path, {"step": step, "loop": names})


def _loop(flow: Flow, start: str) -> list[str]:
    """The shortest way from a step back to itself that never waits; empty when there is none."""
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        for to in _at_once(flow, here):
            if to == start:
                back = [here]
                while back[-1] != start:
                    back.append(came_from[back[-1]])
                return back[::-1]
            if to not in came_from and to in flow.steps:
                came_from[to] = here
                waiting.append(to)
    return []


def _at_once(flow: Flow, here: str) -> tuple[str, ...]:
    """Where a step leads without waiting. Consent waits only while it has not been given."""
    step = flow.steps[here]
    waits = step.kind == "wait" or (question_of(step) is not None and step.kind != "consent")
    return () if waits else answered_ways(step)
