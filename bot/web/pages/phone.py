"""The phone in the browser: text the brand, move the clock, and see why for every line.

It exists only while the carrier is the simulated one. A text goes the whole way: to the carrier,
from there as a signed webhook to us, and back. Nothing on this page has a door of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from flask import Blueprint, Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from bot.engine.brand import Brand
from bot.engine.flow import Flow
from bot.sending.parts import measure
from bot.store.health import span
from bot.store.thread import Thread, read_thread
from bot.web import guard, page
from bot.web.pages import _people as people
from bot.web.pages._talk import items
from bot.web.pages._why import explain

SIMULATED_ONLY = True
LONGEST_TEXT = 1600  # characters; what a carrier takes
blueprint = Blueprint("phone", __name__)
log = structlog.get_logger()
_JUMPS = {"20m": timedelta(minutes=20), "3h": timedelta(hours=3)}


@blueprint.get("/")
@blueprint.get("/phone")
def show() -> ResponseReturnValue:
    """The whole page; `line` is the text whose why is shown, the latest one without it."""
    complaints = _complaints()  # looking publishes what was saved, so it comes before the brands
    brand = page.brand_here(page.app().brands())
    if brand is None:
        return page.render("empty.html", "phone.no_brand", complaints=complaints)
    named = page.t("phone.title", brand=brand.title)
    return page.render("phone.html", "phone.title", named=named, **_context(brand))


@blueprint.get("/phone/live")
def live() -> ResponseReturnValue:
    """The parts of the page that change by themselves; 304 while they have not."""
    brand = page.brand_here(page.app().brands())
    if brand is None:
        abort(404)
    answer = make_response(render_template("phone_live.html", **_context(brand)))
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:32])
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer.make_conditional(request)


@blueprint.post("/phone/text")
def text() -> ResponseReturnValue:
    """Text the brand as the chosen person, through the carrier."""
    brand = _brand_or_404()
    body = request.form.get("text", "")
    person = people.current(brand)
    problem = ""
    if len(body) > LONGEST_TEXT:
        problem = page.t("phone.too_long", n=LONGEST_TEXT)
    elif body.strip():
        try:
            page.app().customer.text(to=brand.senders[0].number, from_=person.number, body=body)
        except Exception:
            # The carrier is another program; the visitor keeps the text and is told.
            log.warning("carrier_away", exc_info=True)
            problem = page.t("phone.carrier_away")
    if problem:
        return _with_problem(brand, body, problem)
    return _done()


@blueprint.post("/phone/clock")
def clock() -> ResponseReturnValue:
    """Jump forward, or back to real time. Refused by the application with a real carrier."""
    brand = _brand_or_404()
    app, jump = page.app(), request.form.get("jump", "")
    now, real = app.clock(), app.system_ms()
    if jump in _JUMPS:
        app.set_clock_offset(now - real + round(_JUMPS[jump].total_seconds() * 1000))
    elif jump == "quiet":
        app.set_clock_offset(_tomorrow_at(now, brand.zone, time(7, 59)) - real)
    elif jump == "0":
        app.set_clock_offset(0)
    else:
        abort(400)
    return _done()


@blueprint.post("/phone/person")
def person() -> ResponseReturnValue:
    """Become somebody else, or start the one you are afresh, with another number."""
    brand = _brand_or_404()
    if request.form.get("do") == "afresh":
        people.afresh(brand)
    else:
        people.become(brand, request.form.get("person", ""))
    return _done()


@blueprint.post("/phone/give-back")
def give_back() -> ResponseReturnValue:
    """Give the conversation that a person owns back to the robot."""
    brand = _brand_or_404()
    thread = _thread(brand)
    if thread.person_id is not None and thread.owner == "person":
        page.app().give_back(brand.name, thread.person_id, by="phone")
    return _done()


# -- what the templates need ----------------------------------------------------------------------


def _context(brand: Brand, **more: Any) -> dict[str, Any]:
    app, complaints = page.app(), _complaints()
    now, real = app.clock(), app.system_ms()
    local = page.Local(brand.zone, page.language())
    thread, who = _thread(brand), people.current(brand)
    chosen = request.args.get("line")
    why = explain(thread, chosen if chosen and thread.line(chosen) else None, local, now)
    return {
        "brand": brand,
        "brands": app.brands(),
        "sender": brand.senders[0],
        "thread": thread,
        "items": items(thread, who.name, why.id if why else None, local, now),
        "why": why,
        "person": who,
        "people": people.everybody(brand),
        "manner": _manner(thread, local),
        "words": _words(app.library.current().brands[brand.name].flows.current),
        "now": local.short(now),
        "now_iso": local.iso(now),
        "ahead": _ahead(now - real, brand.zone),
        "complaints": complaints,
        "meter": measure(more.get("draft", "")),
        **more,
    }


def _thread(brand: Brand) -> Thread:
    app, number = page.app(), people.current(brand).number
    return app.db.read(lambda conn: read_thread(conn, app.vault, brand.name, number))


def _complaints() -> list[str]:
    """What is wrong in the files, while their last good version goes on."""
    found = page.app().complaints()
    return [one.render(page.language()) for one in found if one.severity == "error"]


def _words(flows: Mapping[str, Flow]) -> list[str]:
    """The words that begin a flow, as a newcomer could try them."""
    found = [flow.start.keywords[0] for flow in flows.values() if flow.start.keywords]
    found += ["JOIN" for flow in flows.values() if flow.start.opt_in and not flow.start.keywords]
    return list(dict.fromkeys(word.upper() for word in found))[:5]


def _manner(thread: Thread, local: page.Local) -> str:
    """What is known of the person, in a line: language, consent, a standing STOP."""
    if thread.person_id is None:
        return page.t("phone.unknown")
    known = [page.plain(f"phone.writes_{thread.language}")]
    if thread.stopped_at is not None:
        known.append(page.t("phone.said_stop", when=local.short(thread.stopped_at)))
    elif "marketing" in thread.consents:
        known.append(page.plain(f"phone.marketing_{thread.consents['marketing']}"))
    return " ".join(known)


def _ahead(offset: int, zone: str) -> str:
    """How far the clock stands from the wall's."""
    city = zone.rpartition("/")[2].replace("_", " ")
    if abs(offset) < 1000:
        return page.t("phone.real_time", city=city)
    code = "phone.ahead" if offset > 0 else "phone.behind"
    return page.t(code, city=city, span=span(abs(offset), page.language()))


def _tomorrow_at(now: int, zone: str, at: time) -> int:
    """The moment (ms) when tomorrow's wall clock shows `at` in a zone."""
    where = ZoneInfo(zone)
    today = datetime.fromtimestamp(now / 1000, where).date()
    return round(datetime.combine(today + timedelta(days=1), at, where).timestamp() * 1000)


def _brand_or_404() -> Brand:
    return page.brand_here(page.app().brands()) or abort(404)


def _with_problem(brand: Brand, draft: str, problem: str) -> Response:
    """The page again, with what was typed and what went wrong."""
    named = page.t("phone.title", brand=brand.title)
    context = _context(brand, draft=draft, problem=problem)
    return page.render("phone.html", "phone.title", 422, named=named, **context)


def _done() -> ResponseReturnValue:
    """Back to the page; a script that asked is told that all is well and refreshes by itself."""
    if request.headers.get("Accept") == "application/json":
        return "", 204
    return guard.go("/phone")
