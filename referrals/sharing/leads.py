"""Leads of the public forms: whose they are, and the referral that they become."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from partners.onboarding.unlocks import FeatureLocked
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.services import SYSTEM, emit
from prm.notices.services import notify
from prm.tenancy.scope import current_scope
from referrals.intake.services import NotEnrolled, ProbationFull, ReferralDraft, submit_referral
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral, Source
from referrals.pipeline.rules import normalised_email
from referrals.sharing.codes import CouponNotUsable, count_use, find_coupon
from referrals.sharing.models import Coupon, LandingPage, Lead, Link, Via
from referrals.sharing.rules import Remembered, counting_clicks
from referrals.sharing.settings import sharing_rules
from referrals.sharing.touches import note_touches


@dataclass(frozen=True)
class LeadFacts:
    """What a visitor wrote, and what the address and the browser say of where it came from."""

    program_id: UUID
    company: str
    name: str
    email: str
    phone: str = ""
    website: str = ""
    country: str = ""
    message: str = ""
    coupon: str = ""
    consent_text: str = ""
    language: str = ""
    link_id: UUID | None = None
    page_id: UUID | None = None
    clicks: Sequence[Remembered] = ()
    utm: dict[str, str] = field(default_factory=dict)
    channel: str = ""
    campaign: str = ""


@dataclass(frozen=True)
class Credit:
    """Whose lead it is, and what told so."""

    partner_id: UUID
    via: str
    link: Link | None = None
    coupon: Coupon | None = None
    clicked_at: datetime | None = None


def credit_of(facts: LeadFacts, at: datetime) -> Credit | None:
    """Return whose a lead is: the code's partner, else the link's in the address, the page's, the browser's last click.

    A remembered click counts for as many days as the program says. None when nothing names a partner.
    """
    if facts.coupon and (
        coupon := find_coupon(code=facts.coupon, program_id=facts.program_id, at=at)
    ):
        return Credit(coupon.partner_id, Via.COUPON, coupon=coupon)
    if facts.link_id and (link := _live_link(facts.link_id, facts.program_id)):
        return Credit(link.partner_id, Via.LINK, link=link)
    if facts.page_id:
        owner = LandingPage.objects.values_list("partner_id", flat=True).get(id=facts.page_id)
        return Credit(owner, Via.PAGE)
    for click in reversed(_counting(facts, at)):
        if link := _live_link(click.link_id, facts.program_id):
            return Credit(link.partner_id, Via.COOKIE, link=link, clicked_at=click.at)
    return None


def _counting(facts: LeadFacts, at: datetime) -> list[Remembered]:
    """Return the browser's clicks that count for the program now, oldest first."""
    days = sharing_rules(facts.program_id).cookie_days
    return counting_clicks(facts.clicks, program_id=facts.program_id, days=days, at=at)


def _live_link(link_id: UUID, program_id: UUID) -> Link | None:
    return Link.objects.filter(id=link_id, program_id=program_id, retired_at=None).first()


@transaction.atomic
def take_lead(*, facts: LeadFacts, at: datetime, key: UUID | None) -> Referral | None:
    """Take a visitor's request in: a referral of the partner that sent the visitor, else word to the vendor's people.

    key: made with the form; the same key again returns the first referral and writes nothing.
    None when no partner is credited, or the partner may not refer now: then nothing but a notice to those who
    decide referrals is kept. Raises KeyReused. Emits referral.submitted, sharing.lead.
    """
    credit = credit_of(facts, at)
    if credit is None:
        _tell_vendor(facts, at)
        return None
    try:
        with transaction.atomic():
            return _take_credited(facts, credit, at, key)
    except CouponNotUsable:  # somebody else used it for the last time in this moment
        return take_lead(facts=replace(facts, coupon=""), at=at, key=key)
    except (NotEnrolled, FeatureLocked, ProbationFull, MoveRefused):
        _tell_vendor(facts, at)
        return None


def _take_credited(facts: LeadFacts, credit: Credit, at: datetime, key: UUID | None) -> Referral:
    link = credit.link
    referral = submit_referral(
        draft=ReferralDraft(
            program_id=facts.program_id,
            company=facts.company,
            contact_name=facts.name,
            contact_email=facts.email,
            contact_phone=facts.phone,
            website=facts.website,
            country=facts.country,
            context=facts.message,
            consent=True,
            source=Source.COUPON if credit.coupon else Source.LINK,
            channel=facts.channel or (link.channel if link else ""),
            campaign=facts.campaign or (link.campaign if link else ""),
            link_id=link.id if link else None,
        ),
        partner_id=credit.partner_id,
        submitted_by_id=None,
        actor=SYSTEM,
        at=at,
        key=key,
    )
    _note_lead(referral, credit, facts, at)
    return referral


def _note_lead(referral: Referral, credit: Credit, facts: LeadFacts, at: datetime) -> None:
    """Keep how a referral came in, once; a code is used once more."""
    lead, is_new = Lead.objects.get_or_create(
        referral=referral,
        defaults={
            "partner_id": credit.partner_id,
            "link_id": credit.link.id if credit.link else None,
            "page_id": facts.page_id,
            "coupon": credit.coupon,
            "via": credit.via,
            "clicked_at": credit.clicked_at,
            "utm": facts.utm,
            "language": facts.language,
            "consent_text": facts.consent_text,
            "at": at,
        },
    )
    if not is_new:
        return
    if credit.coupon:
        count_use(credit.coupon)
    note_touches(
        referral=referral,
        via=credit.via,
        clicks=_counting(facts, at),
        code_id=credit.coupon.id if credit.coupon else None,
        at=at,
    )
    emit(
        "sharing.lead",
        subject=f"referral:{referral.id}",
        actor=SYSTEM,
        partner_id=credit.partner_id,
        payload={"referral_id": str(referral.id), "lead_id": lead.id, "via": credit.via},
        at=at,
    )


def direct_key(program_id: UUID, email: str) -> str:
    """Return how the key of a direct request begins; it names nobody, since keys outlive an erasure."""
    text = f"{current_scope().tenant_id}:{normalised_email(email)}"
    digest = salted_hmac("referrals.sharing.direct", text, algorithm="sha256").hexdigest()
    return f"direct:{program_id}:{digest[:32]}"


def _tell_vendor(facts: LeadFacts, at: datetime) -> None:
    """Pass a request that is no partner's on to the vendor's people; it is no referral."""
    program = Program.objects.only("name").get(id=facts.program_id)
    told = {
        "company": facts.company,
        "contact": facts.name,
        "email": facts.email,
        "program": program.name,
    }
    for user in members_with(Capability.DECIDE_REFERRALS, tenant_id=current_scope().tenant_id):
        notify(
            kind="sharing.direct_lead",
            key=f"{direct_key(program.id, facts.email)}:{at:%Y%m%d%H}",
            user_id=user.id,
            facts=told,
            path="manage/referrals/new/",
            at=at,
        )
