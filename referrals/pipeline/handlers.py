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
from referrals.pipeline.masking import contact_of
from referrals.pipeline.models import Referral, StageChange, StageKind
from referrals.pipeline.panels import milestone_lines
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
    referral = Referral.objects.select_related("partner", "program").get(
        id=event.payload["referral_id"]
    )
    managers = Membership.objects.filter(
        tenant_id=current_scope().tenant_id,
        partner_id=None,
        ended_at=None,
        roles__contains=[Role.CHANNEL_MANAGER],
    ).values_list("user_id", flat=True)
    people = set(managers)
    if referral.partner.manager_id in people:
        people = {referral.partner.manager_id}
    facts = {
        "company": referral.company,
        "partner": referral.partner.name,
        "number": referral.number,
    }
    for user_id in sorted(people - {event.actor_id}):
        notify(
            kind="referral.new",
            key=f"referral:{referral.id}:new",
            user_id=user_id,
            facts=facts,
            path=f"manage/referrals/{referral.id}/",
            at=event.at,
        )


def tell_milestone(change: StageChange) -> None:
    """Tell the sender about one step; nobody when the sender has no login."""
    referral = Referral.objects.select_related(
        "program", "partner", "partner__manager", "owner"
    ).get(id=change.referral_id)
    if referral.submitted_by_id is None:
        return
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    sender = User.objects.get(id=referral.submitted_by_id)
    zone = sender.time_zone or tenant.time_zone
    with translation.override(sender.language or tenant.language), timezone.override(zone):
        facts = milestone_facts(referral, change, vendor=tenant.name, person=sender)
        facts["money"] = _money_lines(referral) if _may_see_money(sender, referral) else []
    notify(
        kind="referral.milestone",
        key=f"stage_change:{change.id}",
        user_id=sender.id,
        partner_id=referral.partner_id,
        facts=facts,
        path=f"referrals/{referral.id}/",
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
