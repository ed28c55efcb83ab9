"""What the transfers of a payment were for, named as statements name them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from commissions.plans.rules import Trace
from commissions.plans.wording import calculation, reward_name
from prm.tenancy.scope import current_scope
from prm.web.formats import money_text

_FACTS = """
select t.id, t.kind, t.booked_on, coalesce(k.name, r.company, h.company, n.title), r.number, a.trace,
       coalesce(m.name, winner.name)
  from commissions_transfer t
  left join commissions_release x on x.tenant_id = t.tenant_id and x.transfer_id = t.id
  left join commissions_clawback c on c.tenant_id = t.tenant_id and c.transfer_id = t.id
  left join commissions_dispute d on d.tenant_id = t.tenant_id
       and t.kind in ('dispute', 'dispute_end', 'correction') and 'dispute:' || d.id = t.journal
  left join commissions_accrual a
    on a.tenant_id = t.tenant_id and a.id = coalesce(x.accrual_id, c.accrual_id, d.accrual_id)
  left join prm_user m on m.id = a.payee_id
  left join commissions_contest_place won on won.tenant_id = t.tenant_id and won.transfer_id = t.id
  left join commissions_contest n on n.tenant_id = won.tenant_id and n.id = won.contest_id
  left join prm_user winner on winner.id = won.person_id
  left join referrals_referral r on r.tenant_id = t.tenant_id and r.id = a.referral_id
  left join referrals_customer k on k.tenant_id = t.tenant_id and k.referral_id = r.id
  left join lateral (
       select w.company from referrals_credit w
        where w.tenant_id = a.tenant_id and w.referral_id = a.referral_id and w.partner_id = a.partner_id
        order by w.number desc limit 1) h on true
 where t.tenant_id = %s and t.id = any(%s)
"""


@dataclass(frozen=True)
class ClaimedLine:
    """One transfer that a payment covers."""

    title: str
    below: str
    booked_on: date
    amount: str


def titles_of(lines: Sequence[Any], currency: str) -> list[ClaimedLine]:
    """Return what each payout line was for, in the given order; lines have transfer_id and amount_minor."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [current_scope().tenant_id, [line.transfer_id for line in lines]])
        facts = {row[0]: row[1:] for row in cursor.fetchall()}
    return [_claimed(line.amount_minor, currency, *facts[line.transfer_id]) for line in lines]


def _claimed(minor: int, currency: str, *facts: Any) -> ClaimedLine:
    kind, booked_on, customer, number, stored, payee = facts
    # Django hands JSON columns of a plain cursor over as text.
    trace = Trace.from_json(json.loads(stored)) if stored else None
    named = {
        "return": gettext("Payment returned by the bank"),
        "clawback": gettext("Commission reversed"),
        "withholding": gettext("Tax withheld"),
        "vat": gettext("VAT"),
        "in_kind": gettext("Taken instead of money"),
        "dispute": gettext("Waits while a line is disputed"),
        "dispute_end": gettext("No longer disputed"),
        "correction": gettext("Correction after a dispute"),
        "award": gettext("Prize of a contest, for %(person)s") % {"person": payee}
        if payee
        else gettext("Prize of a contest"),
    }
    title = customer or named.get(kind, gettext("Commission"))
    parts = [named[kind]] if kind in named and customer else []
    if trace and kind not in named:
        parts += [reward_for(trace, payee or ""), calculation(trace)]
    if number:
        parts.append(number)
    return ClaimedLine(title, ", ".join(parts), booked_on, money_text(minor, currency))


def reward_for(trace: Trace, payee: str) -> str:
    """Return what kind of reward it is, and for which of the partner's people; payee "" is the partner itself."""
    if not payee:
        return reward_name(trace)
    return gettext("%(reward)s, for %(person)s") % {"reward": reward_name(trace), "person": payee}
