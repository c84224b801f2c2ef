"""Forms, answers and error codes of Twilio, without a network."""

from __future__ import annotations

import random
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse
from werkzeug.datastructures import MultiDict

from bot.channels import Channel, DeliveryState, Malformed, Reply, Request, Status, furthest
from bot.channels.twilio import PRESETS, TwilioChannel, carrier_answers, judge, make_channel
from bot.loading import brand_schema
from bot.settings import from_env
from tests.channels.forms import ACCOUNT, CUSTOMER, INBOUND, SENDER, TOKEN, request
from tests.support.speed import beats

CHANNEL = TwilioChannel(ACCOUNT, TOKEN)


def test_the_channel_is_one() -> None:
    assert isinstance(CHANNEL, Channel)


def test_the_settings_make_the_channel() -> None:
    settings = from_env({"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN})
    signed = request(INBOUND, signed_for="https://sms.example.com/webhooks/twilio/sms")
    assert make_channel(settings).verify(signed, ["https://sms.example.com"])


def test_an_ordinary_text_is_read() -> None:
    ask = request(INBOUND, headers={"i-twilio-idempotency-token": "t-1"})
    heard = CHANNEL.parse_inbound(ask)
    assert heard.channel == "twilio"
    assert heard.provider_id == INBOUND["MessageSid"]
    assert (heard.account, heard.sender, heard.from_number) == (ACCOUNT, SENDER, CUSTOMER)
    assert (heard.body, heard.media, heard.parts) == ("Bonjour", (), 1)
    assert (heard.opt_out_type, heard.from_country) == (None, "FR")
    assert heard.idempotency_token == "t-1"
    assert heard.raw == ask.body


def inbound(**changes: str | None) -> Request:
    form = {**INBOUND, **changes}
    return request({name: value for name, value in form.items() if value is not None})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"MessageSid": None}, "MessageSid"),
        ({"MessageSid": ""}, "MessageSid"),
        ({"MessageSid": "SM' OR 1=1"}, "MessageSid"),
        ({"AccountSid": None}, "AccountSid"),
        ({"From": None}, "From"),
        ({"From": ""}, "From"),
        ({"From": "+33 6"}, "From"),
        ({"From": "+336\x00"}, "From"),
        ({"To": None}, "To"),
        ({"To": "x" * 65}, "To"),
        ({"NumMedia": "many"}, "NumMedia"),
        ({"NumMedia": "-1"}, "NumMedia"),
        ({"NumSegments": "1.5"}, "NumSegments"),
    ],
)
def test_a_malformed_text_names_its_field(changes: dict[str, str | None], field: str) -> None:
    with pytest.raises(Malformed) as caught:
        CHANNEL.parse_inbound(inbound(**changes))
    assert caught.value.field == field


@pytest.mark.parametrize(
    "body",
    ["", "x" * 1601, "م" * 10_000, "🍕" * 900, "a\r\nb\tc", " STOP ", "<b>&amp;</b>", "\u202eabc"],
)
def test_any_body_is_kept_as_it_came(body: str) -> None:
    assert CHANNEL.parse_inbound(inbound(Body=body)).body == body


def test_no_body_is_an_empty_one() -> None:
    assert CHANNEL.parse_inbound(inbound(Body=None)).body == ""


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("ST\x00OP", "ST\ufffdOP"),
        ("\ud83d", "\ufffd"),
        ("\udc00 stop", "\ufffd stop"),
        ("a\ud83db", "a\ufffdb"),
        ("\ud83c\udf55", "🍕"),
        ("\ufeff\x00", "\ufeff\ufffd"),
    ],
)
def test_what_no_database_takes_is_replaced_and_the_raw_form_is_kept(body: str, kept: str) -> None:
    ask = inbound(Body=body)
    heard = CHANNEL.parse_inbound(ask)
    assert heard.body == kept
    assert heard.raw == ask.body
    heard.body.encode("utf-8")


@given(st.text(alphabet=st.characters(), max_size=40))
def test_whatever_is_written_can_be_stored(body: str) -> None:
    heard = CHANNEL.parse_inbound(inbound(Body=body))
    heard.body.encode("utf-8")
    assert "\x00" not in heard.body
    if not any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in body):
        assert heard.body == body


def test_a_value_that_the_framework_could_not_decode_is_read_from_the_bytes() -> None:
    ask = request(
        {**INBOUND, "Body": "STOP %ED%A0%BD"},
        body=request(INBOUND).body.replace(b"Bonjour", b"STOP+%ED%A0%BD"),
    )
    assert CHANNEL.parse_inbound(ask).body == "STOP \ufffd"


def test_a_form_without_its_bytes_is_kept_in_a_canonical_spelling() -> None:
    ask = request(INBOUND)
    pairs = list(INBOUND.items())
    random.Random(1).shuffle(pairs)
    one = CHANNEL.parse_inbound(Request("POST", "/", {}, ask.form))
    other = CHANNEL.parse_inbound(Request("POST", "/", {}, MultiDict(pairs)))
    assert one.raw == other.raw
    assert b"Body=Bonjour" in one.raw


