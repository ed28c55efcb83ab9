"""The commission plan in a program's publish checklist."""

from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commissions.plans.models import PlanRule, PlanVersion
from commissions.plans.selectors import draft_of, plan_in_force
from commissions.plans.services import PlanTerms, RuleTerms, create_version, terms_of
from commissions.plans.stored import Stored, UnknownTerms
from commissions.plans.terms import Policy, Terms, TermsInvalid
from partners.programs.checklist import Finding, checks
from partners.programs.models import Program
from partners.programs.templates import (
    BadPart,
    Reading,
    Writing,
    part,
    rows,
    table,
    whole,
    whole_or_none,
    words,
)


@checks("plan", order=30, title=gettext_lazy("Commission plan"), page="commissions:plan-list")
def plan_check(program: Program, at: datetime) -> Finding:
    """A published version says now what partners earn."""
    version = plan_in_force(program.id, at)
    if version is None:
        return Finding(_("Publish a plan that is in force now"))
    return Finding(note=_("Version %(number)s") % {"number": version.number})


MOST_RULES = 30
Kept = TypeVar("Kept", bound=Stored)
MOST_MINOR = 10**14


@part("plan", order=20, title=gettext_lazy("Commission plan"))
class PlanPart:
    """What partners earn: the draft, else the newest version; always a draft in the program it is written to."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the terms without their dates and notes, which belong to the program they were made for."""
        version = (
            draft_of(reading.program.id)
            or PlanVersion.objects.filter(program_id=reading.program.id).order_by("-number").first()
        )
        if version is None:
            return None
        terms = terms_of(version)
        return {
            "hold_days": terms.hold_days,
            "minimum_payout_minor": terms.minimum_payout_minor,
            "rules": [
                {
                    "trigger": rule.trigger,
                    "reward": rule.reward,
                    "amount_minor": rule.amount_minor,
                    "rate": None if rule.rate is None else format(rule.rate.normalize(), "f"),
                    "scope": rule.scope,
                    "months": rule.months,
                    "label": rule.label,
                    "terms": rule.terms.as_json(),
                }
                for rule in terms.rules
            ],
            "policy": terms.policy.as_json(),
            "notice_days": terms.notice_days,
            "rationale": terms.rationale,
        }

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Draft the plan; it pays nobody before somebody publishes it."""
        given = table(data)
        rules = [
            RuleTerms(
                trigger=words(row.get("trigger"), 10),
                reward=words(row.get("reward"), 8),
                amount_minor=whole_or_none(row.get("amount_minor"), 1, MOST_MINOR),
                rate=None if row.get("rate") is None else Decimal(words(row["rate"], 12)),
                scope=words(row.get("scope"), 8),
                months=whole_or_none(row.get("months"), 1, 1200),
                label=words(row.get("label"), 80),
                terms=_read(Terms, row.get("terms")),
            )
            for row in rows(given.get("rules") or [], MOST_RULES)
        ]
        terms = PlanTerms(
            rules=rules,
            hold_days=whole(given.get("hold_days"), 0, 730),
            minimum_payout_minor=whole(given.get("minimum_payout_minor"), 0, MOST_MINOR),
            policy=_read(Policy, given.get("policy")),
            notice_days=whole(given.get("notice_days") or 0, 0, 365),
            rationale=words(given.get("rationale"), 2000),
        )
        try:
            version = create_version(
                program_id=writing.program.id,
                terms=terms,
                starts_at=writing.at,
                actor=writing.actor,
                at=writing.at,
            )
        except TermsInvalid as fault:
            raise _unpriced() from fault
        count = PlanRule.objects.filter(version_id=version.id).count()
        return ngettext("A draft with %(count)s rule", "A draft with %(count)s rules", count) % {
            "count": count
        }


def _read(kind: type[Kept], data: Any) -> Kept:
    """Return stored terms, the plain ones when nothing is given. Raises BadPart for what this release cannot price."""
    try:
        return kind.from_json(dict(table(data or {})))
    except (UnknownTerms, ArithmeticError) as fault:
        raise _unpriced() from fault


def _unpriced() -> BadPart:
    return BadPart(_("terms of a rule that cannot be priced"))
