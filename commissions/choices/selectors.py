"""Reads about what partners may take instead of money, and what they chose."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from commissions.choices.models import RewardChoice, RewardExchange, Taken, TakenReward
from partners.directory.models import Enrollment
from partners.programs.models import Program


@dataclass(frozen=True)
class Waiting:
    """Money that left the books and is not delivered yet: minor units of the currency."""

    program_id: UUID
    kind: str
    currency: str
    minor: int


def exchanges_now(program_ids: Collection[UUID]) -> dict[UUID, dict[str, Decimal]]:
    """Return what programs give instead of money now: kind -> what one unit becomes; others are left out."""
    found: dict[UUID, dict[str, Decimal]] = {}
    rows = RewardExchange.objects.filter(program_id__in=program_ids).order_by("id")
    for row in rows:
        kinds = found.setdefault(row.program_id, {})
        kinds.pop(row.kind, None)
        if row.rate is not None:
            kinds[row.kind] = row.rate
    return {key: kinds for key, kinds in found.items() if kinds}


def choices_of(partner_id: UUID, program_id: UUID) -> list[RewardChoice]:
    """Return what a partner chose in a program, the newest first day first."""
    return list(
        RewardChoice.objects.filter(partner_id=partner_id, program_id=program_id)
        .select_related("chosen_by")
        .order_by("-from_on", "-id")
    )


def choice_on(choices: Collection[RewardChoice], day: date) -> RewardChoice | None:
    """Return the choice that counts on a day; None for money. choices: as choices_of gives them."""
    found = next((row for row in choices if row.from_on <= day), None)
    return found if found and found.kind != Taken.CASH else None


def choosable_programs(partner_id: UUID) -> list[Program]:
    """Return the programs in which a partner may choose, or has chosen, by name."""
    mine = list(
        Enrollment.objects.filter(partner_id=partner_id)
        .select_related("program")
        .order_by("program__name", "program_id")
    )
    offered = exchanges_now([row.program_id for row in mine])
    chosen = set(
        RewardChoice.objects.filter(partner_id=partner_id).values_list("program_id", flat=True)
    )
    return [row.program for row in mine if row.program_id in offered or row.program_id in chosen]


def may_choose(partner_id: UUID) -> bool:
    """Tell whether there is anything to choose for a partner."""
    return RewardExchange.objects.exists() and bool(choosable_programs(partner_id))


def waiting_for_delivery(partner_id: UUID) -> list[Waiting]:
    """Return what a partner took instead of money that is delivered with the end of the month."""
    rows = (
        TakenReward.objects.filter(partner_id=partner_id, award=None)
        .values("program_id", "choice__kind", "currency")
        .annotate(minor=Sum("amount_minor"))
        .order_by("program_id", "currency")
    )
    return [
        Waiting(row["program_id"], row["choice__kind"], row["currency"], row["minor"])
        for row in rows
    ]


def choosers(program_id: UUID, kind: str) -> list[UUID]:
    """Return the partners whose newest choice in a program is a kind, begun or coming."""
    newest: dict[UUID, str] = {}
    for row in RewardChoice.objects.filter(program_id=program_id).order_by("from_on", "id"):
        newest[row.partner_id] = row.kind
    return sorted(key for key, chosen in newest.items() if chosen == kind)
