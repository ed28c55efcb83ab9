"""What the pipeline does when something happened: stages for new programs, mails for the people who wait."""

from typing import Any
from uuid import UUID

from django.utils import timezone, translation

from prm.accounts.capabilities import Capability, Role
from prm.accounts.members import member_of
from prm.accounts.models import Membership, User
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.formats import moment_text
from referrals.pipeline.approvals import approvals_of, next_approval
from referrals.pipeline.deadlines import rules_of
from referrals.pipeline.following import Listener, listeners_of
from referrals.pipeline.masking import contact_of
from referrals.pipeline.models import Referral, Source, StageChange, StageKind
from referrals.pipeline.panels import milestone_lines, proof_of
from referrals.pipeline.rules import FORWARD_PATH
from referrals.pipeline.selectors import stages_of
from referrals.pipeline.services import ensure_stages


@on("program.created", name="pipeline.give_stages")
def give_stages(event: Event) -> None:
    """A new program starts with the default stages."""
    ensure_stages(program_id=UUID(event.payload["program_id"]))


@on("referral.submitted", name="pipeline.confirm_submission")
def confirm_submission(event: Event) -> None:
    """The sender learns that it has come, and by when it is answered."""
    change = (
        StageChange.objects.filter(referral_id=event.payload["referral_id"])
        .order_by("at", "id")
        .first()
    )
    if change:
        tell_milestone(change)


@on("referral.stage_changed", name="pipeline.tell_milestone")
def tell_stage_change(event: Event) -> None:
    """The sender learns of every step, once."""
    tell_milestone(StageChange.objects.get(id=event.payload["stage_change_id"]))


@on("referral.submitted", name="pipeline.tell_managers")
def tell_managers(event: Event) -> None:
    """The partner's channel manager, or all of them where there is none, learn that somebody waits."""
    referral = _referral_of(event)
    for user_id in sorted(_managers_of(referral) - {event.actor_id}):
        _tell_staff(referral, "referral.new", user_id, key="new", event=event)


@on("referral.approval_asked", name="pipeline.tell_approver")
def tell_approver(event: Event) -> None:
    """Whoever has to approve next learns of it."""
    referral = _referral_of(event)
    waiting = next_approval(approvals_of([referral.id]).get(referral.id, []))
    if waiting:
        key = f"approval:{waiting.level}"
        _tell_staff(referral, "referral.approval", waiting.approver_id, key=key, event=event)


@on("referral.answer_late", name="pipeline.tell_late")
def tell_late(event: Event) -> None:
    """Who the program names, or its admins, and the partner's sender learn that a promise was broken."""
    referral = _referral_of(event)
    chosen = rules_of(referral.program_id).escalate_to_id
    people = {chosen} if chosen else _staff_with(Role.PROGRAM_ADMIN)
    key = f"late:{event.id}"
    for user_id in sorted(people | _managers_of(referral)):
        _tell_staff(referral, "referral.late", user_id, key=key, event=event)
    _tell_partner(referral, "referral.late", key=key, event=event)


@on("referral.stalled", name="pipeline.tell_stalled")
def tell_standing_still(event: Event) -> None:
    """Both sides learn, once, that nothing happens: the sender, and the vendor's owner or the partner's manager."""
    referral = _referral_of(event)
    key = f"stalled:{event.id}"
    people = {referral.owner_id} if referral.owner_id else _managers_of(referral)
    for user_id in sorted(people):
        _tell_staff(referral, "referral.stalled", user_id, key=key, event=event)
    _tell_partner(referral, "referral.stalled", key=key, event=event)


def _referral_of(event: Event) -> Referral:
    return Referral.objects.select_related("partner", "program").get(
        id=event.payload["referral_id"]
    )


def _staff_with(role: str) -> set[int]:
    found = Membership.objects.filter(
        tenant_id=current_scope().tenant_id,
        partner_id=None,
        ended_at=None,
        roles__contains=[role],
    )
    return set(found.values_list("user_id", flat=True))


def _managers_of(referral: Referral) -> set[int]:
    """Return the partner's channel manager, or all of them where it has none."""
    people = _staff_with(Role.CHANNEL_MANAGER)
    mine = referral.partner.manager_id
    return {mine} if mine in people and mine is not None else people


def _told(referral: Referral) -> dict[str, str]:
    return {
        "company": referral.company,
        "partner": referral.partner.name,
        "number": referral.number,
    }


