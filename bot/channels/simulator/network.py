"""What the carrier does: takes messages, moves them on, carries texts, and knows who said STOP.

    network = Network(Identity("AC..", "token"), books, postman, now_ms, salt="0a1b..")
    message = network.accept({"To": "+33639980001", "From": "36000", "Body": "Bonjour"})
    network.receive("+33639980001", "36000", "STOP")

All times are the carrier's own clock. Nothing here knows that it is called over HTTP.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree import ElementTree

from bot.channels._twilio_facts import PRESETS, Label, keyword_label
from bot.channels.simulator.agenda import Agenda
from bot.channels.simulator.books import FINAL, Books, Callback, Message, Text
from bot.channels.simulator.faults import Faults
from bot.channels.simulator.postman import Postman

LONGEST_BODY = 1600
_E164 = re.compile(r"\+[1-9]\d{6,14}\Z")
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")
_MESSAGES = {
    20429: "Too Many Requests",
    20503: "Service unavailable",
    21211: "The 'To' number is not a valid phone number.",
    21602: "Message body is required.",
    21603: "A 'From' number or a Messaging Service is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' number is not a number of this account that can send texts.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
}
_HTTP = {20429: 429, 20003: 401, 20404: 404, 20500: 500, 20503: 503}
# The carrier's own words to people who text STOP, START or HELP where it answers itself.
_OWN_ANSWERS = {
    Label.stop: "You have successfully been unsubscribed. Reply START to resubscribe.",
    Label.start: "You have successfully been re-subscribed. Reply STOP to unsubscribe.",
    Label.help: "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


class Refused(Exception):
    """The API's answer to a message it does not take: Twilio's code, the HTTP status, the words."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.status = _HTTP.get(code, 400)
        self.message = _MESSAGES.get(code, f"Error {code}")
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class Sender:
    """One of the account's numbers: who answers for it (a preset), and its Messaging Service."""

    preset: str = "short_code"
    service_sid: str | None = None

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(f"preset {self.preset}: one of {', '.join(sorted(PRESETS))}")


@dataclass(slots=True)
class Identity:
    """The account, where its texts go, and its numbers (a number that is not named: short_code)."""

    account: str
    token: str
    inbound_url: str = ""
    fallback_urls: Sequence[str] = ()
    senders: dict[str, Sender] = field(default_factory=dict)


