"""Signing in with the operator's token, until there are accounts. Only with a real carrier."""

from __future__ import annotations

from flask import Blueprint, request, session
from flask.typing import ResponseReturnValue

from bot.web import guard, page

SIMULATED_ONLY = False
blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def show() -> ResponseReturnValue:
    """The form; `to` is where to go on to."""
    return page.render(
        "sign_in.html", "sign_in.title", to=guard.safe_path(request.args.get("to", ""))
    )


@blueprint.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Check the token: a signed cookie and on to the page, or the form again and why."""
    to = guard.safe_path(request.form.get("to", ""))
    if not guard.is_token(request.form.get("token", ""), page.app().settings):
        return page.render("sign_in.html", "sign_in.title", 401, to=to, wrong=True)
    guard.sign_in()
    return guard.go(to)


@blueprint.post("/sign-out")
def leave() -> ResponseReturnValue:
    """Forget that this browser gave the token."""
    session.clear()
    return guard.go("/sign-in")
