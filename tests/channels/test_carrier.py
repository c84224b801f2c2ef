"""Twilio's real client against the simulated carrier as a real process."""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from twilio.rest import Client

from bot.channels import Channel, DeliveryState, Outgoing, Reply, Request, SendError, furthest
from bot.channels.carrier import (
    ACCOUNT,
    TOKEN,
    InProcessCarrier,
    SimulatedHttpClient,
    make_channel,
)
from bot.channels.simulator.network import parts_of
from bot.channels.twilio import TwilioChannel
from tests.channels.conftest import App, Carrier, start_carrier

SENDER = "36000"
_numbers = itertools.count(1)


@pytest.fixture
def customer() -> str:
    """A number of fiction that no other test has texted from."""
    return f"+33639980{next(_numbers):03d}"


def outgoing(
    to: str, body: str = "Bonjour", url: str = "http://127.0.0.1:9", **more: object
) -> Outgoing:
    message_id = f"01J{next(_numbers):023d}"
    callback = f"{url}/webhooks/twilio/status?m={message_id}"
    fields = {"sender": SENDER, "to": to, "body": body, "status_callback": callback, **more}
    return Outgoing(message_id=message_id, **fields)  # type: ignore[arg-type]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_a_message_is_accepted_sent_and_delivered_with_signed_callbacks(
    carrier: Carrier, app: App, customer: str
) -> None:
    message = outgoing(customer, "Été à Lille", app.url)
    sent = carrier.channel.send(message)
    assert (sent.state, sent.parts) == (DeliveryState.queued, 1)
    books = carrier.books()
    (kept,) = [m for m in books["messages"] if m["sid"] == sent.provider_id]
    assert (kept["message_id"], kept["body"]) == (message.message_id, "Été à Lille")
    assert kept["history"] == ["queued", "sent", "delivered"]
    statuses = [app.channel.parse_status(ask) for ask in app.on("/webhooks/twilio/status")]
    assert [status.state for status in statuses] == [DeliveryState.sent, DeliveryState.delivered]
    assert {status.message_id for status in statuses} == {message.message_id}
    assert {status.provider_id for status in statuses} == {sent.provider_id}
    done = statuses[-1].done_at_ms
    assert done is not None
    assert abs(done - books["now_ms"]) < 120_000
    assert app.forged == []


def test_a_service_is_accepted_first_and_its_number_is_pinned(
    carrier: Carrier, app: App, customer: str
) -> None:
    service = "MG" + "1" * 32
    senders = {"+15550100": {"preset": "messaging_service_advanced", "service_sid": service}}
    carrier.post("/settings", senders=senders)
    message = outgoing(customer, url=app.url, sender="+15550100", service_sid=service)
    sent = carrier.channel.send(message)
    assert sent.state is DeliveryState.accepted
    kept = carrier.books()["messages"][-1]
    assert (kept["sender"], kept["service_sid"]) == ("+15550100", service)
    assert kept["history"] == ["accepted", "queued", "sent", "delivered"]


@pytest.mark.parametrize(
    ("code", "retryable", "invalid", "stopped"),
    [(21610, False, False, True), (21211, False, True, False), (20429, True, False, False)],
)
def test_a_refusal_is_certain_and_says_what_it_means(
    carrier: Carrier, customer: str, code: int, retryable: bool, invalid: bool, stopped: bool
) -> None:
    carrier.post("/faults", fail=[{"code": code, "next": 1, "to": customer}])
    with pytest.raises(SendError) as caught:
        carrier.channel.send(outgoing(customer))
    error = caught.value
    assert error.code == str(code)
    assert not error.uncertain
    assert (error.retryable, error.invalid, error.stopped) == (retryable, invalid, stopped)
    assert [m for m in carrier.books()["messages"] if m["to"] == customer] == []
    assert carrier.channel.send(outgoing(customer)).provider_id


def test_nonsense_is_refused_as_twilio_refuses_it(carrier: Carrier, customer: str) -> None:
    for message, code in (
        (outgoing("0639980001"), "21211"),
        (outgoing(customer, ""), "21602"),
        (outgoing(customer, "x" * 1601), "21617"),
    ):
        with pytest.raises(SendError) as caught:
            carrier.channel.send(message)
        assert caught.value.code == code


def test_a_wrong_token_is_refused(carrier: Carrier, customer: str) -> None:
    channel = TwilioChannel(ACCOUNT, "x", http_client=lambda: SimulatedHttpClient(carrier.url))
    with pytest.raises(SendError) as caught:
        channel.send(outgoing(customer))
    assert (caught.value.code, caught.value.retryable) == ("20003", True)
    with pytest.raises(SendError) as caught:
        channel.find_sent(SENDER, customer, 0, "Bonjour")
    assert caught.value.code == "20003"
    with pytest.raises(SendError):
        list(channel.list_inbound(0))


