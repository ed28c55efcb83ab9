"""Reminders of tax forms: when one is missing, before it ends, when it has ended; each once."""

from datetime import datetime

from commissions.ledger.selectors import tenant_zone
from commissions.tax.lacking import Lacking, lacking_forms
from commissions.tax.rules import EXPIRED, EXPIRING, MISSING, REFUSED, reminder_of
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.notices.services import notify
from prm.tenancy.scope import current_scope

# What the partner can do something about; what is being checked waits for finance.
TO_REMIND = (MISSING, REFUSED, EXPIRED, EXPIRING)


def remind(*, at: datetime) -> int:
    """Tell partners of the open tenant what is due by now; return of how many forms. at: aware UTC.

    A form that is missing is asked for at once, after two weeks and after a month; one that ends is told of 60, 30 and
    7 days before its last day and on the day after, by the vendor's days. A repeat tells nobody again.
    """
    today = at.astimezone(tenant_zone()).date()
    told = 0
    for row in lacking_forms(at=at):
        waited = (today - row.since.astimezone(tenant_zone()).date()).days
        stage = reminder_of(row.state, days_left=row.days_left(today), days_waited=waited)
        if stage:
            tell_partner(
                row, key=f"tax_reminder:{row.form_id or row.partner_id}:{row.form}:{stage}", at=at
            )
            told += 1
    return told


def remind_now(*, at: datetime) -> int:
    """Remind of every form that is missing, refused, over or ends soon, once a day; return of how many."""
    today = at.astimezone(tenant_zone()).date()
    rows = [row for row in lacking_forms(at=at) if row.state in TO_REMIND]
    for row in rows:
        tell_partner(row, key=f"tax_asked:{row.partner_id}:{row.form}:{today}", at=at)
    return len(rows)


def tell_partner(row: Lacking, *, key: str, at: datetime) -> None:
    """Tell those of a partner who may send its forms what is wanted and why."""
    facts = {
        "form": row.form,
        "state": row.state,
        "valid_until": row.valid_until.isoformat() if row.valid_until else "",
    }
    for user in members_with(
        Capability.MANAGE_PAYOUT_DETAILS,
        tenant_id=current_scope().tenant_id,
        partner_id=row.partner_id,
    ):
        notify(
            kind="tax.form_wanted",
            key=key,
            user_id=user.id,
            facts=facts,
            path="tax/",
            partner_id=row.partner_id,
            at=at,
        )
