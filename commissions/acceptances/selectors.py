"""Reads about new terms: which a partner has not answered, who accepted what."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from commissions.acceptances.models import PlanAcceptance
from commissions.acceptances.rules import ASK_DAYS, Offer
from commissions.overrides.rules import version_priced
from commissions.overrides.selectors import overrides_of
from commissions.plans.models import PlanVersion
from commissions.plans.rules import Version
from commissions.plans.selectors import published_terms, version_terms
from commissions.plans.wording_changes import compared
from partners.agreements.selectors import signing_partners, signing_programs
from partners.directory.models import Enrollment
from partners.programs.models import Program
from prm.web.formats import day_text

# So many versions in a row may repeat each other.
LOOK_BACK = 20


@dataclass(frozen=True)
class TermsDue:
    """A published version that a partner has neither accepted nor joined under, and the one before it."""

    version: PlanVersion
    former: PlanVersion


def newest_change(program_id: UUID, at: datetime) -> TermsDue | None:
    """Return the newest published version that says something else than the one before; None when there is none.

    A version that only repeats the terms asks nobody: the answers to the one it repeats stand for it.
    """
    versions = PlanVersion.objects.filter(program_id=program_id, published_at__lte=at)
    newest = list(versions.select_related("program").order_by("-starts_at")[:LOOK_BACK])
    return next(
        (
            TermsDue(version, former)
            for version, former in pairwise(newest)
            if _content(version) != _content(former)
        ),
        None,
    )


def answered_version(version: PlanVersion) -> PlanVersion:
    """Return the version whose answers count for a published one: itself, or the first of those that say the same."""
    earlier = PlanVersion.objects.filter(
        program_id=version.program_id,
        published_at__isnull=False,
        starts_at__lte=version.starts_at,
    )
    rows = list(earlier.select_related("program").order_by("-starts_at")[:LOOK_BACK])
    for later, former in pairwise(rows):
        if _content(later) != _content(former):
            return later
    return rows[-1]


def _content(version: PlanVersion) -> tuple[Any, ...]:
    """Return everything a version promises, without its name, number and days."""
    terms = version_terms(version)
    rules = tuple(replace(rule, id=0) for rule in terms.rules)
    money = (terms.currency, terms.minimum_payout_minor, terms.hold_days)
    return (rules, terms.policy, *money, terms.notice_days)


def terms_due(partner_id: UUID, program_id: UUID, at: datetime) -> TermsDue | None:
    """Return the newest change in a program, unless the partner answered or joined later."""
    change = newest_change(program_id, at)
    if change is None or change.version.starts_at < at - timedelta(days=ASK_DAYS):
        return None
    if not asked(change.version).filter(partner_id=partner_id).exists():
        return None
    return change


def coming_terms(
    partner_id: UUID, program_id: UUID, at: datetime
) -> list[tuple[datetime, Version]]:
    """Return when published versions start later, and the terms that price the partner's referrals then, by start."""
    overrides = overrides_of([program_id])[program_id, partner_id]
    versions = published_terms([program_id]).get(program_id, [])
    starts = sorted(row.starts_at for row in versions if row.starts_at > at)
    found = ((start, version_priced(versions, overrides, start)) for start in starts)
    return [(start, version) for start, version in found if version]


def all_terms_due(partner_id: UUID, at: datetime) -> list[TermsDue]:
    """Return what a partner may still say yes to in all its programs, by their names."""
    found = (terms_due(partner_id, program.id, at) for program in signing_programs(partner_id))
    return [due for due in found if due]


def concerned(version: PlanVersion) -> QuerySet[Enrollment]:
    """Return the enrolments of partners that were in the program when the change was published."""
    return signing_partners(version.program_id).filter(since__lt=version.published_at)


def asked(version: PlanVersion) -> QuerySet[Enrollment]:
    """Return the enrolments of partners that have not accepted a version."""
    accepted = PlanAcceptance.objects.filter(version_id=version.id).values("partner_id")
    return concerned(version).exclude(partner_id__in=accepted)


def accepted_by(partner_ids: Collection[UUID], version_id: UUID) -> dict[UUID, PlanAcceptance]:
    """Return the acceptances of a version by partner; one statement."""
    rows = PlanAcceptance.objects.filter(version_id=version_id, partner_id__in=partner_ids)
    return {row.partner_id: row for row in rows.defer("text")}


def acceptances_of(partner_id: UUID, program_id: UUID | None = None) -> list[PlanAcceptance]:
    """Return what a partner has accepted, newest first."""
    rows = PlanAcceptance.objects.filter(partner_id=partner_id)
    if program_id:
        rows = rows.filter(program_id=program_id)
    return list(rows.select_related("version", "program").order_by("-accepted_at", "-id"))


def offer_of(change: TermsDue) -> Offer:
    """Return a change of terms in the active language, as it is shown and accepted."""
    lines = compared(version_terms(change.former), version_terms(change.version))
    program: Program = change.version.program
    words = {
        "program": program.name,
        "number": change.version.number,
        "former": change.former.number,
        "day": day_text(change.version.starts_at),
    }
    return Offer(
        title=gettext("%(program)s: plan version %(number)s after version %(former)s, from %(day)s")
        % words,
        lines=[(row.subject, row.before, row.after) for row in lines if row.is_changed],
        unchanged=[f"{row.subject}: {row.after}" for row in lines if not row.is_changed],
        closing=gettext(
            "It counts for referrals registered from %(day)s on. Referrals registered before keep their terms."
        )
        % words,
    )