def _tell_staff(referral: Referral, kind: str, user_id: int, *, key: str, event: Event) -> None:
    notify(
        kind=kind,
        key=f"referral:{referral.id}:{key}",
        user_id=user_id,
        facts=_told(referral),
        path=f"manage/referrals/{referral.id}/",
        at=event.at,
    )


def _tell_partner(referral: Referral, kind: str, *, key: str, event: Event) -> None:
    """Tell the sender and the partner's people who follow."""
    for listener in listeners_of(referral):
        if not listener.is_staff:
            notify(
                kind=kind,
                key=f"referral:{referral.id}:{key}",
                user_id=listener.user.id,
                partner_id=referral.partner_id,
                facts=_told(referral),
                path=f"referrals/{referral.id}/",
                at=event.at,
            )


def tell_milestone(change: StageChange) -> None:
    """Tell the sender and the followers about one step, each once; senders without a login hear nothing."""
    referral = Referral.objects.select_related(
        "program", "partner", "partner__manager", "owner"
    ).get(id=change.referral_id)
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    for listener in listeners_of(referral):
        _tell_step(referral, change, listener, tenant)


def _tell_step(referral: Referral, change: StageChange, listener: Listener, tenant: Tenant) -> None:
    person = listener.user
    zone = person.time_zone or tenant.time_zone
    with translation.override(person.language or tenant.language), timezone.override(zone):
        facts = milestone_facts(referral, change, vendor=tenant.name, person=person)
        sees_money = listener.is_staff or _may_see_money(person, referral)
        facts["money"] = _money_lines(referral) if sees_money else []
        if change.to_kind == StageKind.SUBMITTED:
            facts["proof"] = proof_of(referral)
    notify(
        kind="referral.milestone",
        key=f"stage_change:{change.id}",
        user_id=person.id,
        partner_id=None if listener.is_staff else referral.partner_id,
        facts=facts,
        path=f"{'manage/' if listener.is_staff else ''}referrals/{referral.id}/",
        at=change.at,
    )


def _may_see_money(sender: User, referral: Referral) -> bool:
    """Tell whether the sender may know what the partner earns: its admin decides that for reps."""
    places = Membership.objects.filter(
        tenant_id=current_scope().tenant_id,
        user=sender,
        partner_id=referral.partner_id,
        ended_at=None,
    )
    return any(member_of(place, sender).may(Capability.SEE_EARNINGS) for place in places)


def _money_lines(referral: Referral) -> list[dict[str, Any]]:
    return [
        {"label": str(line.label), "amount_minor": line.amount_minor, "currency": line.currency}
        for line in milestone_lines(referral)
    ]


def milestone_facts(
    referral: Referral, change: StageChange, *, vendor: str, person: User
) -> dict[str, Any]:
    """Return what title and mail need; labels in the active language, no internal note among them."""
    path = [stage for stage in stages_of(referral.program_id) if stage.kind in FORWARD_PATH]
    step = next(
        (number for number, stage in enumerate(path, start=1) if stage.id == change.to_stage_id), 0
    )
    following = path[step] if 0 < step < len(path) else None
    contact = referral.owner or referral.partner.manager
    due = referral.answer_due_at if change.to_kind == StageKind.SUBMITTED else None
    is_open = change.to_kind in FORWARD_PATH and change.to_kind != StageKind.WON
    return {
        "company": referral.company,
        "number": referral.number,
        "kind": change.to_kind,
        "taken_back": change.to_kind == StageKind.EXPIRED and referral.recalled_at is not None,
        "stage": change.to_stage.name,
        "stage_label": change.to_stage.label,
        "before_label": change.from_stage.label if change.from_stage else "",
        "first_name": person.name.split()[0] if person.name.split() else "",
        "contact": contact_of(referral, staff=False).name,
        "vendor": vendor,
        "partner": referral.partner.name,
        "step": step,
        "total": len(path),
        "cells": [number <= step for number in range(1, len(path) + 1)] if step else [],
        "next_label": following.label if following else "",
        "reason": change.reason,
        "entered_by": str(change.actor or "")
        if change.to_kind == StageKind.SUBMITTED and referral.source == Source.STAFF
        else "",
        "next_step": referral.next_step if is_open else "",
        "next_step_on": referral.next_step_on.isoformat()
        if is_open and referral.next_step_on
        else "",
        "answer_by": moment_text(due, "weekday") if due else "",
        "protected_on": timezone.localdate(referral.protected_until).isoformat()
        if referral.protected_until and change.to_kind == StageKind.ACCEPTED
        else "",
        "person": str(contact) if contact else "",
    }
