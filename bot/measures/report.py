"""The numbers of a period, for the page, the command line and JSON alike.

results = report(conn, "margot", None, since_ms, until_ms)
print(rendered(results, "fr", "Europe/Paris"))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from bot.catalogue import say
from bot.measures import Good, Measure, Scope, measures
from bot.measures.figures import day, percent, whole
from bot.measures.interval import FEW, difference, wilson
from bot.store.tables import event


@dataclass(frozen=True, slots=True)
class Result:
    """One number of one scope. Counts are of the measure's unit, each one once.

    `unconfirmed`: units that may have been reached, but no receipt says so; they are in neither
    of the other two. `interval` (95 %, in [0, 1]) is None while there is no denominator.
    """

    measure: Measure
    scope: Scope
    numerator: int
    denominator: int
    unconfirmed: int
    before: tuple[int, int] | None = None
    """Numerator and denominator of the period of the same length just before this one."""

    @property
    def share(self) -> float | None:
        """The number itself, in [0, 1]; None when there is nothing to divide by."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.numerator, self.denominator)

    @property
    def few(self) -> bool:
        """Too few for a bare percentage: counts and interval only."""
        return self.denominator < FEW

    @property
    def change(self) -> tuple[float, float, float] | None:
        """By how much the share moved since the period before, with its interval; in [-1, 1]."""
        if self.before is None or not self.before[1] or not self.denominator:
            return None
        gap = difference(self.numerator, self.denominator, *self.before)
        if gap is None:
            return None
        return self.numerator / self.denominator - self.before[0] / self.before[1], *gap

    @property
    def verdict(self) -> str:
        """Whether the change is `better` or `worse`, or `same` inside its margin of error."""
        change = self.change
        if change is None or change[1] <= 0 <= change[2]:
            return "same"
        return "better" if (change[0] > 0) == (self.measure.good is Good.up) else "worse"


@dataclass(frozen=True, slots=True)
class Row:
    """One unit behind a number. `at` in ms: when its text left, or its conversation began."""

    unit: str
    person_id: str
    at: int
    confirmed: bool
    counted: bool


def report(
    conn: Connection,
    brand: str,
    flow: str | None,
    since_ms: int,
    until_ms: int,
    *,
    compare: bool = False,
) -> list[Result]:
    """All measures of a scope, in their order; with `compare` also the period before it."""
    scope = Scope(brand, since_ms, until_ms, flow)
    earlier = Scope(brand, 2 * since_ms - until_ms, since_ms, flow)
    results = []
    for measure in measures().values():
        counted, confirmed, unconfirmed = _count(conn, measure, scope)
        before = _count(conn, measure, earlier)[:2] if compare else None
        results.append(Result(measure, scope, counted, confirmed, unconfirmed, before))
    return results


def _count(conn: Connection, measure: Measure, scope: Scope) -> tuple[int, int, int]:
    """Numerator, denominator and what is unconfirmed, from the rows of the measure."""
    units = measure.rows(scope).subquery("units")
    found = conn.execute(
        select(
            func.coalesce(func.sum(units.c.counted), 0),
            func.coalesce(func.sum(units.c.confirmed), 0),
            func.count(),
        ).select_from(units)
    ).one()
    counted, confirmed, total = (int(value) for value in found)
    return counted, confirmed, total - confirmed


def rows(conn: Connection, measure: Measure, scope: Scope, limit: int = 500) -> list[Row]:
    """The units behind a number, the latest first, `limit` at most."""
    units = measure.rows(scope).subquery("units")
    found = conn.execute(select(units).order_by(units.c.at.desc(), units.c.unit).limit(limit))
    return [
        Row(row.unit, row.person_id, row.at, bool(row.confirmed), bool(row.counted))
        for row in found
    ]


def flows(conn: Connection, brand: str, since_ms: int, until_ms: int) -> list[str]:
    """Names of the flows that began or spoke in the period, in the order of the alphabet."""
    statement = (
        select(event.c.flow)
        .where(
            event.c.brand == brand,
            event.c.kind.in_(("began", "said")),
            event.c.at >= since_ms,
            event.c.at < until_ms,
            event.c.flow.is_not(None),
        )
        .distinct()
    )
    return sorted(name for (name,) in conn.execute(statement) if name)