def test_media_are_named_and_a_missing_address_loses_no_text() -> None:
    media = inbound(NumMedia="2", MediaUrl0="https://api.twilio.com/a", MediaUrl1="https://b")
    assert CHANNEL.parse_inbound(media).media == ("https://api.twilio.com/a", "https://b")
    assert CHANNEL.parse_inbound(inbound(NumMedia="2", Body="STOP")).media == ()
    assert CHANNEL.parse_inbound(inbound(NumMedia="999999999", MediaUrl0="u")).media == ("u",)


@pytest.mark.parametrize(
    ("given_type", "read"),
    [("STOP", "STOP"), ("start", "START"), ("HELP", "HELP"), ("SOMETHING", None), ("", None)],
)
def test_the_opt_out_type_is_one_of_three_or_nothing(given_type: str, read: str | None) -> None:
    assert CHANNEL.parse_inbound(inbound(OptOutType=given_type)).opt_out_type == read


def test_fields_that_nobody_knows_are_ignored() -> None:
    assert CHANNEL.parse_inbound(inbound(Brand_New="1", **{"Odd[]": "2"})).body == "Bonjour"


STATUS = {"MessageSid": "SM" + "b" * 32, "MessageStatus": "delivered", "To": CUSTOMER}
STATUS_PATH = "/webhooks/twilio/status?m=01J00000000000000000000000"


def test_a_status_is_read_with_our_own_id_from_the_address() -> None:
    form = {**STATUS, "RawDlrDoneDate": "2603021158", "ErrorCode": "30003"}
    assert CHANNEL.parse_status(request(form, path=STATUS_PATH)) == Status(
        provider_id=STATUS["MessageSid"],
        message_id="01J00000000000000000000000",
        state=DeliveryState.delivered,
        error_code="30003",
        sent_to=CUSTOMER,
        done_at_ms=1_772_452_680_000,
    )


def test_a_status_does_without_what_may_be_absent() -> None:
    bare = {"MessageSid": STATUS["MessageSid"], "SmsStatus": "sent", "RawDlrDoneDate": "soon"}
    status = CHANNEL.parse_status(request(bare, path="/webhooks/twilio/status"))
    assert (status.message_id, status.state, status.done_at_ms) == (None, DeliveryState.sent, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"MessageSid": ""}, "MessageSid"),
        ({"MessageStatus": ""}, "MessageStatus"),
        ({"MessageStatus": "received"}, "MessageStatus"),
    ],
)
def test_a_malformed_status_names_its_field(changes: dict[str, str], field: str) -> None:
    with pytest.raises(Malformed) as caught:
        CHANNEL.parse_status(request({**STATUS, **changes}, path=STATUS_PATH))
    assert caught.value.field == field


def test_twilio_s_other_words_for_a_state_are_known() -> None:
    for word, state in (
        ("scheduled", DeliveryState.accepted),
        ("partially_delivered", DeliveryState.sent),
        ("read", DeliveryState.read),
    ):
        ask = request({**STATUS, "MessageStatus": word}, path=STATUS_PATH)
        assert CHANNEL.parse_status(ask).state is state


@given(st.lists(st.sampled_from(DeliveryState), min_size=1), st.randoms())
def test_statuses_end_alike_in_any_order(states: list[DeliveryState], dice: random.Random) -> None:
    shuffled = list(states) + dice.choices(states, k=3)
    dice.shuffle(shuffled)
    now = shuffled[0]
    for state in shuffled:
        after = furthest([now, state])
        assert after.rank() >= now.rank()
        if now.terminal:
            assert after.terminal
        now = after
    assert now is furthest(states)


def test_a_delivery_that_overtakes_its_sending_stands() -> None:
    assert furthest([DeliveryState.delivered, DeliveryState.sent]) is DeliveryState.delivered
    assert furthest([DeliveryState.read, DeliveryState.delivered]) is DeliveryState.read
    assert furthest([DeliveryState.failed, DeliveryState.queued]) is DeliveryState.failed
    assert len({state.rank() for state in DeliveryState}) == len(DeliveryState)


def callback(message_id: str) -> str:
    return f"https://sms.example.com/webhooks/twilio/status?m={message_id}&x=\"<'>"


def same_xml(one: str, other: str) -> bool:
    return ElementTree.canonicalize(one) == ElementTree.canonicalize(other)


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])), max_size=3))
def test_an_answer_says_the_same_as_the_twilio_package_s(bodies: list[str]) -> None:
    bodies = [body.replace("\ufffe", "").replace("\uffff", "") for body in bodies]
    theirs = MessagingResponse()
    for number, body in enumerate(bodies):
        theirs.message(body, status_callback=callback(str(number)))
    replies = [Reply(str(number), body) for number, body in enumerate(bodies)]
    ours, content_type = CHANNEL.render_reply(replies, callback)
    assert content_type == "application/xml; charset=utf-8"
    assert same_xml(ours.decode(), theirs.to_xml())


