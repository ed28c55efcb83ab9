"""Partners join, change, pause, end; and enrol in programs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from partners.directory.models import (
    ChangeCause,
    Enrollment,
    EnrollmentState,
    Partner,
    PartnerChange,
    PartnerState,
    PartnerType,
)
from partners.directory.money import digest_of, money_of, snapshot_of
from partners.directory.moves import keep_change, tenant_day
from partners.directory.rules import folded_name, site_domain
from partners.programs.models import Program
from prm.accounts.invitations import invite
from prm.accounts.models import Invitation
from prm.accounts.partner_places import (
    end_partner_places,
    rename_partner_places,
    reopen_partner_places,
)
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope

DETAILS = frozenset(
    {"segment", "legal_name", "address", "country", "website", "domain", "tax_number", "manager_id"}
)
EDITABLE = DETAILS | {"name", "type"}
WORKING = (EnrollmentState.ACTIVE, EnrollmentState.APPROVED)


class PartnerNameTaken(ValueError):
    """Another partner of the tenant has this name."""


class ReasonRequired(ValueError):
    """Pausing or ending a partner needs a reason."""


class PreviewOutdated(ValueError):
    """What happens to the partner's money changed since the person looked at it."""


class PartnerWasMerged(ValueError):
    """A partner that went into another one as a duplicate stays ended."""


class PartnershipEnded(ValueError):
    """Nobody joins a partner that has ended."""


@transaction.atomic
def add_partner(
    *,
    name: str,
    actor: Actor,
    at: datetime,
    type: str = PartnerType.REFERRAL,  # noqa: A002  the product's word
    country: str = "",
    program_ids: Iterable[UUID] = (),
    import_id: UUID | None = None,
    **details: Any,
) -> Partner:
    """Add an organisation and enrol it in programs.

    details: segment, legal_name, address, website, domain, tax_number, manager_id; the domain is read from the website.
    Raises PartnerNameTaken. Emits partner.added and one partner.enrolled per program.
    """
    values = _checked({"name": name, "type": type, "country": country, **details})
    partner = _written(Partner(import_id=import_id, created_at=at, **values))
    emit(
        "partner.added",
        subject=f"partner:{partner.id}",
        actor=actor,
        partner_id=partner.id,
        payload={"partner_id": str(partner.id), "import_id": str(import_id) if import_id else None},
        at=at,
    )
    for program_id in program_ids:
        enroll(
            partner_id=partner.id, program_id=program_id, actor=actor, at=at, import_id=import_id
        )
    return partner


@transaction.atomic
def edit_partner(*, partner_id: UUID, actor: Actor, at: datetime, **changes: Any) -> Partner:
    """Change a partner's facts; the same values again write nothing.

    Raises PartnerNameTaken. Emits partner.edited with before and after.
    """
    partner = Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    values = {
        field: value
        for field, value in _checked(changes).items()
        if getattr(partner, field) != value
    }
    if not values:
        return partner
    before = {field: getattr(partner, field) for field in values}
    for field, value in values.items():
        setattr(partner, field, value)
    _written(partner)
    if "type" in values:
        keep_change(
            partner_id,
            PartnerChange.Field.TYPE,
            (before["type"], partner.type),
            on=tenant_day(at),
            actor=actor,
            at=at,
        )
    if "name" in values:
        rename_partner_places(
            tenant_id=current_scope().tenant_id, partner_id=partner_id, partner_name=partner.name
        )
    emit(
        "partner.edited",
        subject=f"partner:{partner.id}",
        actor=actor,
        partner_id=partner.id,
        payload={"partner_id": str(partner.id)},
        changes={field: [before[field], values[field]] for field in values if field != "name_norm"},
        at=at,
    )
    return partner


@transaction.atomic
def change_partner_state(
    *,
    partner_id: UUID,
    state: str,
    actor: Actor,
    at: datetime,
    reason: str = "",
    cause: str = "",
    seen: str | None = None,
) -> Partner:
    """Pause, end or reactivate a partner from now on; the state it has already writes nothing.

    cause: a ChangeCause. seen: the digest of the money preview that the person saw, None when nobody looked. What the
    preview says at this moment is kept with the change. Nothing calls this by itself: low volume never ends anybody.

    A paused or ended partner keeps its history and what it is owed; the people of a paused one keep reading. Ending
    closes the places of its people and its waiting invitations; leaving that state opens exactly these places again.
    Raises ReasonRequired unless it becomes active, PreviewOutdated, PartnerWasMerged. Emits partner.state_changed, and
    per place membership.ended or membership.started.
    """
    partner = Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    wanted = PartnerState(state)
    if partner.state == wanted:
        return partner
    if wanted != PartnerState.ACTIVE and not reason.strip():
        raise ReasonRequired(wanted)
    if partner.merged_into_id is not None:
        raise PartnerWasMerged(partner.name)
    money = money_of(partner_id)
    if seen is not None and seen != digest_of(money):
        raise PreviewOutdated(partner.name)
    before, partner.state, partner.state_reason = partner.state, wanted, reason.strip()
    partner.save(update_fields=["state", "state_reason"])
    change = PartnerChange.objects.create(
        partner_id=partner.id,
        field=PartnerChange.Field.STATE,
        from_value=before,
        to_value=wanted.value,
        effective_on=tenant_day(at),
        cause=ChangeCause(cause) if cause else "",
        reason=partner.state_reason,
        money=snapshot_of(money),
        at=at,
        user_id=actor.user_id,
    )
    _tell_state(change, actor=actor)
    tenant_id = current_scope().tenant_id
    if wanted == PartnerState.ENDED:
        end_partner_places(tenant_id=tenant_id, partner_id=partner.id, actor=actor, at=at)
    elif before == PartnerState.ENDED:
        reopen_partner_places(tenant_id=tenant_id, partner_id=partner.id, actor=actor, at=at)
    return partner