def test_a_stop_at_a_long_code_blocks_that_sender_until_start(
    carrier: Carrier, app: App, customer: str
) -> None:
    carrier.post("/settings", senders={"+15550100": {"preset": "us_long_code"}})
    app.answer = lambda _: (200, b"<Response />")
    carrier.customer(customer, "+15550100", "Stop")
    heard = app.channel.parse_inbound(app.on("/webhooks/twilio/sms")[0])
    assert (heard.body, heard.opt_out_type) == ("Stop", None)
    with pytest.raises(SendError) as caught:
        carrier.channel.send(outgoing(customer, sender="+15550100"))
    assert caught.value.stopped
    thread = requests.get(f"{carrier.url}/customers/{customer}/texts", timeout=5).json()["texts"]
    assert [text.get("direction") for text in thread] == [None, "carrier"]
    carrier.customer(customer, "+15550100", "YES")
    assert carrier.channel.send(outgoing(customer, sender="+15550100"))


def test_a_short_code_leaves_stop_to_the_app(carrier: Carrier, app: App, customer: str) -> None:
    carrier.customer(customer, SENDER, "STOP")
    assert app.channel.parse_inbound(app.heard[0]).opt_out_type is None
    assert carrier.channel.send(outgoing(customer))


def test_advanced_opt_out_tells_the_app_and_blocks_the_whole_service(
    carrier: Carrier, app: App, customer: str
) -> None:
    service = "MG" + "2" * 32
    one = {"preset": "messaging_service_advanced", "service_sid": service}
    carrier.post("/settings", senders={"+15550100": one, "+15550101": one})
    carrier.customer(customer, "+15550100", "stop")
    carrier.customer(customer, "+15550100", "ARRET", opt_out_type="STOP")
    kinds = [app.channel.parse_inbound(ask).opt_out_type for ask in app.heard]
    assert kinds == ["STOP", "STOP"]
    # Through the service the refusal comes as a failed status; from the number alone at once.
    sent = carrier.channel.send(
        outgoing(customer, url=app.url, sender="+15550101", service_sid=service)
    )
    carrier.books()
    last = app.channel.parse_status(app.on("/webhooks/twilio/status")[-1])
    assert (last.provider_id, last.state) == (sent.provider_id, DeliveryState.failed)
    assert carrier.channel.error_for(str(last.error_code)).stopped
    with pytest.raises(SendError):
        carrier.channel.send(outgoing(customer, sender="+15550101"))


def test_a_message_that_fails_later_says_so_in_a_callback(
    carrier: Carrier, app: App, customer: str
) -> None:
    carrier.post("/faults", fail=[{"code": 30005, "next": 1}])
    carrier.channel.send(outgoing(customer, url=app.url))
    carrier.books()
    last = app.channel.parse_status(app.heard[-1])
    assert (last.state, last.error_code) == (DeliveryState.undelivered, "30005")


def test_death_after_accepting_is_uncertain_and_the_message_is_found(
    carrier: Carrier, customer: str
) -> None:
    before = now_ms()
    carrier.post("/faults", die_after_accept={"next": 1})
    with pytest.raises(SendError) as caught:
        carrier.channel.send(outgoing(customer, "Votre code : l’été"))
    assert (caught.value.uncertain, caught.value.retryable) == (True, True)
    # A service's smart encoding may have changed the apostrophe; it is the same text.
    (found,) = carrier.channel.find_sent(SENDER, customer, before, "Votre code : l'été")
    assert (found.to, found.sender) == (customer, SENDER)
    assert carrier.channel.find_sent(SENDER, customer, before, "Autre chose") == []
    assert carrier.channel.find_sent("36001", customer, before, "Votre code : l'été") == []
    later = now_ms() + 600_000
    assert carrier.channel.find_sent(SENDER, customer, later, "Votre code : l'été") == []


def test_a_message_is_found_behind_many_others_to_the_same_person(
    carrier: Carrier, customer: str
) -> None:
    channel = carrier.channel
    for number in range(230):
        channel.send(outgoing(customer, f"no {number}"))
    (found,) = channel.find_sent(SENDER, customer, now_ms() - 60_000, "no 3")
    assert found.body == "no 3"


