"""What has changed for a partner's person since the visit before: stages, money, terms, courses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commissions.accruals.models import Accrual, Clawback
from commissions.payouts.models import Payout, PayoutState
from commissions.plans.models import PlanVersion
from partners.agreements.models import AgreementVersion
from partners.directory.models import Enrollment
from partners.programs.texts import said
from partners.training.models import Course, CourseState
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.formats import money_text, number_text
from referrals.pipeline.models import Referral, StageChange

MOST = 8


@dataclass(frozen=True)
class Change:
    """One thing that is different: in words, where to read on, when. note: the reason or the sum."""

    words: str
    note: str
    url: str
    icon: str
    at: datetime


def changes_since(member: Member, since: datetime) -> list[Change]:
    """Return what has changed for a person since an aware moment, newest first, eight at most."""
    found = [
        *_stages(member, since),
        *(_money(member, since) if member.may(Capability.SEE_EARNINGS) else []),
        *_terms(member, since),
        *_courses(member, since),
    ]
    return sorted(found, key=lambda change: change.at, reverse=True)[:MOST]


def _stages(member: Member, since: datetime) -> list[Change]:
    moved = (
        StageChange.objects.filter(
            referral__in=Referral.objects.visible_to(member),
            partner_id=member.own_partner_id,
            at__gt=since,
            from_stage__isnull=False,
        )
        .exclude(actor_id=member.user_id)
        .select_related("referral", "to_stage")
        .order_by("-at", "-id")[:MOST]
    )
    return [
        Change(
            _("%(company)s is now in %(stage)s")
            % {"company": row.referral.company, "stage": row.to_stage.label},
            row.reason,
            reverse("referrals:referral-detail", kwargs={"referral_id": row.referral_id}),
            "flag",
            row.at,
        )
        for row in moved
    ]


def _money(member: Member, since: datetime) -> list[Change]:
    """Return one line per currency for what was earned, taken back and paid."""
    mine: dict[str, Any] = {"partner_id": member.own_partner_id}
    earned = Accrual.objects.filter(**mine, recorded_at__gt=since).values_list("currency")
    taken = Clawback.objects.filter(**mine, at__gt=since).values_list("accrual__currency")
    paid = Payout.objects.filter(
        **mine, state=PayoutState.SETTLED, settled_at__gt=since
    ).values_list("currency")
    found = []
    for currency, count, total in _totals(earned):
        words = ngettext("%(count)s new reward", "%(count)s new rewards", count)
        found.append(_sum(words, count, money_text(total, currency), "wallet", since))
    for currency, count, total in _totals(taken):
        words = ngettext("%(count)s reward taken back", "%(count)s rewards taken back", count)
        found.append(_sum(words, count, money_text(total, currency), "swap", since))
    for currency, count, total in _totals(paid):
        words = ngettext("%(count)s payment was made", "%(count)s payments were made", count)
        found.append(_sum(words, count, money_text(total, currency), "bank", since))
    return found


def _totals(rows: Any) -> list[tuple[str, int, int]]:
    """Return currency, count and sum of rows that are grouped by currency."""
    return list(rows.annotate(Count("id"), Sum("amount_minor")))


def _sum(words: str, count: int, total: str, icon: str, at: datetime) -> Change:
    url = reverse("commissions:earnings")
    return Change(words % {"count": number_text(count)}, total, url, icon, at)


def _terms(member: Member, since: datetime) -> list[Change]:
    programs = Enrollment.objects.filter(partner_id=member.own_partner_id).values("program_id")
    agreements = AgreementVersion.objects.filter(
        program_id__in=programs, published_at__gt=since, number__gt=1
    ).select_related("program")
    plans = PlanVersion.objects.filter(
        program_id__in=programs, published_at__gt=since, number__gt=1
    ).select_related("program")
    url = reverse("partners:agreement")
    return [
        Change(words % {"program": row.program.name}, "", url, "file", row.published_at or since)
        for words, rows in (
            (_("%(program)s has a new agreement"), agreements),
            (_("%(program)s has new commission terms"), plans),
        )
        for row in rows[:MOST]
    ]


def _courses(member: Member, since: datetime) -> list[Change]:
    new = Course.objects.filter(state=CourseState.PUBLISHED, created_at__gt=since)
    return [
        Change(
            _("New course: %(title)s") % {"title": said(row.title, member.language)},
            "",
            reverse("partners:course-list"),
            "cap",
            row.created_at,
        )
        for row in new.order_by("-created_at")[:MOST]
    ]
