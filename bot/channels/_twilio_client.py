"""The `twilio` package's client as we use it: with time limits, and with errors that say how sure.

with as_send_error():
    client.messages.create(...)     # whatever is raised comes out as a SendError
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import requests
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.http_client import TwilioHttpClient
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot.channels import CarrierMessage, DeliveryState, SendError
from bot.channels._twilio_facts import judge
from bot.channels._twilio_forms import STATES, error_code, part_count

TIMEOUTS = (5.0, 10.0)  # seconds: to connect, to read


class PatientHttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own HTTP client with a time limit for connecting and another for reading."""

    def __init__(self, timeouts: tuple[float, float] = TIMEOUTS) -> None:
        super().__init__()
        # Set past the constructor, which takes one number only; requests takes the pair.
        self.timeout: Any = timeouts


class as_send_error:
    """Turns whatever the client raises into a SendError, and says how sure it is."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (TwilioRestException, TwilioServiceException)):
            detail = getattr(error, "msg", "") or getattr(error, "title", "")
            raise judge(str(error.code), error.status, str(detail)) from error
        if isinstance(error, TwilioException):
            raise _unread_page(error) from error
        if isinstance(error, requests.RequestException):
            raise _broken_call(error) from error
        if isinstance(error, ValueError):
            # An answer that is no JSON, from a proxy perhaps. The request may have passed it.
            raise SendError("unreadable", retryable=True, loggable=True, uncertain=True) from error


def _broken_call(error: requests.RequestException) -> SendError:
    """A call without an answer: certain only where no connection ever stood."""
    cause: Any = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None) or cause
    never_connected = isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, (NewConnectionError, ConnectTimeoutError)
    )
    if never_connected:
        return SendError("unreachable", retryable=True, loggable=True, detail=str(error))
    code = "timeout" if isinstance(error, requests.Timeout) else "broken"
    return SendError(code, retryable=True, loggable=True, uncertain=True, detail=str(error))


def _unread_page(error: TwilioException) -> SendError:
    """A list that could not be read; the client keeps the answer among the error's arguments."""
    answer = error.args[1] if len(error.args) > 1 else None
    status = getattr(answer, "status_code", None)
    try:
        code = str(json.loads(answer.text)["code"]) if answer is not None else "unreadable"
    except (ValueError, KeyError, TypeError):
        code = str(status)
    return judge(code, status, str(error.args[0]) if error.args else "")


def moment_of(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def in_ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def letters_of(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def carrier_message(message: Any) -> CarrierMessage:
    return CarrierMessage(
        provider_id=message.sid,
        sender=message.from_ or None,
        to=message.to or "",
        body=message.body or "",
        state=STATES.get(str(message.status), DeliveryState.accepted),
        error_code=error_code(str(message.error_code or "")),
        created_at_ms=in_ms(message.date_created),
        sent_at_ms=in_ms(message.date_sent),
        parts=part_count(message.num_segments),
    )