def test_death_before_accepting_looks_the_same_and_nothing_is_found(
    carrier: Carrier, customer: str
) -> None:
    carrier.post("/faults", die_before_accept={"next": 1})
    with pytest.raises(SendError) as caught:
        carrier.channel.send(outgoing(customer))
    assert caught.value.uncertain
    assert carrier.channel.find_sent(SENDER, customer, 0, "Bonjour") == []


def test_an_answer_that_comes_too_late_is_uncertain(carrier: Carrier, customer: str) -> None:
    carrier.post("/faults", answer_delay_ms=[600, 600])
    channel = TwilioChannel(
        ACCOUNT, TOKEN, http_client=lambda: SimulatedHttpClient(carrier.url, (1.0, 0.2))
    )
    with pytest.raises(SendError) as caught:
        channel.send(outgoing(customer))
    assert (caught.value.code, caught.value.uncertain) == ("timeout", True)
    assert len(channel.find_sent(SENDER, customer, 0, "Bonjour")) == 1


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_refused_connection_is_certain() -> None:
    settings = SimpleNamespace(
        carrier_url=f"http://127.0.0.1:{free_port()}", twilio_account_sid="", twilio_auth_token=""
    )
    channel = make_channel(settings)
    with pytest.raises(SendError) as caught:
        channel.send(outgoing("+33639980001"))
    assert (caught.value.uncertain, caught.value.retryable) == (False, True)
    with pytest.raises(SendError):
        channel.find_sent(SENDER, "+33639980001", 0, "Bonjour")


@pytest.mark.parametrize(
    ("answer", "uncertain"),
    [
        (b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n<ht/>", True),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{", True),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 504 Late\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", False),
    ],
)
def test_odd_answers_are_judged_by_what_may_have_happened(answer: bytes, uncertain: bool) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def answer_once() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    thread = threading.Thread(target=answer_once)
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = SimpleNamespace(carrier_url=url, twilio_account_sid="", twilio_auth_token="")
    with pytest.raises(SendError) as caught:
        make_channel(settings).send(outgoing("+33639980001"))
    thread.join()
    listening.close()
    assert caught.value.uncertain is uncertain
    assert caught.value.retryable


def test_a_simulated_carrier_elsewhere_is_refused() -> None:
    settings = SimpleNamespace(
        carrier_url="http://carrier.example.com", twilio_account_sid="", twilio_auth_token=""
    )
    with pytest.raises(ValueError, match="loopback"):
        make_channel(settings)


def test_lists_come_in_pages_without_a_gap_or_a_repeat(
    carrier: Carrier, app: App, customer: str
) -> None:
    bodies = [f"no {number}" for number in range(23)]
    for body in bodies:
        carrier.channel.send(outgoing(customer, body, app.url))
    carrier.books()
    client = Client(ACCOUNT, TOKEN, http_client=SimulatedHttpClient(carrier.url))
    pages = client.messages.list(to=customer, page_size=5)
    assert [message.body for message in pages] == bodies[::-1]
    ours = [m for m in carrier.channel.list_statuses(now_ms() - 60_000) if m.to == customer]
    assert sorted(m.body for m in ours) == sorted(bodies)
    assert {m.state for m in ours} == {DeliveryState.delivered}
    assert [m for m in carrier.channel.list_statuses(now_ms() + 60_000) if m.to == customer] == []


def test_texts_that_never_reached_us_are_found_in_the_list(
    carrier: Carrier, app: App, customer: str
) -> None:
    carrier.post("/faults", lose_inbound={"next": 1})
    carrier.customer(customer, SENDER, "STOP", media=["https://api.twilio.com/x"])
    assert app.heard == []
    missed = [
        t for t in carrier.channel.list_inbound(now_ms() - 60_000) if t.from_number == customer
    ]
    (text,) = missed
    assert (text.body, text.sender, text.account) == ("STOP", SENDER, ACCOUNT)
    assert len(text.media) == 1
    carrier.customer(customer, SENDER, "encore")
    posted = app.channel.parse_inbound(app.heard[0])
    listed = next(t for t in carrier.channel.list_inbound(0) if t.provider_id == posted.provider_id)
    assert (listed.body, listed.parts, listed.from_number) == ("encore", 1, posted.from_number)


