"""The web application: webhooks, health and pages, each a blueprint.

flask = create_app()          # gunicorn: wires everything from the environment
flask = create_app(app)       # tests: an application that is wired already
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Request, Response, request
from flask.sessions import NullSession, SessionInterface
from werkzeug.exceptions import HTTPException

from bot.store.health import is_away
from bot.web import guard, page

if TYPE_CHECKING:
    from bot.turns.app import App

log = structlog.get_logger()
_WORDED = (400, 401, 403, 404, 405, 413, 421)


def create_app(app: App | None = None) -> Flask:
    """The Flask application around a wired one; without one, it is wired from the environment."""
    if app is None:
        from bot.wiring import from_environment

        app = from_environment()
    flask = Flask("bot.web", static_folder="static", template_folder="templates")
    flask.extensions["parley"] = app
    page.prepare(flask)
    guard.protect(flask, app)
    _register(flask, app)
    flask.register_error_handler(HTTPException, _refused)
    flask.register_error_handler(Exception, _failed)
    flask.wsgi_app = _Fork(_webhooks_alone(app), flask.wsgi_app)  # type: ignore[method-assign]
    return flask


def _webhooks_alone(app: App) -> Flask:
    """The webhooks in an application of their own: no cookies, no languages, nothing of pages.

    A carrier waits for each answer, and the hooks that pages need would be a tenth of its turn.
    """
    from bot.web.webhooks.inbound import LARGEST, webhooks

    flask = Flask("bot.web.webhooks", static_folder=None)
    flask.extensions["parley"] = app
    flask.config.update(MAX_CONTENT_LENGTH=LARGEST, MAX_FORM_MEMORY_SIZE=LARGEST)
    flask.session_interface = _NoSessions()
    flask.register_blueprint(webhooks)
    flask.register_error_handler(HTTPException, _refused)
    flask.register_error_handler(Exception, _failed)
    return flask


class _NoSessions(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002
        return _NO_SESSION

    def save_session(self, *_: Any) -> None:
        """There is nothing to save."""


_NO_SESSION = NullSession()


class _Fork:
    """Leads /webhooks/ to one WSGI application and everything else to another."""

    def __init__(self, webhooks: Any, pages: Any) -> None:
        self._webhooks = webhooks
        self._pages = pages

    def __call__(self, environ: Any, start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        leads = self._webhooks if path.startswith("/webhooks/") else self._pages
        return leads(environ, start_response)


def _register(flask: Flask, app: App) -> None:
    """Register what may exist here; the phone and its panel only with the simulated carrier."""
    from bot.web.health import health
    from bot.web.webhooks.inbound import webhooks

    flask.register_blueprint(webhooks)
    flask.register_blueprint(health)
    from bot.web import pages

    for found in pkgutil.iter_modules(pages.__path__):
        module = importlib.import_module(f"{pages.__name__}.{found.name}")
        blueprint = getattr(module, "blueprint", None)
        if blueprint is None or (module.SIMULATED_ONLY and not app.settings.simulated):
            continue
        flask.register_blueprint(blueprint)


# -- when something is wrong ----------------------------------------------------------------------


def _refused(error: HTTPException) -> Response:
    """A page, or a line of text for the carrier, that says what is wrong and what to do."""
    code = error.code or 500
    if code < 400:
        return Response(status=code, headers=error.get_headers())
    if request.path.startswith("/webhooks/"):
        return Response(f"{error.name}\n", code, mimetype="text/plain")
    words = f"refused.{code}" if code in _WORDED else "refused.other"
    return page.render("refused.html", f"{words}.title", code, words=words)


def _failed(error: Exception) -> Response:
    """Nobody's fault but ours: 503 when the database does not answer, 500 for a bug."""
    away = is_away(error)
    log.exception("request_failed", endpoint=request.endpoint, away=away)
    code, words = (503, "refused.away") if away else (500, "refused.broke")
    if request.path.startswith("/webhooks/"):
        return Response("Please try again.\n", code, mimetype="text/plain")
    return page.render("refused.html", f"{words}.title", code, words=words)
