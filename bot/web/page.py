"""What every page shares: its language, its frame, and how times and numbers are written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import (
    Flask,
    Response,
    current_app,
    make_response,
    render_template,
    request,
    session,
    url_for,
)

from bot.catalogue import LANGUAGES, language_of, say

if TYPE_CHECKING:
    from bot.engine.brand import Brand
    from bot.turns.app import App

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Entry:
    """One page in the bar: the catalogue's code of its name, its endpoint, whether it is open."""

    name: str
    endpoint: str
    here: bool


def app() -> App:
    """The wired application that this web process serves."""
    return cast("App", current_app.extensions["parley"])


def prepare(flask: Flask) -> None:
    """Give templates what they need, and listen to `?lang=`."""
    flask.before_request(_choose_language)
    flask.jinja_env.trim_blocks = flask.jinja_env.lstrip_blocks = True
    flask.jinja_env.globals.update(
        t=t, asset=asset, language=language, other_language=other_language, bar=bar, home=home
    )


# -- language -------------------------------------------------------------------------------------


def _choose_language() -> None:
    wanted = request.args.get("lang")
    if wanted in LANGUAGES and request.method == "GET":
        session["language"] = wanted


def language() -> str:
    """The reader's language: what they chose, what their browser asks for, what is set here."""
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    best = request.accept_languages.best_match(LANGUAGES)
    return best or language_of(app().settings.language)


def other_language() -> tuple[str, str, str]:
    """The other language: its code, its own name, and this page's address in it."""
    other = "en" if language() == "fr" else "fr"
    path = request.path if request.method == "GET" and request.endpoint else "/measures"
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return other, say("pages.own_name", other), f"{path}?{urlencode([*kept, ('lang', other)])}"


def t(code: str, **params: object) -> str:
    """A text of the catalogue in the reader's language."""
    return say(code, language(), **params)


def plain(code: str, **params: object) -> str:
    """A text of the catalogue, or where it has none the last word of the code, readable."""
    text = t(code, **params)
    return code.rpartition(".")[2].replace("_", " ") if text == code else text


# -- the frame ------------------------------------------------------------------------------------


def render(
    template: str, title: str, status: int = 200, /, *, named: str | None = None, **context: object
) -> Response:
    """A whole page. `title` is a code of the catalogue; `named` is the title as it stands."""
    heading = named if named is not None else t(title)
    answer = make_response(render_template(template, title=heading, **context), status)
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer


def bar() -> Sequence[Entry]:
    """The pages that exist here, in their order; none while somebody has yet to sign in."""
    from bot.web import guard

    if not (app().settings.simulated or guard.signed_in()):
        return ()
    there = [("bar.phone", "phone.show"), ("bar.measures", "measures.show")]
    return [
        Entry(name, endpoint, (request.endpoint or "").split(".")[0] == endpoint.split(".")[0])
        for name, endpoint in there
        if endpoint in current_app.view_functions
    ]


def home() -> str:
    """Where the name in the bar leads: the phone where there is one, otherwise the measures."""
    here = current_app.view_functions
    return url_for("phone.show" if "phone.show" in here else "measures.show")


def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so browsers may keep it."""
    return url_for("static", filename=name, v=_hash_of(name))


@cache
def _hash_of(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


# -- brands ---------------------------------------------------------------------------------------


def brand_here(brands: Mapping[str, Brand]) -> Brand | None:
    """The brand that a page is about: the one in the address, the one chosen last, or the first."""
    wanted = str(request.values.get("brand") or session.get("brand"))
    if wanted in brands:
        session["brand"] = wanted
        return brands[wanted]
    return next(iter(brands.values()), None)


# -- times and numbers ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Local:
    """Writes moments (ms) as they stand on a wall in one time zone, in one language."""

    zone: str
    language: str

    def at(self, ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(self.zone))

    def iso(self, ms: int) -> str:
        """For `datetime` of a `<time>`."""
        return self.at(ms).isoformat(timespec="seconds")

    def clock(self, ms: int) -> str:
        return f"{self.at(ms):%H:%M}"

    def date(self, ms: int) -> str:
        """mardi 17 novembre, Tuesday 17 November"""
        when = self.at(ms)
        first = "1er" if self.language == "fr" and when.day == 1 else str(when.day)
        return f"{self._word('pages.weekdays', when.weekday())} {first} {self._month(when)}"

    def short(self, ms: int) -> str:
        """mar. 17 nov., 11:00 or Tue 17 Nov, 11:00"""
        when = self.at(ms)
        weekday = self._word("pages.weekdays_short", when.weekday())
        month = self._word("pages.months_short", when.month - 1)
        return f"{weekday} {when.day} {month}, {when:%H:%M}"

    def day_and_clock(self, ms: int, now: int) -> str:
        """08:00 when that is today, otherwise with its day."""
        today = self.at(ms).date() == self.at(now).date()
        return self.clock(ms) if today else self.short(ms)

    def _month(self, when: datetime) -> str:
        return self._word("measures.months", when.month - 1)

    def _word(self, code: str, index: int) -> str:
        return say(code, self.language).split()[index]


def number_as_people_write(e164: str) -> str:
    """A number as it is written in its own country; a short code stays what it is."""
    if not e164.startswith("+"):
        return e164
    import phonenumbers

    try:
        parsed = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