def test_an_answer_carries_line_breaks_and_drops_what_xml_cannot_say() -> None:
    answer, _ = CHANNEL.render_reply([Reply("1", "a\nb\x00\x0b]]>&é🍕\ud800")], callback)
    message = ElementTree.fromstring(answer)[0]
    assert message.text == "a\nb]]>&é🍕"
    assert message.attrib == {"statusCallback": callback("1")}


def test_saying_nothing_is_an_empty_answer() -> None:
    answer, _ = CHANNEL.render_reply([], callback)
    assert same_xml(answer.decode(), MessagingResponse().to_xml())


ALL_STOPS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
ALL_STARTS = ("START", "YES", "UNSTOP")
ALL_HELPS = ("HELP", "INFO")
OURS = ("ARRET", "STOP PLEASE", "OPT OUT", "S T O P", "Stop.", "AIDE", "JOIN", "", "OUI", "CONTACT")


def preset_cases() -> list[tuple[str, str | None, str, bool]]:
    """preset, OptOutType, text, whether the carrier has answered it already."""
    cases: list[tuple[str, str | None, str, bool]] = []
    for preset in ("us_long_code", "messaging_service_advanced"):
        cases += [(preset, None, word, True) for word in ALL_STOPS + ALL_STARTS + ALL_HELPS]
        cases += [(preset, None, word, False) for word in OURS]
    cases += [("short_code", None, word, False) for word in (*ALL_STOPS, *ALL_STARTS, *ALL_HELPS)]
    cases += [("short_code", None, word, False) for word in OURS]
    cases += [("toll_free", None, word, True) for word in ("STOP", "START", "UNSTOP")]
    cases += [("toll_free", None, word, False) for word in ("QUIT", "YES", "HELP", "INFO", *OURS)]
    for preset in PRESETS:
        # Where Twilio says that it answered, it did, in whatever language it was configured for.
        cases += [(preset, "STOP", "ARRET", True), (preset, "HELP", "AIDE", True)]
        cases += [(preset, "START", "REPRENDRE", True), (preset, "stop", "stop", True)]
        cases += [(preset, "", "ARRET", False), (preset, "OTHER", "ARRET", False)]
    cases += [("us_long_code", None, " stop\n", True), ("us_long_code", None, "sToP", True)]
    return cases


@pytest.mark.parametrize(("preset", "opt_out_type", "word", "answered"), preset_cases())
def test_who_answers_is_a_fact_of_the_sender(
    preset: str, opt_out_type: str | None, word: str, answered: bool
) -> None:
    assert carrier_answers(preset, opt_out_type, word) is answered


def test_the_presets_of_a_brand_are_these_presets() -> None:
    assert {name: set(map(str, labels)) for name, labels in PRESETS.items()} == {
        name: set(labels) for name, labels in brand_schema.PRESETS.items()
    }


def test_a_brand_may_list_the_labels_itself() -> None:
    assert carrier_answers(["stop"], None, "QUIT")
    assert not carrier_answers(["stop"], None, "HELP")
    assert not carrier_answers([], None, "STOP")
    with pytest.raises(KeyError):
        carrier_answers("long_code_of_mars", None, "STOP")


@pytest.mark.parametrize(
    ("code", "status", "retryable", "loggable", "stopped", "invalid", "uncertain"),
    [
        ("21610", 400, False, False, True, False, False),
        ("21211", 400, False, False, False, True, False),
        ("21614", 400, False, False, False, True, False),
        ("30005", None, False, False, False, True, False),
        ("30006", None, False, False, False, True, False),
        ("21611", 400, True, False, False, False, False),
        ("30001", None, True, False, False, False, False),
        ("20429", 429, True, False, False, False, False),
        ("429", 429, True, False, False, False, False),
        ("30003", None, True, False, False, False, False),
        ("30004", None, False, False, False, False, False),
        ("30007", None, False, True, False, False, False),
        ("30008", None, True, False, False, False, False),
        ("30022", None, True, False, False, False, False),
        ("30047", None, True, False, False, False, False),
        ("20003", 401, True, True, False, False, False),
        ("99999", 400, False, True, False, False, False),
        ("500", 500, True, True, False, False, True),
        ("502", 502, True, True, False, False, True),
        ("503", 503, True, False, False, False, False),
    ],
)
def test_each_error_code_is_judged(
    code: str,
    status: int | None,
    retryable: bool,
    loggable: bool,
    stopped: bool,
    invalid: bool,
    uncertain: bool,
) -> None:
    error = judge(code, status)
    assert (error.retryable, error.loggable) == (retryable, loggable)
    assert (error.stopped, error.invalid, error.uncertain) == (stopped, invalid, uncertain)


def test_parsing_is_quick() -> None:
    ask = request(INBOUND)
    assert beats(lambda: CHANNEL.parse_inbound(ask), times=50) < 3
