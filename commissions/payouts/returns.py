"""Payments that came back from the bank: how much of a run, and which payment paid them again."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Count, Exists, OuterRef, Q, Sum, Value
from django.db.models.functions import Cast, Concat

from commissions.payouts.models import AccountFault, Payout, PayoutLine, PayoutState
from commissions.payouts.selectors import CurrencyTotal
from prm.tenancy.scope import current_scope

# The transfer that made the money payable again is claimed by at most one live payment.
_PAID_AGAIN = """
select k.id, y.id, y.number, y.state, z.id, z.number
  from unnest(%s::uuid[]) as k(id)
  join commissions_transfer t on t.tenant_id = %s and t.key = 'return:' || k.id
  join commissions_payout_line l
    on l.tenant_id = t.tenant_id and l.transfer_id = t.id and l.released_at is null
  join commissions_payout y on y.tenant_id = l.tenant_id and y.id = l.payout_id
  join commissions_payout_run z on z.tenant_id = y.tenant_id and z.id = y.run_id
"""

# How many times in a row one payment may come back and still be followed.
ROUNDS = 3


@dataclass(frozen=True)
class PaidAgain:
    """The later payment that covers one that came back, and its run; state is a PayoutState."""

    payout_id: UUID
    payout_number: str
    state: str
    run_id: UUID
    run_number: str


@dataclass(frozen=True)
class Returned:
    """One payment that came back; again is None while it waits for a run."""

    payout: Payout
    again: PaidAgain | None


def returned_totals(run_ids: Sequence[UUID]) -> dict[UUID, list[CurrencyTotal]]:
    """Return what came back of each run by currency; runs of which nothing came back are not in it."""
    rows = (
        Payout.objects.filter(run_id__in=list(run_ids), state=PayoutState.RETURNED)
        .values("run_id", "currency")
        .annotate(total=Sum("amount_minor"), count=Count("id"))
        .order_by("run_id", "currency")
    )
    found: dict[UUID, list[CurrencyTotal]] = defaultdict(list)
    for row in rows:
        found[row["run_id"]].append(CurrencyTotal(row["currency"], row["total"], row["count"]))
    return dict(found)


def paid_again(payout_ids: Sequence[UUID]) -> dict[UUID, PaidAgain]:
    """Return for each payment that came back the one that covers it again; not in it while none does."""
    if not payout_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PAID_AGAIN, [list(payout_ids), current_scope().tenant_id])
        return {row[0]: PaidAgain(*row[1:]) for row in cursor.fetchall()}


def came_back_last(partner_ids: Sequence[UUID], account_ids: Sequence[int]) -> list[Payout]:
    """Return the payments to these accounts that came back and after which nothing was paid there, by number.

    Not those after which a person of finance said that the account is right.
    """
    later = Payout.objects.filter(
        account_id=OuterRef("account_id"), id__gt=OuterRef("id"), state=PayoutState.SETTLED
    )
    return list(
        Payout.objects.filter(
            partner_id__in=list(partner_ids),
            account_id__in=list(account_ids),
            state=PayoutState.RETURNED,
        )
        .exclude(Exists(later))
        .exclude(
            Exists(AccountFault.objects.filter(payout_id=OuterRef("id"), cleared_at__isnull=False))
        )
        .select_related("partner")
        .order_by("number")
    )


def followed(payouts: Sequence[Payout]) -> dict[UUID, UUID]:
    """Return for each payment that came back the newest one that covers it; not in it while none does."""
    found: dict[UUID, UUID] = {}
    back = {row.id: row.id for row in payouts if row.state == PayoutState.RETURNED}
    for _round in range(ROUNDS):
        later = paid_again(list(back))
        found |= {back[id_]: again.payout_id for id_, again in later.items()}
        back = {
            again.payout_id: back[id_]
            for id_, again in later.items()
            if again.state == PayoutState.RETURNED
        }
    return found


def settled_in_the_end(rounds: int = ROUNDS) -> Q:
    """Return the condition on lines of payments: settled, or came back and settled by a later one."""
    settled = Q(payout__state=PayoutState.SETTLED)
    if not rounds:
        return settled
    key = Concat(Value("return:"), Cast(OuterRef("payout_id"), CharField()))
    later = PayoutLine.objects.filter(
        settled_in_the_end(rounds - 1), transfer__key=key, released_at=None
    )
    return settled | Q(Exists(later), payout__state=PayoutState.RETURNED)


def returned_of(run_id: UUID, *, limit: int) -> list[Returned]:
    """Return the payments of a run that came back, largest first, at most `limit`."""
    payouts = list(
        Payout.objects.filter(run_id=run_id, state=PayoutState.RETURNED)
        .select_related("partner")
        .order_by("-amount_minor", "id")[:limit]
    )
    again = paid_again([payout.id for payout in payouts])
    return [Returned(payout, again.get(payout.id)) for payout in payouts]
