"""What the books say: balances of partners and of the tenant."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import CharField, Exists, Max, OuterRef, Value
from django.db.models.functions import Cast, Concat

from commissions.ledger.models import ClosedPeriod, Transfer
from commissions.ledger.rules import period_of
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


@dataclass(frozen=True)
class PartnerBalance:
    """What a tenant owes one partner in one currency, in minor units; `payable` may be below zero after a clawback."""

    currency: str
    pending: int = 0
    payable: int = 0
    in_payout: int = 0
    disputed: int = 0
    # Below zero: what later payouts are still to give back.
    deferred: int = 0

    @property
    def owed(self) -> int:
        """Everything owed, wherever it stands."""
        return self.pending + self.payable + self.in_payout + self.disputed + self.deferred


def tenant_zone() -> ZoneInfo:
    """Return the zone in which the open tenant's days begin."""
    return ZoneInfo(
        Tenant.objects.values_list("time_zone", flat=True).get(id=current_scope().tenant_id)
    )


def closed_through() -> int:
    """Return the newest closed month as yyyymm, 0 while none is."""
    newest = ClosedPeriod.objects.aggregate(newest=Max("period"))["newest"]
    return int(newest or 0)


def is_booked(prefix: str, id_field: str = "id") -> Exists:
    """Return the condition that a transfer has the natural key "<prefix>:<id>" of the row it is asked about."""
    key = Concat(Value(f"{prefix}:"), Cast(OuterRef(id_field), CharField()))
    return Exists(Transfer.objects.filter(key=key))


def period_is_closed(on: date) -> bool:
    """Tell whether the month of a day is closed."""
    return period_of(on) <= closed_through()


def balances_of(partner_id: UUID, currency: str) -> PartnerBalance:
    """Return what is owed to a partner in one currency; zeroes when nothing ever was."""
    return next(
        (row for row in partner_balances(partner_id) if row.currency == currency),
        PartnerBalance(currency),
    )


def partner_balances(partner_id: UUID) -> list[PartnerBalance]:
    """Return one balance per currency the partner ever earned in, by currency."""
    return all_partner_balances([partner_id]).get(partner_id, [])


def all_partner_balances(partner_ids: list[UUID] | None = None) -> dict[UUID, list[PartnerBalance]]:
    """Return the balances of some partners, or of all, by partner and currency."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, [partner_ids, partner_ids])
        found: dict[UUID, list[PartnerBalance]] = {}
        for partner_id, *row in cursor.fetchall():
            found.setdefault(partner_id, []).append(PartnerBalance(*row))
    return found


def tenant_liability() -> list[PartnerBalance]:
    """Return what the tenant owes all its partners together, one row per currency, by currency."""
    with connection.cursor() as cursor:
        cursor.execute(_LIABILITY)
        return [PartnerBalance(*row) for row in cursor.fetchall()]


_SUMS = """
coalesce(sum(b.credits_minor - b.debits_minor) filter (where a.kind = 'pending'), 0)::bigint,
coalesce(sum(b.credits_minor - b.debits_minor) filter (where a.kind = 'payable'), 0)::bigint,
coalesce(sum(b.credits_minor - b.debits_minor) filter (where a.kind = 'in_payout'), 0)::bigint,
coalesce(sum(b.credits_minor - b.debits_minor) filter (where a.kind = 'disputed'), 0)::bigint,
coalesce(sum(b.credits_minor - b.debits_minor) filter (where a.kind = 'deferred'), 0)::bigint
"""

_FROM = "from commissions_account a join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id"

_BALANCES = f"""
select a.partner_id, a.currency, {_SUMS} {_FROM}
 where a.partner_id is not null and (%s::uuid[] is null or a.partner_id = any(%s::uuid[]))
 group by a.partner_id, a.currency order by a.partner_id, a.currency
"""

_LIABILITY = f"""
select a.currency, {_SUMS} {_FROM} where a.partner_id is not null group by a.currency order by a.currency
"""
