"""Take referrals in: from a partner's form, from staff for a partner."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from partners.directory.models import Enrollment, Partner, PartnerState
from partners.directory.moves import tenant_day
from partners.onboarding.rules import SUBMIT
from partners.onboarding.unlocks import must_be_open
from partners.programs.models import Program
from prm.events.services import Actor, emit
from prm.tenancy.keys import KeyReused
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.tenancy.services import next_number
from referrals.claims.rules import Facts
from referrals.claims.selectors import known_company
from referrals.pipeline.hooks import run_after_submit
from referrals.pipeline.models import (
    OPEN_KINDS,
    Referral,
    Role,
    Source,
    StageChange,
    StageKind,
)
from referrals.pipeline.promises import promised_at
from referrals.pipeline.rules import (
    company_domain,
    normalised_company,
    normalised_email,
    normalised_tax_id,
)
from referrals.pipeline.services import ensure_stages


class NotEnrolled(ValueError):
    """The partner does not take part in the program, or the program is closed."""


class ProbationFull(ValueError):
    """A partner on probation has as many open referrals as it may have at once."""

    def __init__(self, limit: int, until: datetime) -> None:
        super().__init__(f"{limit} open referrals until {until}")
        self.limit, self.until = limit, until


@dataclass(frozen=True)
class ReferralDraft:
    """What is known of a prospect before it is a referral; three facts suffice. custom: answers by field key."""

    program_id: UUID
    company: str
    contact_name: str
    contact_email: str
    website: str = ""
    country: str = ""
    contact_title: str = ""
    contact_phone: str = ""
    context: str = ""
    product: str = ""
    consent: bool = False
    custom: dict[str, Any] = field(default_factory=dict)
    tax_id: str = ""
    estimate_minor: int | None = None
    relationship: str = ""
    role: str = Role.INTRO
    source: str = Source.FORM
    channel: str = ""
    campaign: str = ""
    link_id: UUID | None = None


@transaction.atomic
def submit_referral(
    *,
    draft: ReferralDraft,
    partner_id: UUID,
    submitted_by_id: int | None,
    actor: Actor,
    at: datetime,
    key: UUID | None,
    reason: str = "",
) -> Referral:
    """Register a prospect for a partner, at the program's first stage.

    key: made with the form; the same key again returns the first referral and writes nothing.
    reason: why somebody else enters it for the partner; the timeline and the first mail show it to the partner.
    What the duplicate check says is kept in `duplicate_of` and never stops a submission.
    Raises NotEnrolled, FeatureLocked, ProbationFull, KeyReused, and MoveRefused from a hook. Emits referral.submitted.
    """
    if key and (first := _first_with(key)):
        if _differs(first, draft, partner_id):
            raise KeyReused(str(key))
        return first
    program = _open_program(draft.program_id, partner_id, at)
    must_be_open(partner_id=partner_id, program_id=program.id, feature=SUBMIT, at=at)
    _within_probation(partner_id, program.id, at)
    stage = next(
        stage for stage in ensure_stages(program_id=program.id) if stage.kind == StageKind.SUBMITTED
    )
    facts = _facts_of(draft)
    referral = Referral.objects.create(
        **facts,
        number=_number(at),
        program=program,
        partner_id=partner_id,
        submitted_by_id=submitted_by_id,
        stage=stage,
        stage_kind=stage.kind,
        stage_entered_at=at,
        registered_at=at,
        queued_at=at,
        answer_due_at=promised_at(program, at),
        currency=program.currency,
        duplicate_of=_duplicate_of(facts, partner_id, at),
        submission_key=key,
    )
    StageChange.objects.create(
        referral=referral,
        partner_id=partner_id,
        to_stage=stage,
        to_kind=stage.kind,
        at=at,
        actor_id=actor.user_id,
        reason=reason.strip(),
    )
    run_after_submit(referral, actor, at)
    _tell_submitted(referral, actor=actor, at=at)
    return referral


def _tell_submitted(referral: Referral, *, actor: Actor, at: datetime) -> None:
    emit(
        "referral.submitted",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=referral.partner_id,
        payload={
            "referral_id": str(referral.id),
            "partner_id": str(referral.partner_id),
            "program_id": str(referral.program_id),
        },
        at=at,
    )


def _differs(first: Referral, draft: ReferralDraft, partner_id: UUID) -> bool:
    """Tell whether a key's first referral is about another company, partner or program than the draft."""
    return (first.partner_id, first.company_norm, first.program_id) != (
        partner_id,
        normalised_company(draft.company),
        draft.program_id,
    )


