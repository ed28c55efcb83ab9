"""The rights of the person referred: told who, why and on what basis; may object, may have their data erased."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.programs.models import Program
from prm.events.services import Actor, emit
from prm.notices.services import queue_mail
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.capture.models import (
    PrivacyDeed,
    PrivacyEntry,
    PrivacyNotice,
    PrivacyRules,
    SuppressedPerson,
    Telling,
)
from referrals.capture.people import person_digest, person_url
from referrals.capture.rules import (
    NOT_BROUGHT_BY_PARTNER,
    Privacy,
    is_own_name,
    pseudonym_of,
)
from referrals.capture.selectors_privacy import basis_of
from referrals.pipeline.erasing import Erasure, run_erasers
from referrals.pipeline.hooks import MoveRefused, Moving
from referrals.pipeline.models import CLOSED_KINDS, Referral, StageKind
from referrals.pipeline.rules import folded_company
from referrals.pipeline.services import end_referral
from referrals.sharing.models import Lead

# Where somebody probably reads Italian.
ITALIAN_COUNTRIES = frozenset({"IT", "SM", "VA"})


def privacy_of(program_id: UUID) -> Privacy:
    """Return how a program treats the person referred; the defaults where nobody set anything."""
    row = PrivacyRules.objects.filter(program_id=program_id).first()
    return Privacy(row.tells, row.basis, row.shares_contacts) if row else Privacy()


@transaction.atomic
def set_privacy_rules(*, program_id: UUID, rules: Privacy, actor: Actor, at: datetime) -> None:
    """Keep how a program treats the person referred, and cover or show the contacts that partners did not bring.

    A repeat with the same rules writes nothing. Raises Program.DoesNotExist. Emits program.privacy_changed.
    """
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    before = privacy_of(program_id)
    if before == rules:
        return
    PrivacyRules.objects.update_or_create(program_id=program_id, defaults=rules.__dict__)
    if before.shares_contacts != rules.shares_contacts:
        foreign = Referral.objects.filter(program_id=program_id, source__in=NOT_BROUGHT_BY_PARTNER)
        foreign.filter(erased_at=None).update(contact_hidden=not rules.shares_contacts)
    changes = {
        name: [getattr(before, name), value]
        for name, value in rules.__dict__.items()
        if getattr(before, name) != value
    }
    emit(
        "program.privacy_changed",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id)},
        changes=changes,
        at=at,
        queue=False,
    )


def guard_person(referral: Referral, _actor: Actor, _at: datetime) -> None:
    """Refuse a new referral of somebody who asked not to be referred, and cover what the partner did not bring.

    Raises MoveRefused.
    """
    if _is_suppressed(referral):
        raise MoveRefused(
            _("This person cannot be referred: they asked not to be contacted. Do not send it.")
        )
    if referral.source in NOT_BROUGHT_BY_PARTNER:
        hidden = not privacy_of(referral.program_id).shares_contacts
        Referral.objects.filter(id=referral.id).update(contact_hidden=hidden)
        referral.contact_hidden = hidden


def guard_move(moving: Moving) -> None:
    """Let nobody take a referral up again whose person objected or was erased. Raises MoveRefused."""
    if moving.to_stage.kind in CLOSED_KINDS:
        return
    if moving.referral.erased_at or _is_suppressed(moving.referral):
        raise MoveRefused(
            _("The person asked not to be contacted. The referral cannot be taken up again.")
        )


@transaction.atomic
def tell_person(*, referral_id: UUID, at: datetime) -> PrivacyNotice | None:
    """Queue the notice to the person referred, with the link to their rights, in their language.

    Once per referral: a repeat returns the first. None without an address or after an erasure.
    Raises Referral.DoesNotExist. Emits referral.person_told.
    """
    referral = (
        Referral.objects.select_for_update(no_key=True, of=("self",))
        .select_related("partner", "program")
        .get(id=referral_id)
    )
    if not referral.contact_email or referral.erased_at:
        return None
    if first := PrivacyNotice.objects.filter(referral_id=referral_id).first():
        return first
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    notice = PrivacyNotice.objects.create(
        referral=referral,
        partner_id=referral.partner_id,
        email_digest=person_digest(referral.email_norm),
        language=_language_of(referral, tenant),
        told_at=at,
    )
    queue_mail(
        key=f"person:{referral.id}",
        kind="referral.person",
        to=referral.contact_email,
        template="emails/referral/person",
        context={
            "referral": referral,
            "title": _title(tenant, notice.language),
            "url": person_url(tenant, notice.id),
            "basis": _basis(referral, notice.language),
        },
        language=notice.language,
    )
    _log(referral, PrivacyDeed.TOLD, at=at)
    _emit("referral.person_told", referral, Actor(None, "system"), at)
    return notice


def _language_of(referral: Referral, tenant: Tenant) -> str:
    """Return the language of the form that the person filled in, else the country's or the vendor's."""
    lead = Lead.objects.filter(referral_id=referral.id).only("language").first()
    if lead and lead.language:
        return lead.language
    return "it" if referral.country in ITALIAN_COUNTRIES else tenant.language


def _basis(referral: Referral, language: str) -> str:
    with translation.override(language):
        return basis_of(referral)


def _title(tenant: Tenant, language: str) -> str:
    with translation.override(language):
        return _("%(vendor)s has received your contact details") % {"vendor": tenant.name}


@transaction.atomic
def note_seen(*, notice_id: UUID, at: datetime) -> None:
    """Write down that the person's page was opened, the first time only."""
    notice = PrivacyNotice.objects.select_for_update(no_key=True, of=("self",)).get(id=notice_id)
    if notice.seen_at is None:
        notice.seen_at = at
        notice.save(update_fields=["seen_at"])
        _log(Referral.objects.get(id=notice.referral_id), PrivacyDeed.SEEN, at=at)


