"""Claims follow a partner through a merge, and hold nothing of a person who was erased."""

from datetime import datetime, timedelta

import pytest

from partners.directory.merging import merge_partners
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from prm.uploads.models import Upload
from referrals.capture.privacy import erase_person
from referrals.claims.availability import check_availability, set_hold
from referrals.claims.extending import decide_extension
from referrals.claims.models import (
    AvailabilityCheck,
    Claim,
    ClaimExtension,
    ClaimKey,
    SoftHold,
)
from referrals.claims.rules import Facts
from referrals.claims.selectors import places_of
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral
from tests.builders.claims import an_extension
from tests.builders.referrals import a_partner, a_program, a_referral
from tests.builders.uploads import an_upload

KESTREL = Facts(name="kestrel", domain="kestrel.example")


def hold(partner_name: str, facts: Facts, at: datetime) -> SoftHold:
    return set_hold(
        facts=facts,
        company="Kestrel",
        partner_id=a_partner(partner_name).id,
        program_id=a_program().id,
        actor=SYSTEM,
        at=at,
    )


def test_what_both_partners_hold_is_the_staying_ones(acme: Tenant, at: datetime) -> None:
    gone, stays = a_partner("Brightwater"), a_partner("Solea")
    first = a_referral(at, partner=gone, stage="accepted", contact_email="tom@kestrel.example")
    a_referral(at, partner=stays, stage="accepted", contact_email="ann@osprey.example")
    asked = an_extension(first, at)
    check_availability(
        facts=KESTREL,
        company="Kestrel",
        partner_id=gone.id,
        program_id=a_program().id,
        actor=SYSTEM,
        at=at,
    )

    merge_partners(from_id=gone.id, into_id=stays.id, reason="Same firm", actor=SYSTEM, at=at)

    for model in (Claim, ClaimKey, ClaimExtension, AvailabilityCheck):
        assert set(model.objects.values_list("partner_id", flat=True)) == {stays.id}, model
    places = places_of(partner_id=stays.id, program_id=a_program().id, at=at)
    assert places.taken == 2
    decide_extension(extension_id=asked.id, granted=True, answer="", actor=SYSTEM, at=at)
    assert first.protected_until is not None
    until = Referral.objects.get(id=first.id).protected_until
    assert until == first.protected_until + timedelta(days=60)


def test_a_company_that_one_of_them_holds_stays_claimed_for_others(
    acme: Tenant, at: datetime
) -> None:
    gone, stays = a_partner("Brightwater"), a_partner("Solea")
    a_referral(at, partner=gone, stage="accepted", contact_email="tom@kestrel.example")
    merge_partners(from_id=gone.id, into_id=stays.id, reason="Same firm", actor=SYSTEM, at=at)

    with pytest.raises(MoveRefused, match="Solea protects this company"):
        a_referral(
            at,
            partner=a_partner("Cedar"),
            stage="accepted",
            company="Kestrel",
            contact_email="ann@kestrel.example",
        )


def test_companies_both_keep_free_are_kept_once(acme: Tenant, at: datetime) -> None:
    # The first partner's hold has run out when the second one asks; rows of it are kept for a month.
    hold("Brightwater", KESTREL, at - timedelta(days=5))
    hold("Brightwater", Facts(name="osprey", domain="osprey.example"), at)
    own = hold("Solea", KESTREL, at)

    merge_partners(
        from_id=a_partner("Brightwater").id,
        into_id=a_partner("Solea").id,
        reason="Same firm",
        actor=SYSTEM,
        at=at,
    )

    rows = dict(SoftHold.objects.values_list("account_key", "until"))
    assert set(SoftHold.objects.values_list("partner_id", flat=True)) == {own.partner_id}
    assert rows == {
        "domain:kestrel.example": own.until,
        "domain:osprey.example": at + timedelta(hours=72),
    }


def test_an_erased_person_leaves_no_word_key_or_file(acme: Tenant, at: datetime) -> None:
    partner = a_partner("Brightwater")
    mailbox = Facts(name="kestrel logistics", email="tomashdown@gmail.com")
    check_availability(
        facts=mailbox,
        company="Kestrel",
        partner_id=partner.id,
        program_id=a_program().id,
        actor=SYSTEM,
        at=at,
    )
    set_hold(
        facts=mailbox,
        company="Kestrel",
        partner_id=partner.id,
        program_id=a_program().id,
        actor=Actor(user_id=None),
        at=at,
    )
    referral = a_referral(
        at, partner=partner, stage="accepted", contact_email="tomashdown@gmail.com"
    )
    file = an_upload(partner_id=partner.id, purpose="claims.evidence")
    an_extension(referral, at, evidence="Met Tom Ashdown twice", upload_id=file.id)
    assert Claim.objects.get().account_key == "email:tomashdown@gmail.com"

    pseudonym = erase_person(referral_id=referral.id, actor=SYSTEM, at=at)

    row, key, asked = Claim.objects.get(), ClaimKey.objects.get(), ClaimExtension.objects.get()
    assert row.account_key == key.key == f"email:{pseudonym}"
    assert (asked.evidence, asked.upload_id) == (f"Met {pseudonym} twice", None)
    assert Upload.objects.get(id=file.id).removed_at == at
    assert not AvailabilityCheck.objects.exists()
    assert not SoftHold.objects.exists()