def _facts_of(draft: ReferralDraft) -> dict[str, Any]:
    """Return what the person wrote as columns of a referral, without the blanks around it."""
    return {
        "company": draft.company.strip(),
        "company_norm": normalised_company(draft.company),
        "domain": company_domain(draft.website, draft.contact_email),
        "email_norm": normalised_email(draft.contact_email),
        "website": draft.website.strip(),
        "country": draft.country,
        "contact_name": draft.contact_name.strip(),
        "contact_title": draft.contact_title.strip(),
        "contact_email": draft.contact_email.strip(),
        "contact_phone": draft.contact_phone.strip(),
        "context": draft.context.strip(),
        "consent": draft.consent,
        "custom": draft.custom,
        "product": draft.product,
        "estimate_minor": draft.estimate_minor,
        "tax_id": draft.tax_id.strip(),
        "tax_id_norm": normalised_tax_id(draft.tax_id),
        "relationship": draft.relationship,
        "role": draft.role,
        "source": draft.source,
        "channel": draft.channel,
        "campaign": draft.campaign,
        "link_id": draft.link_id,
    }


def _duplicate_of(facts: dict[str, Any], partner_id: UUID, at: datetime) -> str:
    """Return whose the company is already: "own", "known" by anybody else, or nobody's."""
    company = Facts(
        name=facts["company_norm"],
        domain=facts["domain"],
        email=facts["email_norm"],
        tax_id=facts["tax_id_norm"],
        country=facts["country"],
    )
    known = known_company(company, partner_id, at)
    return "known" if known.elsewhere else "own" if known.own_referral_id else ""


def _first_with(key: UUID) -> Referral | None:
    """Return the referral of a key; two submissions with one key wait here for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [str(key), current_scope().tenant_id],
        )
    return Referral.objects.filter(submission_key=key).first()


def _open_program(program_id: UUID, partner_id: UUID, at: datetime) -> Program:
    enrolled = (
        Enrollment.objects.open_on(tenant_day(at))
        .filter(partner_id=partner_id, program_id=program_id)
        .exists()
    )
    program = Program.objects.filter(id=program_id, closed_at=None).first()
    active = Partner.objects.filter(id=partner_id, state=PartnerState.ACTIVE).exists()
    if program is None or not enrolled or not active:
        raise NotEnrolled(f"partner {partner_id} in program {program_id}")
    return program


def _within_probation(partner_id: UUID, program_id: UUID, at: datetime) -> None:
    """Hold a partner on probation to its number of open referrals; two submissions wait here for each other."""
    enrollment = (
        Enrollment.objects.filter(
            partner_id=partner_id,
            program_id=program_id,
            probation_until__gt=at,
            probation_referrals__isnull=False,
        )
        .select_for_update(no_key=True)
        .first()
    )
    if enrollment is None or enrollment.probation_until is None:
        return
    limit = enrollment.probation_referrals or 0
    mine = Referral.objects.filter(partner_id=partner_id, program_id=program_id)
    if mine.filter(stage_kind__in=OPEN_KINDS).count() >= limit:
        raise ProbationFull(limit, enrollment.probation_until)


def _number(at: datetime) -> str:
    """Return the next number of the year in the tenant's zone: R-2026-0418."""
    zone = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone
    year = at.astimezone(ZoneInfo(zone)).year
    return f"R-{year}-{next_number(f'referral:{year}'):04d}"


@transaction.atomic
def take_into_queue(*, referral_ids: Collection[UUID], actor: Actor, at: datetime) -> int:
    """Put imported history into the queue, where an answer is owed from `at` on; return how many came in.

    What waits already, is answered or does not exist is passed over, so a repeat writes nothing.
    Emits referral.queued for each.
    """
    taken = list(
        Referral.objects.unanswered_history()
        .filter(id__in=referral_ids)
        .select_for_update(no_key=True)
        .order_by("id")
        .only("id", "partner_id", "program_id")
    )
    for program in Program.objects.filter(id__in={row.program_id for row in taken}):
        Referral.objects.filter(
            id__in=[row.id for row in taken if row.program_id == program.id]
        ).update(queued_at=at, answer_due_at=promised_at(program, at))
    for row in taken:
        emit(
            "referral.queued",
            subject=f"referral:{row.id}",
            actor=actor,
            partner_id=row.partner_id,
            payload={"referral_id": str(row.id)},
            at=at,
            queue=False,
        )
    return len(taken)


@transaction.atomic
def take_import_into_queue(*, import_id: UUID, actor: Actor, at: datetime) -> int:
    """Put all history of one import that nobody has answered into the queue; return how many came in.

    A repeat writes nothing. Emits import.queued once, not one event a referral.
    """
    history = Referral.objects.unanswered_history().filter(import_id=import_id)
    count = 0
    for program in Program.objects.filter(id__in=history.values("program_id")):
        count += history.filter(program_id=program.id).update(
            queued_at=at, answer_due_at=promised_at(program, at)
        )
    if count:
        emit(
            "import.queued",
            subject=f"import:{import_id}",
            actor=actor,
            payload={"import_id": str(import_id), "count": count},
            at=at,
            queue=False,
        )
    return count
