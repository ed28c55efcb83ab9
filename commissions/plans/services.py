"""Draft a plan version, change the draft, publish it; what is published stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction

from commissions.plans.checks import check_policy, check_terms
from commissions.plans.models import PlanRule, PlanVersion
from commissions.plans.selectors import draft_of, rules_of
from commissions.plans.terms import PLAIN, PLAIN_POLICY, Policy, Terms, TermsInvalid
from partners.programs.models import Program
from prm.events.services import Actor, emit


class PlanStartsInThePast(ValueError):
    """A later version may not change terms after the fact."""


class PlanNoticeTooShort(ValueError):
    """Partners are promised more days between publishing and the start; `earliest` keeps the promise."""

    def __init__(self, earliest: datetime) -> None:
        super().__init__(f"not before {earliest}")
        self.earliest = earliest


class PlanStartsTooEarly(ValueError):
    """The version before starts later."""

    def __init__(self, earliest: datetime) -> None:
        super().__init__(f"after {earliest}")
        self.earliest = earliest


class PlanPaysNothing(ValueError):
    """A version without a rule would pay nothing, silently."""


class PlanIsPublished(ValueError):
    """A published version is never changed."""


@dataclass(frozen=True)
class RuleTerms:
    """One rule as it is written: fixed rules have amount_minor, percentages a rate (a fraction).

    terms: conditions, bands, bonus, cap and payee (commissions.plans.terms).
    """

    trigger: str
    reward: str
    amount_minor: int | None = None
    rate: Decimal | None = None
    scope: str = ""
    months: int | None = None
    label: str = ""
    terms: Terms = PLAIN


@dataclass(frozen=True)
class PlanTerms:
    """What a version says; hold and notice in days, smallest payout in minor units of the program's currency."""

    rules: Sequence[RuleTerms]
    hold_days: int = 30
    minimum_payout_minor: int = 0
    note: str = ""
    policy: Policy = field(default=PLAIN_POLICY)
    notice_days: int = 0
    rationale: str = ""


@transaction.atomic
def create_version(
    *, program_id: UUID, terms: PlanTerms, starts_at: datetime, actor: Actor, at: datetime
) -> PlanVersion:
    """Write the program's draft: a new version with the next number, or the draft that is there, changed.

    starts_at: when it is to take effect; checked when it is published. A repeat with the same terms changes nothing.
    Raises Program.DoesNotExist, TermsInvalid. Emits plan.drafted.
    """
    _check(terms)
    program = Program.objects.select_for_update(no_key=True).get(id=program_id)
    draft = draft_of(program.id)
    if draft is None:
        newest = PlanVersion.objects.filter(program_id=program.id).order_by("-number").first()
        draft = PlanVersion.objects.create(
            program_id=program.id,
            number=newest.number + 1 if newest else 1,
            currency=program.currency,
            starts_at=starts_at,
            created_by_id=actor.user_id,
            created_at=at,
        )
        emit(
            "plan.drafted",
            subject=f"program:{program.id}",
            actor=actor,
            payload={"version_id": str(draft.id), "number": draft.number},
            at=at,
            queue=False,
        )
    draft.starts_at = starts_at
    draft.hold_days = terms.hold_days
    draft.minimum_payout_minor = terms.minimum_payout_minor
    draft.note, draft.rationale = terms.note, terms.rationale
    draft.policy, draft.notice_days = terms.policy.as_json(), terms.notice_days
    draft.save(
        update_fields=[
            "starts_at",
            "hold_days",
            "minimum_payout_minor",
            "note",
            "rationale",
            "policy",
            "notice_days",
        ]
    )
    if _written(draft.id) != list(terms.rules):
        PlanRule.objects.filter(version_id=draft.id).delete()
        PlanRule.objects.bulk_create(
            PlanRule(
                version_id=draft.id,
                position=position,
                **{**rule.__dict__, "terms": rule.terms.as_json()},
            )
            for position, rule in enumerate(terms.rules, start=1)
        )
    return draft


