"""What a kind of step is handed while its flow is compiled: texts, targets, conditions, questions.

Blocks inside steps become steps of their own with derived ids, so the compiled flow is flat.
Whatever is wrong is noted, never raised, so that one run shows all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import marshmallow

from bot.engine import conditions, filling
from bot.engine.brand import Brand
from bot.engine.fields import Target, TextField
from bot.engine.flow import Mark, Purpose, Step
from bot.engine.problems import Problem, flatten, join
from bot.engine.question import Ladder, Question, Silence, Stage
from bot.engine.steps import StepKind, kinds
from bot.engine.text import Text
from bot.understanding import answers
from bot.understanding.fields import did_you_mean

#: Names that mean something else in placeholders and conditions, and cannot be saved.
TAKEN = frozenset({"person", "consent", "language", "brand", "settings", "coupon"})
_DEEPEST = 12


@dataclass(slots=True)
class Compiling:
    """One flow on its way from data to steps; everything noted on the way."""

    brand: Brand
    purpose: Purpose
    languages: tuple[str, ...]
    marks: Mapping[str, Mark] = field(default_factory=dict)
    steps: dict[str, Step | None] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    saves: dict[str, str] = field(default_factory=dict)
    coupons: set[str] = field(default_factory=set)
    conversions: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    _led: list[tuple[str, str]] = field(default_factory=list)
    _texts: list[tuple[str, str]] = field(default_factory=list)
    _asked: list[tuple[conditions.Condition, str]] = field(default_factory=list)
    _named: list[tuple[str, str]] = field(default_factory=list)

    def problem(self, path: str, code: str, **params: object) -> None:
        """Note something wrong."""
        texts = {name: str(value) for name, value in params.items()}
        self.problems.append(Problem(path, code, texts))

    def block(self, items: list[Any], path: str, prefix: str, after: str | None) -> str | None:
        """Compile a list of steps that goes on to `after`; gives the id of the first."""
        if len(path.split(".")) > 3 * _DEEPEST:
            self.problem(path, "F038")
            return after
        ids = [self._id(item, f"{prefix}{place}") for place, item in enumerate(items, 1)]
        for place, item in enumerate(items):
            following = ids[place + 1] if place + 1 < len(ids) else after
            self.step(item, ids[place], join(path, place), following)
        return ids[0] if ids else after

    @staticmethod
    def _id(item: Any, derived: str) -> str:
        given = item.get("id") if isinstance(item, dict) else None
        return given if isinstance(given, str) and given.strip() else derived

    def step(self, item: Any, step_id: str, path: str, following: str | None) -> None:
        """Compile one step and what it contains."""
        kind = self._kind(item, path)
        if kind is None:
            return
        if step_id in self.steps:
            first = self.marks.get(self.paths[step_id])
            line = str(first.line) if first else self.paths[step_id]
            self.problem(join(path, "id"), "F022", id=step_id, first=line)
            return
        self.steps[step_id], self.paths[step_id] = None, path
        try:
            data = kind.schema().load(item)
        except marshmallow.ValidationError as refused:
            self.problems += flatten(refused.messages, path)
            self._spare(item, step_id)
            return
        following = None if kind.ends else following
        building = Building(self, step_id, path, following)
        if "then" in data:
            building = replace(building, next=building.target(data["then"], "then"))
        body = kind.build(data, building)
        if body is not None:
            self.steps[step_id] = Step(step_id, kind.kind, body, building.next, path)

    def _spare(self, item: dict[str, Any], step_id: str) -> None:
        """Take the names of a step that cannot be read as known: one mistake, one complaint."""
        for key, kept in (("save", self.saves), ("coupon", None), ("convert", None)):
            name = item.get(key)
            if not isinstance(name, str):
                continue
            if kept is not None:
                kept.setdefault(name, step_id)
            else:
                (self.coupons if key == "coupon" else self.conversions).add(name)

    def _kind(self, item: Any, path: str) -> StepKind | None:
        """The kind of a step: the one key whose schema knows all the other keys of steps."""
        if not isinstance(item, dict):
            self.problem(path, "F005", found=str(item)[:40])
            return None
        named = [str(name) for name in item if name in kinds()]
        fitting = [name for name in named if set(named) <= kinds()[name].keys]
        if len(fitting) == 1:
            return kinds()[fitting[0]]
        if named:
            self.problem(join(path, named[1]), "F004", keys=", ".join(named))
        else:
            found = [str(name) for name in item]
            meant = next(filter(None, (did_you_mean(name, list(kinds())) for name in found)), "")
            allowed = ", ".join(sorted(kinds()))
            self.problem(path, "F003", found=", ".join(found), meant=meant, allowed=allowed)
        return None

    def lead(self, target: str, path: str) -> str:
        """Note that something leads to a step, to be checked when all steps are known."""
        self._led.append((target, path))
        return target

    def text(self, raw: Mapping[str, str], path: str) -> Text:
        """The text of a `TextField`; its placeholders are checked when all names are known."""
        worded = {}
        for language, text in raw.items():
            place = join(path, language)
            if language and language not in self.languages:
                meant = did_you_mean(language, list(self.languages))
                allowed = ", ".join(self.languages)
                self.problem(place, "F023", found=language, meant=meant, allowed=allowed)
            self._texts.append((text, place))
            worded[language or self.brand.languages[0]] = text
        return Text(worded, path)

    def template(self, text: str, path: str) -> str:
        """A string with placeholders that nobody translates (a value, a field)."""
        self._texts.append((text, path))
        return text

    def condition(self, source: str, path: str) -> conditions.Condition | None:
        """A condition, read; None (and a problem) when it cannot be."""
        try:
            found = conditions.read(source)
        except conditions.ConditionRefused as refused:
            self.problem(path, refused.code, **refused.params)
            return None
        self._asked.append((found, path))
        return found

    def finish(self) -> None:
        """Check what could not be known before the last step: targets, names, placeholders."""
        for target, path in self._led:
            if target not in self.steps:
                meant = did_you_mean(target, list(self.steps))
                self.problem(path, "F021", found=target, meant=meant)
        for name, path in self._named:
            if name not in self.saves:
                meant = did_you_mean(name, list(self.saves))
                self.problem(path, "F033", found=name, meant=meant)
        known = self._names_of_conditions()
        for condition, path in self._asked:
            for name in condition.names:
                if name not in known and not name.startswith("person."):
                    self._unknown("F024", name, known, path)
        known = self._names_of_texts()
        for text, path in self._texts:
            wrong = filling.stray(text)
            if wrong is not None:
                self.problem(path, "F027", found=wrong)
            for placeholder in filling.placeholders(text):
                name = placeholder.name
                if name not in known and not name.startswith("person."):
                    self._unknown("F025", name, known, path)

    def _unknown(self, code: str, name: str, known: list[str], path: str) -> None:
        allowed = ", ".join(sorted(known)) or "-"
        meant = did_you_mean(name, known)
        self.problem(path, code, found=name, meant=meant, allowed=allowed)

    def _names_of_conditions(self) -> list[str]:
        return [*self.saves, "language", *(f"consent.{purpose}" for purpose in Purpose)]

    def _names_of_texts(self) -> list[str]:
        coupons = [f"coupon.{name}" for name in sorted(self.coupons)]
        settings = [f"settings.{name}" for name in self.brand.settings]
        return [*self.saves, "language", "brand.title", "brand.name", *coupons, *settings]

    def named(self, name: str, path: str) -> str:
        """Note that a saved answer is named, to be checked when all are known."""
        self._named.append((name, path))
        return name


@dataclass(frozen=True, slots=True)
class Building:
    """One step being built: where it stands, where it goes on, and help with what it holds."""

    flow: Compiling
    id: str
    path: str
    next: str | None

    @property
    def brand(self) -> Brand:
        """The brand that the flow belongs to."""
        return self.flow.brand

    def problem(self, key: str, code: str, **params: object) -> None:
        """Note something wrong with one key of this step."""
        self.flow.problem(join(self.path, key), code, **params)

    def text(self, raw: Mapping[str, str], key: str) -> Text:
        """A text of this step."""
        return self.flow.text(raw, join(self.path, key))

    def text_or(self, raw: Mapping[str, str] | None, key: str, code: str) -> Text:
        """A text of this step, or the brand's own under a code."""
        return self.text(raw, key) if raw else self.brand.texts.get(code, Text())

    def target(self, raw: Any, label: str, key: str | None = None) -> str:
        """The id of the step that a `Target` leads to; blocks and endings are compiled first."""
        path = join(self.path, key or label)
        if isinstance(raw, str):
            return self.flow.lead(raw, path)
        if isinstance(raw, list):
            return self.flow.block(raw, path, f"{self.id}.{label}.", self.next) or self.id
        step_id = f"{self.id}.{label}"
        self.flow.step(raw, step_id, path, None)
        return step_id

    def targets(self, raw: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> dict[str, str]:
        """The targets of a `Targets` whose names are categories of an answer."""
        found = {}
        for name, target in raw.items():
            if name not in allowed:
                params = {"meant": did_you_mean(name, list(allowed)), "allowed": ", ".join(allowed)}
                self.problem(join(key, name), "F029", found=name, **params)
                continue
            found[name] = self.target(target, name, join(key, name))
        return found

    def team(self, name: str, key: str) -> str:
        """A team that the brand has."""
        if name not in self.brand.teams:
            params = {
                "meant": did_you_mean(name, list(self.brand.teams)),
                "allowed": ", ".join(self.brand.teams),
            }
            self.problem(key, "F028", found=name, **params)
        return name

    def saves(self, name: str, key: str) -> str:
        """A name that this step saves; the first step to save it names its answer."""
        if name in TAKEN:
            self.problem(key, "F039", found=name)
        self.flow.saves.setdefault(name, self.id)
        return name

    def answer(self, raw: Any, key: str) -> answers.Answer | None:
        """The answer that a mapping with exactly one kind describes."""
        known = sorted(answers.kinds())
        named = [str(name) for name in raw] if isinstance(raw, dict) else []
        if len(named) != 1 or named[0] not in known:
            meant = next(filter(None, (did_you_mean(name, known) for name in named)), "")
            allowed = ", ".join(known)
            self.problem(key, "F030", found=", ".join(named) or "-", meant=meant, allowed=allowed)
            return None
        kind = answers.kinds()[named[0]]
        path = join(self.path, key, kind.kind)
        try:
            options = kind.options.deserialize(raw[kind.kind])
            return kind.build(options, self.flow.languages)
        except marshmallow.ValidationError as refused:
            self.flow.problems += flatten(refused.messages, path)
            return None

    def ladder(self, raw: list[Any] | None) -> Ladder:
        """What wrong answers hear: the step's own `wrong`, or the brand's.

        Each item is a text but the last, which may be an ending; without one the brand's way
        on is taken.
        """
        if raw is None:
            return Ladder(self.brand.wrong, self._brands_way_on(), inherited=True)
        texts, then = [], None
        for place, item in enumerate(raw):
            key = join("wrong", place)
            if isinstance(item, dict) and set(item) & {"hand_over", "end", "go"}:
                if place + 1 < len(raw):
                    self.problem(key, "F040")
                then = self._loaded_target(item, "wrong", key)
            else:
                text = self._loaded_text(item, key)
                texts += [text] if text else []
        return Ladder(tuple(texts), then or self._brands_way_on())

    def _brands_way_on(self) -> str:
        way, step_id = self.brand.wrong_then, f"{self.id}.wrong"
        if way == "go_on" and self.next is not None:
            return self.next
        ending = {"hand_over": self.brand.teams[0]} if way == "hand_over" else {"end": "not_clear"}
        self.flow.step(ending, step_id, self.path, None)
        return step_id

    def silence(self, raw: Mapping[str, Any] | None) -> Silence:
        """What silence hears: the step's own `silent`, or the brand's."""
        if raw is None:
            return self._brands_silence()
        stages, key, depth = [], "silent", 0
        inner: Mapping[str, Any] | None = raw
        while inner is not None:
            say = self.text(inner["say"], join(key, "say")) if "say" in inner else None
            ending = {name: inner[name] for name in ("end", "hand_over", "go") if name in inner}
            then = None
            if ending:
                label = "silent" if not depth else f"silent.{depth}"
                then = self._loaded_target(ending, label, key)
            stages.append(Stage(inner["after"], say, then))
            inner, key, depth = inner.get("then"), join(key, "then"), depth + 1
        return Silence(tuple(stages))

    def _brands_silence(self) -> Silence:
        brand = self.brand
        if brand.silent_after_ms is None:
            return Silence((), inherited=True)
        first = Stage(brand.silent_after_ms, brand.silent_text)
        if brand.silent_then_after_ms is None:
            return Silence((first,), inherited=True)
        step_id = f"{self.id}.silent"
        self.flow.step({"end": "no_answer"}, step_id, self.path, None)
        last = Stage(brand.silent_then_after_ms, None, step_id)
        return Silence((first, last), inherited=True)

    def _loaded_target(self, raw: Any, label: str, key: str) -> str | None:
        try:
            return self.target(Target().deserialize(raw), label, key)
        except marshmallow.ValidationError as refused:
            self.flow.problems += flatten(refused.messages, join(self.path, key))
            return None

    def _loaded_text(self, raw: Any, key: str) -> Text | None:
        try:
            return self.text(TextField().deserialize(raw), key)
        except marshmallow.ValidationError as refused:
            self.flow.problems += flatten(refused.messages, join(self.path, key))
            return None

    def question(
        self, text: Text, answer: answers.Answer, data: Mapping[str, Any], **more: Any
    ) -> Question:
        """A question with its ladder and its silence, the brand's where it has none."""
        ladder, silence = self.ladder(data.get("wrong")), self.silence(data.get("silent"))
        return Question(text, answer, ladder, silence, bool(data.get("promotes")), **more)
