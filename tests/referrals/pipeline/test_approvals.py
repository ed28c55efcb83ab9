"""Who must approve goes by amount, country and product; only they may, in order, and nothing passes them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from prm.accounts.models import Membership, User
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.answer_models import (
    Approval,
    ApprovalRoute,
)
from referrals.pipeline.approvals import Asked, NotYourTurn, approvals_of, approve, route_for
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from tests.builders.referrals import a_program, a_referral, people_of, stage_of
from tests.conftest import World

ROUTES = [
    ApprovalRoute(name="large German", from_minor=5_000_000, countries=["DE", "AT"], approvers=[1]),
    ApprovalRoute(name="large", from_minor=10_000_000, approvers=[2]),
    ApprovalRoute(name="Enterprise", product="Enterprise", approvers=[3]),
    ApprovalRoute(name="Swiss", countries=["CH"], approvers=[4]),
    ApprovalRoute(name="sold together", role="cosell", approvers=[5]),
]


@pytest.mark.parametrize(
    ("amount", "country", "product", "name"),
    [
        (5_000_000, "DE", "", "large German"),
        (4_999_999, "DE", "", None),
        (10_000_000, "AT", "Enterprise", "large German"),
        (10_000_000, "FR", "", "large"),
        (9_999_999, "FR", "", None),
        (None, "DE", "", None),
        (None, "", "enterprise", "Enterprise"),
        (0, "CH", "", "Swiss"),
        (10_000_000, "CH", "Enterprise", "large"),
        (None, "", "", None),
    ],
)
def test_the_first_route_whose_conditions_all_hold_decides(
    amount: int | None, country: str, product: str, name: str | None
) -> None:
    found = route_for(ROUTES, Asked(amount, country, product))

    assert (found.name if found else None) == name


def test_a_route_for_one_role_leaves_the_other_alone() -> None:
    found = [route_for(ROUTES, Asked(None, "", "", role)) for role in ("cosell", "intro")]

    assert [row.name if row else None for row in found] == ["sold together", None]


def a_route(*people: User) -> ApprovalRoute:
    return ApprovalRoute.objects.create(
        program=a_program(), position=1, name="All", approvers=[user.id for user in people]
    )


def by(user: User) -> Actor:
    return Actor(user_id=user.id, name=str(user))


def test_people_approve_one_after_the_other_and_nobody_else(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_route(world.manager, world.finance)
        referral = a_referral(at)
        with pytest.raises(NotYourTurn):
            approve(referral_id=referral.id, actor=by(world.finance), at=at)
        second = approve(referral_id=referral.id, actor=by(world.manager), at=at)
        with pytest.raises(NotYourTurn):
            approve(referral_id=referral.id, actor=by(world.manager), at=at)
        with pytest.raises(NotYourTurn):
            approve(referral_id=referral.id, actor=SYSTEM, at=at)
        rest = approve(referral_id=referral.id, actor=by(world.finance), at=at)

        given = approvals_of([referral.id])[referral.id]
    assert second is not None
    assert second.approver_id == world.finance.id
    assert rest is None
    assert [row.given_at for row in given] == [at, at]


def test_no_way_leads_past_an_open_approval(acme: Tenant, at: datetime, world: World) -> None:
    a_route(world.manager)
    referral = a_referral(at)

    with pytest.raises(MoveRefused, match="approve"):
        change_stage(
            referral_id=referral.id,
            to_stage_id=stage_of(referral.program_id, "accepted").id,
            actor=by(world.manager),
            at=at,
        )

    assert Referral.objects.get(id=referral.id).stage_kind == "submitted"


def test_an_admin_stands_in_for_somebody_who_has_left(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_route(world.manager)
        referral = a_referral(at)
        with pytest.raises(NotYourTurn):
            approve(referral_id=referral.id, actor=by(world.admin), at=at)
        Membership.objects.filter(user=world.manager, tenant=world.acme).update(ended_at=at)

        assert approve(referral_id=referral.id, actor=by(world.admin), at=at) is None
        assert Approval.objects.get().approver_id == world.admin.id


def accept(user: User, referral: Referral) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(f"/acme/manage/referrals/{referral.id}/accept/", {"seen": referral.stage_id})


def test_the_button_approves_tells_the_next_and_accepts_at_last(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_route(world.manager, world.admin)
        referral = a_referral(at)
    deliver()

    refused = accept(world.admin, referral)
    first = accept(world.manager, referral)
    deliver()
    with tenant_scope(world.acme.id):
        between = Referral.objects.get(id=referral.id).stage_kind
    last = accept(world.admin, referral)
    deliver()

    with tenant_scope(world.acme.id):
        asked = Notice.objects.filter(kind="referral.approval").order_by("id")
        assert [row.user_id for row in asked] == [world.manager.id, world.admin.id]
        assert Referral.objects.get(id=referral.id).stage_kind == "accepted"
    assert [refused.status_code, first.status_code, last.status_code] == [409, 303, 303]
    assert between == "submitted"


def test_a_partner_reads_approvals_of_its_own_referrals_only(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        own, other = people_of(world.acme), people_of(world.acme, "Solea")
        ApprovalRoute.objects.create(
            program=a_program(), position=1, name="All", approvers=[world.manager.id]
        )
    with tenant_scope(world.acme.id, own.partner.id):
        a_referral(at, partner=own.partner, by=own.rep)

    seen = {}
    for partner in (own.partner, other.partner):
        with tenant_scope(world.acme.id, partner.id):
            seen[partner.name] = Approval.objects.count()

    assert seen == {"Brightwater": 1, "Solea": 0}
