"""The lists of statements: filters, page and table of one request."""

from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from commissions.statements.models import Dispute, DisputeState, Statement
from commissions.statements.selectors import (
    listed_statements,
    period_choices,
    stated_currencies,
    with_readings,
)
from commissions.statements.tables import PartnerStatementTable, StatementTable
from partners.directory.models import Partner
from prm.accounts.members import MemberRequest
from prm.web.filters import FilterBar, search_words, select_from
from prm.web.formats import day_text, number_text
from prm.web.paging import keyset_page

_ORDERS = {"issued": ("issued_at",)}


def partner_listing(request: MemberRequest) -> dict[str, Any]:
    """Return what the partner's list shows."""
    rows, bar = _filtered(request, reverse("commissions:statement-list"), search_label="")
    rows = with_readings(rows, "")
    page = keyset_page(rows, params=request.GET, orders=_ORDERS, default="-issued")
    return {"page": page, "bar": bar, "table": PartnerStatementTable(page.rows, page=page)}


def manage_listing(request: MemberRequest) -> dict[str, Any]:
    """Return what finance's list shows."""
    words = search_words(request.GET)
    rows, bar = _filtered(
        request,
        reverse("commissions:manage-statement-list"),
        search_label=gettext("Search partner or number"),
    )
    if batch := _id(request, "batch"):
        rows = rows.filter(run_id=batch)
    seen = next(select.value for select in bar.selects if select.name == "seen")
    rows = with_readings(rows, seen)
    if words:
        named = rows.filter(partner__name__icontains=words)
        rows = rows.filter(number=words.upper()) if words.upper().startswith("ST-") else named
    page = keyset_page(rows, params=request.GET, orders=_ORDERS, default="-issued")
    waiting = Dispute.objects.filter(state=DisputeState.OPEN).count()
    return {
        "page": page,
        "bar": bar,
        "table": StatementTable(page.rows, page=page),
        "disputes": number_text(waiting) if waiting else "",
        "period": next(select.value for select in bar.selects if select.name == "period"),
        "currency": next(select.value for select in bar.selects if select.name == "currency"),
        "languages": [(code, gettext(str(name))) for code, name in settings.LANGUAGES],
    }


def _filtered(
    request: MemberRequest, url: str, *, search_label: str
) -> tuple[QuerySet[Statement], FilterBar]:
    months = [
        (month, day_text(date.fromisoformat(f"{month}-01"), "month"))
        for month in period_choices(request.member)
    ]
    currencies = [(currency, currency) for currency in stated_currencies(request.member)]
    period = select_from(request.GET, "period", gettext("Period"), months)
    currency = select_from(request.GET, "currency", gettext("Currency"), currencies)
    chosen = [period, currency]
    if request.member.is_staff:
        states = [
            ("no", gettext("Not yet seen")),
            ("yes", gettext("Seen")),
            ("confirmed", gettext("Confirmed as read")),
        ]
        chosen.append(select_from(request.GET, "seen", gettext("Seen by partner"), states))
    rows = listed_statements(request.member)
    # A link from the partner's page; the choice shows that one partner only.
    if partner := _partner(request):
        chosen.append(
            select_from(
                request.GET, "partner", gettext("Partner"), [(str(partner.id), partner.name)]
            )
        )
        rows = rows.filter(partner_id=partner.id)
    if period.value:
        start = date.fromisoformat(f"{period.value}-01")
        following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        rows = rows.filter(period_end__gte=start, period_end__lt=following)
    if currency.value:
        rows = rows.filter(currency=currency.value)
    return rows, FilterBar(
        url=url,
        label=gettext("Filter statements"),
        params=request.GET,
        search_label=search_label,
        selects=chosen,
        keep=("sort", "batch"),
    )


def _partner(request: MemberRequest) -> Partner | None:
    wanted = _id(request, "partner")
    return Partner.objects.visible_to(request.member).filter(id=wanted).first() if wanted else None


def _id(request: MemberRequest, name: str) -> UUID | None:
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None
