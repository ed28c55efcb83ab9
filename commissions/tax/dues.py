"""What of the payments of a run is taxed: not what was taxed when it was paid before and the bank sent back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from commissions.adjustments.taxed import TAXED
from prm.tenancy.scope import current_scope


@dataclass(frozen=True)
class Payment:
    """A balance that a run would pay, in minor units, before tax.

    upto_id: the last movement of it that is paid; None for all.
    """

    partner_id: UUID
    currency: str
    amount_minor: int
    upto_id: int | None = None


@dataclass(frozen=True)
class Due:
    """A payment with what taxes need to know of its partner."""

    partner_id: UUID
    currency: str
    amount_minor: int
    upto_id: int | None
    country: str
    partner_type: str
    # Came back from the bank, perhaps in another currency: taxed when it was paid.
    returned_minor: int

    @property
    def base_minor(self) -> int:
        """What is taxed now; below zero when more was taken back since than is new."""
        return self.amount_minor - self.returned_minor


def dues_of(payments: Sequence[Payment]) -> list[Due]:
    """Return payments with their partners' facts, by account."""
    if not payments:
        return []
    columns = [list(column) for column in zip(*map(_values, payments), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_DUES, [*columns, current_scope().tenant_id])
        return [Due(*row) for row in cursor.fetchall()]


def _values(payment: Payment) -> tuple[str, str, int, int | None]:
    return (str(payment.partner_id), payment.currency, payment.amount_minor, payment.upto_id)


_DUES = f"""
{TAXED}
select w.partner_id, w.currency, w.amount_minor, w.upto_id, p.country, p.type, coalesce(t.minor, 0)::bigint
  from wanted w
  join partners_partner p on p.tenant_id = w.tenant_id and p.id = w.partner_id
  left join taxed t on t.account_id = w.account_id
 order by w.account_id
"""  # noqa: S608  built of constants
