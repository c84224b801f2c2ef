"""The numbers: four sentences with their formulas, by flow and period, and the rows behind each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from bot.engine.brand import Brand
from bot.measures import Scope, measures
from bot.measures import report as numbers
from bot.measures.figures import day, percent, points
from bot.measures.report import Result
from bot.web import page

SIMULATED_ONLY = False
blueprint = Blueprint("measures", __name__)
DAYS = (1, 7, 30)
LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the brand's zone, both ends inside. `days` is set for one that ends today."""

    first: date
    last: date
    days: int | None

    def scope(self, brand: Brand, flow: str | None) -> Scope:
        return Scope(brand.name, *numbers.period(self.first, self.last, brand.zone), flow)


@dataclass(frozen=True, slots=True)
class Score:
    """One number as the page shows it: figure, sentence, change, formula, what stands apart."""

    name: str
    title: str
    question: str
    formula: str
    figure: str
    sentence: str
    above: int
    below: int
    apart: str
    change: str
    meaning: str
    few: bool
    begun: bool


@blueprint.get("/measures")
def show() -> ResponseReturnValue:
    """The four numbers of a brand, of all flows together and of each."""
    brand = page.brand_here(page.app().brands())
    if brand is None:
        return page.render("empty.html", "phone.no_brand", complaints=[])
    period, flow = _period(brand), request.args.get("flow") or None
    scope = period.scope(brand, flow)
    results, by_flow = page.app().db.read(lambda conn: _read(conn, scope))
    if _wants_json():
        return jsonify(numbers.as_json(results))
    language = page.language()
    return page.render(
        "measures.html",
        "measures.title",
        named=_title(period, language),
        brand=brand,
        brands=page.app().brands(),
        period=period,
        presets=DAYS,
        flow=flow,
        flows=[name for name, _ in by_flow],
        scores=[_score(result, language) for result in results],
        table=[(name, [_score(result, language) for result in found]) for name, found in by_flow],
        zone=brand.zone.rpartition("/")[2].replace("_", " "),
    )


@blueprint.get("/measures/<name>")
def rows(name: str) -> ResponseReturnValue:
    """The list behind a number: each person, conversation or code, and whether it counts."""
    brand = page.brand_here(page.app().brands())
    measure = measures().get(name)
    if brand is None or measure is None:
        abort(404)
    period, flow = _period(brand), request.args.get("flow") or None
    scope = period.scope(brand, flow)
    found = page.app().db.read(lambda conn: numbers.rows(conn, measure, scope))
    local = page.Local(brand.zone, page.language())
    return page.render(
        "measure_rows.html",
        "measures.title",
        named=measure.words("title", page.language()),
        measure=measure,
        heading=numbers.heading(scope, page.language(), brand.zone, brand.title),
        brand=brand,
        rows=found,
        local=local,
        back={key: value for key, value in request.args.items() if key != "lang"},
    )


def _read(conn: Any, scope: Scope) -> tuple[list[Result], list[tuple[str, list[Result]]]]:
    """The numbers of the scope with the period before, and those of every flow."""
    args = (scope.since_ms, scope.until_ms)
    results = numbers.report(conn, scope.brand, scope.flow, *args, compare=True)
    names = numbers.flows(conn, scope.brand, *args)
    return results, [(name, numbers.report(conn, scope.brand, name, *args)) for name in names]


def _wants_json() -> bool:
    wanted = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return wanted == "application/json"


# -- period ---------------------------------------------------------------------------------------


def _period(brand: Brand) -> Period:
    """The period that was asked for; the last seven days without one. Aborts on an odd one."""
    since, until = request.args.get("from"), request.args.get("to")
    if since and until:
        first, last = _day(since), _day(until)
        if first > last:
            first, last = last, first
        if (last - first).days >= LONGEST_DAYS:
            abort(400)
        return Period(first, last, None)
    asked = request.args.get("days", "7")
    days = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 7
    if not 1 <= days <= LONGEST_DAYS:
        abort(400)
    return Period(*numbers.last_days(page.app().clock(), days, brand.zone), days)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        abort(400)
    if not 2000 <= found.year <= 2200:
        abort(400)
    return found


def _title(period: Period, language: str) -> str:
    if period.first == period.last:
        return page.t("measures.title_day", day=day(period.first, language))
    first, last = day(period.first, language), day(period.last, language)
    if (period.first.year, period.first.month) == (period.last.year, period.last.month):
        first = first.split()[0]
    return page.t("measures.title_days", first=first, last=last)


# -- one number -----------------------------------------------------------------------------------


def _score(result: Result, language: str) -> Score:
    measure = result.measure
    change, meaning = _change(result, language)
    return Score(
        name=measure.name,
        title=measure.words("title", language),
        question=measure.words("question", language),
        formula=measure.words("formula", language),
        figure=numbers.figure(result, language),
        sentence=numbers.sentence(result, language),
        above=result.numerator,
        below=result.denominator,
        apart=numbers.apart(result, language) if result.unconfirmed else "",
        change=change,
        meaning=meaning,
        few=result.few,
        begun=result.share is not None,
    )


def _change(result: Result, language: str) -> tuple[str, str]:
    """The change since the period before, in words, and the meaning that colours it.

    A change inside its margin of error says so and gets no colour; so does one of few people.
    """
    change = result.change
    if change is None or result.before is None:
        return "", "soft"
    before = percent(result.before[0] / result.before[1], language)
    arrow = "↗" if change[0] > 0 else "↘" if change[0] < 0 else "→"
    code = "measures.change_up" if change[0] > 0 else "measures.change_down"
    if result.verdict == "same":
        arrow, code = "→", f"{code}_within"
    words: Sequence[str] = (arrow, page.t(code, points=points(change[0], language), before=before))
    return " ".join(words), {"better": "good", "worse": "wait"}.get(result.verdict, "soft")
