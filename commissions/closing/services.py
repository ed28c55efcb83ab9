"""Close a month, once and in order; prove its reports the first time, and that they never change after."""

from datetime import datetime

from django.db import transaction
from django.utils import translation

from commissions.closing.chart import words_now
from commissions.closing.models import PeriodReport
from commissions.closing.reports import Proof, csv_proof
from commissions.closing.rules import REPORTS, Frozen, month_digest
from commissions.closing.selectors import PARTS, Check, checks, fingerprints, open_totals
from commissions.ledger.models import ClosedPeriod
from commissions.ledger.selectors import closed_through
from commissions.ledger.services import keep_posters_out
from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


class NotClosable(ValueError):
    """Something stands in the way of closing the month; `found` says what."""

    def __init__(self, found: list[Check]) -> None:
        super().__init__(", ".join(check.code for check in found))
        self.found = found


class ReportChanged(RuntimeError):
    """A closed month's report came out different from when it was closed: nobody gets it until that is understood."""


@transaction.atomic
def close_month(*, period: int, actor: Actor, at: datetime) -> ClosedPeriod:
    """Close a month: nothing is booked in it any more, what comes late goes into the next one.

    period: yyyymm. Nobody posts while it is closed. Whoever calls has proved the books before (verification.faults).
    A repeat returns the first closing. Raises NotClosable. Emits books.month_closed with the digest, so that the sealed
    audit trail holds it too.
    """
    keep_posters_out()
    if first := ClosedPeriod.objects.filter(period=period).first():
        return first
    in_the_way = [check for check in checks(period, now=at) if check.stops and not check.is_fine]
    if in_the_way:
        raise NotClosable(in_the_way)
    through = closed_through()
    before = ClosedPeriod.objects.filter(period=through).values_list("totals", flat=True).first()
    owed = {currency: parts["owed"] for currency, parts in (before or {}).items()}
    totals, count = open_totals(through, owed).get(period) or (_nothing_moved(owed), 0)
    language = Tenant.objects.get(id=current_scope().tenant_id).language
    with translation.override(language):
        words = words_now(language).as_json()
    days = fingerprints(period)
    month = ClosedPeriod.objects.create(
        period=period,
        closed_at=at,
        closed_by_id=actor.user_id,
        transfer_count=count,
        days=days,
        totals=totals,
        frozen=words,
        digest=month_digest(period=period, days=days, totals=totals, frozen=words),
    )
    emit(
        "books.month_closed",
        subject=f"period:{period}",
        actor=actor,
        payload={"period": period, "transfer_count": count, "digest": month.digest},
        at=at,
    )
    return month


def _nothing_moved(owed: dict[str, int]) -> dict[str, dict[str, int]]:
    return {currency: dict.fromkeys(PARTS, 0) | {"owed": minor} for currency, minor in owed.items()}


def prove_reports(*, period: int, at: datetime) -> dict[str, Proof]:
    """Write each report of a closed month once more and hold it against the first time; the first time is kept.

    Raises ReportChanged naming the first report that differs.
    """
    month = ClosedPeriod.objects.get(period=period)
    words = Frozen.from_json(month.frozen)
    return {
        report: hold_against_first(month, report, csv_proof(report, period, words), at=at)
        for report in REPORTS
    }


def hold_against_first(month: ClosedPeriod, report: str, proof: Proof, *, at: datetime) -> Proof:
    """Keep the proof of a closed month's report, or compare it with the one that is kept. Raises ReportChanged."""
    kept, _ = PeriodReport.objects.get_or_create(
        period=month,
        kind=report,
        defaults={"digest": proof.digest, "row_count": proof.row_count, "written_at": at},
    )
    if (kept.digest, kept.row_count) != (proof.digest, proof.row_count):
        raise ReportChanged(
            f"{report} of {month.period}: {proof.row_count} rows {proof.digest[:12]},"
            f" {kept.row_count} rows {kept.digest[:12]} when it was closed"
        )
    return proof
