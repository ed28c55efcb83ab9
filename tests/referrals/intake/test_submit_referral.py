"""submit_referral registers a prospect once, whatever is pressed twice, and keeps what the duplicate check said."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from partners.directory.models import Enrollment, Partner
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.keys import KeyReused
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.intake.services import NotEnrolled, submit_referral
from referrals.pipeline.models import Referral, StageChange
from referrals.pipeline.services import change_stage
from tests.builders.referrals import a_draft, a_partner, a_program, a_referral
from tests.conftest import World


def test_three_facts_make_a_referral_at_the_first_stage(acme: Tenant, at: datetime) -> None:
    partner = a_partner()

    referral = submit_referral(
        draft=a_draft(), partner_id=partner.id, submitted_by_id=None, actor=SYSTEM, at=at, key=None
    )

    assert referral.number == "R-2026-0001"
    assert (referral.stage_kind, referral.registered_at, referral.decided_at) == (
        "submitted",
        at,
        None,
    )
    assert (referral.domain, referral.email_norm, referral.company_norm) == (
        "kestrel.example",
        "tom@kestrel.example",
        "kestrel logistics",
    )
    assert referral.currency == "EUR"
    assert [change.to_kind for change in StageChange.objects.filter(referral=referral)] == [
        "submitted"
    ]
    event = Event.objects.get(name="referral.submitted")
    assert event.payload == {
        "referral_id": str(referral.id),
        "partner_id": str(partner.id),
        "program_id": str(referral.program_id),
    }
    assert event.partner_id == partner.id


def test_the_year_of_a_number_is_the_tenants(acme: Tenant) -> None:
    new_year_in_amsterdam = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert a_referral(new_year_in_amsterdam).number == "R-2027-0001"


def test_the_same_key_returns_the_first_and_writes_nothing(acme: Tenant, at: datetime) -> None:
    key = uuid4()
    first = a_referral(at, key=key)

    again = submit_referral(
        draft=a_draft(),
        partner_id=first.partner_id,
        submitted_by_id=None,
        actor=SYSTEM,
        at=at,
        key=key,
    )

    assert again == first
    assert Referral.objects.count() == 1
    assert Event.objects.filter(name="referral.submitted").count() == 1


def test_the_same_key_for_another_company_is_refused(acme: Tenant, at: datetime) -> None:
    key = uuid4()
    first = a_referral(at, key=key)

    with pytest.raises(KeyReused):
        submit_referral(
            draft=a_draft(company="Globe Trotters"),
            partner_id=first.partner_id,
            submitted_by_id=None,
            actor=SYSTEM,
            at=at,
            key=key,
        )

    assert Referral.objects.count() == 1


def test_the_same_key_in_another_tenant_is_another_referral(world: World, at: datetime) -> None:
    key = uuid4()
    with tenant_scope(world.acme.id):
        a_referral(at, key=key)

    with tenant_scope(world.globex.id):
        assert a_referral(at, key=key).number == "R-2026-0001"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param(
            {"contact_email": "ann@kestrel.example"}, "own", id="same company domain in an email"
        ),
        pytest.param(
            {"website": "https://www.kestrel.example/about", "contact_email": "x@gmail.com"},
            "own",
            id="same website",
        ),
        pytest.param(
            {"contact_email": "Tom+work@kestrel.example"}, "own", id="same mailbox with a tag"
        ),
        pytest.param({"contact_email": "tom@other.example"}, "", id="only the name is the same"),
        pytest.param({"contact_email": "tom@gmail.com"}, "", id="free mail says nothing"),
    ],
)
def test_keeps_what_the_duplicate_check_said(
    acme: Tenant, at: datetime, facts: dict[str, Any], said: str
) -> None:
    a_referral(at)

    assert a_referral(at, **facts).duplicate_of == said


def test_another_partners_referral_is_only_known(acme: Tenant, at: datetime) -> None:
    a_referral(at, partner=a_partner("Harbour"))

    assert a_referral(at, partner=a_partner("Brightwater")).duplicate_of == "known"


def test_a_closed_referral_is_no_duplicate(acme: Tenant, at: datetime) -> None:
    a_referral(at, stage="rejected")

    assert a_referral(at).duplicate_of == ""


def test_another_tenants_referral_is_unknown(world: World, at: datetime) -> None:
    with tenant_scope(world.globex.id):
        a_referral(at)

    with tenant_scope(world.acme.id):
        assert a_referral(at).duplicate_of == ""


def _end_enrollment(partner: Partner) -> None:
    Enrollment.objects.filter(partner=partner).update(state="ended")


def _close_program(partner: Partner) -> None:
    program = a_program()
    program.closed_at = datetime(2026, 1, 1, tzinfo=UTC)
    program.save()


def _pause_partner(partner: Partner) -> None:
    partner.state = "paused"
    partner.save()


@pytest.mark.parametrize("stop", [_end_enrollment, _close_program, _pause_partner])
def test_nobody_submits_where_they_do_not_take_part(
    acme: Tenant, at: datetime, stop: object
) -> None:
    partner = a_partner()
    stop(partner)  # type: ignore[operator]

    with pytest.raises(NotEnrolled):
        submit_referral(
            draft=a_draft(),
            partner_id=partner.id,
            submitted_by_id=None,
            actor=SYSTEM,
            at=at,
            key=None,
        )

    assert not Referral.objects.exists()
    assert not Event.objects.exists()


def test_a_partners_own_scope_is_enough_to_submit(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        draft = a_draft()
        theirs = a_referral(at, partner=a_partner("Harbour"))

    with tenant_scope(world.acme.id, partner.id):
        own = submit_referral(
            draft=draft, partner_id=partner.id, submitted_by_id=None, actor=SYSTEM, at=at, key=None
        )
        assert own.duplicate_of == "known"
        assert not Referral.objects.filter(id=theirs.id).exists()
        with pytest.raises(Referral.DoesNotExist):
            change_stage(referral_id=theirs.id, to_stage_id=theirs.stage_id, actor=SYSTEM, at=at)
