"""Contacts, shares, cases and moves follow a partner through a merge."""

from partners.directory.merging import Merge, on_merge
from referrals.attribution.models import (
    Case,
    CaseEntry,
    CaseParty,
    Credit,
    Decision,
    Explanation,
    Reattribution,
    Touch,
)


@on_merge
def carry_attribution(merge: Merge) -> None:
    """Give everything of the duplicate to the partner that stays; where both are party to a case, its view counts."""
    for model in (Touch, Credit, Explanation, CaseEntry):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
    # Who opened a case, won a decision, or had and got a referral: the same organisation under its one entry.
    for facts, name in (
        (Case, "opened_by_id"),
        (Decision, "winner_id"),
        (Reattribution, "from_partner_id"),
        (Reattribution, "to_partner_id"),
    ):
        facts.objects.filter(**{name: merge.from_id}).update(**{name: merge.into_id})
    both = CaseParty.objects.filter(partner_id=merge.into_id).values("case_id")
    CaseParty.objects.filter(partner_id=merge.from_id, case_id__in=both).delete()
    CaseParty.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
