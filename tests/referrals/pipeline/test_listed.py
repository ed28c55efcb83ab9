"""The partner's list reads by its own SQL: it finds, orders, counts and shows what the models would."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from prm.accounts.members import Member, member_for
from prm.accounts.models import User
from prm.tenancy.scope import tenant_scope
from prm.web.counts import numbers_of
from referrals.pipeline.listed import Listed, own_counts, own_page
from referrals.pipeline.models import Referral, Stage, StageKind
from referrals.pipeline.selectors import VIEWS, referral_rows
from referrals.pipeline.tables import sender_name
from referrals.pipeline.wanted import Wanted
from tests.builders.referrals import People, a_partner, a_referral, people_of
from tests.conftest import World

KINDS = ("submitted", "accepted", "qualified", "opportunity", "won", "lost", "rejected", "expired")
WISHES = [
    Wanted(),
    *(Wanted(view=view) for view in VIEWS),
    Wanted(kind="qualified"),
    Wanted(kind="qualified", view="won"),
    Wanted(days=30),
    Wanted(words="company 1"),
    Wanted(words="Company 1, S.r.l. & C%"),
    Wanted(words="%"),
    Wanted(words="REF-3"),
    Wanted(words="c", view="open", days=90),
]


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


@pytest.fixture
def many(world: World, people: People) -> None:
    """Thirty referrals of two people in every stage, and another partner's."""
    now = timezone.now()
    with tenant_scope(world.acme.id):
        for number in range(30):
            sent = now - timedelta(days=number * 7)
            row = a_referral(
                sent,
                partner=people.partner,
                by=people.rep if number % 3 else people.colleague,
                company=f"Company {number}",
                contact_email=f"a@c{number}.example",
            )
            kind = KINDS[number % len(KINDS)]
            stage = Stage.objects.get(program_id=row.program_id, kind=kind)
            Referral.objects.filter(id=row.id).update(
                stage=stage, stage_kind=kind, deal_minor=number * 100, registered_at=sent
            )
        a_referral(
            now, partner=a_partner("Harbour"), company="Company 1", contact_email="x@y.example"
        )
        # Two at one moment, a retired stage on the way, a named stage, a name from a file.
        own = Referral.objects.filter(partner=people.partner)
        first, second = own.order_by("-registered_at")[1:3]
        Referral.objects.filter(id=second.id).update(registered_at=first.registered_at)
        Stage.objects.filter(kind="qualified").update(retired_at=now)
        Stage.objects.filter(kind="opportunity").update(name="Talks")
        Referral.objects.filter(id=first.id).update(submitted_by=None, submitted_by_name="Old file")


def _member(world: World, user: User) -> Member:
    member = member_for(user, world.acme, None)
    assert member is not None
    return member


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("who", ["rep", "admin"])
def test_finds_and_counts_what_the_models_find(world: World, people: People, who: str) -> None:
    member, sizes = _member(world, getattr(people, who)), set()
    with tenant_scope(world.acme.id, member.partner_id):
        visible = Referral.objects.visible_to(member)
        for wish in WISHES:
            expected = wish.rows(visible, staff=False).order_by("-registered_at", "-id")
            found = own_page(wish, member, place=None, rising=False, limit=100)
            counts = numbers_of(own_counts(wish, member, bound=1000))

            assert [row.id for row in found] == [row.id for row in expected], wish
            assert counts.get("shown", counts[wish.view or "all"]) == len(found), wish
            assert counts["all"] == visible.count() > 0
            sizes.add(len(found))
    assert len(sizes) > 4


@pytest.mark.usefixtures("many")
def test_a_line_says_what_the_models_say(world: World, people: People) -> None:
    member = _member(world, people.admin)
    with tenant_scope(world.acme.id, member.partner_id):
        rows = referral_rows(Referral.objects.visible_to(member)).order_by("-registered_at", "-id")
        expected = [_as_listed(row) for row in rows]

        assert own_page(Wanted(), member, place=None, rising=False, limit=100) == expected
        assert {row.stage_label for row in expected} > {"Talks", str(StageKind.WON.label)}
        assert "Old file" in {row.sender for row in expected}


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("rising", [False, True])
def test_goes_on_behind_a_place(world: World, people: People, rising: bool) -> None:
    member = _member(world, people.admin)
    with tenant_scope(world.acme.id, member.partner_id):
        whole = own_page(Wanted(), member, place=None, rising=rising, limit=100)
        walked: list[Listed] = []
        while len(walked) < len(whole):
            place = [walked[-1].registered_at, walked[-1].id] if walked else None
            part = own_page(Wanted(), member, place=place, rising=rising, limit=5)
            assert part
            walked += part

    assert [row.id for row in walked] == [row.id for row in whole]
    assert [row.id for row in whole] == [
        row.id for row in sorted(whole, key=lambda r: (r.registered_at, r.id), reverse=not rising)
    ]


@pytest.mark.usefixtures("many")
def test_both_orders_page_through_everything(world: World, people: People, client: Client) -> None:
    client.force_login(people.admin)
    for sort in ("sent", "-sent"):
        seen, query = [], f"?sort={sort}"
        while query:
            page = client.get("/acme/referrals/" + query).context["page"]
            seen += [row.id for row in page.rows]
            query = page.next_query
        assert len(seen) == len(set(seen)) == 30


def _as_listed(row: Referral) -> Listed:
    return Listed(
        row.id,
        row.number,
        row.program_id,
        row.partner_id,
        row.company,
        row.contact_name,
        row.contact_title,
        sender_name(row),
        row.stage.name,
        row.stage_kind,
        row.stage_entered_at,
        row.registered_at,
        row.closed_at,
        row.deal_minor,
        row.currency,
        row.next_step,
        row.next_step_on,
        row.contact_hidden,
        row.protected_until,
        row.path_step,  # type: ignore[attr-defined]
        row.path_total,  # type: ignore[attr-defined]
    )