def _tell_state(change: PartnerChange, *, actor: Actor) -> None:
    before, now = change.from_value, change.to_value
    emit(
        "partner.state_changed",
        subject=f"partner:{change.partner_id}",
        actor=actor,
        partner_id=change.partner_id,
        payload={
            "partner_id": str(change.partner_id),
            "from": before,
            "to": now,
            "change_id": change.id,
        },
        changes={
            "state": [before, now],
            **({"cause": ["", str(change.cause)]} if change.cause else {}),
            "reason": ["", change.reason],
        },
        at=change.at,
    )


@transaction.atomic
def invite_person(
    *,
    partner_id: UUID,
    email: str,
    name: str,
    role: str,
    actor: Actor,
    at: datetime,
    language: str = "",
) -> Invitation:
    """Offer somebody a place in a partner; see prm.accounts.invitations.invite for repeats.

    language: of the mail, while the person has no account that says.

    Raises PartnershipEnded, AlreadyMember, RolesDoNotFit. Emits invitation.sent.
    """
    # The lock keeps the partner from ending in this moment: its end takes waiting invitations back.
    partner = Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    if partner.state == PartnerState.ENDED:
        raise PartnershipEnded(partner.name)
    return invite(
        email=email,
        name=name,
        roles=[role],
        language=language,
        partner_id=partner.id,
        partner_name=partner.name,
        actor=actor,
        at=at,
    )


@transaction.atomic
def enroll(
    *,
    partner_id: UUID,
    program_id: UUID,
    actor: Actor,
    at: datetime,
    import_id: UUID | None = None,
    state: str = EnrollmentState.ACTIVE,
    probation_until: datetime | None = None,
    probation_referrals: int | None = None,
) -> Enrollment:
    """Put a partner into a program; a live enrolment is returned as it is, an ended one starts again.

    state: APPROVED while an agreement is still to be accepted, ACTIVE otherwise. probation_until, probation_referrals:
    until when at most so many referrals may be open at once. Emits partner.enrolled.
    """
    if state not in WORKING:
        raise ValueError(f"nobody is enrolled as {state}")
    program = Program.objects.get(id=program_id)
    start: dict[str, Any] = {
        "state": state,
        "probation_until": probation_until,
        "probation_referrals": probation_referrals,
    }
    enrollment, made = Enrollment.objects.select_for_update(no_key=True).get_or_create(
        partner_id=partner_id,
        program_id=program.id,
        defaults={"since": at, "import_id": import_id, **start},
    )
    today = tenant_day(at)
    if not made and enrollment.state in WORKING and not enrollment.is_over_on(today):
        return enrollment
    if not made:
        start |= {"starts_on": None, "ends_on": None}
        for field, value in start.items():
            setattr(enrollment, field, value)
        enrollment.save(update_fields=list(start))
    _tell_enrollment("partner.enrolled", enrollment, actor, at)
    return enrollment


@transaction.atomic
def activate_enrollment(
    *, partner_id: UUID, program_id: UUID, actor: Actor, at: datetime
) -> Enrollment:
    """Make an approved enrolment active, as when its agreement was accepted; any other state stays as it is.

    Raises Enrollment.DoesNotExist. Emits enrollment.activated when it changed.
    """
    enrollment = Enrollment.objects.select_for_update(no_key=True).get(
        partner_id=partner_id, program_id=program_id
    )
    if enrollment.state != EnrollmentState.APPROVED:
        return enrollment
    enrollment.state = EnrollmentState.ACTIVE
    enrollment.save(update_fields=["state"])
    _tell_enrollment("enrollment.activated", enrollment, actor, at)
    return enrollment


@transaction.atomic
def end_enrollment(*, partner_id: UUID, program_id: UUID, actor: Actor, at: datetime) -> Enrollment:
    """Take a partner out of a program; its referrals there go on. A repeat writes nothing. Emits partner.unenrolled."""
    enrollment = Enrollment.objects.select_for_update(no_key=True).get(
        partner_id=partner_id, program_id=program_id
    )
    if enrollment.state == EnrollmentState.ENDED:
        return enrollment
    enrollment.state = EnrollmentState.ENDED
    enrollment.save(update_fields=["state"])
    _tell_enrollment("partner.unenrolled", enrollment, actor, at)
    return enrollment


def _tell_enrollment(name: str, enrollment: Enrollment, actor: Actor, at: datetime) -> None:
    ids = {"partner_id": str(enrollment.partner_id), "program_id": str(enrollment.program_id)}
    emit(
        name,
        subject=f"partner:{enrollment.partner_id}",
        actor=actor,
        partner_id=enrollment.partner_id,
        payload=ids,
        at=at,
    )


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Return the columns to write: trimmed texts, the name's folded form, the website's domain."""
    if unknown := values.keys() - EDITABLE:
        raise TypeError(f"a partner has no {', '.join(sorted(unknown))}")
    found = {
        field: value.strip() if isinstance(value, str) else value for field, value in values.items()
    }
    if "name" in found:
        found["name"] = " ".join(found["name"].split())
        found["name_norm"] = folded_name(found["name"])
    if "type" in found:
        found["type"] = PartnerType(found["type"]).value
    if "country" in found:
        found["country"] = found["country"].upper()
    if "website" in found and not found.get("domain"):
        found["domain"] = site_domain(found["website"])
    elif "domain" in found:
        found["domain"] = site_domain(found["domain"])
    return found


def _written(partner: Partner) -> Partner:
    try:
        with transaction.atomic():
            partner.save()
    except IntegrityError as clash:
        if "partner_name_once" in str(clash):
            raise PartnerNameTaken(partner.name) from clash
        raise
    return partner
