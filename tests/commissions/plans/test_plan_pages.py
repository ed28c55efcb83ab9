"""Admins draft, review and publish plan versions by plain forms; others read them."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from commissions.plans.models import PlanRule, PlanVersion
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import a_plan
from tests.builders.referrals import a_program
from tests.conftest import World


@pytest.fixture
def program_id(world: World) -> UUID:
    with tenant_scope(world.acme.id):
        return a_program().id


def written(act: str, **changes: str) -> dict[str, str | list[str]]:
    """What the editor posts: a fixed bonus and a share of the first twelve months."""
    return {
        "act": act,
        "row": ["0", "1"],
        "r0-event": "qualified",
        "r0-reward": "fixed",
        "r0-amount": "150.00",
        "r0-label": "Qualified-lead bonus",
        "r1-event": "months",
        "r1-reward": "percent",
        "r1-rate": "12.5",
        "r1-months": "12",
        "starts_on": (timezone.localdate() - timedelta(days=100)).isoformat(),
        "hold_days": "30",
        "minimum_payout": "50.00",
        **changes,
    }


def test_a_first_plan_is_drafted_reviewed_and_published(
    world: World, client: Client, program_id: UUID
) -> None:
    client.force_login(world.admin)
    draft_url = f"/acme/manage/programs/{program_id}/plans/draft/"

    saved = client.post(draft_url, written("review", note="Why these", rationale="How it works"))
    kept = client.get(draft_url).context["form"]
    review = client.get(saved["Location"]).content.decode()
    published = client.post(saved["Location"])
    begun = client.get(draft_url).context["form"]

    assert saved.status_code == 303
    assert "€150.00 when a referral qualifies" in review
    assert "12.5% of each payment in the customer&#x27;s first 12 months" in review
    assert published.status_code == 303
    # Why a version was drafted is its own; how the plan works goes on.
    assert (kept["note"].value(), kept["rationale"].value()) == ("Why these", "How it works")
    assert (begun["note"].value(), begun["rationale"].value()) == ("", "How it works")
    with tenant_scope(world.acme.id):
        version = PlanVersion.objects.get()
        assert (version.number, version.minimum_payout_minor, version.hold_days) == (1, 5_000, 30)
        assert version.published_by_id == world.admin.id
        first = PlanRule.objects.get(position=1)
        assert (first.trigger, first.amount_minor, first.rate, first.months) == (
            "qualified",
            15_000,
            None,
            None,
        )
    listed = client.get(f"/acme/manage/programs/{program_id}/plans/").content.decode()
    assert "In force" in listed


def test_rows_are_added_and_removed_without_scripts_and_without_saving(
    world: World, client: Client, program_id: UUID
) -> None:
    client.force_login(world.admin)
    url = f"/acme/manage/programs/{program_id}/plans/draft/"

    more = client.post(url, written("add"))
    fewer = client.post(url, written("remove-0"))

    assert more.status_code == fewer.status_code == 200
    assert more.content.decode().count('name="row"') == 3
    assert fewer.content.decode().count('name="row"') == 1
    with tenant_scope(world.acme.id):
        assert not PlanVersion.objects.exists()


@pytest.mark.parametrize("row", ["\u00b2", "\u0663", "-1", "99999999999999999999"])
def test_rows_that_nobody_numbered_are_left_out(
    world: World, client: Client, program_id: UUID, row: str
) -> None:
    client.force_login(world.admin)
    url = f"/acme/manage/programs/{program_id}/plans/draft/"

    answers = [
        client.post(url, written("add", row=row)),
        client.post(url, written(f"remove-{row}")),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_the_example_beside_the_form_is_the_engines(
    world: World, client: Client, program_id: UUID
) -> None:
    client.force_login(world.admin)

    page = client.post(
        f"/acme/manage/programs/{program_id}/plans/draft/", written("add")
    ).content.decode()

    assert "12.5% of €10,000.00" in page
    assert "€1,250.00" in page


def test_a_first_plan_starts_with_an_example_of_the_rule_it_offers(
    world: World, client: Client, program_id: UUID
) -> None:
    client.force_login(world.admin)

    page = client.get(f"/acme/manage/programs/{program_id}/plans/draft/").content.decode()

    assert 'name="r0-rate"' in page
    assert "10% of €10,000.00" in page
    assert "Nothing is earned" not in page


def test_typing_shows_what_the_unsaved_rules_earn_and_saves_nothing(
    world: World, client: Client, program_id: UUID
) -> None:
    client.force_login(world.admin)
    url = f"/acme/manage/programs/{program_id}/plans/draft/"
    typed = written("example", example="2,000.00", **{"r1-rate": "12.55"})

    part = client.post(url, typed, headers={"HX-Request": "true"})
    whole = client.post(url, typed)

    shown = part.content.decode()
    assert (part.status_code, whole.status_code) == (200, 200)
    assert "12.55% of €2,000.00" in shown
    assert "€251.00" in shown
    assert "€150.00" in shown
    assert "<form" not in shown
    assert shown.strip() in whole.content.decode()
    assert 'name="example" inputmode="decimal" autocomplete="off" value="2,000.00"' in (
        whole.content.decode()
    )
    with tenant_scope(world.acme.id):
        assert not PlanVersion.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"r1-rate": "12,,5"}, "1 rule is not complete yet"),
        ({"r1-rate": "", "r0-amount": "-1"}, "2 rules are not complete yet"),
        ({"example": "a lot"}, "A deal of €10,000.00"),
        ({"example": "99999999999999999999"}, "A deal of €10,000.00"),
    ],
)
def test_what_is_half_typed_is_left_out_of_the_example(
    world: World, client: Client, program_id: UUID, changes: dict[str, str], words: str
) -> None:
    client.force_login(world.admin)

    answer = client.post(
        f"/acme/manage/programs/{program_id}/plans/draft/",
        written("example", **changes),
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_the_example_can_be_asked_for_without_scripts(
    world: World, client: Client, program_id: UUID
) -> None:
    client.force_login(world.admin)

    page = client.get(f"/acme/manage/programs/{program_id}/plans/draft/").content.decode()

    assert '<noscript><button class="btn btn--sm" type="submit" name="act" value="example">' in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("r1-rate", "", "Enter a percentage above 0"),
        ("r1-months", "", "Enter a number of months"),
        ("r0-reward", "percent", "choose a fixed amount"),
        ("hold_days", "900", "enter 730 or less"),
    ],
)
def test_what_cannot_be_saved_is_named(
    world: World,
    client: Client,
    program_id: UUID,
    field: str,
    value: str,
    words: str,
) -> None:
    client.force_login(world.admin)

    response = client.post(
        f"/acme/manage/programs/{program_id}/plans/draft/", written("save", **{field: value})
    )

    assert response.status_code == 422
    assert words in response.content.decode()
    with tenant_scope(world.acme.id):
        assert not PlanVersion.objects.exists()


def test_a_later_version_in_the_past_is_refused_on_both_pages(
    world: World, client: Client, program_id: UUID
) -> None:
    with tenant_scope(world.acme.id):
        a_plan()
    client.force_login(world.admin)
    draft_url = f"/acme/manage/programs/{program_id}/plans/draft/"

    at_the_field = client.post(draft_url, written("review"))
    client.post(draft_url, written("save"))
    response = client.post(f"{draft_url}publish/")

    assert at_the_field.status_code == response.status_code == 422
    assert "Terms cannot change after the fact" in at_the_field.content.decode()
    assert "Terms cannot change after the fact" in response.content.decode()
    with tenant_scope(world.acme.id):
        assert PlanVersion.objects.filter(published_at__isnull=False).count() == 1


def test_the_notice_that_partners_are_promised_is_held_at_the_field(
    world: World, client: Client, program_id: UUID
) -> None:
    with tenant_scope(world.acme.id):
        a_plan()
    client.force_login(world.admin)
    draft_url = f"/acme/manage/programs/{program_id}/plans/draft/"
    today = timezone.localdate(timezone=ZoneInfo(world.acme.time_zone))

    def starting(days: int) -> dict[str, str | list[str]]:
        start = (today + timedelta(days=days)).isoformat()
        return written("review", starts_on=start, notice_days="30")

    early = client.post(draft_url, starting(30))
    held = client.post(draft_url, starting(31))
    published = client.post(held["Location"])

    assert early.status_code == 422
    assert "Partners are promised 30 days&#x27; notice" in early.content.decode()
    assert held.status_code == published.status_code == 303
    with tenant_scope(world.acme.id):
        assert PlanVersion.objects.get(number=2).notice_days == 30


def test_a_manager_reads_but_does_not_write(world: World, client: Client, program_id: UUID) -> None:
    with tenant_scope(world.acme.id):
        version = a_plan()
    client.force_login(world.manager)

    assert client.get(f"/acme/manage/plans/{version.id}/").status_code == 200
    assert client.get(f"/acme/manage/programs/{program_id}/plans/").status_code == 200
    assert client.get(f"/acme/manage/programs/{program_id}/plans/draft/").status_code == 403
    assert (
        client.post(f"/acme/manage/programs/{program_id}/plans/draft/publish/").status_code == 403
    )


def test_a_strangers_plan_does_not_exist(world: World, client: Client) -> None:
    with tenant_scope(world.globex.id):
        version = a_plan()
    client.force_login(world.admin)

    assert client.get(f"/acme/manage/plans/{version.id}/").status_code == 404
