"""Reads about rewards that are not money: the catalogue, the queue, what they cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from commissions.contests.selectors import TAKING_PART
from commissions.gifts.models import AwardState, Gift, GiftAward, GiftCode
from commissions.gifts.rules import CODED
from partners.directory.models import Enrollment, PartnerState
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.accounts.secrets import decrypt

# Where a register's row stands; the first stands for what somebody has to do something about.
OPEN = "open"
NO_CODE = "no_code"
# How the keys of awards begin that a plan earned a partner's person.
OF_PLANS = "spiff:"


@dataclass(frozen=True)
class Stock:
    """Codes of a gift: not handed out yet, handed out, and how many awards wait for one."""

    free: int = 0
    used: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class CostLine:
    """What a program gave in a month of one kind; cost in minor units of the currency."""

    month: date
    program_id: UUID
    program: str
    kind: str
    currency: str
    count: int
    cost_minor: int


def awards_visible_to(member: Member) -> QuerySet[GiftAward]:
    """All for staff; for a partner's people their own, and the partner's for those who see its earnings."""
    rows = GiftAward.objects.select_related("partner", "program")
    if member.is_staff:
        return rows
    seen = Q(person_id=member.user_id)
    if member.may(Capability.SEE_EARNINGS):
        seen |= Q(person=None)
    return rows.filter(seen, partner_id=member.own_partner_id)


def own_awards(member: Member) -> QuerySet[GiftAward]:
    """Return what a partner's person got for themselves, the newest first; nothing for staff."""
    if member.partner_id is None:
        return GiftAward.objects.none()
    return (
        GiftAward.objects.select_related("program")
        .filter(partner_id=member.partner_id, person_id=member.user_id)
        .order_by("-awarded_at", "-id")
    )


def listed_awards(*, state: str, program_id: UUID | None, words: str) -> QuerySet[GiftAward]:
    """Return the register: state "" for all, "open" for what is to be done, "no_code", or a state's name."""
    rows = GiftAward.objects.select_related("partner", "program", "person")
    if state == OPEN:
        rows = rows.filter(state__in=(AwardState.WAITING, AwardState.ORDERED)).exclude(_no_code())
    elif state == NO_CODE:
        rows = rows.filter(_no_code())
    elif state:
        rows = rows.filter(state=state)
    if program_id:
        rows = rows.filter(program_id=program_id)
    if words:
        rows = rows.filter(
            Q(partner__name__icontains=words)
            | Q(title__icontains=words)
            | Q(person__name__icontains=words)
        )
    return rows


def offers_for(partner_id: UUID, on: date) -> list[Gift]:
    """Return what an active partner may be given on a day, from the programs it takes part in."""
    mine = Enrollment.objects.filter(
        partner_id=partner_id, partner__state=PartnerState.ACTIVE, state__in=TAKING_PART
    ).values("program_id")
    return list(
        Gift.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)
        .filter(program_id__in=mine)
        .select_related("program")
        .order_by("title", "id")
    )


def stocks_of(gift_ids: Iterable[UUID]) -> dict[UUID, Stock]:
    """Return the codes of gifts, one entry for each; two statements."""
    ids = list(gift_ids)
    codes = {
        row["gift_id"]: row
        for row in GiftCode.objects.filter(gift_id__in=ids)
        .values("gift_id")
        .annotate(free=Count("id", filter=Q(award=None)), all=Count("id"))
        .order_by()
    }
    waits: dict[Any, int] = dict(
        GiftAward.objects.filter(_no_code(), gift_id__in=ids)
        .values_list("gift_id")
        .annotate(n=Count("id"))
        .order_by()
    )
    found = {}
    for key in ids:
        row = codes.get(key, {"free": 0, "all": 0})
        found[key] = Stock(row["free"], row["all"] - row["free"], waits.get(key, 0))
    return found


def code_of(award_id: UUID) -> str:
    """Return the newest code of an award in clear, empty without one. For the partner's eyes only."""
    row = GiftCode.objects.filter(award_id=award_id).order_by("-id").first()
    return decrypt(row.sealed) if row else ""


def programme_costs(
    program_id: UUID, first: date, last: date, *, without_plans: bool = False
) -> int:
    """Return what a program's rewards that are not money cost, in minor units of its currency.

    Counted are those given on the days from first to last of the tenant's zone, both included, unless they failed.
    without_plans: leave out what a plan earned a partner's person, where that is counted by what the plan says.
    """
    currency = Program.objects.values_list("currency", flat=True).get(id=program_id)
    rows = _counted().filter(
        program_id=program_id, currency=currency, awarded_on__range=(first, last)
    )
    if without_plans:
        rows = rows.exclude(key__startswith=OF_PLANS)
    return int(rows.aggregate(cost=Sum("cost_minor"))["cost"] or 0)


def cost_lines(first: date, last: date) -> list[CostLine]:
    """Return costs by month, program and kind, the newest month first; never a sum across currencies."""
    rows = (
        _counted()
        .filter(awarded_on__range=(first, last))
        .annotate(month=TruncMonth("awarded_on"))
        .values("month", "program_id", "program__name", "kind", "currency")
        .annotate(count=Count("id"), cost=Sum("cost_minor"))
        .order_by("-month", "program__name", "program_id", "currency", "kind")
    )
    return [
        CostLine(
            row["month"],
            row["program_id"],
            row["program__name"],
            row["kind"],
            row["currency"],
            row["count"],
            row["cost"],
        )
        for row in rows
    ]


def counts_by_kind(partner_id: UUID) -> dict[str, int]:
    """Return how many rewards of each kind a partner itself got; never what they are worth, never with money."""
    return dict(
        GiftAward.objects.filter(partner_id=partner_id, person=None)
        .exclude(state=AwardState.FAILED)
        .values_list("kind")
        .annotate(n=Count("id"))
        .order_by("kind")
    )


def _counted() -> QuerySet[GiftAward]:
    return GiftAward.objects.exclude(state=AwardState.FAILED)


def _no_code() -> Q:
    """What waits for codes: goods that a contest promised in words are never among them."""
    return Q(state=AwardState.WAITING, kind__in=sorted(CODED), gift__isnull=False)
