"""The demo's books: months closed as they ended, exchange rates, the vendor's own codes; the newest month waits."""

from datetime import datetime, timedelta
from decimal import Decimal

from commissions.adjustments.models import ExchangeRate
from commissions.adjustments.services import NewRate, add_rates
from commissions.closing.chart import account_codes, save_codes
from commissions.closing.selectors import months
from commissions.closing.services import NotClosable, close_month, prove_reports
from commissions.ledger.rules import first_day, next_period
from prm.demo.stage import Stage


def seed_books(stage: Stage, *, now: datetime) -> None:
    """Close what is over but the last month, in the open scope; a repeat does nothing."""
    if ExchangeRate.objects.exists():
        return
    finance = stage.actor(stage.story.staff[1])
    rates = [
        NewRate(code, "EUR", stage.today, Decimal(rate), "ECB")
        for code, rate in (("USD", "0.91240"), ("GBP", "1.15320"))
    ]
    add_rates(rates=rates, actor=finance, at=now)
    own = account_codes()
    changed = {
        "cash": ("1810", own["cash"][1]),
        "commission_expense": ("6770", own["commission_expense"][1]),
    }
    save_codes(codes=changed, actor=finance, at=now)
    over = [month for month in reversed(months(now=now)) if month.is_over and not month.closed]
    for month in over[:-1]:
        at = stage.at(first_day(next_period(month.period)) + timedelta(days=2))
        try:
            close_month(period=month.period, actor=finance, at=at)
        except NotClosable:
            return
        prove_reports(period=month.period, at=at)