def test_a_reply_in_the_answer_reaches_the_customer_with_its_callbacks(
    carrier: Carrier, app: App, customer: str
) -> None:
    def answer(ask: Request) -> tuple[int, bytes]:
        if ask.path_and_query.startswith("/webhooks/twilio/status"):
            return 200, b""
        replies = [Reply("01JA", "Oui & non"), Reply("01JB", "Deux")]
        return 200, app.channel.render_reply(
            replies, lambda m: f"{app.url}/webhooks/twilio/status?m={m}"
        )[0]

    app.answer = answer
    assert carrier.customer(customer, SENDER, "pizza")["replies"] == ["Oui & non", "Deux"]
    books = carrier.books()
    replied = [m for m in books["messages"] if m["to"] == customer]
    assert [m["message_id"] for m in replied] == ["01JA", "01JB"]
    assert {m["direction"] for m in replied} == {"outbound-reply"}
    by_id: dict[str | None, list[DeliveryState]] = {}
    for ask in app.on("/webhooks/twilio/status"):
        status = app.channel.parse_status(ask)
        by_id.setdefault(status.message_id, []).append(status.state)
    assert by_id == {m: [DeliveryState.sent, DeliveryState.delivered] for m in ("01JA", "01JB")}


def test_a_failing_webhook_is_repeated_with_one_token_then_the_fallback_is_tried(
    carrier: Carrier, app: App, customer: str
) -> None:
    carrier.post("/settings", webhook=app.url, fallback=f"{app.url}/webhooks/twilio/sms?f=1#rc=0")
    app.answer = lambda ask: (200 if "f=1" in ask.path_and_query else 503, b"<Response/>")
    outcomes = [a["outcome"] for a in carrier.customer(customer, SENDER, "allo")["attempts"]]
    assert outcomes == ["503", "503", "503", "503", "200"]
    tokens = {app.channel.parse_inbound(ask).idempotency_token for ask in app.heard}
    assert len(tokens) == 1
    assert app.forged == []


def test_without_overrides_a_5xx_is_not_repeated_and_a_broken_connection_is(
    carrier: Carrier, app: App, customer: str
) -> None:
    carrier.post("/settings", webhook=f"{app.url}/webhooks/twilio/sms#rt=15000")
    app.answer = lambda _: (503, b"")
    assert len(carrier.customer(customer, SENDER, "un")["attempts"]) == 1
    app.answer = lambda _: (0, b"")
    outcomes = [a["outcome"] for a in carrier.customer(customer, SENDER, "deux")["attempts"]]
    assert outcomes == ["ct", "ct"]


def test_lost_doubled_and_reordered_callbacks_end_in_the_same_state(
    carrier: Carrier, app: App, customer: str
) -> None:
    carrier.post("/faults", seed=3, lose=0.2, duplicate=0.4, reorder=0.4, reorder_ms=[20, 60])
    for number in range(20):
        carrier.channel.send(outgoing(customer, str(number), app.url))
    books = carrier.books()
    outcomes = [
        c["outcome"]
        for c in books["callbacks"]
        if c["sid"] in {m["sid"] for m in books["messages"] if m["to"] == customer}
    ]
    assert "lost" in outcomes
    by_sid: dict[str, list[DeliveryState]] = {}
    for ask in app.heard:
        status = app.channel.parse_status(ask)
        by_sid.setdefault(status.provider_id, []).append(status.state)
    assert any(len(states) > 2 for states in by_sid.values())
    assert any(states != sorted(states, key=DeliveryState.rank) for states in by_sid.values())
    for states in by_sid.values():
        if DeliveryState.delivered in states:
            shuffled = random.Random(1).sample(states, len(states))
            assert furthest(shuffled) is DeliveryState.delivered


def test_a_scripted_customer_answers_what_it_is_asked(
    carrier: Carrier, app: App, customer: str
) -> None:
    rule = {"pattern": r"code (\d+)", "answer": r"recu \1", "times": 1, "to": customer}
    carrier.post("/faults", customers=[rule])
    carrier.channel.send(outgoing(customer, "Votre code 4821", app.url))
    carrier.channel.send(outgoing(customer, "Votre code 4822", app.url))
    books = carrier.books()
    texts = [text["body"] for text in books["inbound"] if text["from_number"] == customer]
    assert len(texts) == 1
    assert re.fullmatch(r"recu 482[12]", texts[0])
    assert app.channel.parse_inbound(app.on("/webhooks/twilio/sms")[0]).body == texts[0]


def test_the_clock_moves_what_waits_and_a_validity_runs_out(
    carrier: Carrier, app: App, customer: str
) -> None:
    carrier.post("/faults", delay_ms=[3_600_000, 3_600_000])
    carrier.channel.send(outgoing(customer, "bref", app.url, validity_seconds=60))
    carrier.channel.send(outgoing(customer, "long", app.url))
    carrier.post("/faults", delay_ms=[0, 0])
    assert carrier.channel.find_sent(SENDER, customer, 0, "long")[0].state is DeliveryState.queued
    moved = carrier.post("/clock", offset_ms=3_700_000)
    books = carrier.books()
    ends = {
        m["body"]: (m["status"], m["error_code"]) for m in books["messages"] if m["to"] == customer
    }
    assert ends == {"bref": ("failed", 30036), "long": ("delivered", None)}
    assert all(m["updated_ms"] >= moved["now_ms"] for m in books["messages"] if m["to"] == customer)


