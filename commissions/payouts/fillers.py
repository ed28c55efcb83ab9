"""What payout runs and payments are called in the audit trail, and what the menu says of runs."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.urls import reverse

from commissions.payouts import merging  # noqa: F401  its part of a merge
from commissions.payouts.models import Payout, PayoutAccount, PayoutMethod, PayoutRun
from partners.onboarding.models import Fact
from partners.onboarding.panels import knows_fact
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.audit.subjects import Named, names
from prm.audit.values import choices_of
from prm.web.counts import Counted, MenuCount, counts_menu

# A person never approves the run they prepared, nor one run twice. One run waits at a time, so this is 0 or 1.
_TO_APPROVE = """
select count(*) from commissions_payout_run r
 where r.state = 'prepared' and r.prepared_by_id is distinct from %(user)s
   and not exists (select from commissions_run_approval a
                    where a.tenant_id = r.tenant_id and a.run_id = r.id and a.user_id = %(user)s)
"""

choices_of("partner", "method", PayoutMethod)


@names("payout_run")
def run_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return payout runs by id."""
    rows = PayoutRun.objects.filter(id__in=ids).values_list("id", "number")
    return {
        str(key): Named(number, reverse("commissions:run-detail", kwargs={"run_id": key}))
        for key, number in rows
    }


@names("payout")
def payout_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return payments by id, with the run each belongs to."""
    rows = Payout.objects.filter(id__in=ids).values_list(
        "id", "run_id", "run__number", "partner__name"
    )
    return {
        str(key): Named(
            f"{number} {partner}", reverse("commissions:run-detail", kwargs={"run_id": run_id})
        )
        for key, run_id, number, partner in rows
    }


@counts_menu("commissions:run-list")
def to_approve(member: Member) -> MenuCount | None:
    """Count the runs that wait for this person's approval; they hold up money, so any is urgent."""
    if not member.may(Capability.APPROVE_PAYOUTS):
        return None
    runs = Counted(_TO_APPROVE, {"user": member.user_id})
    return MenuCount(runs, runs)


@knows_fact(Fact.PAYOUT_DETAILS)
def with_details(partner_ids: Collection[UUID], _program_id: UUID | None) -> set[UUID]:
    """Return the partners that have payout details; they hold for every program."""
    rows = PayoutAccount.objects.filter(partner_id__in=partner_ids)
    return set(rows.order_by().values_list("partner_id", flat=True).distinct())
