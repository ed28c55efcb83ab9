"""Runs that are prepared by themselves; approving them takes two people, for nobody saw them prepared."""

from datetime import datetime

from django.db import transaction

from commissions.ledger.selectors import tenant_zone
from commissions.payouts.models import PayoutRun, PayoutSettings
from commissions.payouts.rules import last_run_day, next_bank_day
from commissions.payouts.services import NothingToPay, RunAlreadyWaiting, RunDraft, submit_run
from commissions.payouts.settings import pays_us_banks
from prm.events.services import SYSTEM


@transaction.atomic
def prepare_by_clock(*, at: datetime) -> PayoutRun | None:
    """Prepare the run that is due by the vendor's clock, once a day; None when none is due or nobody can be paid.

    at: aware UTC; the day is the vendor's. A day that nobody worked on is caught up with on the next.
    While another run waits for approval nothing is prepared: what is payable goes into the run after it.
    Raises LedgerDisagrees. Emits payout_run.prepared.
    """
    settings = PayoutSettings.objects.select_for_update().first()
    if settings is None:
        return None
    today = at.astimezone(tenant_zone()).date()
    due = last_run_day(today, cadence=settings.cadence, run_day=settings.run_day)
    if due is None or (settings.looked_on and settings.looked_on >= due):
        return None
    settings.looked_on = today
    settings.save(update_fields=["looked_on"])
    draft = RunDraft(pay_on=next_bank_day(today, us=pays_us_banks(settings)), by_clock=True)
    try:
        return submit_run(draft=draft, actor=SYSTEM, at=at)
    except (RunAlreadyWaiting, NothingToPay):
        return None
