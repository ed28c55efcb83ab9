"""Twelve and more scenarios of attribution: who is credited, and by which rule."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from referrals.attribution.rules import AccountFacts, Contact, Outcome, Settings, winner

ADA, BEA = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
NOBODY = AccountFacts()


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def contacts(*rows: tuple[str, UUID | None, float]) -> list[Contact]:
    return [Contact(n, kind, who, days_ago(days)) for n, (kind, who, days) in enumerate(rows, 1)]


def customer(days: float) -> AccountFacts:
    return AccountFacts(customer_since=days_ago(days))


TWO_FORMS = contacts(("registration", ADA, 20), ("registration", BEA, 5))
CLICK_THEN_FORM = contacts(("click", ADA, 20), ("registration", BEA, 5))
THREE_CLICKS = contacts(("click", ADA, 20), ("coupon", BEA, 10), ("form", ADA, 3))
BY_CLICK = {"basis": "click"}


@pytest.mark.parametrize(
    ("known", "given", "account", "partner", "rule"),
    [
        pytest.param(TWO_FORMS, {}, NOBODY, ADA, "first_registration", id="first registration"),
        pytest.param(
            TWO_FORMS, {"pick": "last"}, NOBODY, BEA, "last_registration", id="last registration"
        ),
        pytest.param(
            CLICK_THEN_FORM, {}, NOBODY, BEA, "first_registration", id="a click is no registration"
        ),
        pytest.param(CLICK_THEN_FORM, BY_CLICK, NOBODY, ADA, "first_click", id="the click decides"),
        pytest.param(THREE_CLICKS, BY_CLICK, NOBODY, ADA, "first_click", id="first of three"),
        pytest.param(
            THREE_CLICKS[:2],
            {**BY_CLICK, "pick": "last"},
            NOBODY,
            BEA,
            "last_click",
            id="a coupon code is a click, the last one",
        ),
        pytest.param(
            TWO_FORMS,
            {"window_days": 10},
            NOBODY,
            BEA,
            "first_registration",
            id="outside the window the second one is the first",
        ),
        pytest.param(
            contacts(("registration", ADA, 10)),
            {"window_days": 10},
            NOBODY,
            ADA,
            "first_registration",
            id="the window includes its first moment",
        ),
        pytest.param(
            contacts(("registration", ADA, 11)),
            {"window_days": 10},
            NOBODY,
            None,
            "nothing_counts",
            id="too old",
        ),
        pytest.param(
            TWO_FORMS,
            BY_CLICK,
            NOBODY,
            ADA,
            "registration_without_click",
            id="nobody clicked, the registration decides",
        ),
        pytest.param(
            TWO_FORMS, {}, customer(300), None, "existing_customer_review", id="a customer: review"
        ),
        pytest.param(
            TWO_FORMS,
            {"existing_customers": "none"},
            customer(300),
            None,
            "existing_customer",
            id="a customer: no credit",
        ),
        pytest.param(
            TWO_FORMS,
            {"existing_customers": "credit"},
            customer(300),
            ADA,
            "first_registration",
            id="a customer: credit as for others",
        ),
        pytest.param(
            TWO_FORMS, {}, customer(10), ADA, "first_registration", id="a customer only afterwards"
        ),
        pytest.param(
            contacts(("crm", None, 40), ("registration", ADA, 20)),
            {"direct_days": 30},
            NOBODY,
            None,
            "direct_sales",
            id="the vendor's own people were at it",
        ),
        pytest.param(
            contacts(("crm", None, 60), ("registration", ADA, 20)),
            {"direct_days": 30},
            NOBODY,
            ADA,
            "first_registration",
            id="the vendor's own people had given up",
        ),
        pytest.param(
            contacts(("registration", ADA, 20), ("crm", None, 19)),
            {"direct_days": 30},
            NOBODY,
            ADA,
            "first_registration",
            id="the vendor came after the partner",
        ),
        pytest.param(
            contacts(("registration", BEA, 20), ("registration", ADA, 20)),
            {},
            NOBODY,
            BEA,
            "first_registration",
            id="at the same moment the one recorded first",
        ),
        pytest.param([], {}, NOBODY, None, "nothing_counts", id="nobody"),
    ],
)
def test_names_the_winner_and_the_rule(
    known: list[Contact],
    given: dict[str, object],
    account: AccountFacts,
    partner: UUID | None,
    rule: str,
) -> None:
    found = winner(known, Settings(**given), account, at=NOW)  # type: ignore[arg-type]

    assert (found.partner, found.rule) == (partner, rule)


def test_only_the_review_asks_for_a_person() -> None:
    review = winner(TWO_FORMS, Settings(), customer(300), at=NOW)
    none = winner(TWO_FORMS, Settings(existing_customers="none"), customer(300), at=NOW)

    assert (review.review, none.review) == (True, False)


def test_says_of_every_contact_why_it_counted_or_not() -> None:
    known = contacts(
        ("registration", ADA, 200),
        ("click", ADA, 30),
        ("crm", None, 25),
        ("registration", BEA, 20),
        ("registration", ADA, 5),
        ("registration", ADA, -1),
    )

    found: Outcome = winner(known, Settings(), NOBODY, at=NOW)

    assert [row.why for row in found.weighed] == [
        "too_old",
        "other_kind",
        "own_sales",
        "decided",
        "counted",
        "too_late",
    ]
