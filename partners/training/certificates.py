"""Certificates: issued once a course is passed, verified by anybody, revoked with a reason."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from partners.directory.models import Partner
from partners.training.learners import Learner
from partners.training.models import Certificate, Taking
from partners.training.rules import in_language, months_later, new_code
from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.tenancy.services import next_number


class AlreadyRevoked(ValueError):
    """Somebody revoked the certificate before."""


@transaction.atomic
def issue_certificate(*, taking: Taking, learner: Learner, at: datetime) -> Certificate:
    """Issue the certificate of a passed course; the next number of the tenant's year, without gaps.

    Holder, course and company are kept as printed, in the learner's language. A repeat returns the live one.
    Emits certificate.issued, and rings the worker for the PDF.
    """
    if live := Certificate.objects.filter(taking=taking, revoked_at__isnull=True).first():
        return live
    tenant = Tenant.objects.defer("logo").get(id=current_scope().tenant_id)
    day = at.astimezone(ZoneInfo(tenant.time_zone)).date()
    course = taking.course
    language = learner.language or tenant.language
    certificate = Certificate.objects.create(
        number=f"C-{day.year}-{next_number(f'certificate:{day.year}'):04d}",
        code=new_code(),
        taking=taking,
        course=course,
        partner_id=learner.partner_id,
        holder=learner.name[:120],
        partner_name=_company(learner),
        course_title=in_language(course.title, language, tenant.language)[0][:200],
        minutes=course.minutes,
        language=language,
        issued_at=at,
        expires_on=months_later(day, course.certificate_months)
        if course.certificate_months
        else None,
    )
    _tell("certificate.issued", certificate, learner.actor, at)
    ask_for_pdf(certificate)
    return certificate


def _company(learner: Learner) -> str:
    if learner.partner_id is None:
        return ""
    return Partner.objects.values_list("name", flat=True).get(id=learner.partner_id)


@transaction.atomic
def revoke_certificate(
    *, certificate_id: UUID, reason: str, actor: Actor, at: datetime
) -> Certificate:
    """Take a certificate back; the public page says so at once. Raises AlreadyRevoked. Emits certificate.revoked."""
    certificate = Certificate.objects.select_for_update(no_key=True).get(id=certificate_id)
    if certificate.revoked_at:
        raise AlreadyRevoked(certificate.number)
    certificate.revoked_at, certificate.revoked_reason = at, reason.strip()[:300]
    certificate.save(update_fields=["revoked_at", "revoked_reason"])
    _tell("certificate.revoked", certificate, actor, at)
    return certificate


def _tell(name: str, certificate: Certificate, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"certificate:{certificate.id}",
        actor=actor,
        partner_id=certificate.partner_id,
        payload={
            "certificate_id": str(certificate.id),
            "course_id": str(certificate.course_id),
            "user_id": certificate.taking.user_id,
            "partner_id": str(certificate.partner_id) if certificate.partner_id else None,
        },
        at=at,
    )


def ask_for_pdf(certificate: Certificate) -> None:
    """Ring the worker for a certificate's PDF after the commit."""
    from partners.training.tasks import make_certificate_pdf  # noqa: PLC0415  the worker's side

    tenant_id, certificate_id = current_scope().tenant_id, str(certificate.id)
    transaction.on_commit(
        lambda: make_certificate_pdf.delay(tenant_id=tenant_id, certificate_id=certificate_id),
        robust=True,
    )
