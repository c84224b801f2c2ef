"""Marketing texts that reach a person unasked, or that sell: what the law wants of them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.brand import Brand
from bot.engine.flow import Flow, Purpose, Step
from bot.engine.lint._graph import answered_ways, question_of
from bot.engine.lint._texts import Role, Spoken, of_flow
from bot.engine.text import Text


def adverts(flow: Flow, brand: Brand) -> Iterator[tuple[str | None, Text]]:
    """The texts of a flow that the law sees as advertising on its own: (flow or None, text).

    Those that promote, in any flow; in a marketing flow those that start a conversation (after a
    wait, a nudge, an event). None stands for the brand's nudge that a question borrows.
    """
    first = _said_unasked(flow) if flow.purpose is Purpose.marketing else set()
    marketing = flow.purpose is Purpose.marketing
    for spoken in of_flow(flow, brand):
        nudges = marketing and spoken.role is Role.nudge
        opens = spoken.role is Role.main and spoken.step is not None and spoken.step.id in first
        if nudges or opens or _promotes(spoken):
            yield flow.name, spoken.text
    borrows = any(
        question is not None and question.silence.inherited and question.silence.stages
        for question in map(question_of, flow.steps.values())
    )
    if marketing and borrows and brand.silent_text is not None:
        yield None, brand.silent_text


def _promotes(spoken: Spoken) -> bool:
    if spoken.role is not Role.main or spoken.step is None:
        return False
    question = question_of(spoken.step)
    said = getattr(spoken.step.body, "promotes", False)
    return bool(said or (question is not None and question.promotes))


def _said_unasked(flow: Flow) -> set[str]:
    """The steps whose text may be the first after a wait, or the first of all after an event."""
    begins = [to for step in flow.steps.values() if step.kind == "wait" for to in _ways(step)]
    if flow.start.event is not None:
        begins.append(flow.first)
    found: set[str] = set()
    seen: set[str] = set()
    while begins:
        here = begins.pop()
        step = flow.steps.get(here)
        if step is None or here in seen:
            continue
        seen.add(here)
        if step.kind == "say" or question_of(step) is not None:
            found.add(here)
        else:
            begins += _ways(step)
    return found


def _ways(step: Step) -> tuple[str, ...]:
    return answered_ways(step)
