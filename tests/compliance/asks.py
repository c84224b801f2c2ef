"""Hypothesis strategies for asks and facts: anything that the types allow, likely things first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from compliance.types import (
    Ask,
    Cap,
    Consent,
    Contact,
    Content,
    Customer,
    Facts,
    History,
    Kind,
    Provider,
    Sender,
    Suppression,
)

PLACES = (
    ("FR", None, "Europe/Paris"),
    ("FR", "FR-67", "Europe/Paris"),
    ("RE", None, "Indian/Reunion"),
    ("GP", None, "America/Guadeloupe"),
    ("DE", None, "Europe/Berlin"),
    ("ES", None, None),
    ("IT", None, "Europe/Rome"),
    ("BE", None, "Europe/Brussels"),
    ("GB", None, "Europe/London"),
    ("CA", None, "America/Toronto"),
    ("US", "US-NY", "America/New_York"),
    ("US", "US-TX", "America/Chicago"),
    ("US", "US-FL", None),
    ("US", None, None),
    ("US", None, "Pacific/Honolulu"),
    ("AU", None, "Australia/Lord_Howe"),
    ("JP", None, "Asia/Tokyo"),
    (None, None, None),
)

moments = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001
    datetime(2029, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def before(now: datetime) -> st.SearchStrategy[datetime]:
    """A moment up to four years before `now`, often a recent one."""
    spans = st.one_of(st.integers(0, 600), st.integers(0, 200_000), st.integers(0, 126_000_000))
    return spans.map(lambda seconds: now - timedelta(seconds=seconds))


@st.composite
def asks(draw: st.DrawFn, now: datetime) -> Ask:
    return Ask(
        kind=draw(st.sampled_from(Kind)),
        content=Content(*[draw(st.booleans()) for _ in range(4)]),
        sender=Sender(
            type=draw(st.sampled_from(("", "short_code", "alphanumeric", "mobile"))),
            number=draw(st.sampled_from(("", "36123", "38123", "+33639980001"))),
            stop_path=draw(st.sampled_from(("", "36123"))),
            same_as_stopped=draw(st.integers(0, 9)) == 0,
        ),
        brand=draw(st.sampled_from((None, "margot", "ferme"))),
        topic=draw(st.sampled_from((None, None, "alcohol", "energy_renovation", "cannabis"))),
        product_family=draw(st.sampled_from((None, "shoes"))),
        in_reply_to_at=draw(st.none() | before(now)),
        by_person=draw(st.booleans()),
    )


@st.composite
def stops(draw: st.DrawFn, now: datetime) -> Suppression:
    return Suppression(
        scope=draw(st.sampled_from(("all", "marketing", "service", "transactional"))),
        brand=draw(st.sampled_from((None, "margot", "ferme"))),
        at=draw(st.none() | before(now)),
        chosen=draw(st.booleans()),
        in_reply_to=draw(st.sampled_from((None, "marketing", "transactional"))),
    )


@st.composite
def consents(draw: st.DrawFn, now: datetime) -> Consent:
    return Consent(
        state=draw(st.sampled_from(("none", "pending", "granted", "granted", "withdrawn"))),
        basis=draw(
            st.sampled_from((None, "consent", "consent", "soft_opt_in", "implied_purchase"))
        ),
        scope=draw(st.sampled_from((("marketing",), ("service",), ()))),
        brand=draw(st.sampled_from((None, "margot"))),
        form=draw(st.sampled_from(("written", "oral_or_implied", None))),
        proof=draw(st.integers(0, 4)) > 0,
        double_opt_in=draw(st.sampled_from((None, "done", "pending", "email_only"))),
        granted_at=draw(st.none() | before(now)),
        informed_at_collection=draw(st.booleans()),
    )


@st.composite
def facts(draw: st.DrawFn, now: datetime) -> Facts:
    country, region, zone = draw(st.sampled_from(PLACES))
    extra = draw(st.sampled_from(((), (), ("America/New_York",))))
    return Facts(
        contact=Contact(
            country=country,
            region=region,
            tz=zone,
            extra_tz=extra if country == "US" else (),
            age=draw(st.sampled_from((None, None, 12, 40))),
            age_verified=draw(st.booleans()),
            last_contact_from_person_at=draw(st.none() | before(now)),
            flags=tuple(draw(st.sampled_from(((), (), (), ("restricted",), ("unreachable",))))),
        ),
        consent=draw(consents(now)),
        customer=Customer(draw(st.booleans()), "shoes", draw(st.none() | before(now))),
        suppressions=tuple(draw(st.lists(stops(now), max_size=2))),
        clarification_pending=draw(st.integers(0, 9)) == 0,
        provider=Provider(
            draw(st.sampled_from((None, None, None, 21610, 30004, 30005))),
            draw(st.sampled_from((None, None, None, "STOP"))),
        ),
        history=History(tuple(draw(st.lists(before(now), max_size=5))), draw(st.integers(0, 1))),
        caps=draw(st.sampled_from(((), (Cap(1, 24), Cap(4, 168))))),
        profile=draw(st.sampled_from(("", "strict"))),
        country_served=draw(st.integers(0, 9)) > 0,
        loop_suspected=draw(st.integers(0, 9)) == 0,
        budget_reached=draw(st.integers(0, 9)) == 0,
        own_sender=draw(st.integers(0, 19)) == 0,
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Ask, Facts, datetime]:
    """An ask, the facts, and the moment."""
    now = draw(moments)
    return draw(asks(now)), draw(facts(now)), now


@st.composite
def offers(draw: st.DrawFn) -> tuple[Ask, Facts, datetime]:
    """An offer that nothing stands against but, perhaps, the clock and the caps."""
    now = draw(moments)
    country, region, zone = draw(
        st.sampled_from([one for one in PLACES if one[0] not in (None, "ES")])
    )
    known = Facts(
        contact=Contact(country=country, region=region, tz=zone),
        consent=Consent("granted", "consent", scope=("marketing",), form="written", proof=True),
        history=History(tuple(draw(st.lists(before(now), max_size=6)))),
        caps=draw(st.sampled_from(((), (Cap(1, 24), Cap(4, 168))))),
        profile=draw(st.sampled_from(("", "strict"))),
    )
    return Ask(Kind.marketing, Content(True, True, True, True)), known, now
