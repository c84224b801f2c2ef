"""Response: of the people we asked or wrote to, how many wrote back.

Persons who texted within 72 h of a question or a proactive text that was delivered to them, divided
by the persons such a text was delivered to. STOP, HELP and START words are no replies; a word such
as YES that answered the open question is one, although carriers take it for START.

    312 of 1,204 persons -> 25.9 %
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.sql.selectable import NamedFromClause

from bot.measures import HOUR_MS, Good, Measure, Rows, Scope, Unit
from bot.measures.texts import either, persons, texts, within
from bot.store.tables import event

WINDOW_MS = 72 * HOUR_MS
NEVER = ("opt_out", "help", "erase", "access")
"""Labels of compliance words: a text that was one of them is no reply."""
ANSWERS = ("answered", "consent_given", "consent_refused")


def rows(scope: Scope) -> Rows:
    """One row a person whom a question or a proactive text of the scope reached, or may have."""
    sent = texts(scope, either("asks", "proactive"))
    heard = event.alias("heard")
    replied = exists().where(
        heard.c.person_id == sent.c.person_id,
        heard.c.brand == scope.brand,
        heard.c.kind == "heard",
        within(sent, heard.c.at, WINDOW_MS),
        _is_a_reply(heard, scope.brand),
    )
    return persons(sent, replied)


def _is_a_reply(heard: NamedFromClause, brand: str) -> ColumnElement[bool]:
    """Whether a text that was heard is a reply, and not a word for the machine."""
    label = func.coalesce(heard.c.data["label"].as_string(), "none")
    answer = event.alias("answer")
    answered = exists().where(
        answer.c.person_id == heard.c.person_id,
        answer.c.brand == brand,
        answer.c.kind.in_(ANSWERS),
        answer.c.message_id == heard.c.message_id,
    )
    return and_(label.not_in(NEVER), or_(label != "opt_in", answered))


MEASURE = Measure(
    name="response",
    unit=Unit.persons,
    good=Good.up,
    window_ms=WINDOW_MS,
    source="unique repliers by unique recipients reached, STOP and HELP left out",
    rows=rows,
    order=1,
)
