"""Drafts, questions, files, bulk files and the log of the person referred follow their partner through a merge."""

from datetime import datetime

from partners.directory.merging import merge_partners
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from referrals.capture.asking import ask_question
from referrals.capture.files import add_file
from referrals.capture.models import Draft, PrivacyEntry, PrivacyNotice, Question, ReferralFile
from referrals.capture.privacy import tell_person
from tests.builders.referrals import a_partner, a_program, a_referral, people_of
from tests.builders.uploads import PDF, brought
from tests.conftest import World


def test_everything_is_the_staying_partners(world: World, acme: Tenant, at: datetime) -> None:
    gone, stays = people_of(acme, "Brightwater"), a_partner("Solea")
    referral = a_referral(at, partner=gone.partner, by=gone.rep)
    Draft.objects.create(partner=gone.partner, program=a_program(), owner=gone.rep)
    ask_question(referral_id=referral.id, text="How many?", actor=Actor(world.manager.id), at=at)
    add_file(
        referral_id=referral.id, file=brought(PDF, "a.pdf"), internal=False, actor=SYSTEM, at=at
    )
    tell_person(referral_id=referral.id, at=at)

    merge_partners(
        from_id=gone.partner.id, into_id=stays.id, reason="Same firm", actor=SYSTEM, at=at
    )

    for model in (Draft, Question, ReferralFile, PrivacyNotice, PrivacyEntry):
        assert set(model.objects.values_list("partner_id", flat=True)) == {stays.id}, model