def parts_of(body: str) -> int:
    """SMS segments: 160 or 153 septets of GSM-7, else 70 or 67 units of UCS-2."""
    if all(char in _GSM or char in _GSM_TWICE for char in body):
        units, one, many = len(body) + sum(char in _GSM_TWICE for char in body), 160, 153
    else:
        units, one, many = len(body.encode("utf-16-le", "replace")) // 2, 70, 67
    return 1 if units <= one else -(-units // many)


class Network:
    """The carrier. Several threads may use it at once."""

    def __init__(
        self,
        identity: Identity,
        books: Books,
        postman: Postman,
        now_ms: Callable[[], int],
        salt: str,
        faults: Faults | None = None,
    ) -> None:
        self.identity = identity
        self.books = books
        self.postman = postman
        self.faults = faults or Faults()
        self.agenda = Agenda(now_ms)
        self._now_ms = now_ms
        self._salt = salt
        self._lock = threading.RLock()
        for message in books.messages.values():
            # The carrier was restarted: what it had accepted goes on its way.
            if message.status not in FINAL and message.direction != "carrier":
                self.agenda.later(0, self._advance, message.sid)

    # Messages to customers

    def accept(self, form: Mapping[str, str], in_reply_to: str | None = None) -> Message:
        """Take a message over and set it on its way. Raises Refused, as the API would answer."""
        to, sender = form.get("To", ""), form.get("From") or None
        service, body = form.get("MessagingServiceSid") or None, form.get("Body", "")
        reply = in_reply_to is not None
        self._refuse_nonsense(to, sender or service, body)
        fate = self.faults.failure(to)
        if fate is None and self._blocked(to, sender, service):
            fate = 21610
        # A reply is looked at after the webhook was answered, a message through a service once it
        # has a sender: such refusals come as a failed status, not as the API's answer.
        if fate is not None and fate < 30000 and not reply and not (fate == 21610 and service):
            raise Refused(fate)
        with self._lock:
            now = self._now_ms()
            n = self.books.number()
            status = "accepted" if service else "queued"
            message = Message(
                n=n,
                sid=f"SM{self._salt}{n:016x}",
                direction="outbound-reply" if reply else "outbound-api",
                sender=sender or self._sender_of(service),
                to=to,
                body=body,
                status=status,
                created_ms=now,
                updated_ms=now,
                parts=parts_of(body),
                service_sid=service,
                status_callback=form.get("StatusCallback") or None,
                validity_seconds=int(form["ValidityPeriod"]) if "ValidityPeriod" in form else None,
                fate=fate,
                in_reply_to=in_reply_to,
                history=[status],
            )
            self.books.keep(message)
        self.agenda.later(self.faults.within("delay_ms"), self._advance, message.sid)
        return message

    def _refuse_nonsense(self, to: str, sender: str | None, body: str) -> None:
        if not to:
            raise Refused(21604)
        if not _E164.match(to):
            raise Refused(21211)
        if not sender:
            raise Refused(21603)
        if not body:
            raise Refused(21602)
        if len(body) > LONGEST_BODY:
            raise Refused(21617)
        known = self.identity.senders
        services = {one.service_sid for one in known.values()}
        if known and sender not in known and sender not in services:
            raise Refused(21606)

    def _sender_of(self, service: str | None) -> str | None:
        numbers = self.identity.senders.items()
        return next((number for number, one in numbers if one.service_sid == service), None)

    def _blocked(self, to: str, sender: str | None, service: str | None) -> bool:
        pool = service or (self._pool(sender) if sender else None)
        return (to, pool) in self.books.blocks

    def _pool(self, number: str) -> str:
        """What a STOP to this number stops: the whole service, or the number alone."""
        sender = self.identity.senders.get(number, Sender())
        return sender.service_sid or number

    def _advance(self, sid: str) -> None:
        """Move a message to its next state, tell the app, and come back for the one after."""
        with self._lock:
            message = self.books.messages[sid]
            if message.status in FINAL:
                return
            now = self._now_ms()
            message.status, message.error_code = self._next(message, now)
            message.updated_ms = now
            message.history.append(message.status)
            if message.status in ("sent", "delivered") and message.sent_ms is None:
                message.sent_ms = now
            self.books.keep(message)
            status = message.status
        self._tell(message, status)
        if status not in FINAL:
            self.agenda.later(self.faults.within("delay_ms"), self._advance, sid)
        elif status == "delivered":
            scripted = self.faults.scripted_answer(message.to, message.body)
            if scripted and message.sender:
                answer, delay = scripted
                self.agenda.later(delay, self.receive, message.to, message.sender, answer)

    def _next(self, message: Message, now: int) -> tuple[str, int | None]:
        if message.status == "accepted":
            return "queued", None
        if message.status == "queued":
            limit = message.validity_seconds
            if limit is not None and now - message.created_ms > limit * 1000:
                return "failed", 30036
            if message.fate is not None and message.fate <= 30002:
                return "failed", message.fate
            return "sent", None
        return ("delivered", None) if message.fate is None else ("undelivered", message.fate)

    def _tell(self, message: Message, status: str) -> None:
        """The status callback, or what the faults make of it."""
        if not message.status_callback:
            return
        if self.faults.strikes("lose"):
            self._keep_callback(message, status, "lost")
        elif self.faults.strikes("reorder"):
            held = self.faults.within("reorder_ms")
            self.agenda.later(held, self._call_back, message, status)
        else:
            self._call_back(message, status)
            if self.faults.strikes("duplicate"):
                self._call_back(message, status)

    def _call_back(self, message: Message, status: str) -> None:
        form = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "AccountSid": self.identity.account,
            "From": message.sender or "",
            "To": message.to,
            "MessageStatus": status,
            "SmsStatus": status,
            "ApiVersion": "2010-04-01",
        }
        if message.service_sid:
            form["MessagingServiceSid"] = message.service_sid
        if status in ("failed", "undelivered"):
            form["ErrorCode"] = str(message.error_code)
        if status in ("delivered", "undelivered"):
            done = datetime.fromtimestamp(message.updated_ms / 1000, UTC)
            form["RawDlrDoneDate"] = done.strftime("%y%m%d%H%M")
        delivery = self.postman.post(str(message.status_callback), form)
        self._keep_callback(message, status, delivery.outcome)

    def _keep_callback(self, message: Message, status: str, outcome: str) -> None:
        url = str(message.status_callback)
        entry = Callback(self.books.number(), message.sid, status, url, self._now_ms(), outcome)
        self.books.keep(entry)

    # Texts from customers

    def receive(
        self,
        from_number: str,
        to: str,
        body: str,
        media: Sequence[str] = (),
        opt_out_type: str | None = None,
    ) -> Text:
        """A customer texts: answer it if it is ours to answer, and bring it to the app."""
        with self._lock:
            n = self.books.number()
            sender = self.identity.senders.get(to, Sender())
            label = keyword_label(sender.preset, body)
            if opt_out_type:
                label = Label(opt_out_type.lower())
            tells = opt_out_type or sender.preset == "messaging_service_advanced"
            text = Text(
                n=n,
                sid=f"SM{self._salt}{n:016x}",
                from_number=from_number,
                to=to,
                body=body,
                created_ms=self._now_ms(),
                parts=parts_of(body),
                media=list(media),
                label=label.value if label else None,
                opt_out_type=label.value.upper() if label and tells else None,
            )
            self.books.keep(text)
            if label:
                self._answer_myself(text, label)
        if not self.faults.strikes("lose_inbound"):
            self._bring(text)
        return text

    def _answer_myself(self, text: Text, label: Label) -> None:
        pool = self._pool(text.to)
        if label is Label.stop:
            self.books.block(text.from_number, pool)
        elif label is Label.start:
            self.books.unblock(text.from_number, pool)
        n, now, body = self.books.number(), self._now_ms(), _OWN_ANSWERS[label]
        answer = Message(
            n=n,
            sid=f"SM{self._salt}{n:016x}",
            direction="carrier",
            sender=text.to,
            to=text.from_number,
            body=body,
            status="delivered",
            created_ms=now,
            updated_ms=now,
            parts=parts_of(body),
            sent_ms=now,
            in_reply_to=text.sid,
        )
        self.books.keep(answer)

    def _bring(self, text: Text) -> None:
        """Post the text to the app and say to the customer what it answers."""
        form = {
            "MessageSid": text.sid,
            "SmsMessageSid": text.sid,
            "SmsSid": text.sid,
            "AccountSid": self.identity.account,
            "From": text.from_number,
            "To": text.to,
            "Body": text.body,
            "NumMedia": str(len(text.media)),
            "NumSegments": str(text.parts),
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
            "FromCountry": _country(text.from_number),
        }
        service = self.identity.senders.get(text.to, Sender()).service_sid
        if service:
            form["MessagingServiceSid"] = service
        if text.opt_out_type:
            form["OptOutType"] = text.opt_out_type
        for number, url in enumerate(text.media):
            form |= {f"MediaUrl{number}": url, f"MediaContentType{number}": "image/jpeg"}
        url, fallbacks = self.identity.inbound_url, self.identity.fallback_urls
        delivery = self.postman.post(url, form, fallbacks)
        text.attempts = delivery.attempts
        for reply in _replies(delivery.answer or ""):
            message = {"To": text.from_number, "From": text.to, **reply}
            if service:
                message["MessagingServiceSid"] = service
            try:
                text.replies.append(self.accept(message, in_reply_to=text.sid).sid)
            except Refused as refusal:
                text.attempts.append({"url": "", "outcome": f"TwiML refused: {refusal.code}"})
        self.books.keep(text)


def _country(number: str) -> str:
    """Enough for the numbers of fiction: the webhook says where a text comes from."""
    prefixes = {"+33": "FR", "+44": "GB", "+1": "US", "+32": "BE", "+49": "DE", "+34": "ES"}
    return next((country for prefix, country in prefixes.items() if number.startswith(prefix)), "")


def _replies(twiml: str) -> list[dict[str, str]]:
    """The messages in a TwiML answer, as forms. An answer that is no XML says nothing."""
    try:
        root = ElementTree.fromstring(twiml)
    except ElementTree.ParseError:
        return []
    found = []
    for verb in root.iter("Message"):
        reply = {"Body": "".join(verb.itertext())}
        for attribute, name in (
            ("statusCallback", "StatusCallback"),
            ("to", "To"),
            ("from", "From"),
        ):
            if verb.get(attribute):
                reply[name] = str(verb.get(attribute))
        found.append(reply)
    return found