def period(first: date, last: date, zone: str) -> tuple[int, int]:
    """Start and end in ms of the days `first` to `last`, both inside, in a time zone."""
    where = ZoneInfo(zone)
    start = datetime.combine(first, time(), where)
    end = datetime.combine(last + timedelta(days=1), time(), where)
    return _ms(start), _ms(end)


def last_days(now_ms: int, days: int, zone: str) -> tuple[date, date]:
    """The last `days` days in a time zone, today included."""
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(zone)).date()
    return today - timedelta(days=days - 1), today


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """The numbers as plain data: counts, share, interval; `null` for a number not begun."""
    if not results:
        return {"measures": []}
    scope = results[0].scope
    return {
        "brand": scope.brand,
        "flow": scope.flow,
        "since_ms": scope.since_ms,
        "until_ms": scope.until_ms,
        "measures": [
            {
                "name": result.measure.name,
                "unit": str(result.measure.unit),
                "numerator": result.numerator,
                "denominator": result.denominator,
                "unconfirmed": result.unconfirmed,
                "share": result.share,
                "interval": list(result.interval) if result.interval else None,
                "window_ms": result.measure.window_ms,
                "good": str(result.measure.good),
                "formula": result.measure.words("formula", "en"),
                "source": result.measure.source,
            }
            for result in results
        ],
    }


def rendered(results: Sequence[Result], language: str, zone: str) -> str:
    """The numbers as a terminal shows them: a sentence, its formula, what stands apart."""
    if not results:
        return ""
    scope = results[0].scope
    lines = [heading(scope, language, zone), ""]
    for result in results:
        title = result.measure.words("title", language)
        colon = " :" if language == "fr" else ":"
        lines.append(f"{title}{colon} {figure(result, language)}")
        lines.append(f"  {sentence(result, language)}")
        if result.unconfirmed:
            lines.append(f"  {apart(result, language)}")
        lines += [f"  {result.measure.words('formula', language)}", ""]
    return "\n".join(lines)


def heading(scope: Scope, language: str, zone: str, title: str = "") -> str:
    """Which brand (by its `title`, or its name), flow and days the numbers are about."""
    where = ZoneInfo(zone)
    first = datetime.fromtimestamp(scope.since_ms / 1000, where).date()
    last = (datetime.fromtimestamp(scope.until_ms / 1000, where) - timedelta(milliseconds=1)).date()
    code = "measures.heading_flow" if scope.flow else "measures.heading"
    return say(
        code, language, brand=title or scope.brand, flow=scope.flow,
        first=day(first, language), last=day(last, language),
    )  # fmt: skip


def figure(result: Result, language: str) -> str:
    """The number at its biggest: a percentage, counts when there are few, or a dash."""
    if result.share is None:
        return "—"
    if result.few:
        return say(
            "measures.of", language,
            a=whole(result.numerator, language), b=whole(result.denominator, language),
        )  # fmt: skip
    return percent(result.share, language)


def sentence(result: Result, language: str) -> str:
    """The number with its denominator and its interval; why there is none when there is none."""
    if result.interval is None:
        return result.measure.words("empty", language)
    low, high = result.interval
    return say(
        "measures.sentence",
        language,
        above=counted(result.measure, "above", result.numerator, language),
        below=counted(result.measure, "below", result.denominator, language),
        low=percent(low, language),
        high=percent(high, language),
    )


def counted(measure: Measure, part: str, number: int, language: str) -> str:
    """A count in words: "312 replied", "1 person a text was delivered to"."""
    single = number == 1 or (language == "fr" and number == 0)
    return measure.words(f"{part}_one" if single else part, language, n=whole(number, language))


def apart(result: Result, language: str) -> str:
    """How many are unconfirmed, and that they count nowhere."""
    code = f"measures.unconfirmed_{result.measure.unit}"
    return say(code, language, n=whole(result.unconfirmed, language))
