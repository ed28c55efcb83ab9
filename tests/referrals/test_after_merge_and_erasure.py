"""What partners share, dispute and bring follows them through a merge, and keeps nobody who is erased."""

from collections.abc import Callable
from datetime import datetime, timedelta

from partners.directory.merging import merge_partners
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.cases import add_entry
from referrals.attribution.crediting import reattribute, set_credits
from referrals.attribution.models import Case, CaseParty, Reattribution
from referrals.attribution.verdicts import Verdict, decide_case
from referrals.capture.privacy import erase_person
from referrals.claims.duplicates import decide_pair, note_matches
from referrals.claims.models import SameCompany
from referrals.claims.models import Verdict as PairVerdict
from referrals.pipeline.models import Referral
from referrals.sharing.leads import LeadFacts, take_lead
from referrals.sharing.models import Coupon, LandingPage, Link, PageState, PartnerReview
from tests.builders.attribution import a_case
from tests.builders.referrals import a_partner, a_program, a_referral, people_of
from tests.builders.sharing import a_coupon, a_link, a_page, a_review
from tests.conftest import World
from tests.referrals.capture.test_person_referred import everything_kept, tables_with

Deliver = Callable[[], int]


def test_what_a_duplicate_shared_works_for_the_partner_that_stays(
    acme: Tenant, at: datetime
) -> None:
    gone, stays = a_partner("Brightwater"), a_partner("Solea")
    for make in (a_link, a_page, a_coupon, a_review):
        make(at, partner=gone)

    merge_partners(from_id=gone.id, into_id=stays.id, reason="Same firm", actor=SYSTEM, at=at)

    for model in (Link, LandingPage, Coupon, PartnerReview):
        assert set(model.objects.values_list("partner_id", flat=True)) == {stays.id}, model
    facts = LeadFacts(a_program().id, "New Co", "Nora Neal", "nora@new.example", coupon="BRIGHT-10")
    lead = take_lead(facts=facts, at=at, key=None)
    assert lead is not None
    assert lead.partner_id == stays.id


def test_of_two_pages_in_one_program_the_staying_partners_is_public(
    acme: Tenant, at: datetime
) -> None:
    gone, stays = a_partner("Brightwater"), a_partner("Solea")
    ended, kept = a_page(at, partner=gone), a_page(at, partner=stays)

    merge_partners(from_id=gone.id, into_id=stays.id, reason="Same firm", actor=SYSTEM, at=at)

    assert LandingPage.objects.get(id=ended.id).state == PageState.OFF
    assert LandingPage.objects.get(id=kept.id).is_public


def test_a_case_and_a_move_follow_their_partner(acme: Tenant, at: datetime) -> None:
    gone, other = people_of(acme), people_of(acme, "Solea")
    stays = a_partner("Third")
    a_case(a_referral(at, partner=gone.partner, by=gone.rep), at)
    moved = a_referral(at, partner=gone.partner, by=gone.rep, company="Bramble")
    reattribute(
        referral_id=moved.id,
        to_partner_id=other.partner.id,
        reason="Agreed by phone",
        actor=SYSTEM,
        at=at,
    )

    merge_partners(
        from_id=gone.partner.id, into_id=stays.id, reason="Same firm", actor=SYSTEM, at=at
    )

    assert Case.objects.get().opened_by_id == stays.id
    assert CaseParty.objects.get(opened_it=True).partner_id == stays.id
    assert Reattribution.objects.get().from_partner_id == stays.id


def test_who_gets_a_disputed_referral_joins_the_case(
    world: World, deliver: Deliver, at: datetime
) -> None:
    """A move by hand while the case was open made its decision fail: the owner was no party."""
    decider = Actor(world.manager.id)
    with tenant_scope(world.acme.id):
        first, second = people_of(world.acme), people_of(world.acme, "Solea")
        third = people_of(world.acme, "Third")
        a_referral(at - timedelta(days=3), partner=first.partner, by=first.rep)
        case = a_case(a_referral(at, partner=second.partner, by=second.rep), at)
        subject = Case.objects.get().subject_id
        assert subject
    deliver()
    with tenant_scope(world.acme.id):
        reattribute(
            referral_id=subject,
            to_partner_id=third.partner.id,
            reason="Agreed by phone",
            actor=decider,
            at=at,
        )
    deliver()

    with tenant_scope(world.acme.id):
        parties = CaseParty.objects.filter(case_id=case.case_id)
        words = {row.partner_id: "You met them first." for row in parties}
        assert third.partner.id in words
        verdict = Verdict("moved", "first_registration", words, to_partner_id=second.partner.id)
        decide_case(case_id=case.case_id, verdict=verdict, actor=decider, at=at)
        assert Referral.objects.get(id=subject).partner_id == second.partner.id


def test_an_erasure_reaches_leads_cases_pairs_and_what_staff_were_told(
    world: World, deliver: Deliver, at: datetime
) -> None:
    name, email, phone = "Tom Ashdown", "tom@kestrel.example", "+44 20 7946 0958"
    staff = Actor(world.manager.id)
    with tenant_scope(world.acme.id):
        first, second = people_of(world.acme), people_of(world.acme, "Solea")
        a_coupon(at, partner=first.partner)
        nobodys = LeadFacts(a_program().id, name, name, email)
        assert take_lead(facts=nobodys, at=at, key=None) is None
        told = LeadFacts(
            a_program().id,
            name,
            name,
            email.upper(),
            phone=phone,
            message=f"{name} asks",
            coupon="BRIGHT-10",
            utm={"utm_content": email},
            campaign=f"to {email}",
        )
        lead = take_lead(facts=told, at=at, key=None)
        assert lead
    deliver()
    with tenant_scope(world.acme.id):
        other = a_referral(
            at,
            partner=second.partner,
            company="Ashdown",
            website="kestrel.example",
            contact_name="Zoe Zell",
            contact_email="zoe@other.example",
        )
        note_matches(referral_id=other.id, at=at)
        pair = SameCompany.objects.get()
        assert pair.other_id == lead.id
        decide_pair(
            pair_id=pair.id,
            verdict=PairVerdict.DIFFERENT,
            kept_id=None,
            reason=f"{name} is another",
            told="",
            actor=staff,
            at=at,
        )
        case = a_case(lead, at).case_id
        Referral.objects.filter(id=lead.id).update(next_step=f"Call {name}", product=name)
        add_entry(case_id=case, partner_id=None, text=f"{name} called", actor=staff, at=at)
        words = {row.partner_id: f"{name} says so" for row in CaseParty.objects.all()}
        verdict = Verdict("stays", "first_registration", words)
        decide_case(case_id=case, verdict=verdict, actor=staff, at=at)
        halves = [(one.partner.id, "source", 5_000) for one in (first, second)]
        set_credits(referral_id=lead.id, credits=halves, reason=f"Says {name}", actor=staff, at=at)
    deliver()
    secrets = (name, email, phone)
    tables = {"prm_notice", "prm_mail", "referrals_lead", "referrals_case_party"}
    assert tables <= set(tables_with(secrets, everything_kept(world.acme)))

    with tenant_scope(world.acme.id):
        erase_person(referral_id=lead.id, actor=SYSTEM, at=at)
    deliver()

    assert tables_with(secrets, everything_kept(world.acme)) == {}
