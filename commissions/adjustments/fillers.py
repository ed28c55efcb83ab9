"""What write-offs and conversions are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext

from commissions.adjustments import merging  # noqa: F401  registers itself
from commissions.adjustments.models import Conversion, WriteOff
from prm.audit.subjects import Named, names
from prm.web.formats import money_text


@names("write_off")
def write_off_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return write-offs by id."""
    url = reverse("commissions:debt-list")
    return {
        str(row.id): Named(f"{money_text(row.amount_minor, row.currency)} {row.partner.name}", url)
        for row in WriteOff.objects.filter(id__in=ids).select_related("partner")
    }


@names("conversion")
def conversion_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return conversions by id."""
    url = reverse("commissions:rate-list")
    return {
        str(row.id): Named(
            f"{money_text(row.from_minor, row.from_currency)} {row.partner.name}", url
        )
        for row in Conversion.objects.filter(id__in=ids).select_related("partner")
    }


@names("exchange_rate")
def rate_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return the list of rates, which is what events are about."""
    return {id_: Named(gettext("Exchange rates"), reverse("commissions:rate-list")) for id_ in ids}
