"""Contacts, shares, cases and moves follow a partner through a merge."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

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
from referrals.claims.selectors import account_key

Lines = Sequence[Mapping[str, Any]]


@on_merge
def carry_attribution(merge: Merge) -> None:
    """Give everything of the duplicate to the partner that stays; what it reads calls both entries its own."""
    for model in (Touch, Credit, Explanation):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
    # Who opened a case, won a decision, or had and got a referral: the same organisation under its one entry.
    for facts, name in (
        (Case, "opened_by_id"),
        (Decision, "winner_id"),
        (Reattribution, "from_partner_id"),
        (Reattribution, "to_partner_id"),
    ):
        facts.objects.filter(**{name: merge.from_id}).update(**{name: merge.into_id})
    _carry_decisions(merge)
    _carry_entries(merge)
    _carry_parties(merge)


def _carry_decisions(merge: Merge) -> None:
    """Write the one entry into what decisions were found from, and into what its partner reads of them."""
    gone, stays = str(merge.from_id), str(merge.into_id)
    changed = []
    for decision in Decision.objects.filter(considered__contains=[{"partner": gone}]).iterator():
        decision.considered = [
            {**row, "partner": stays} if row["partner"] == gone else row
            for row in decision.considered
        ]
        decision.save(update_fields=["considered"])
        changed.append(decision.id)
    told = Explanation.objects.filter(partner_id=merge.into_id, decision_id__in=changed)
    for row in told.select_related("decision"):
        own = {
            (one["kind"], one["at"]) for one in row.decision.considered if one["partner"] == stays
        }
        lines, wins = _owned(row.lines, own), row.decision.winner_id == merge.into_id
        if (lines, wins) != (row.lines, row.is_winner):
            row.lines, row.is_winner = lines, wins
            row.save(update_fields=["lines", "is_winner"])


def _owned(lines: Lines, own: Collection[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return contacts as their partner reads them. own: kind and moment of those that are its own."""
    return [{**line, "own": line["own"] or (line["kind"], line["at"]) in own} for line in lines]


def _carry_entries(merge: Merge) -> None:
    """Move words and evidence; a copy of one's own words, or a second copy of another's, goes."""
    pair = (merge.from_id, merge.into_id)
    copies = CaseEntry.objects.filter(partner_id__in=pair, shared_from_id__isnull=False)
    of_both = CaseEntry.objects.filter(partner_id__in=pair, voice="own").values("id")
    copies.filter(shared_from_id__in=of_both).delete()
    kept = CaseEntry.objects.filter(partner_id=merge.into_id, shared_from_id__isnull=False)
    twice = list(kept.values_list("shared_from_id", flat=True))
    copies.filter(partner_id=merge.from_id, shared_from_id__in=twice).delete()
    CaseEntry.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)


def _carry_parties(merge: Merge) -> None:
    """Let one party stand for both; where both were party, its words and clock count, and the parts are added up."""
    gone = {row.case_id: row for row in CaseParty.objects.filter(partner_id=merge.from_id)}
    for kept in CaseParty.objects.filter(partner_id=merge.into_id, case_id__in=gone):
        _join(kept, gone[kept.case_id])
        gone[kept.case_id].delete()
    CaseParty.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
    for party in CaseParty.objects.filter(partner_id=merge.into_id).select_related(
        "case__referral"
    ):
        own = _own_contacts(party.case, merge.into_id)
        lines = _owned(party.timeline, own)
        if lines != party.timeline:
            party.timeline = lines
            party.save(update_fields=["timeline"])


def _join(kept: CaseParty, gone: CaseParty) -> None:
    kept.opened_it = kept.opened_it or gone.opened_it
    kept.referral_id = kept.referral_id or gone.referral_id
    kept.appealed_at = kept.appealed_at or gone.appealed_at
    if kept.share is not None:
        kept.share += gone.share or 0
    kept.save(update_fields=["opened_it", "referral_id", "appealed_at", "share"])


def _own_contacts(case: Case, partner_id: UUID) -> set[tuple[str, str]]:
    found = Touch.objects.filter(
        account_key=account_key(case.referral),
        program_id=case.referral.program_id,
        partner_id=partner_id,
    )
    return {(kind, at.isoformat()) for kind, at in found.values_list("kind", "at")}
