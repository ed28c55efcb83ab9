"""Referrals that are begun and kept, and sent ones that their partner takes back while nobody has decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from prm.accounts.members import Member
from prm.events.services import Actor, emit
from prm.web.formats import money_plain
from referrals.capture.models import Draft, Question
from referrals.capture.rules import MAX_DRAFTS, NOT_BROUGHT_BY_PARTNER
from referrals.intake.forms import CUSTOM, LONGEST_CONTEXT
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.rules import normalised_email
from referrals.pipeline.services import end_referral

# What the form has but a draft does not keep.
_NOT_KEPT = frozenset({"key", "confirm"})
_FACTS = (
    "company",
    "website",
    "country",
    "contact_name",
    "contact_email",
    "contact_title",
    "contact_phone",
    "context",
    "relationship",
    "role",
    "tax_id",
    "product",
)
_AMOUNT = "estimate"


class TooManyDrafts(ValueError):
    """A person keeps as many drafts as they may."""


class NotRecallable(ValueError):
    """Somebody has decided, or the partner did not bring the referral itself."""


def drafts_of(member: Member) -> QuerySet[Draft]:
    """Return the drafts that a partner's person began, newest first; nobody sees another's."""
    mine = Draft.objects.filter(partner_id=member.own_partner_id, owner_id=member.user_id)
    return mine.select_related("program", "recalled_from").order_by("-saved_at", "-id")


def kept_values(data: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    """Return what was typed into the fields of these names, cut to the longest that a field holds, without NUL."""
    return {
        name: str(data[name])[:LONGEST_CONTEXT].replace("\x00", "")
        for name in names
        if name not in _NOT_KEPT and data.get(name)
    }


@transaction.atomic
def save_draft(
    *,
    draft_id: UUID | None,
    values: dict[str, Any],
    program_id: UUID,
    member: Member,
    at: datetime,
) -> Draft:
    """Keep what a person typed, right or wrong, over the draft that they opened or as a new one.

    A draft that is gone by now is made anew. Raises TooManyDrafts.
    """
    draft = drafts_of(member).filter(id=draft_id).first() if draft_id else None
    if draft is None:
        if drafts_of(member).count() >= MAX_DRAFTS:
            raise TooManyDrafts(str(MAX_DRAFTS))
        draft = Draft(partner_id=member.own_partner_id, owner_id=member.user_id, created_at=at)
    draft.program_id, draft.values, draft.saved_at = program_id, values, at
    draft.company = str(values.get("company", "")).strip()[:160]
    draft.email_norm = normalised_email(str(values.get("contact_email", ""))[:254])
    draft.save()
    return draft


def delete_draft(*, draft_id: UUID, member: Member) -> bool:
    """Throw a person's draft away; tell whether there was one."""
    return bool(drafts_of(member).filter(id=draft_id).order_by().delete()[0])


def may_recall(referral: Referral) -> bool:
    """Tell whether the partner may still take a referral back: its own, and nobody has decided."""
    return (
        referral.stage_kind == StageKind.SUBMITTED
        and referral.decided_at is None
        and referral.erased_at is None
        and referral.source not in NOT_BROUGHT_BY_PARTNER
    )


@transaction.atomic
def recall_referral(*, referral_id: UUID, member: Member, at: datetime) -> Draft:
    """Take a referral out of the queue; it ends as taken back, its history stays, and its words become a draft.

    Raises Referral.DoesNotExist, NotRecallable. Emits referral.stage_changed and referral.recalled.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    if not may_recall(referral):
        raise NotRecallable(referral.number)
    actor = Actor(user_id=member.user_id, name=member.name)
    Question.objects.filter(referral=referral, answered_at=None, withdrawn_at=None).update(
        withdrawn_at=at
    )
    Referral.objects.filter(id=referral.id).update(recalled_at=at, answer_due_at=None)
    reason = _("Taken back by %(name)s to be changed.") % {"name": member.name}
    end_referral(referral_id=referral.id, kind=StageKind.EXPIRED, reason=reason, actor=actor, at=at)
    values = {name: getattr(referral, name) for name in _FACTS if getattr(referral, name)}
    values |= {CUSTOM + key: value for key, value in referral.custom.items()}
    if referral.estimate_minor is not None:
        values[_AMOUNT] = money_plain(referral.estimate_minor, referral.currency)
    draft = Draft.objects.create(
        partner_id=referral.partner_id,
        program_id=referral.program_id,
        owner_id=member.user_id,
        company=referral.company,
        email_norm=referral.email_norm,
        values=values | ({"consent": "on"} if referral.consent else {}),
        recalled_from=referral,
        created_at=at,
        saved_at=at,
    )
    emit(
        "referral.recalled",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=referral.partner_id,
        payload={"referral_id": str(referral.id)},
        at=at,
    )
    return draft


def opened_values(draft_id: UUID, member: Member) -> dict[str, Any] | None:
    """Return what a draft holds for the form, its program's id under "program"; None for one that is not theirs.

    Its key is the draft's id, so that a draft opened twice is sent once.
    """
    draft = drafts_of(member).filter(id=draft_id).first()
    if draft is None:
        return None
    values = {**draft.values, "program": str(draft.program_id), "key": str(draft.id)}
    if amount := values.get(
        _AMOUNT
    ):  # as the two parts of its field: text, right or wrong, and currency
        values[_AMOUNT] = [amount, draft.program.currency]
    return values


def sent_draft(draft_id: UUID, member: Member, _at: datetime) -> None:
    """Drop the draft that became a referral."""
    delete_draft(draft_id=draft_id, member=member)
