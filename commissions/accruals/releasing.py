"""Ends holds: what is left of rewards moves from pending to payable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from commissions.accruals.models import Release
from commissions.ledger.services import NewTransfer, post_staged
from referrals.attribution.crediting import lock_credits

# Most rewards looked at in one transaction.
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Released:
    """What was left of a reward when its hold ended, in minor units."""

    accrual_id: int
    partner_id: UUID
    currency: str
    amount_minor: int


# Upper slices take part in a release, in its transaction.
_PARTS: list[Callable[[Sequence[Released], datetime], None]] = []


def on_release(
    part: Callable[[Sequence[Released], datetime], None],
) -> Callable[[Sequence[Released], datetime], None]:
    """Register what is done with rewards whose money has just become payable; `at`: the moment of booking."""
    _PARTS.append(part)
    return part


def release_due(
    *, until: datetime, at: datetime, accrual_ids: Sequence[int] | None = None, limit: int = CHUNK
) -> int:
    """Move what is left of accruals whose hold has ended from pending to payable; return how many it looked at.

    until: inclusive moment; holds end at the start of their day in the tenant's zone. A repeat releases nothing
    twice.
    One chunk of at most `limit`: call again until it returns less. accrual_ids: only these. What a referral earned
    that is held for a review stays pending, and so does a reward whose statement line is disputed.
    """
    ids = list(accrual_ids) if accrual_ids is not None else None
    with transaction.atomic():
        # Whose rewards they are stays so until the commit.
        lock_credits(shared=True)
        with connection.cursor() as cursor:
            cursor.execute(_DUE, {"until": until, "ids": ids, "limit": limit})
            found = cursor.fetchall()
        # Whoever released a row between the look and the lock has committed by now.
        done = set(
            Release.objects.filter(accrual_id__in=[row[0] for row in found]).values_list(
                "accrual_id", flat=True
            )
        )
        due = [row for row in found if row[0] not in done]
        if not due:
            return len(found)
        moving = [row for row in due if row[3] > 0]
        posted = post_staged(
            [
                NewTransfer(
                    kind="release",
                    key=f"release:{accrual_id}",
                    journal=f"accrual:{accrual_id}",
                    debit=("pending", partner_id, currency),
                    credit=("payable", partner_id, currency),
                    amount_minor=left,
                    booked_at=at,
                    partner_id=partner_id,
                )
                for accrual_id, partner_id, currency, left in moving
            ],
        )
        transfers = {row[0]: place.id for row, place in zip(moving, posted, strict=True)}
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_RELEASES,
                [
                    at,
                    [r[0] for r in due],
                    [r[1] for r in due],
                    [transfers.get(r[0]) for r in due],
                    [r[3] for r in due],
                ],
            )
        for part in _PARTS if moving else ():
            part([Released(*row) for row in moving], at)
        return len(found)


_DUE = """
select a.id, a.partner_id, a.currency, a.amount_minor - a.clawed_minor from commissions_accrual a
 where a.payable_at <= %(until)s and (%(ids)s::bigint[] is null or a.id = any(%(ids)s::bigint[]))
   and not exists (select from commissions_release r where r.tenant_id = a.tenant_id and r.accrual_id = a.id)
   and not exists (select from referrals_referral f
                    where f.tenant_id = a.tenant_id and f.id = a.referral_id and f.held_at is not null)
   and not exists (select from commissions_dispute d
                    where d.tenant_id = a.tenant_id and d.accrual_id = a.id and d.state = 'open')
 order by a.id limit %(limit)s for no key update of a
"""

_INSERT_RELEASES = """
insert into commissions_release (accrual_id, partner_id, transfer_id, amount_minor, at)
select w.accrual_id, w.partner_id, w.transfer_id, w.amount_minor, %s
  from unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::bigint[]) w (accrual_id, partner_id, transfer_id,
  amount_minor)
"""
