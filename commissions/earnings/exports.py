"""Rewards as rows of a file."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from commissions.accruals.models import Accrual
from commissions.earnings.corrections import Correction
from commissions.earnings.lines import lines_for
from prm.money import Money
from prm.tenancy.models import Tenant

_COMMON = [
    _("Company"),
    _("Reward"),
    _("Calculation"),
    _("Earned on"),
    _("Ready on"),
    _("Status"),
    _("Expected"),
    _("Earned"),
    _("Taken back"),
    _("Left"),
    _("Currency"),
]
# staff -> the columns' names
HEADER: dict[bool, Sequence[Any]] = {
    False: _COMMON,
    True: [_("Partner"), *_COMMON, _("Commission number")],
}
CHUNK = 500


def export_rows(accruals: Iterable[Accrual], *, now: datetime, staff: bool) -> Iterator[list[Any]]:
    """Yield one row a reward, in order, however many; facts are fetched for five hundred at a time."""
    rest = iter(accruals)
    while chunk := list(islice(rest, CHUNK)):
        for line in lines_for(chunk, now=now, staff=staff, partners=staff):
            row = [
                line.company,
                line.name,
                line.explanation,
                line.earned_on,
                line.ready_on,
                line.label,
                line.when,
                Money(line.accrual.amount_minor, line.currency),
                Money(line.accrual.clawed_minor, line.currency),
                Money(line.amount_minor, line.currency),
                line.currency,
            ]
            yield [line.partner_name, *row, line.id] if staff else row


def correction_rows(corrections: Iterable[Correction]) -> Iterator[list[Any]]:
    """Yield corrections and prizes in the columns of a partner's own file: beside its rewards, as on its page."""
    for row in corrections:
        amount = Money(row.amount_minor, row.currency)
        yield [
            "",
            row.title,
            row.what,
            row.booked_on,
            row.booked_on,
            row.label,
            row.when,
            amount,
            Money(0, row.currency),
            amount,
            row.currency,
        ]


def file_name(tenant: Tenant, day: date, ending: str) -> str:
    """Return the name a person saves the file under."""
    return f"{tenant.slug}-commissions-{day:%Y-%m-%d}.{ending}"
