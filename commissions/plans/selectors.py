"""Reads about plans: the version in force, and versions as the engine takes them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from commissions.plans.models import PlanRule, PlanVersion
from commissions.plans.rules import Rule, Version
from commissions.plans.terms import PLAIN, PLAIN_POLICY, Policy, Terms


def plan_in_force(program_id: UUID, at: datetime) -> PlanVersion | None:
    """Return the published version that prices referrals registered at the moment; None before the first one."""
    return (
        PlanVersion.objects.filter(
            program_id=program_id, published_at__isnull=False, starts_at__lte=at
        )
        .filter(Q(ends_at=None) | Q(ends_at__gt=at))
        .first()
    )


def draft_of(program_id: UUID) -> PlanVersion | None:
    """Return the program's unpublished version; there is at most one."""
    return (
        PlanVersion.objects.filter(program_id=program_id, published_at=None)
        .order_by("-number")
        .first()
    )


def newest_published(program_id: UUID) -> PlanVersion | None:
    """Return the published version that starts last; None before the first one."""
    return (
        PlanVersion.objects.filter(program_id=program_id, published_at__isnull=False)
        .order_by("-starts_at")
        .first()
    )


def versions_of(program_id: UUID) -> list[PlanVersion]:
    """Return every version of a program, newest first."""
    return list(
        PlanVersion.objects.filter(program_id=program_id)
        .select_related("published_by")
        .order_by("-number")
    )


def rules_of(version_id: UUID) -> list[PlanRule]:
    """Return a version's rules in their order."""
    return list(PlanRule.objects.filter(version_id=version_id).order_by("position", "id"))


def version_terms(version: PlanVersion) -> Version:
    """Return a version as the engine takes it."""
    return _terms(version, rules_of(version.id))


def terms_in_force(program_id: UUID, at: datetime) -> Version | None:
    """Return the terms for a referral registered at the moment; None before the first version."""
    version = plan_in_force(program_id, at)
    return version_terms(version) if version else None


def published_terms(program_ids: Iterable[UUID]) -> dict[UUID, list[Version]]:
    """Return each program's published versions as the engine takes them, oldest first; two queries."""
    rows = list(
        PlanVersion.objects.filter(
            program_id__in=set(program_ids), published_at__isnull=False
        ).order_by("starts_at"),
    )
    rules: dict[UUID, list[PlanRule]] = defaultdict(list)
    for rule in PlanRule.objects.filter(version_id__in=[row.id for row in rows]).order_by(
        "position", "id"
    ):
        rules[rule.version_id].append(rule)
    found: dict[UUID, list[Version]] = defaultdict(list)
    for row in rows:
        found[row.program_id].append(_terms(row, rules[row.id]))
    return found


def plain_terms() -> dict[UUID, list[Version]]:
    """Return the published versions of all programs of the tenant whose events are priced by themselves."""
    published = PlanVersion.objects.filter(published_at__isnull=False)
    programs = set(published.values_list("program_id", flat=True)) - refined_programs()
    return published_terms(programs)


def pays_for(trigger: str) -> bool:
    """Tell whether any published version pays for such events at all."""
    return PlanRule.objects.filter(trigger=trigger, version__published_at__isnull=False).exists()


def pays_people() -> bool:
    """Tell whether any published version rewards the people of partners beside them."""
    return PlanRule.objects.filter(terms__payee="rep", version__published_at__isnull=False).exists()


def follows_loss() -> bool:
    """Tell whether any published version takes back what a referral earned by qualifying when it is lost."""
    return PlanVersion.objects.filter(
        policy__after_loss="take_back", published_at__isnull=False
    ).exists()


def counts_months() -> bool:
    """Tell whether any rule counts months from the first payment."""
    return PlanRule.objects.filter(scope="months", version__published_at__isnull=False).exists()


def refined_programs() -> frozenset[UUID]:
    """Return the programs of the tenant with a published version that says more than amounts and rates."""
    refined = (
        PlanVersion.objects.filter(published_at__isnull=False)
        .filter(
            ~Q(policy={})
            | Exists(
                PlanRule.objects.filter(~Q(terms={}) | Q(scope="active"), version=OuterRef("pk"))
            )
        )
        .values_list("program_id", flat=True)
    )
    return frozenset(refined)


def _terms(version: PlanVersion, rules: Iterable[PlanRule]) -> Version:
    return Version(
        id=version.id,
        number=version.number,
        currency=version.currency,
        starts_at=version.starts_at,
        ends_at=version.ends_at,
        hold_days=version.hold_days,
        minimum_payout_minor=version.minimum_payout_minor,
        rules=tuple(
            Rule(
                id=rule.id,
                trigger=rule.trigger,
                reward=rule.reward,
                amount_minor=rule.amount_minor,
                rate=rule.rate,
                scope=rule.scope,
                months=rule.months,
                label=rule.label,
                terms=Terms.from_json(rule.terms) if rule.terms else PLAIN,
            )
            for rule in rules
        ),
        policy=Policy.from_json(version.policy) if version.policy else PLAIN_POLICY,
        notice_days=version.notice_days,
        rationale=version.rationale,
    )
