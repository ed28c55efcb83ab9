"""What a list of rewards is asked for: filters of the address, as rows and as the filter line."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext

from commissions.accruals.models import Accrual
from commissions.earnings.selectors import (
    IN_KIND,
    IN_PROGRESS,
    PAID,
    REVERSED,
    in_view,
    on_hold,
    ready,
)
from commissions.plans.models import Trigger
from partners.directory.models import Partner
from prm.web.filters import FilterBar, search_words, select_from
from referrals.pipeline.models import Referral

ORDERS = {"earned": ("earned_at",)}
MANAGE_ORDERS = {"earned": ("earned_at",), "amount": ("amount_minor",)}
STATES = (IN_PROGRESS, "hold", "ready", PAID, REVERSED, IN_KIND)


@dataclass(frozen=True)
class Wanted:
    """Filters in force; empty ones filter nothing."""

    view: str = ""
    currency: str = ""
    partner: str = ""
    trigger: str = ""
    words: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether any filter is in force."""
        return any(asdict(self).values())

    def as_json(self) -> dict[str, str]:
        """Return the form a job keeps."""
        return asdict(self)

    def rows(self, accruals: QuerySet[Accrual]) -> QuerySet[Accrual]:
        """Return the accruals asked for."""
        if self.view == "hold":
            accruals = on_hold(accruals)
        elif self.view == "ready":
            accruals = ready(accruals)
        elif self.view in STATES:
            accruals = in_view(accruals, self.view)
        if self.currency:
            accruals = accruals.filter(currency=self.currency)
        if self.partner:
            accruals = accruals.filter(partner_id=self.partner)
        if self.trigger:
            accruals = accruals.filter(source_kind=self.trigger)
        if self.words:
            referrals = Referral.objects.filter(
                Q(company__icontains=self.words) | Q(number=self.words.upper())
            )
            partners = Partner.objects.filter(name__icontains=self.words)
            accruals = accruals.filter(
                Q(referral_id__in=referrals.values("id")[:500])
                | Q(partner_id__in=partners.values("id")[:500]),
            )
        return accruals


def wanted_from(params: QueryDict | str) -> Wanted:
    """Return the filters of an address; unknown values filter nothing."""
    given = QueryDict(params) if isinstance(params, str) else params
    view, trigger = given.get("state", ""), given.get("trigger", "")
    try:
        partner = str(UUID(given.get("partner", "")))
    except ValueError:
        partner = ""
    return Wanted(
        view=view if view in STATES else "",
        currency=given.get("currency", "")[:3] if given.get("currency", "").isalpha() else "",
        partner=partner,
        trigger=trigger if trigger in Trigger.values else "",
        words=search_words(given),
    )


def manage_bar(params: QueryDict, url: str) -> FilterBar:
    """Return finance's filter line."""
    states = [
        (IN_PROGRESS, gettext("In progress")),
        ("hold", gettext("On hold")),
        ("ready", gettext("Ready")),
        (PAID, gettext("Paid")),
        (REVERSED, gettext("Reversed")),
        (IN_KIND, gettext("Not in money")),
    ]
    triggers = [
        ("qualified", gettext("Referral qualifies")),
        ("won", gettext("Referral is won")),
        ("revenue", gettext("Payment")),
    ]
    selects: list[Any] = [
        select_from(params, "state", gettext("Status"), states),
        select_from(params, "trigger", gettext("Earned by"), triggers),
    ]
    partners = list(Partner.objects.order_by("name", "id").values_list("id", "name")[:201])
    # A list of more than two hundred names is searched, not scrolled.
    if 1 < len(partners) <= 200:
        selects.append(
            select_from(
                params, "partner", gettext("Partner"), [(str(id_), name) for id_, name in partners]
            )
        )
    currencies = list(
        Accrual.objects.order_by("currency").values_list("currency", flat=True).distinct()[:20]
    )
    if len(currencies) > 1:
        selects.append(
            select_from(
                params, "currency", gettext("Currency"), [(code, code) for code in currencies]
            )
        )
    return FilterBar(
        url,
        gettext("Filter commissions"),
        params,
        gettext("Search partner, company or number"),
        selects,
    )
