"""Pausing, ending and taking up again, with cause, reason and what it means for money; moves from a day on."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from commissions.accruals.models import Accrual
from commissions.accruals.services import accrue_for_events
from partners.directory.models import Enrollment, Partner, PartnerChange, PartnerState, PartnerType
from partners.directory.money import Item, digest_of, effects_of, kept_lines, money_of
from partners.directory.moves import (
    DayIsPast,
    InProgramAlready,
    NotInProgram,
    change_type,
    move_enrollment,
    take_up_types,
)
from partners.directory.selectors import changes_of
from partners.directory.services import PreviewOutdated, change_partner_state, edit_partner
from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Mail, Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.intake.selectors import programs_open_to
from referrals.intake.services import NotEnrolled, ReferralDraft, submit_referral
from tests.builders.commissions import a_payment, a_plan, a_won_deal, an_accrual
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program, a_referral
from tests.conftest import World

DAY = timedelta(days=1)


def items(partner: Partner) -> dict[str, Any]:
    return {line.item: line.count or line.amount_minor for line in money_of(partner.id)}


def test_the_preview_names_what_is_under_way(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    an_accrual(at, partner=partner)
    a_referral(at, partner=partner, stage="accepted", company="Open one")

    found = items(partner)

    assert found[Item.ON_HOLD] == 20_000
    assert found[Item.OPEN_REFERRALS] == 1
    assert found[Item.RECURRING] == 1
    words = effects_of(money_of(partner.id), PartnerState.PAUSED)
    assert words[0].amount == "€200.00"
    assert "paid once the partner is active again" in words[0].fate
    assert effects_of(money_of(partner.id), PartnerState.ENDED)[0].fate != words[0].fate


def test_what_was_shown_is_kept_with_the_change(world: World, acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    an_accrual(at, partner=partner)
    seen = money_of(partner.id)

    change_partner_state(
        partner_id=partner.id,
        state="paused",
        cause="papers",
        reason="No tax number",
        seen=digest_of(seen),
        actor=Actor(user_id=world.manager.id, name="Mara"),
        at=at,
    )

    change = PartnerChange.objects.get(partner=partner)
    assert (change.cause, change.reason, change.from_value, change.to_value) == (
        "papers",
        "No tax number",
        "active",
        "paused",
    )
    assert kept_lines(change.money) == seen
    assert changes_of(partner.id)[0].effects[0].amount == "€200.00"


def test_a_preview_that_changed_meanwhile_stops_the_change(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    seen = digest_of(money_of(partner.id))
    an_accrual(at, partner=partner)

    with pytest.raises(PreviewOutdated):
        change_partner_state(
            partner_id=partner.id, state="ended", reason="Over", seen=seen, actor=SYSTEM, at=at
        )

    partner.refresh_from_db()
    assert partner.state == PartnerState.ACTIVE


def told(world: World, deliver: Any, at: datetime, *states: str) -> list[Mail]:
    """Bring a partner with one person through states; return the mails about them."""
    acme = world.acme
    with tenant_scope(acme.id):
        partner = a_partner("Solea Studio")
        a_member(acme, Role.PARTNER_ADMIN, "chiara@solea.example", partner_id=partner.id)
    for state in states:
        with tenant_scope(acme.id):
            change_partner_state(
                partner_id=partner.id, state=state, reason="None fitted", actor=SYSTEM, at=at
            )
        deliver()
        deliver()
    with tenant_scope(acme.id):
        return list(Mail.objects.filter(kind="partner.state").order_by("id"))


@pytest.mark.parametrize(("state", "notices"), [("paused", 1), ("ended", 0)])
def test_the_people_are_told_with_the_reason(
    world: World, at: datetime, deliver: Any, state: str, notices: int
) -> None:
    (mail,) = told(world, deliver, at, state)

    assert mail.to == "chiara@solea.example"
    assert "None fitted" in mail.text
    with tenant_scope(world.acme.id):
        assert Notice.objects.filter(kind="partner.state").count() == notices


def test_taking_up_again_tells_too(world: World, at: datetime, deliver: Any) -> None:
    mails = told(world, deliver, at, "ended", "active")

    assert "goes on" in mails[-1].subject


def test_low_volume_alone_ends_nobody(acme: Tenant, at: datetime, deliver: Any) -> None:
    """Nothing but the page changes a state: no task, no handler of the product calls it."""
    import subprocess
    from pathlib import Path

    root = Path(__file__).parents[3]
    found = subprocess.run(
        ["grep", "-rlE", r"change_partner_state\(", "partners", "referrals", "commissions", "prm"],
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
    ).stdout.split()
    assert sorted(path for path in found if path.endswith(".py") and "/demo/" not in path) == [
        "partners/directory/life_views.py",
        "partners/directory/services.py",
    ]


def test_the_page_shows_the_money_before_and_keeps_the_cause(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        an_accrual(at, partner=partner)
    client = Client()
    client.force_login(world.manager)
    url = f"/acme/manage/partners/{partner.id}/state/ended/"

    page = client.get(url)
    assert "€200.00" in page.text
    assert "paid with the next payout run" in page.text
    seen = page.context["seen"]

    assert client.post(url, {"reason": "Over", "seen": seen}).status_code == 422
    assert client.post(url, {"cause": "asked", "reason": "x", "seen": "old"}).status_code == 422
    done = client.post(url, {"cause": "asked", "reason": "They closed", "seen": seen})

    assert done.status_code == 303
    detail = client.get(f"/acme/manage/partners/{partner.id}/").text
    assert "The partner asked for it" in detail
    assert "They closed" in detail
    assert "€200.00" in detail


def draft(program: Any, company: str) -> ReferralDraft:
    return ReferralDraft(program.id, company, "Pat Doe", f"pat@{company.lower()}.example")


def send(partner: Partner, program: Any, company: str, at: datetime) -> Any:
    return submit_referral(
        draft=draft(program, company),
        partner_id=partner.id,
        submitted_by_id=None,
        actor=SYSTEM,
        at=at,
        key=None,
    )


def test_new_referrals_follow_the_move_from_its_day(acme: Tenant, at: datetime) -> None:
    old, new = a_program("old"), a_program("new")
    partner = a_partner(program=old)
    on = at.date() + 10 * DAY

    move_enrollment(
        partner_id=partner.id,
        from_program_id=old.id,
        to_program_id=new.id,
        on=on,
        actor=SYSTEM,
        at=at,
    )

    send(partner, old, "Before", at + 9 * DAY)
    with pytest.raises(NotEnrolled):
        send(partner, new, "Early", at + 9 * DAY)
    send(partner, new, "After", at + 10 * DAY)
    with pytest.raises(NotEnrolled):
        send(partner, old, "Late", at + 10 * DAY)
    assert programs_open_to(partner.id, day=on - DAY) == [old]
    assert programs_open_to(partner.id, day=on) == [new]


def test_old_deals_keep_the_old_plan(acme: Tenant, at: datetime) -> None:
    from decimal import Decimal

    from commissions.plans.services import RuleTerms

    old, new = a_program("old"), a_program("new")
    a_plan(old)
    a_plan(new, RuleTerms("revenue", "percent", rate=Decimal("0.05"), scope="lifetime"))
    partner = a_partner(program=old)
    customer = a_won_deal(at, partner=partner, program=old)

    move_enrollment(
        partner_id=partner.id,
        from_program_id=old.id,
        to_program_id=new.id,
        on=at.date(),
        actor=SYSTEM,
        at=at,
    )
    later = at + 40 * DAY
    payment = a_payment(customer, 100_000, later)
    accrue_for_events(revenue_event_ids=[payment.id], actor=SYSTEM, at=later)
    fresh = a_won_deal(later, partner=partner, program=new, company="New Co")
    renewal = a_payment(fresh, 100_000, later)
    accrue_for_events(revenue_event_ids=[renewal.id], actor=SYSTEM, at=later)

    assert Accrual.objects.get(revenue_event_id=payment.id).amount_minor == 20_000
    assert Accrual.objects.get(revenue_event_id=renewal.id).amount_minor == 5_000
    customer.referral.refresh_from_db()
    assert customer.referral.program_id == old.id


def test_the_day_is_the_tenants(acme: Tenant, at: datetime) -> None:
    """23:30 in UTC on the day before is the first day in Dublin's summer, or Rome."""
    acme.time_zone = "Europe/Rome"
    acme.save()
    old, new = a_program("old"), a_program("new")
    partner = a_partner(program=old)
    on = date(2026, 12, 1)
    move_enrollment(
        partner_id=partner.id,
        from_program_id=old.id,
        to_program_id=new.id,
        on=on,
        actor=SYSTEM,
        at=at,
    )

    from datetime import UTC

    send(partner, new, "Midnight", datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    with pytest.raises(NotEnrolled):
        send(partner, new, "Sooner", datetime(2026, 11, 30, 22, 30, tzinfo=UTC))


def test_moves_that_make_no_sense_are_refused(acme: Tenant, at: datetime) -> None:
    old, new, third = a_program("old"), a_program("new"), a_program("third")
    partner = a_partner(program=old)
    move: dict[str, Any] = {"partner_id": partner.id, "actor": SYSTEM, "at": at}

    with pytest.raises(DayIsPast):
        move_enrollment(from_program_id=old.id, to_program_id=new.id, on=at.date() - DAY, **move)
    with pytest.raises(NotInProgram):
        move_enrollment(from_program_id=third.id, to_program_id=new.id, on=at.date(), **move)
    with pytest.raises(InProgramAlready):
        move_enrollment(from_program_id=old.id, to_program_id=old.id, on=at.date(), **move)

    first = move_enrollment(
        from_program_id=old.id, to_program_id=new.id, on=at.date() + DAY, **move
    )
    again = move_enrollment(
        from_program_id=old.id, to_program_id=new.id, on=at.date() + DAY, **move
    )
    assert first == again
    assert PartnerChange.objects.filter(partner=partner).count() == 1
    assert Event.objects.filter(name="partner.moved").count() == 1


def test_a_move_into_a_program_the_partner_works_in_is_refused(acme: Tenant, at: datetime) -> None:
    old, other = a_program("old"), a_program("other")
    partner = a_partner(program=old)
    Enrollment.objects.create(partner=partner, program=other)

    with pytest.raises(InProgramAlready):
        move_enrollment(
            partner_id=partner.id,
            from_program_id=old.id,
            to_program_id=other.id,
            on=at.date() + DAY,
            actor=SYSTEM,
            at=at,
        )


def test_a_move_back_opens_the_first_program_again(acme: Tenant, at: datetime) -> None:
    old, new = a_program("old"), a_program("new")
    partner = a_partner(program=old)
    who: dict[str, Any] = {"partner_id": partner.id, "actor": SYSTEM}
    move_enrollment(from_program_id=old.id, to_program_id=new.id, on=at.date(), at=at, **who)
    back = at + 5 * DAY
    move_enrollment(from_program_id=new.id, to_program_id=old.id, on=back.date(), at=back, **who)

    assert programs_open_to(partner.id, day=back.date()) == [old]
    assert [row.row.to_value for row in changes_of(partner.id)] == [old.name, new.name]
    assert Enrollment.objects.filter(partner=partner).count() == 2


def test_a_type_changes_on_its_day(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    change_type(
        partner_id=partner.id, to_type="reseller", on=at.date() + 3 * DAY, actor=SYSTEM, at=at
    )
    partner.refresh_from_db()
    assert partner.type != PartnerType.RESELLER

    assert take_up_types(at=at + 2 * DAY) == 0
    assert take_up_types(at=at + 4 * DAY) == 1
    assert take_up_types(at=at + 5 * DAY) == 0
    partner.refresh_from_db()
    assert partner.type == PartnerType.RESELLER

    edit_partner(partner_id=partner.id, type="agency", actor=SYSTEM, at=at + 6 * DAY)
    assert take_up_types(at=at + 7 * DAY) == 0
    assert changes_of(partner.id)[0].after == "Agency"


def test_the_move_page_refuses_a_past_day(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        old, new = a_program("old"), a_program("new")
        partner = a_partner(program=old)
    client = Client()
    client.force_login(world.manager)
    url = f"/acme/manage/partners/{partner.id}/move/"
    facts = {"from_program": str(old.id), "to_program": str(new.id), "cause": "", "reason": ""}

    assert client.get(url).status_code == 200
    assert client.post(url, {**facts, "on": "2020-01-01"}).status_code == 422
    assert client.post(url, {**facts, "on": "2099-01-01"}).status_code == 303
    assert "2099" in client.get(f"/acme/manage/partners/{partner.id}/").text
