"""Decide a case: what becomes of the credit and of the parties' own referrals, and what each party reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.attribution.cases import CaseNotInState, MustBeAnother
from referrals.attribution.crediting import credit_number, reattribute, set_credits
from referrals.attribution.models import (
    UNDECIDED,
    WHOLE,
    Case,
    CaseParty,
    CaseState,
    Outcome,
)
from referrals.attribution.selectors import live_credits, same_account, settings_of
from referrals.pipeline.models import OPEN_KINDS, Referral, StageKind
from referrals.pipeline.services import end_referral


class WordsMissing(ValueError):
    """Every party must be told why, in words of its own; `partner_id` says whose are missing."""

    def __init__(self, partner_id: UUID) -> None:
        super().__init__(str(partner_id))
        self.partner_id = partner_id


@dataclass(frozen=True)
class Verdict:
    """A decision of a case. to_partner_id: for "moved". credits: for "split", as set_credits takes them.

    words: what each party reads, by partner. seen_number: of the shares the person saw (credit_number).
    keeps_others: the parties' other referrals of the company stay open; otherwise the decision declines them.
    """

    outcome: str
    rule: str
    words: Mapping[UUID, str]
    to_partner_id: UUID | None = None
    credits: Sequence[tuple[UUID, str, int]] = field(default=())
    seen_number: int | None = None
    keeps_others: bool = False


@transaction.atomic
def decide_case(*, case_id: UUID, verdict: Verdict, actor: Actor, at: datetime) -> Case:
    """Decide an open case, or its appeal, and do what was decided: nothing, a move of the referral, or a split.

    The parties' other open referrals of the company are declined with a reference to the case, unless the verdict
    keeps them. After an appeal the decision is final and another person's.
    Raises CaseNotInState, MustBeAnother, WordsMissing, what reattribute and set_credits raise, MoveRefused from a hook.
    Emits case.decided or case.closed, referral.stage_changed for what ends, and the events of a move or a split.
    """
    case = Case.objects.select_for_update(no_key=True).get(id=case_id)
    if case.state not in UNDECIDED:
        raise CaseNotInState(case.number)
    appeal = case.state == CaseState.APPEALED
    if appeal and case.decided_by_id == actor.user_id:
        raise MustBeAnother(case.number)
    parties = list(
        CaseParty.objects.select_for_update(no_key=True).filter(case_id=case.id).order_by("id")
    )
    for party in parties:
        if not verdict.words.get(party.partner_id, "").strip():
            raise WordsMissing(party.partner_id)
    _carry_out(case, verdict, actor, at)
    if not verdict.keeps_others:
        _end_others(case, actor, at)
    case.outcome, case.rule = Outcome(verdict.outcome), verdict.rule
    if appeal:
        case.state, case.final_at, case.final_by_id = CaseState.FINAL, at, actor.user_id
    else:
        case.state, case.decided_at, case.decided_by_id = CaseState.DECIDED, at, actor.user_id
    case.save()
    _answer(case, parties, verdict, at)
    emit(
        "case.closed" if appeal else "case.decided",
        subject=f"case:{case.id}",
        actor=actor,
        payload={"case_id": str(case.id), "outcome": case.outcome, "rule": case.rule},
        at=at,
    )
    return case


def _carry_out(case: Case, verdict: Verdict, actor: Actor, at: datetime) -> None:
    subject_id = case.subject_id or case.referral_id
    common: dict[str, Any] = {
        "referral_id": subject_id,
        "actor": actor,
        "at": at,
        "rule": verdict.rule,
        "seen_number": verdict.seen_number,
    }
    if verdict.outcome == Outcome.MOVED:
        if verdict.to_partner_id is None:
            raise ValueError("a move has a goal")
        reason = _owners_words(subject_id, verdict)
        reattribute(**common, to_partner_id=verdict.to_partner_id, reason=reason)
    elif verdict.outcome == Outcome.SPLIT:
        reason = _owners_words(subject_id, verdict)
        set_credits(**common, credits=verdict.credits, reason=reason)


def _owners_words(subject_id: UUID, verdict: Verdict) -> str:
    """Return what the referral's partner reads. Raises WordsMissing for one that came by it after the form was made."""
    owner = Referral.objects.values_list("partner_id", flat=True).get(id=subject_id)
    if not verdict.words.get(owner, "").strip():
        raise WordsMissing(owner)
    return verdict.words[owner]


def _end_others(case: Case, actor: Actor, at: datetime) -> None:
    """Decline what the decision has answered; the reason names the case alone, for steps outlive an erasure."""
    tenant = Tenant.objects.only("language").get(id=current_scope().tenant_id)
    with translation.override(tenant.language):
        reason = gettext(
            "Case %(number)s decided who gets the credit for this company. The case says why."
        ) % {"number": case.number}
    for referral in others_of(case):
        end_referral(
            referral_id=referral.id,
            kind=StageKind.REJECTED,
            reason=reason,
            actor=actor,
            at=at,
        )


def others_of(case: Case) -> list[Referral]:
    """Return the parties' open referrals of the company beside the one that the credit hangs on, by id, with partners.

    None once that one has ended without a customer: then another may take its place.
    """
    subject = Referral.objects.get(id=case.subject_id or case.referral_id)
    if subject.stage_kind not in {*OPEN_KINDS, StageKind.WON}:
        return []
    parties = CaseParty.objects.filter(case_id=case.id).values("partner_id")
    same = Referral.objects.filter(
        same_account(case.referral), partner_id__in=parties, stage_kind__in=OPEN_KINDS
    )
    return list(same.exclude(id=subject.id).select_related("partner").order_by("id"))


def _answer(case: Case, parties: Sequence[CaseParty], verdict: Verdict, at: datetime) -> None:
    """Write to each party what was decided, in its own words, and what part of the credit it has now."""
    subject = Referral.objects.get(id=case.subject_id or case.referral_id)
    shares = live_credits([subject.id]).get(subject.id, [])
    days = settings_of(subject.program_id).appeal_days
    for party in parties:
        party.state, party.outcome, party.rule = case.state, case.outcome, case.rule
        party.words, party.decided_at = verdict.words[party.partner_id].strip(), at
        party.share = sum(
            row.share * row.pool // WHOLE for row in shares if row.partner_id == party.partner_id
        )
        if not shares:
            party.share = WHOLE if subject.partner_id == party.partner_id else 0
        party.appeal_until = at + timedelta(days=days) if case.state == CaseState.DECIDED else None
        party.save()


def seen_number_of(case: Case) -> int:
    """Return the number of the shares that a form about the case shows."""
    return credit_number(case.subject_id or case.referral_id)