@transaction.atomic
def object_to_contact(*, referral_id: UUID, actor: Actor, at: datetime) -> None:
    """Close every open referral of the person and let nobody refer them again; their data stays until erased.

    A repeat changes nothing. Raises Referral.DoesNotExist. Emits referral.person_objected for each referral.
    """
    rows = _all_of_person(referral_id)
    if not rows[0].email_norm or _is_suppressed(rows[0]):
        return
    _suppress(rows[0], at)
    _notices(rows).filter(objected_at=None).update(objected_at=at)
    for row in rows:
        ended = _end(row, gettext_lazy("The person asked not to be contacted."), actor, at)
        _log(row, PrivacyDeed.OBJECTED, at=at, actor=actor, effect={"closed": int(ended)})
        _emit("referral.person_objected", row, actor, at)


@transaction.atomic
def erase_person(
    *, referral_id: UUID, actor: Actor, at: datetime, own_company: bool = False
) -> str:
    """Erase what is kept of the person in all their referrals; rows, numbers and money stay, under a pseudonym.

    own_company: the company is the person, so that its name, website and tax number go too; a company that goes by
    the person's name is one anyway. Open referrals are closed, nobody can refer the person again. A repeat returns
    the same pseudonym and changes nothing. Raises Referral.DoesNotExist. Emits referral.person_erased for each.
    """
    rows = _all_of_person(referral_id)
    first = rows[0]
    if first.erased_at:
        return first.contact_name
    digest = person_digest(first.email_norm or f"referral:{first.id}")
    pseudonym = pseudonym_of(digest)
    _suppress(first, at)
    for row in rows:
        _end(row, gettext_lazy("The person had their personal data erased."), actor, at)
    own = [
        row.company
        for row in rows
        if own_company or is_own_name(row.company_norm, folded_company(row.contact_name))
    ]
    effect = run_erasers(
        Erasure(
            referral_ids=[row.id for row in rows],
            email=first.email_norm,
            names=_names(rows),
            companies=sorted(set(own)),
            pseudonym=pseudonym,
            actor=actor,
            at=at,
        )
    )
    _notices(rows).update(erased_at=at)
    for row in rows:
        _log(row, PrivacyDeed.ERASED, at=at, actor=actor, effect=effect)
        _emit("referral.person_erased", row, actor, at)
    return pseudonym


def _all_of_person(referral_id: UUID) -> list[Referral]:
    """Return the referral and all others of the same address, locked, the one asked for first."""
    asked = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    if not asked.email_norm:
        return [asked]
    others = Referral.objects.filter(email_norm=asked.email_norm).exclude(id=asked.id)
    return [asked, *others.select_for_update(no_key=True).order_by("id")]


def _names(rows: Sequence[Referral]) -> list[str]:
    found = {
        text
        for row in rows
        for text in (row.contact_name, row.contact_email, row.contact_phone)
        if text
    }
    return sorted(found)


def _is_suppressed(referral: Referral) -> bool:
    if not referral.email_norm:
        return False
    digest = person_digest(referral.email_norm)
    return SuppressedPerson.objects.filter(email_digest=digest).exists()


def _suppress(referral: Referral, at: datetime) -> None:
    if referral.email_norm:
        digest = person_digest(referral.email_norm)
        SuppressedPerson.objects.get_or_create(email_digest=digest, defaults={"at": at})


def _notices(rows: Sequence[Referral]) -> QuerySet[PrivacyNotice]:
    return PrivacyNotice.objects.filter(referral_id__in=[row.id for row in rows])


def _end(referral: Referral, reason: Any, actor: Actor, at: datetime) -> bool:
    """Close a referral that is open: declined while nobody decided, else lost. Tell whether it was open.

    reason: lazy words, kept in the tenant's language, not in that of the person's browser.
    """
    waits = referral.stage_kind == StageKind.SUBMITTED
    kind = StageKind.REJECTED if waits else StageKind.LOST
    with translation.override(Tenant.objects.get(id=current_scope().tenant_id).language):
        words = str(reason)
    change = end_referral(referral_id=referral.id, kind=kind, reason=words, actor=actor, at=at)
    return change is not None


def _log(
    referral: Referral,
    deed: PrivacyDeed,
    *,
    at: datetime,
    actor: Actor | None = None,
    effect: dict[str, int] | None = None,
) -> None:
    PrivacyEntry.objects.create(
        referral_id=referral.id,
        partner_id=referral.partner_id,
        deed=deed,
        at=at,
        actor_id=actor.user_id if actor else None,
        effect=effect or {},
    )


def _emit(name: str, referral: Referral, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=referral.partner_id,
        payload={"referral_id": str(referral.id)},
        at=at,
    )


def tells_at(program_id: UUID, moment: Telling) -> bool:
    """Tell whether a program tells the person at this moment."""
    return privacy_of(program_id).tells == moment
