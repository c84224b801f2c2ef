"""The flow as a graph: where each step may lead, what is known on the way there."""

from __future__ import annotations

from collections.abc import Iterable

from bot.engine.filling import placeholders
from bot.engine.flow import Flow, Step
from bot.engine.question import Question
from bot.engine.steps import kinds


def question_of(step: Step) -> Question | None:
    """The question of a step that asks one."""
    found = getattr(step.body, "question", None)
    return found if isinstance(found, Question) else None


def goes_on(step: Step) -> bool:
    """Whether the step may go on to its `next` (or, where that is None, end the flow)."""
    if kinds()[step.kind].ends:
        return False
    body, question = step.body, question_of(step)
    if hasattr(body, "otherwise"):
        return body.otherwise is None
    if hasattr(body, "yes"):
        return body.yes is None
    if question is not None and hasattr(body, "go"):
        return not set(question.answer.categories()) <= set(body.go)
    return True


def may_end(step: Step) -> bool:
    """Whether the conversation may be over, or a person's, right behind this step."""
    if kinds()[step.kind].ends or (goes_on(step) and step.next is None):
        return True
    return step.kind == "consent" and getattr(step.body, "no", None) is None


def answered_ways(step: Step) -> tuple[str, ...]:
    """Where the step leads when all goes well: answered, decided or simply done."""
    targets = step.body.targets()
    question = question_of(step)
    if question is not None:
        targets = targets[: len(targets) - len(question.targets())]
    ways = [to for _, to in targets]
    if goes_on(step) and step.next is not None:
        ways.append(step.next)
    return tuple(dict.fromkeys(ways))


def repair_ways(step: Step) -> tuple[str, ...]:
    """Where the step leads when the answer is wrong or does not come."""
    question = question_of(step)
    return () if question is None else tuple(to for _, to in question.targets())


def ways(step: Step) -> tuple[str, ...]:
    """Every step that may come right behind this one."""
    return tuple(dict.fromkeys((*answered_ways(step), *repair_ways(step))))


def reachable(flow: Flow, start: Iterable[str]) -> set[str]:
    """The ids of all steps that can be come to from some steps, these included."""
    seen: set[str] = set()
    waiting = [step for step in start if step in flow.steps]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        waiting += [to for to in ways(flow.steps[here]) if to in flow.steps and to not in seen]
    return seen


def in_file_order(flow: Flow, ids: Iterable[str]) -> list[str]:
    """Ids of steps in the order in which they stand in the file."""
    places = {step: place for place, step in enumerate(flow.steps)}

    def place(step: str) -> tuple[int, int, int]:
        mark = flow.marks.get(flow.steps[step].path)
        return (mark.line if mark else 0, mark.column if mark else 0, places[step])

    return sorted(ids, key=place)


def known_before(flow: Flow) -> dict[str, frozenset[str]]:
    """For each reachable step the names that have a value whichever way one came to it."""
    known: dict[str, frozenset[str]] = {flow.first: frozenset()}
    waiting = [flow.first]
    while waiting:
        here = waiting.pop()
        step, before = flow.steps[here], known[here]
        after = before | _learned(step, before)
        steps = [(to, after) for to in answered_ways(step)]
        steps += [(to, before) for to in repair_ways(step)]
        for to, names in steps:
            if to not in flow.steps:
                continue
            joined = names if to not in known else known[to] & names
            if known.get(to) != joined:
                known[to] = joined
                waiting.append(to)
    return known


def _learned(step: Step, before: frozenset[str]) -> frozenset[str]:
    question = question_of(step)
    if question is not None and question.save:
        return frozenset({question.save})
    if step.kind == "coupon":
        return frozenset({f"coupon.{getattr(step.body, 'name', '')}"})
    if step.kind == "remember":
        fields: Iterable[tuple[str, str]] = getattr(step.body, "fields", ())
        return frozenset(
            f"person.{name}"
            for name, value in fields
            if all(p.fallback or p.name in before for p in placeholders(value))
        )
    return frozenset()