def test_half_an_emoji_and_a_nul_arrive_signed_and_can_be_stored(
    carrier: Carrier, app: App, customer: str
) -> None:
    carrier.customer(customer, SENDER, "STOP \ud83d\x00")
    assert app.forged == []
    heard = app.channel.parse_inbound(app.heard[0])
    assert heard.body == "STOP \ufffd\ufffd"
    assert b"%ED%A0%BD%00" in heard.raw


def test_the_control_addresses_refuse_what_they_do_not_understand(carrier: Carrier) -> None:
    for path, data in (
        ("/faults", {"lose": 2}),
        ("/faults", {"typo": 1}),
        ("/faults", {"customers": [{"pattern": "(", "answer": "x"}]}),
        ("/customers/texts", {"to": SENDER}),
        ("/settings", {"webhook": "https://example.com"}),
        ("/settings", {"senders": {"36000": {"preset": "mars"}}}),
    ):
        assert requests.post(carrier.url + path, json=data, timeout=5).status_code == 400, path
    rebound = requests.get(carrier.url + "/books", headers={"Host": "evil.example"}, timeout=5)
    assert rebound.status_code == 403


def test_the_books_survive_the_carrier_s_death_and_it_goes_on_where_it_was(
    app: App, tmp_path: Path
) -> None:
    senders = ["--sender", "+15550100=us_long_code", "--sender", SENDER]
    options = ["--books", str(tmp_path / "carrier.db"), *senders]
    first = start_carrier(app.url, *options)
    try:
        first.customer("+33639980001", "+15550100", "STOP")
        first.post("/faults", delay_ms=[3_600_000, 3_600_000])
        sent = first.channel.send(outgoing("+33639980002", url=app.url))
    finally:
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait(10)
    second = start_carrier(app.url, *options)
    try:
        kept = second.books()
        (message,) = [m for m in kept["messages"] if m["sid"] == sent.provider_id]
        assert message["status"] == "delivered"
        assert [text["body"] for text in kept["inbound"]] == ["STOP"]
        with pytest.raises(SendError) as caught:
            second.channel.send(outgoing("+33639980001", sender="+15550100"))
        assert caught.value.stopped
        again = second.channel.send(outgoing("+33639980002"))
        assert again.provider_id != sent.provider_id
    finally:
        second.stop()


def test_the_carrier_in_the_process_keeps_the_same_promises() -> None:
    clock = itertools.count(1_000)
    carrier = InProcessCarrier(
        lambda: next(clock), refuse=lambda o: "30001" if o.body == "non" else None
    )
    assert isinstance(carrier, Channel)
    first = carrier.send(outgoing("+33639980001", "un"))
    second = carrier.send(outgoing("+33639980001", "deux"))
    assert (first.provider_id, second.provider_id) == (f"SM{1:032x}", f"SM{2:032x}")
    assert [o.body for o in carrier.sent] == ["un", "deux"]
    assert [m.provider_id for m in carrier.find_sent(SENDER, "+33639980001", 0, "deux")] == [
        second.provider_id
    ]
    assert [m.body for m in carrier.list_statuses(1_001)] == ["deux"]
    carrier.blocked.add(("+33639980002", SENDER))
    with pytest.raises(SendError) as caught:
        carrier.send(outgoing("+33639980002"))
    assert caught.value.stopped
    with pytest.raises(SendError) as caught:
        carrier.send(outgoing("+33639980003", "non"))
    assert caught.value.retryable


def test_a_client_is_made_anew_in_a_forked_process(carrier: Carrier, customer: str) -> None:
    channel = carrier.channel
    channel.send(outgoing(customer, "avant"))
    child = os.fork()
    if child == 0:
        try:
            channel.send(outgoing(customer, "enfant"))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    channel.send(outgoing(customer, "après"))
    bodies = [m["body"] for m in carrier.books()["messages"] if m["to"] == customer]
    assert bodies == ["avant", "enfant", "après"]


def test_parts_are_counted_as_phones_count_them() -> None:
    for body, parts in (
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("🍕" * 35, 1),
        ("🍕" * 36, 2),
    ):
        assert parts_of(body) == parts, body[:1]