@transaction.atomic
def discard_draft(*, version_id: UUID, actor: Actor, at: datetime) -> None:
    """Throw a draft away; a repeat does nothing. Raises PlanIsPublished. Emits plan.draft_discarded."""
    draft = PlanVersion.objects.select_for_update(no_key=True).filter(id=version_id).first()
    if draft is None:
        return
    if draft.published_at:
        raise PlanIsPublished(str(version_id))
    PlanRule.objects.filter(version_id=draft.id).delete()
    emit(
        "plan.draft_discarded",
        subject=f"program:{draft.program_id}",
        actor=actor,
        payload={"number": draft.number},
        at=at,
        queue=False,
    )
    draft.delete()


@transaction.atomic
def publish_version(*, version_id: UUID, actor: Actor, at: datetime) -> PlanVersion:
    """Put a draft in force from its start; the version before ends at that moment.

    The first version may start in the past, a later one starts after `at` and after the start of the one before, and
    not before the notice days of the one before (the promise that partners have) and its own have passed.
    Referrals keep the version in force when they were registered. A repeat returns it and writes nothing.
    Raises PlanPaysNothing, PlanStartsInThePast, PlanNoticeTooShort, PlanStartsTooEarly. Emits plan.version_published.
    """
    version = PlanVersion.objects.select_related("program").get(id=version_id)
    Program.objects.select_for_update(no_key=True).get(id=version.program_id)
    version.refresh_from_db()
    if version.published_at:
        return version
    if not PlanRule.objects.filter(version_id=version.id).exists():
        raise PlanPaysNothing(str(version))
    former = (
        PlanVersion.objects.filter(program_id=version.program_id, published_at__isnull=False)
        .order_by("-starts_at")
        .first()
    )
    if former is not None:
        if version.starts_at <= at:
            raise PlanStartsInThePast(version.starts_at.isoformat())
        notice = timedelta(days=max(former.notice_days, version.notice_days))
        if version.starts_at < at + notice:
            raise PlanNoticeTooShort(at + notice)
        if version.starts_at <= former.starts_at:
            raise PlanStartsTooEarly(former.starts_at)
        PlanVersion.objects.filter(id=former.id).update(ends_at=version.starts_at)
    version.published_at, version.published_by_id = at, actor.user_id
    try:
        with transaction.atomic():
            version.save(update_fields=["published_at", "published_by"])
    except IntegrityError as overlap:
        # The exclusion constraint is the truth: another version covers the same time.
        raise PlanStartsTooEarly(version.starts_at) from overlap
    emit(
        "plan.version_published",
        subject=f"program:{version.program_id}",
        actor=actor,
        payload={
            "version_id": str(version.id),
            "program_id": str(version.program_id),
            "number": version.number,
        },
        changes={
            "version": [former.number if former else None, version.number],
            "starts_at": [
                former.starts_at.isoformat() if former else None,
                version.starts_at.isoformat(),
            ],
        },
        at=at,
    )
    return version


def terms_of(version: PlanVersion) -> PlanTerms:
    """Return what a version says in the form that writes another one."""
    return PlanTerms(
        rules=_written(version.id),
        hold_days=version.hold_days,
        minimum_payout_minor=version.minimum_payout_minor,
        note=version.note,
        policy=Policy.from_json(version.policy),
        notice_days=version.notice_days,
        rationale=version.rationale,
    )


def _check(terms: PlanTerms) -> None:
    for place, rule in enumerate(terms.rules):
        try:
            check_terms(rule.terms, trigger=rule.trigger, reward=rule.reward)
        except TermsInvalid as fault:
            raise TermsInvalid(fault.code, f"rules.{place}.{fault.place}") from fault
    check_policy(terms.policy, scopes=[rule.scope for rule in terms.rules])


def _written(version_id: UUID) -> list[RuleTerms]:
    return [
        RuleTerms(
            trigger=rule.trigger,
            reward=rule.reward,
            amount_minor=rule.amount_minor,
            rate=rule.rate,
            scope=rule.scope,
            months=rule.months,
            label=rule.label,
            terms=Terms.from_json(rule.terms),
        )
        for rule in rules_of(version_id)
    ]
